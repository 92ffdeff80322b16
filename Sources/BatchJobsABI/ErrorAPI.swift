import BatchJobs
import BatchJobsJSON
public import CBatchJobs

/// A failure in the caller's hands: its texts stand in one buffer, each with a NUL behind it.
final class ErrorHandle {
    let failure: Failure
    let message: Bytes?
    let code: Bytes?
    let requestID: Bytes?
    let jobID: Bytes?
    let url: Bytes?
    let details: [(name: Bytes, value: Bytes)]

    init(_ failure: Failure) {
        let texts = Buffer()
        // Where memory is short a text is missing, and the status tells enough.
        func keep(_ text: String?) -> Range<Int>? {
            guard let text else { return nil }
            let start = texts.count
            guard texts.append(text), texts.append(0) else { return nil }
            return start..<texts.count - 1
        }
        self.failure = failure
        let message = keep(failure.message)
        let code = keep(failure.code)
        let requestID = keep(failure.requestID)
        let jobID = keep(failure.jobID)
        let url = keep(failure.url)
        let details = failure.details.map { (keep($0.name), keep($0.value)) }
        let all = texts.bytes
        self.message = message.map { all[$0] }
        self.code = code.map { all[$0] }
        self.requestID = requestID.map { all[$0] }
        self.jobID = jobID.map { all[$0] }
        self.url = url.map { all[$0] }
        self.details = details.compactMap { name, value in
            guard let name, let value else { return nil }
            return (all[name], all[value])
        }
    }
}

@c @implementation public func bj_error_status(_ error: OpaquePointer!) -> bj_status {
    unsafe object(error, ErrorHandle.self)?.failure.status.rawValue ?? bj_status(BJ_OK)
}

@c @implementation public func bj_error_message(_ error: OpaquePointer!) -> UnsafePointer<CChar>! {
    guard let handle = unsafe object(error, ErrorHandle.self) else { return nil }
    return unsafe handle.message?.pointer ?? constant("there is no memory left to say more")
}

@c @implementation public func bj_error_http_status(_ error: OpaquePointer!) -> Int32 {
    unsafe object(error, ErrorHandle.self)?.failure.httpStatus ?? -1
}

@c @implementation public func bj_error_code(_ error: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe object(error, ErrorHandle.self)?.code?.pointer
}

@c @implementation public func bj_error_request_id(_ error: OpaquePointer!)
    -> UnsafePointer<CChar>!
{
    unsafe object(error, ErrorHandle.self)?.requestID?.pointer
}

@c @implementation public func bj_error_retryable(_ error: OpaquePointer!) -> Int32 {
    guard let handle = unsafe object(error, ErrorHandle.self) else { return -1 }
    return handle.failure.retryable ? 1 : 0
}

@c @implementation public func bj_error_retry_after_ms(_ error: OpaquePointer!) -> Int64 {
    unsafe object(error, ErrorHandle.self)?.failure.retryAfterMS ?? -1
}

@c @implementation public func bj_error_job_id(_ error: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe object(error, ErrorHandle.self)?.jobID?.pointer
}

@c @implementation public func bj_error_url(_ error: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe object(error, ErrorHandle.self)?.url?.pointer
}

@c @implementation public func bj_error_detail(
    _ error: OpaquePointer!, _ name: UnsafePointer<CChar>!
) -> UnsafePointer<CChar>! {
    guard let handle = unsafe object(error, ErrorHandle.self), let name = unsafe name,
        let wanted = unsafe String(validatingCString: name)
    else { return nil }
    let detail = handle.details.first { $0.name.elementsEqual(wanted) }
    return unsafe detail?.value.pointer
}

@c @implementation public func bj_error_detail_count(_ error: OpaquePointer!) -> Int {
    unsafe object(error, ErrorHandle.self)?.details.count ?? 0
}

@c @implementation public func bj_error_detail_name(_ error: OpaquePointer!, _ index: Int)
    -> UnsafePointer<CChar>!
{
    guard let handle = unsafe object(error, ErrorHandle.self),
        handle.details.indices.contains(index)
    else { return nil }
    return unsafe handle.details[index].name.pointer
}

@c @implementation public func bj_error_destroy(_ error: OpaquePointer!) {
    unsafe destroy(error, ErrorHandle.self)
}
