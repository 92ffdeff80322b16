public import BatchJobsJSON

public typealias PackedBytes = (Int, Bytes) throws(Failure) -> Void

/// Where the records of one job come from: result files, an answer that is read as it arrives, or
/// the job itself.
protocol RecordSource: AnyObject {
    /// Empties the batch and fills it anew, with one record at least; false at the verified end.
    /// What the batch holds in front of a fault has been given before the fault is thrown.
    func fill(_ batch: Batch, _ call: Call) throws(Failure) -> Bool

    /// Where the first record of the batch stands.
    var place: Place { get }

    var progress: SourceProgress { get }

    /// Where the result file in progress begins.
    var partStart: Place { get }

    /// Gives every file's packed bytes to another as well, with the number of the file. Throws
    /// where there are none.
    func tap(_ take: @escaping PackedBytes) throws(Failure)

    /// What it knows of the job beyond what was known when it was opened.
    var job: Job? { get }
}

extension RecordSource {
    var job: Job? { nil }
    var partStart: Place { place }

    func tap(_ take: @escaping PackedBytes) throws(Failure) {
        throw Failure(.unsupported, "the service has no compressed result files; save them as jsonl")
            .detail("option", "save_format")
    }
}

/// How far a source has come.
public struct SourceProgress {
    /// Bytes received, packed as they came, and their number in all; -1 while it is not known.
    public var bytes: Int64 = 0
    public var total: Int64 = -1
    /// Result files, and those read to their end.
    public var parts: Int64 = 0
    public var partsDone: Int64 = 0
}
