import BatchJobs
import BatchJobsJSON
import CPlatform

/// Collects the header block of the final answer from the lines that libcurl hands over.
///
/// Blocks with a 1xx status come before it and are dropped; chunked bodies may bring more lines
/// after it, which are dropped too. All of them count towards the cap.
struct AnswerHead {
    static let limit = 100 * 1024

    enum Outcome {
        case taken
        case tooLong
        case noMemory
    }

    private(set) var complete: Head?
    private let lines = Buffer()
    private var size = 0
    private var insideBlock = false
    private var framesBodies = false

    /// Takes one line; `status` is that of the block it belongs to.
    mutating func add(_ line: UnsafeRawBufferPointer, status: () -> Int) -> Outcome {
        size += line.count
        if size > Self.limit { return .tooLong }
        if complete != nil { return .taken }
        if let first = unsafe line.first, first != UInt8(ascii: "\r"), first != UInt8(ascii: "\n") {
            // The first of a block is the status line, `HTTP/1.1 200 OK` or `HTTP/2 200`.
            if insideBlock { return unsafe lines.append(line) ? .taken : .noMemory }
            insideBlock = true
            framesBodies = unsafe line.count > 5 && line[5] >= UInt8(ascii: "2")
            return lines.reserve(512) ? .taken : .noMemory
        }
        insideBlock = false
        if status() >= 200 {
            complete = Head(
                status: status(), framesBodies: framesBodies, lines: lines.bytes,
                at: bjp_monotonic_ms())
        } else {
            lines.truncate(to: 0)
        }
        return .taken
    }
}
