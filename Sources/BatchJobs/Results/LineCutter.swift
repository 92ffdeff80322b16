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
            let line = start..<end
            try checkLength(line.count, batch)
            start = end + 1
            searched = start
            try close(line, batch)
        }
        searched = batch.data.count
        try checkLength(searched - start, batch)
    }

    /// The last line, when it had no `\n`. Where a host's lengths are wrong, or a file ends between
    /// two gzip members, only its JSON tells that the line goes on.
    mutating func finish(_ batch: Batch) throws(Failure) {
        let line = start..<batch.data.count
        try checkLength(line.count, batch)
        start = batch.data.count
        searched = start
        if line.isEmpty { return }
        let mark = isFirst ? markLength(batch.data, line) : 0
        let bytes = batch.data.bytes(from: line.lowerBound, count: line.count).dropFirst(mark)
        if !isCut(bytes) { return try close(line, batch) }
        throw Failure(.truncated, "the result file ends within record \(batch.base + Int64(batch.held))")
    }

    /// Of a byte order mark.
    private func markLength(_ data: Buffer, _ line: Range<Int>) -> Int {
        let at = line.lowerBound
        let isThere =
            line.count >= 3 && data[at] == 0xEF && data[at + 1] == 0xBB && data[at + 2] == 0xBF
        return isThere ? 3 : 0
    }

    private mutating func close(_ line: Range<Int>, _ batch: Batch) throws(Failure) {
        let data = batch.data
        var (from, to) = (line.lowerBound, line.upperBound)
        if isFirst { from += markLength(data, line) }
        isFirst = false
        if to > from, data[to - 1] == UInt8(ascii: "\r") { to -= 1 }
        if !isBlank(data, from..<to) { try batch.take(from..<to, .ok) }
    }

    private func isBlank(_ data: Buffer, _ line: Range<Int>) -> Bool {
        line.allSatisfy { data[$0] == UInt8(ascii: " ") || data[$0] == UInt8(ascii: "\t") }
    }

    private func checkLength(_ length: Int, _ batch: Batch) throws(Failure) {
        guard Int64(length) > limit else { return }
        throw recordTooLong(batch.base + Int64(batch.held), limit)
    }
}

/// The first byte of a line behind blanks, where no JSON begins with it; nil where some may, and
/// the line is not blank.
func firstOfNoJSON(_ line: Bytes) -> UInt8? {
    let first = line.firstIndex { $0 > 0x20 }.flatMap { line[$0] } ?? 0x20
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
