import BatchJobsJSON

/// Records that the job itself holds, group by group.
final class InlineWalk: RecordSource {
    private(set) var place: Place
    private var groups: ArraySlice<InlineGroup>
    private var cursor: Cursor?
    private var passed: PassedRecords
    private let transport: any Transport
    private var received: Int64

    /// Enough for each call of a binding to be worth it.
    private static let batchLimit = 256

    init(_ groups: [InlineGroup], from place: Place, received: Int, _ transport: any Transport) {
        self.groups = groups[...]
        self.place = place
        self.received = Int64(received)
        self.transport = transport
        passed = PassedRecords(place)
    }

    func fill(_ batch: Batch, _ call: Call) throws(Failure) -> Bool {
        if batch.next > place.index { place.move(over: batch, transport) }
        while true {
            batch.restart(keepingFrom: batch.data.count)
            while batch.held < Self.batchLimit, try add(to: batch) {}
            try passed.pass(batch, transport)
            if batch.hasMore { return true }
            if batch.held == 0 {
                try passed.finish()
                return false
            }
        }
    }

    private func add(to batch: Batch) throws(Failure) -> Bool {
        while let group = groups.first {
            var cursor = self.cursor ?? Cursor(group.values)
            let isMap = group.values.kind == .object
            let step = isMap ? cursor.nextMember() : cursor.nextElement().map { ($0, $0) }
            if let (name, value) = step {
                self.cursor = cursor
                try batch.add(value.bytes, group.outcome(of: value), key: group.key(name, value))
                return true
            }
            self.cursor = nil
            groups = groups.dropFirst()
        }
        return false
    }

    var progress: SourceProgress {
        var progress = SourceProgress()
        progress.bytes = received
        progress.total = received
        return progress
    }
}

extension InlineGroup {
    /// `name` is the member's, where the group is a map. A name that is no text is no key; the
    /// record itself still holds it.
    func key(_ name: Value, _ value: Value) throws(Failure) -> Bytes? {
        guard let found = values.kind == .object ? name : named(value) else { return nil }
        let text = Buffer()
        do throws(TextFault) {
            let range = try found.decode(into: text)
            return text.bytes[range]
        } catch {
            if error == .noMemory { throw .noMemory }
            return nil
        }
    }

    private func named(_ value: Value) -> Value? {
        for name in keys {
            if let member = value.member(name), member.kind == .string { return member }
        }
        return nil
    }

    func outcome(of value: Value) -> RecordOutcome {
        switch outcome {
        case .all(let outcome): return outcome
        case .member(let name, let words):
            guard let word = value.member(name)?.text else { return .unknown }
            return words.first { word.isExactly($0.0) }?.1 ?? .unknown
        }
    }
}
