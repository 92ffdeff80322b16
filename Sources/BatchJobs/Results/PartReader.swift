import BatchJobsJSON

/// Reads the records of one result file, as its bytes arrive: sniffs and undoes gzip, cuts lines.
/// Holds a chunk and a line, never the file.
final class PartReader {
    /// Where the batch begins that is filled.
    private(set) var place: Place
    let file: ResultFile
    private let transport: any Transport
    private let maximumRatio: Int64
    private let tap: PackedBytes?
    private var lines: LineCutter
    private var encoding = Encoding.unknown
    private var input = Bytes.empty
    /// Bytes unpacked so far, from `origin` on.
    private var unpacked: Int64 = 0
    /// Where in the file this began.
    private let origin: Int64
    private var passed: PassedRecords
    private var toSkip: Int64
    private var isChecked: Bool
    /// Found behind what the batch holds.
    private var damage: Failure?
    private var ended = false

    private enum Encoding {
        case unknown
        case plain
        case gzip(any Inflater)
    }

    /// Below this, a ratio says nothing: a few lines of blanks may shrink to next to nothing.
    private static let ratioFloor: Int64 = 64 << 20

    /// Reads on from a place in the file; `file` begins at its offset.
    init(
        _ file: ResultFile, _ place: Place, _ client: Client, _ settings: Settings,
        _ tap: PackedBytes?
    ) {
        self.file = file
        self.tap = tap
        self.place = place
        transport = client.transport
        maximumRatio = settings.integer(.maxGzipRatio)
        let isStart = place.offset == 0 && place.skip == 0
        lines = LineCutter(limit: settings.integer(.maxRecordBytes), isFirst: isStart)
        isChecked = !isStart
        origin = place.offset
        passed = PassedRecords(place)
        toSkip = place.skip
    }

    /// Empties the batch and fills it with the next records; false at the end of the file.
    func fill(_ batch: Batch, _ call: Call) throws(Failure) -> Bool {
        moveOn(batch)
        if let damage { throw damage }
        while true {
            if try cut(batch) { return true }
            if let damage { throw damage }
            if ended {
                try finish()
                return false
            }
            moveOn(batch)
            if try more(batch, call) { continue }
            ended = true
        }
    }

    /// Makes records of the lines that are whole; what is wrong behind them waits its turn.
    private func cut(_ batch: Batch) throws(Failure) -> Bool {
        lines.repeated = passed.left
        do throws(Failure) {
            try lines.cut(batch)
            if ended { try lines.finish(batch) }
        } catch {
            if batch.held == 0 { throw error }
            damage = error
        }
        try checkFirst(batch)
        try passed.pass(batch, transport)
        return batch.hasMore
    }

    /// Once it has ended: the next file's first line must not go on in this one's last.
    var endsInLine: Bool { lines.endsInLine }

    /// Whether what was to be skipped and passed over was there.
    private func finish() throws(Failure) {
        if toSkip > 0 { throw changed("a result file ends before it") }
        try passed.finish()
    }

    /// A file whose first line begins like no JSON holds something else: a page of a proxy, another
    /// compression. Later lines are the service's own business.
    private func checkFirst(_ batch: Batch) throws(Failure) {
        guard !isChecked, batch.held > 0 else { return }
        isChecked = true
        guard let first = firstOfNoJSON(batch.bytes(at: 0)) else { return }
        throw Failure(
            .protocol, "the result file does not hold JSON lines: its first begins with the byte \(first)")
    }
}

// MARK: Places

extension PartReader {
    /// Empties the batch but for the line in progress, and notes where that begins.
    private func moveOn(_ batch: Batch) {
        let isBeyondPlace = toSkip == 0 && batch.next > place.index
        if isBeyondPlace { place.move(over: batch, transport) }
        lines.restart(batch)
        if isBeyondPlace, place.validator != nil { comeNearer(batch) }
    }

