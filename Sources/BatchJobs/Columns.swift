public import BatchJobsJSON

/// A page's jobs field by field, copied out in one go: what a binding reads in a few calls.
public final class Columns: @unchecked Sendable {
    public static let textColumns = 5
    public static let countColumns = 9
    public static let momentColumns = 4

    public let count: Int
    private let texts: [TextColumn]
    /// Two columns of 32 bits, phases and outcomes, one behind the other.
    private let words: Buffer
    /// Counts and then times, 64 bits each, column by column.
    private let numbers: Buffer

    private struct TextColumn {
        let data = Buffer()
        let offsets = Buffer()
    }

    private init(count: Int, _ texts: [TextColumn], _ words: Buffer, _ numbers: Buffer) {
        self.count = count
        self.texts = texts
        self.words = words
        self.numbers = numbers
    }

    public static func of(_ page: Page) throws(Failure) -> Columns {
        let jobs = page.jobs
        let texts = [
            try texts(jobs) { $0.id }, try texts(jobs) { $0.kind }, try texts(jobs) { $0.word },
            try texts(jobs) { $0.errorText }, try texts(jobs) { $0.row.bytes },
        ]
        let words = Buffer()
        let numbers = Buffer()
        for job in jobs { try put(job.fields.phase.rawValue, words) }
        for job in jobs { try put(job.fields.outcome.rawValue, words) }
        for index in 0..<countColumns {
            guard let count = Count(rawValue: index) else { continue }
            for job in jobs { try put(job.fields[count], numbers) }
        }
        for index in 0..<momentColumns {
            guard let moment = Moment(rawValue: index) else { continue }
            for job in jobs { try put(job.fields[moment], numbers) }
        }
        return Columns(count: jobs.count, texts, words, numbers)
    }

    private static func texts(_ jobs: [Job], _ field: (Job) -> Bytes?) throws(Failure)
        -> TextColumn
    {
        let column = TextColumn()
        for job in jobs {
            try put(Int64(column.data.count), column.offsets)
            if let text = field(job) {
                guard column.data.append(text) else { throw .noMemory }
            }
        }
        try put(Int64(column.data.count), column.offsets)
        // The address of no bytes at all is still an address.
        guard column.data.append(0) else { throw .noMemory }
        return column
    }

    private static func put<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number, _ column: Buffer
    ) throws(Failure) {
        guard column.append(number: number) else { throw .noMemory }
    }

    public func text(_ which: Int) -> (data: Bytes, offsets: Bytes)? {
        guard texts.indices.contains(which) else { return nil }
        return (texts[which].data.bytes, texts[which].offsets.bytes)
    }

    public var phases: Bytes { words.bytes }
    public var outcomes: Bytes { words.bytes.dropFirst(count * 4) }

    public func counts(_ which: Int) -> Bytes? {
        guard which >= 0, which < Self.countColumns else { return nil }
        return numbers.bytes.dropFirst(which * count * 8)
    }

    public func moments(_ which: Int) -> Bytes? {
        guard which >= 0, which < Self.momentColumns else { return nil }
        return numbers.bytes.dropFirst((Self.countColumns + which) * count * 8)
    }
}
