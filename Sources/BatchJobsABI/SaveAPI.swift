import BatchJobs
import BatchJobsFiles
public import CBatchJobs

@c @implementation public func bj_client_save(
    _ client: OpaquePointer!, _ id: UnsafePointer<CChar>!, _ path: UnsafePointer<CChar>!,
    _ options: OpaquePointer!, _ cancel: OpaquePointer!, _ fn: bj_progress_fn!,
    _ payload: UnsafeMutableRawPointer!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let client = try unsafe required(client, Client.self, "client")
        let isWhole = try unsafe Save.results(
            of: client, text(id, "id"), to: text(path, "path"), settings(options),
            cancellation(cancel), progress(fn, payload))
        return bj_status(isWhole ? BJ_OK : BJ_STOPPED)
    }
}

@c @implementation public func bj_results_save(
    _ results: OpaquePointer!, _ fd: Int32, _ fn: bj_progress_fn!,
    _ payload: UnsafeMutableRawPointer!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let handle = try unsafe required(results, ResultsHandle.self, "results")
        return try handle.claim.hold { () throws(Failure) in
            let isWhole = try unsafe Save.rest(of: handle.results, to: fd, progress(fn, payload))
            return bj_status(isWhole ? BJ_OK : BJ_STOPPED)
        }
    }
}

private func progress(_ fn: bj_progress_fn?, _ payload: UnsafeMutableRawPointer?) -> SaveProgress? {
    guard let fn = unsafe fn else { return nil }
    return { bytes, total, records in unsafe fn(bytes, total, records, payload) != 0 }
}
