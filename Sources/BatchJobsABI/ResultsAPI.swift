import BatchJobs
import BatchJobsJSON
public import CBatchJobs

/// An iterator over records, and what of it was given last.
final class ResultsHandle {
    let results: JobResults
    let claim = Claim()
    private var job: Job?
    private let token = Buffer()

    init(_ results: JobResults) { self.results = results }

    /// Kept, because the stream may learn more of the job.
    func currentJob() -> Job {
        let current = results.job
        job = current
        return current
    }

    func token(at index: Int64) throws(Failure) -> UnsafePointer<CChar>? {
        token.truncate(to: 0)
        guard token.append(try results.token(at: index)), token.append(0) else { throw .noMemory }
        return unsafe token.bytes.pointer
    }
}

@c @implementation public func bj_client_results(
    _ client: OpaquePointer!, _ id: UnsafePointer<CChar>!, _ options: OpaquePointer!,
    _ cancel: OpaquePointer!, _ fn: bj_record_fn!, _ payload: UnsafeMutableRawPointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let client = try unsafe required(client, Client.self, "client")
        let id = try unsafe text(id, "id")
        guard let fn = unsafe fn else { throw null("fn") }
        // The steps are calls of their own: one between them must end the whole too.
        let count = client.interruption.cancelCount
        let results = try unsafe client.results(id, settings(options), cancellation(cancel))
        while let record = try results.next() {
            let stop = withExtendedLifetime(record) { unsafe fn(borrowed(record), payload) != 0 }
            if stop { return bj_status(BJ_STOPPED) }
            try client.interruption.check(since: count)
        }
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_results_open(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ client: OpaquePointer!,
    _ id: UnsafePointer<CChar>!, _ options: OpaquePointer!, _ cancel: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let client = try unsafe required(client, Client.self, "client")
        let id = try unsafe text(id, "id")
        let results = try unsafe client.results(id, settings(options), cancellation(cancel))
        unsafe out.pointee = owned(ResultsHandle(results))
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_results_next(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ results: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe step(out, results, error) { (handle) throws(Failure) in
        unsafe try handle.results.next().map { unsafe borrowed($0) }
    }
}

@c @implementation public func bj_results_next_batch(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ results: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe step(out, results, error) { (handle) throws(Failure) in
        unsafe try handle.results.nextBatch().map { unsafe borrowed($0) }
    }
}

/// One step of the iterator: what it gives goes to `out`, and nothing is the end.
private func step(
    _ out: Out?, _ results: Handle?, _ error: Out?,
    _ body: (ResultsHandle) throws(Failure) -> Handle?
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let handle = try unsafe required(results, ResultsHandle.self, "results")
        return try handle.claim.hold { () throws(Failure) in
            unsafe out.pointee = try body(handle)
            return unsafe bj_status(out.pointee == nil ? BJ_END : BJ_OK)
        }
    }
}

@c @implementation public func bj_results_token_at(
    _ out: UnsafeMutablePointer<UnsafePointer<CChar>?>!, _ results: OpaquePointer!,
    _ index: Int64, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        guard let out = unsafe out else { throw null("out") }
        unsafe out.pointee = nil
        let handle = try unsafe required(results, ResultsHandle.self, "results")
        return try handle.claim.hold { () throws(Failure) in
            unsafe out.pointee = try handle.token(at: index)
            return bj_status(BJ_OK)
        }
    }
}

@c @implementation public func bj_results_job(_ results: OpaquePointer!) -> OpaquePointer! {
    guard let handle = unsafe object(results, ResultsHandle.self) else { return nil }
    return unsafe borrowed(handle.currentJob())
}

@c @implementation public func bj_results_verdict(_ results: OpaquePointer!) -> Int32 {
    unsafe object(results, ResultsHandle.self)?.results.verdict.rawValue ?? -1
}

@c @implementation public func bj_results_records(_ results: OpaquePointer!) -> Int64 {
    unsafe object(results, ResultsHandle.self)?.results.records ?? -1
}

@c @implementation public func bj_results_expected(_ results: OpaquePointer!) -> Int64 {
    unsafe object(results, ResultsHandle.self)?.results.expected ?? -1
}

@c @implementation public func bj_results_bytes(_ results: OpaquePointer!) -> Int64 {
    unsafe object(results, ResultsHandle.self)?.results.progress.bytes ?? -1
}

@c @implementation public func bj_results_bytes_total(_ results: OpaquePointer!) -> Int64 {
    unsafe object(results, ResultsHandle.self)?.results.progress.total ?? -1
}

@c @implementation public func bj_results_parts(_ results: OpaquePointer!) -> Int64 {
    unsafe object(results, ResultsHandle.self)?.results.progress.parts ?? -1
}

@c @implementation public func bj_results_parts_done(_ results: OpaquePointer!) -> Int64 {
    unsafe object(results, ResultsHandle.self)?.results.progress.partsDone ?? -1
}

@c @implementation public func bj_results_destroy(_ results: OpaquePointer!) {
    unsafe destroy(results, ResultsHandle.self)
}
