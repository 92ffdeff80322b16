import BatchJobsJSON

/// Cuts JSON lines where they lie, in the data of a batch. Lines end at `\n` and nowhere else; a
/// `\r` before it and a byte order mark at the start do not belong to the record, blank lines are
/// none, and a last line needs no `\n`.
struct LineCutter {
    private let limit: Int64
    /// Where the line in progress begins in the batch's data, and how far it has been searched.
    private(set) var start = 0
    private var searched = 0
    private var isFirst: Bool
    /// The last line had no `\n`.
    private(set) var endsInLine = false
    /// Records to come that an earlier stream delivered, and numbered.
    var repeated: Int64 = 0

    /// `isFirst`: what comes is the beginning of a file.
    init(limit: Int64, isFirst: Bool) {
        self.limit = limit
        self.isFirst = isFirst
    }

    /// Makes room in the batch: of its data only the line in progress is kept.
    mutating func restart(_ batch: Batch) {
        batch.restart(keepingFrom: start)
        searched -= start
        start = 0
    }

    /// Passes over bytes that were delivered in an earlier stream.
    mutating func skip(_ length: Int) {
        start += length
        searched = max(searched, start)
    }

    /// Makes records of all whole lines there are. A fault comes behind the records before it, and
    /// leaves its line where it is: a place taken then is one before that line.
    mutating func cut(_ batch: Batch) throws(Failure) {
        while let end = batch.data.firstIndex(of: UInt8(ascii: "\n"), from: searched) {
            let record = try record(start..<end, batch)
            // Of empty lines there may be a gigabyte: they are passed over at once.
            start = batch.data.endOfRun(of: UInt8(ascii: "\n"), from: end + 1)
            searched = start
            try take(record, batch)
        }
        searched = batch.data.count
        _ = try record(start..<searched, batch)
    }

    /// The last line, when it had no `\n`. Where a host's lengths are wrong, or a file ends between
    /// two gzip members, only its JSON tells that the line goes on.
    mutating func finish(_ batch: Batch) throws(Failure) {
        let end = batch.data.count
        let record = try record(start..<end, batch)
        if start < end { endsInLine = true }
        start = end
        searched = end
        if record.isEmpty { return }
        let bytes = batch.data.bytes(from: record.lowerBound, count: record.count)
        if !isCut(bytes) { return try take(record, batch) }
        throw Failure(.truncated, "the result file ends within record \(index(batch))")
    }

    /// A line without what does not belong to its record, which must not be too long.
    private func record(_ line: Range<Int>, _ batch: Batch) throws(Failure) -> Range<Int> {
        let data = batch.data
        var (from, to) = (line.lowerBound, line.upperBound)
        if isFirst { from += markLength(data, line) }
        if to > from, data[to - 1] == UInt8(ascii: "\r") { to -= 1 }
        if Int64(to - from) <= limit { return from..<to }
        throw recordTooLong(index(batch), limit)
    }

    /// Of the line in hand.
    private func index(_ batch: Batch) -> Int64 { batch.base + Int64(batch.held) - repeated }

    /// Of a byte order mark.
    private func markLength(_ data: Buffer, _ line: Range<Int>) -> Int {
        let at = line.lowerBound
        let isThere =
            line.count >= 3 && data[at] == 0xEF && data[at + 1] == 0xBB && data[at + 2] == 0xBF
        return isThere ? 3 : 0
    }

    private mutating func take(_ record: Range<Int>, _ batch: Batch) throws(Failure) {
        isFirst = false
        if !isBlank(batch.data, record) { try batch.take(record, .ok) }
    }

    private func isBlank(_ data: Buffer, _ line: Range<Int>) -> Bool {
        line.allSatisfy { data[$0] == UInt8(ascii: " ") || data[$0] == UInt8(ascii: "\t") }
    }
}

/// The first byte of a line behind blanks, where no JSON begins with it; nil where some may, and
/// the line is not blank.
func firstOfNoJSON(_ line: Bytes) -> UInt8? {
    let first = line.firstIndex { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }.flatMap { line[$0] } ?? 0x20
    return "{[\"-0123456789tfn".utf8.contains(first) ? nil : first
}

/// Whether JSON begins and the bytes end before it does. What is no JSON is not cut.
private func isCut(_ line: Bytes) -> Bool {
    do throws(JSONFault) { _ = try Value(document: line) } catch {
        return error.reason == .malformed && error.offset >= line.count && firstOfNoJSON(line) == nil
    }
    return false
}

func recordTooLong(_ index: Int64, _ limit: Int64) -> Failure {
    Failure(.limit, "record \(index) is longer than max_record_bytes (\(limit)) allows")
        .detail("option", "max_record_bytes")
}