    /// A file whose version is known can be entered in its middle: plain text at a line, gzip at
    /// the member that holds the line's beginning.
    private func comeNearer(_ batch: Batch) {
        let line = unpacked - Int64(batch.data.count)
        switch encoding {
        case .unknown: return
        case .plain:
            place.offset = origin + line
            place.skip = 0
        case .gzip(let inflater):
            let member = inflater.memberStart
            guard member.unpacked <= line else { return }
            place.offset = origin + member.packed
            place.skip = line - member.unpacked
            place.isPacked = true
        }
        place.records = 0
    }
}

// MARK: Bytes

extension PartReader {
    /// Puts more bytes into the batch; false at the verified end.
    ///
    /// What was decompressed before a fault still holds records: they are given first. The call is
    /// asked at each step, because a little gzip can hold very much.
    private func more(_ batch: Batch, _ call: Call) throws(Failure) -> Bool {
        let before = batch.data.count
        while true {
            try call.check(now: transport.monotonicMS())
            if case .gzip(let inflater) = encoding {
                let used = try inflate(inflater, batch.data, before)
                if batch.data.count > before { break }
                if used > 0 && !input.isEmpty { continue }
            }
            let chunk = try file.read(call)
            // Until they are compared, this version vouches for no records of before.
            if passed.left == 0 { place.validator = file.validator }
            guard let chunk else { return try finishEncoding(batch) }
            try tap?(place.part, chunk)
            if try sniff(chunk), case .plain = encoding {
                try takePlain(batch)
                break
            }
        }
        took(batch.data.count - before)
        return true
    }

    private func inflate(_ inflater: any Inflater, _ output: Buffer, _ before: Int) throws(Failure)
        -> Int
    {
        do throws(Failure) {
            let used = try inflater.inflate(input, into: output)
            input = input.dropFirst(used)
            return used
        } catch {
            if output.count == before { throw error }
            damage = error
            return 0
        }
    }

    private func takePlain(_ batch: Batch) throws(Failure) {
        if tap != nil {
            throw Failure(.unsupported, "the result file is not compressed; save it as jsonl")
                .detail("option", "save_format")
        }
        guard batch.data.append(input) else { throw .noMemory }
        input = .empty
    }

    /// Counts what came, and skips of it what an earlier stream has delivered.
    private func took(_ length: Int) {
        unpacked += Int64(length)
        let skipped = Int(clamping: min(toSkip, Int64(length)))
        if skipped > 0 { lines.skip(skipped) }
        toSkip -= Int64(skipped)
        guard unpacked > Self.ratioFloor, unpacked / max(file.received, 1) > maximumRatio else { return }
        damage = Failure(
            .limit,
            "a result file unpacks to more than max_gzip_ratio (\(maximumRatio)) times its size"
        ).detail("option", "max_gzip_ratio")
    }

    /// Puts a chunk behind what is left of the one before; false while the first two bytes, which
    /// tell gzip from text, have not both come.
    private func sniff(_ chunk: Bytes) throws(Failure) -> Bool {
        if input.isEmpty {
            input = chunk
        } else {
            let joined = Buffer()
            guard joined.append(input), joined.append(chunk) else { throw .noMemory }
            input = joined.bytes
        }
        guard case .unknown = encoding else { return true }
        // In its middle a file no longer shows what it is.
        let isPacked: Bool
        if origin > 0 {
            isPacked = place.isPacked
        } else {
            if input.count < 2 { return false }
            isPacked = input[0] == 0x1F && input[1] == 0x8B
        }
        encoding = isPacked ? .gzip(try transport.inflater()) : .plain
        return true
    }

    private func finishEncoding(_ batch: Batch) throws(Failure) -> Bool {
        if case .gzip(let inflater) = encoding { try inflater.finish() }
        guard !input.isEmpty, case .unknown = encoding else { return false }
        // A single byte. This one begins gzip and no record.
        if input[0] == 0x1F { throw Failure(.truncated, "the result file ends in its first bytes") }
        encoding = .plain
        took(1)
        try takePlain(batch)
        return true
    }
}
