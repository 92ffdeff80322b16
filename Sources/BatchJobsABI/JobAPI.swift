import BatchJobs
import BatchJobsJSON
public import CBatchJobs

@c @implementation public func bj_client_get(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ client: OpaquePointer!,
    _ id: UnsafePointer<CChar>!, _ options: OpaquePointer!, _ cancel: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let client = try unsafe required(client, Client.self, "client")
        let id = try unsafe text(id, "id")
        let job = try unsafe client.job(id, settings(options), cancellation(cancel))
        unsafe out.pointee = owned(job)
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_job_retain(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ job: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let job = try unsafe required(job, Job.self, "job")
        unsafe out.pointee = owned(try job.copy())
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_job_destroy(_ job: OpaquePointer!) {
    unsafe destroy(job, Job.self)
}

@c @implementation public func bj_job_id(_ job: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe look(job, Job.self, none: nil) { unsafe $0.id.pointer }
}

@c @implementation public func bj_job_provider(_ job: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe constant(object(job, Job.self)?.provider)
}

@c @implementation public func bj_job_kind(_ job: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe look(job, Job.self, none: nil) { unsafe $0.kind?.pointer }
}

@c @implementation public func bj_job_status_word(_ job: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe look(job, Job.self, none: nil) { unsafe $0.word?.pointer }
}

@c @implementation public func bj_job_error_text(_ job: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe look(job, Job.self, none: nil) { unsafe $0.errorText?.pointer }
}

@c @implementation public func bj_job_phase(_ job: OpaquePointer!) -> Int32 {
    unsafe look(job, Job.self, none: -1) { $0.fields.phase.rawValue }
}

@c @implementation public func bj_job_outcome(_ job: OpaquePointer!) -> Int32 {
    unsafe look(job, Job.self, none: -1) { $0.fields.outcome.rawValue }
}

@c @implementation public func bj_job_count(_ job: OpaquePointer!, _ which: Int32) -> Int64 {
    guard let count = Count(rawValue: Int(which)) else { return -1 }
    return unsafe look(job, Job.self, none: -1) { $0.fields[count] }
}

@c @implementation public func bj_job_time(_ job: OpaquePointer!, _ which: Int32) -> Int64 {
    guard let moment = Moment(rawValue: Int(which)) else { return .min }
    return unsafe look(job, Job.self, none: .min) { $0.fields[moment] }
}

@c @implementation public func bj_job_field(
    _ job: OpaquePointer!, _ pointer: UnsafePointer<CChar>!,
    _ length: UnsafeMutablePointer<Int>!, _ kind: UnsafeMutablePointer<Int32>!
) -> UnsafePointer<CChar>! {
    var found: Value?
    if let job = unsafe object(job, Job.self), let pointer = unsafe pointer,
        let path = unsafe String(validatingCString: pointer)
    {
        found = job.row.at(pointer: path)
    }
    if let kind = unsafe kind { unsafe kind.pointee = found?.kind.rawValue ?? 0 }
    return unsafe span(found?.bytes, length)
}

@c @implementation public func bj_job_raw_json(
    _ job: OpaquePointer!, _ length: UnsafeMutablePointer<Int>!
) -> UnsafePointer<CChar>! {
    unsafe span(object(job, Job.self)?.row.bytes, length)
}
