public import BatchJobsJSON

public enum RecordOutcome: Int32, Sendable, CaseIterable {
    case unknown = 0
    case ok = 1
    case failed = 2
    case cancelled = 3
    case skipped = 4
    case pending = 5
    case running = 6

    public var name: StaticString {
        switch self {
        case .unknown: "unknown"
        case .ok: "ok"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .skipped: "skipped"
        case .pending: "pending"
        case .running: "running"
        }
    }
}

/// One record of a job's results. Its bytes live until the next one is asked for.
public final class Record {
    public let data: Bytes
    /// With a NUL behind it.
    public let key: Bytes?
    public let outcome: RecordOutcome
    public let index: Int64

    init(data: Bytes, key: Bytes?, outcome: RecordOutcome, index: Int64) {
        self.data = data
        self.key = key
        self.outcome = outcome
        self.index = index
    }
}
