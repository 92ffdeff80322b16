import BatchJobsJSON

/// Cuts JSON lines out of a stream of bytes. Lines end at `\n` and nowhere else; a `\r` before it
/// and a byte order mark at the start do not belong to the record, blank lines are none, and a
/// last line needs no `\n`.
struct LineCutter {
    private let limit: Int64
    private var chunk = Bytes.empty
    private var at = 0
    /// The beginning of a line that went over the end of a chunk.
    private var partial = Buffer()
    private var isFirst = true

    init(limit: Int64) { self.limit = limit }

    /// Takes the next bytes. Only when `next` has given all it had.
    mutating func feed(_ bytes: Bytes) {
        chunk = bytes
        at = 0
    }

    /// The next whole line, or nil when more bytes are needed.
    mutating func next() throws(Failure) -> Bytes? {
        while at < chunk.count {
            guard let end = chunk.firstIndex(of: UInt8(ascii: "\n"), from: at) else {
                try keep(chunk[at..<chunk.count])
                at = chunk.count
                return nil
            }
            let piece = chunk[at..<end]
            at = end + 1
            if let line = try close(piece) { return line }
        }
        return nil
    }

    /// The last line, when it had no `\n`.
    mutating func finish() throws(Failure) -> Bytes? {
        try close(Bytes.empty)
    }

    private mutating func keep(_ piece: Bytes) throws(Failure) {
        try checkLength(partial.count + piece.count)
        guard partial.append(piece) else { throw .noMemory }
    }

    /// Joins a line's last piece to what was kept of it; nil for a blank line.
    private mutating func close(_ piece: Bytes) throws(Failure) -> Bytes? {
        var line = piece
        if partial.count > 0 {
            try keep(piece)
            line = partial.bytes
            partial = Buffer()
        } else {
            try checkLength(piece.count)
        }
        if isFirst, line[0] == 0xEF, line[1] == 0xBB, line[2] == 0xBF { line = line.dropFirst(3) }
        isFirst = false
        if line[line.count - 1] == UInt8(ascii: "\r") { line = line[0..<line.count - 1] }
        return isBlank(line) ? nil : line
    }

    private func isBlank(_ line: Bytes) -> Bool {
        for index in 0..<line.count {
            guard let byte = line[index] else { return true }
            if byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") { return false }
        }
        return true
    }

    private func checkLength(_ length: Int) throws(Failure) {
        guard Int64(length) > limit else { return }
        throw Failure(.limit, "a record is longer than max_record_bytes (\(limit)) allows")
            .detail("option", "max_record_bytes")
    }
}
