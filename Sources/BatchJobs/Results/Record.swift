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

/// The record of a stream that was given last: a position in its batch. One serves the whole stream,
/// so that a record costs no memory of its own.
public final class Record {
    private let batch: Batch
    private var position = 0
    private let keyText = Buffer()

    init(_ batch: Batch) { self.batch = batch }

    func move(to position: Int) {
        self.position = position
        keyText.truncate(to: 0)
    }

    public var data: Bytes { batch.bytes(at: position) }

    /// With a NUL behind it; nil where the record has none, or there is no memory for it.
    public var key: Bytes? {
        if keyText.count > 0 { return keyText.bytes }
        guard let key = batch.key(at: position), keyText.append(key), keyText.append(0) else {
            return nil
        }
        return keyText.bytes
    }

    public var outcome: RecordOutcome { batch.outcome(at: position) }

    public var index: Int64 { batch.base + Int64(position) }
}
