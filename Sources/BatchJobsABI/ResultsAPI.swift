import BatchJobs
import BatchJobsJSON
public import CBatchJobs

/// An iterator over records, and the record it gave last.
final class ResultsHandle {
    let results: JobResults
    let claim = Claim()
    var record: Record?

    init(_ results: JobResults) { self.results = results }
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
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let handle = try unsafe required(results, ResultsHandle.self, "results")
        return try handle.claim.hold { () throws(Failure) in
            handle.record = nil
            guard let record = try handle.results.next() else { return bj_status(BJ_END) }
            handle.record = record
            unsafe out.pointee = borrowed(record)
            return bj_status(BJ_OK)
        }
    }
}

@c @implementation public func bj_results_job(_ results: OpaquePointer!) -> OpaquePointer! {
    guard let handle = unsafe object(results, ResultsHandle.self) else { return nil }
    return unsafe borrowed(handle.results.job)
}

@c @implementation public func bj_results_destroy(_ results: OpaquePointer!) {
    unsafe destroy(results, ResultsHandle.self)
}

@c @implementation public func bj_record_data(
    _ record: OpaquePointer!, _ length: UnsafeMutablePointer<Int>!
) -> UnsafePointer<CChar>! {
    unsafe span(object(record, Record.self)?.data, length)
}

@c @implementation public func bj_record_key(_ record: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe object(record, Record.self)?.key?.pointer
}

@c @implementation public func bj_record_outcome(_ record: OpaquePointer!) -> Int32 {
    unsafe object(record, Record.self)?.outcome.rawValue ?? -1
}

@c @implementation public func bj_record_index(_ record: OpaquePointer!) -> Int64 {
    unsafe object(record, Record.self)?.index ?? -1
}
