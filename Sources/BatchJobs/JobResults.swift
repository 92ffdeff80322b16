import BatchJobsJSON

/// The records of one job, one at a time and in the service's order.
public final class JobResults {
    public let job: Job
    private let client: Client
    private let session: any Session
    private let cancel: (any Cancellation)?
    private let settings: Settings
    private var source: Source
    private var delivered: Int64 = 0
    private var failure: Failure?
    private var ended = false

    private enum Source {
        case parts(PartWalk)
        case inline(InlineWalk)
    }

    private init(
        _ client: Client, _ session: any Session, _ settings: Settings,
        _ cancel: (any Cancellation)?, _ job: Job, _ source: ResultSource
    ) {
        self.client = client
        self.session = session
        self.settings = settings
        self.cancel = cancel
        self.job = job
        self.source =
            switch source {
            case .parts(let urls, let expected): .parts(PartWalk(urls, expected: expected))
            case .inline(let groups): .inline(InlineWalk(groups))
            }
    }

    /// Asks for the job, and finds where its records are.
    static func open(
        _ client: Client, _ id: String, _ settings: Settings, _ cancel: (any Cancellation)?
    ) throws(Failure) -> JobResults {
        let call = client.call(settings, cancel)
        let session = try client.transport.session()
        let job = try client.fetchJob(id, settings, session, call, forResults: true)
        do throws(Failure) {
            let source = try client.provider.results(job)
            return JobResults(client, session, settings, cancel, job, source)
        } catch {
            let url = client.provider.jobAddress(
                id, base: client.base, settings, forResults: true)
            client.blame(error, url, settings)
            error.jobID = id
            throw error
        }
    }

    /// The next record, good until the next call; nil at the end.
    public func next() throws(Failure) -> Record? {
        if let failure { throw failure }
        if ended { return nil }
        do throws(Failure) {
            guard let record = try step(client.call(settings, cancel)) else {
                ended = true
                return nil
            }
            delivered += 1
            return record
        } catch {
            error.jobID = job.id.text
            failure = error
            throw error
        }
    }

    private func step(_ call: Call) throws(Failure) -> Record? {
        try call.check(now: client.transport.monotonicMS())
        switch source {
        case .inline(var walk):
            let record = try walk.next(index: delivered)
            source = .inline(walk)
            return record
        case .parts(var walk):
            let line = try walk.next(self, call)
            source = .parts(walk)
            guard let line else {
                try walk.checkCount(delivered)
                return nil
            }
            return Record(data: line, key: nil, outcome: .ok, index: delivered)
        }
    }

    /// Result files, one after the other.
    private struct PartWalk {
        private var urls: ArraySlice<String>
        private let expected: Int64
        private var reader: PartReader?

        init(_ urls: [String], expected: Int64) {
            self.urls = urls[...]
            self.expected = expected
        }

        mutating func next(_ results: JobResults, _ call: Call) throws(Failure) -> Bytes? {
            while true {
                if let line = try reader?.next(call) { return line }
                reader = nil
                guard let url = urls.first else { return nil }
                reader = try PartReader.open(
                    url, results.session, results.client, results.settings, call)
                urls = urls.dropFirst()
            }
        }

        /// The service says how many records there are: fewer means that some are lost.
        func checkCount(_ delivered: Int64) throws(Failure) {
            guard expected >= 0, delivered != expected else { return }
            throw Failure(
                delivered < expected ? .truncated : .protocol,
                "the result files held \(delivered) records where the service counts \(expected)")
        }
    }
}

/// Records that the job itself holds, group by group.
struct InlineWalk {
    private var groups: ArraySlice<InlineGroup>
    private var cursor: Cursor?

    init(_ groups: [InlineGroup]) { self.groups = groups[...] }

    mutating func next(index: Int64) throws(Failure) -> Record? {
        while let group = groups.first {
            var cursor = self.cursor ?? Cursor(group.values)
            let isMap = group.values.kind == .object
            let step = isMap ? cursor.nextMember() : cursor.nextElement().map { ($0, $0) }
            if let (name, value) = step {
                self.cursor = cursor
                return Record(
                    data: value.bytes, key: try key(isMap ? name : named(value, group.keys)),
                    outcome: outcome(value, group.outcome), index: index)
            }
            self.cursor = nil
            groups = groups.dropFirst()
        }
        return nil
    }
}

private func named(_ value: Value, _ names: [String]) -> Value? {
    for name in names {
        if let member = value.member(name), member.kind == .string { return member }
    }
    return nil
}

/// A name that is no text is no key; the record itself still holds it.
private func key(_ value: Value?) throws(Failure) -> Bytes? {
    guard let value else { return nil }
    let text = Buffer()
    do throws(TextFault) {
        let range = try value.decode(into: text)
        return text.bytes[range]
    } catch {
        if error == .noMemory { throw .noMemory }
        return nil
    }
}

private func outcome(_ value: Value, _ rule: InlineGroup.Outcome) -> RecordOutcome {
    switch rule {
    case .all(let outcome): return outcome
    case .member(let name, let words):
        guard let word = value.member(name)?.text else { return .unknown }
        return words.first { word.isExactly($0.0) }?.1 ?? .unknown
    }
}
