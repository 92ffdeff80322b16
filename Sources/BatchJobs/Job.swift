public import BatchJobsJSON

public enum Phase: Int32, Sendable, CaseIterable {
    case queued = 1
    case running = 2
    case done = 3

    public var name: StaticString {
        switch self {
        case .queued: "queued"
        case .running: "running"
        case .done: "done"
        }
    }
}

public enum Outcome: Int32, Sendable, CaseIterable {
    case none = 0
    case succeeded = 1
    case partial = 2
    case failed = 3
    case cancelled = 4
    case expired = 5
    case unknown = 6

    public var name: StaticString {
        switch self {
        case .none: "none"
        case .succeeded: "succeeded"
        case .partial: "partial"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .unknown: "unknown"
        }
    }
}

public enum Count: Int, Sendable {
    case total = 0
    case processed, succeeded, failed, cancelled, queued, running, pending, results
}

public enum Moment: Int, Sendable {
    case created = 0
    case started, finished, updated
}

/// What is common to the jobs of all services, read from one row. Texts are ranges of a buffer
/// that the jobs of a page share.
public struct JobFields: Sendable {
    public var id = 0..<0
    public var kind: Range<Int>?
    public var word: Range<Int>?
    public var errorText: Range<Int>?
    public var phase = Phase.running
    public var outcome = Outcome.unknown
    // Spelled out: filled by a loop they would cost more than all other members together.
    private var counts: InlineArray<9, Int64> = [-1, -1, -1, -1, -1, -1, -1, -1, -1]
    private var moments: InlineArray<4, Int64> = [.min, .min, .min, .min]

    public init() {}

    public subscript(_ count: Count) -> Int64 {
        get { counts[count.rawValue] }
        set { counts[count.rawValue] = newValue }
    }

    public subscript(_ moment: Moment) -> Int64 {
        get { moments[moment.rawValue] }
        set { moments[moment.rawValue] = newValue }
    }
}

/// One job as the service last told it. Immutable once made.
public final class Job: @unchecked Sendable {
    public let provider: StaticString
    public let row: Value
    public let fields: JobFields
    /// Holds the texts of `fields`, each followed by a NUL.
    private let texts: Buffer

    init(provider: StaticString, row: Value, fields: JobFields, texts: Buffer) {
        self.provider = provider
        self.row = row
        self.fields = fields
        self.texts = texts
    }

    public var id: Bytes { texts.bytes[fields.id] }
    public var kind: Bytes? { fields.kind.map { texts.bytes[$0] } }
    public var word: Bytes? { fields.word.map { texts.bytes[$0] } }
    public var errorText: Bytes? { fields.errorText.map { texts.bytes[$0] } }

    /// A copy that pins no page.
    public func copy() throws(Failure) -> Job {
        let texts = Buffer()
        var fields = fields
        func move(_ range: Range<Int>) throws(Failure) -> Range<Int> {
            let start = texts.count
            guard texts.append(self.texts.bytes[range]), texts.append(0) else {
                throw .noMemory
            }
            return start..<texts.count - 1
        }
        fields.id = try move(fields.id)
        if let range = fields.kind { fields.kind = try move(range) }
        if let range = fields.word { fields.word = try move(range) }
        if let range = fields.errorText { fields.errorText = try move(range) }
        guard let row = row.copy() else { throw .noMemory }
        return Job(provider: provider, row: row, fields: fields, texts: texts)
    }
}
