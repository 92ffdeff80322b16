public import BatchJobsJSON

/// Jobs that came together, after filters and caps.
public final class Page: @unchecked Sendable {
    public let jobs: [Job]
    /// The service's whole answer.
    public let raw: Bytes
    /// Where a list goes on after this page, with a NUL behind it; nil on the last one.
    public let nextCursor: Bytes?

    init(jobs: [Job], raw: Bytes, nextCursor: Bytes?) {
        self.jobs = jobs
        self.raw = raw
        self.nextCursor = nextCursor
    }
}
