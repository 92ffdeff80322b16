import BatchJobs
import BatchJobsJSON
public import CBatchJobs

/// One event in the caller's hands.
final class EventHandle {
    let event: JobWaits.Event
    let error: ErrorHandle?

    init(_ event: JobWaits.Event) {
        self.event = event
        error = event.failure.map { ErrorHandle($0) }
    }
}

/// An iterator over events, and the event it gave last.
final class WaitsHandle {
    let waits: JobWaits
    let claim = Claim()
    var event: EventHandle?

    init(_ waits: JobWaits) { self.waits = waits }
}

@c @implementation public func bj_client_wait(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ client: OpaquePointer!,
    _ id: UnsafePointer<CChar>!, _ options: OpaquePointer!, _ cancel: OpaquePointer!,
    _ fn: bj_job_fn!, _ payload: UnsafeMutableRawPointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let client = try unsafe required(client, Client.self, "client")
        let id = try unsafe text(id, "id")
        let waits = try unsafe client.waits([id], settings(options), cancellation(cancel))
        // One call for all steps: a bj_client_cancel between two of them ends it too.
        let call = waits.newCall()
        while let event = try waits.next(call) {
            if let failure = event.failure { throw failure }
            guard let job = event.job else { continue }
            let stop = withExtendedLifetime(job) {
                unsafe fn.map { unsafe $0(borrowed(job), payload) != 0 } ?? false
            }
            if stop { return bj_status(BJ_STOPPED) }
            if event.isFinal {
                unsafe out.pointee = owned(job)
                return bj_status(BJ_OK)
            }
        }
        throw Failure(.state, "the wait ended without its job")
    }
}

@c @implementation public func bj_waits_open(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ client: OpaquePointer!,
    _ ids: UnsafePointer<UnsafePointer<CChar>?>!, _ count: Int, _ options: OpaquePointer!,
    _ cancel: OpaquePointer!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let client = try unsafe required(client, Client.self, "client")
        var texts: [String] = []
        if count != 0 {
            guard let ids = unsafe ids else { throw null("ids") }
            guard count > 0, count <= JobWaits.maximum else {
                throw .argument(
                    "the argument count is more than the \(JobWaits.maximum) jobs of one wait")
            }
            texts.reserveCapacity(count)
            for index in 0..<count {
                do throws(Failure) {
                    texts.append(try unsafe text(ids[index], "id"))
                } catch {
                    throw .argument("ids[\(index)]: \(error.message)")
                }
            }
        }
        let waits = try unsafe client.waits(texts, settings(options), cancellation(cancel))
        unsafe out.pointee = owned(WaitsHandle(waits))
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_waits_next(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ waits: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let handle = try unsafe required(waits, WaitsHandle.self, "waits")
        return try handle.claim.hold { () throws(Failure) in
            handle.event = nil
            guard let event = try handle.waits.next(handle.waits.newCall()) else { return bj_status(BJ_END) }
            let given = EventHandle(event)
            handle.event = given
            unsafe out.pointee = borrowed(given)
            return bj_status(BJ_OK)
        }
    }
}

@c @implementation public func bj_waits_destroy(_ waits: OpaquePointer!) {
    unsafe destroy(waits, WaitsHandle.self)
}

@c @implementation public func bj_event_index(_ event: OpaquePointer!) -> Int64 {
    unsafe object(event, EventHandle.self).map { Int64($0.event.index) } ?? -1
}

@c @implementation public func bj_event_job(_ event: OpaquePointer!) -> OpaquePointer! {
    guard let job = unsafe object(event, EventHandle.self)?.event.job else { return nil }
    return unsafe borrowed(job)
}

@c @implementation public func bj_event_error(_ event: OpaquePointer!) -> OpaquePointer! {
    guard let error = unsafe object(event, EventHandle.self)?.error else { return nil }
    return unsafe borrowed(error)
}

@c @implementation public func bj_event_is_final(_ event: OpaquePointer!) -> Int32 {
    guard let event = unsafe object(event, EventHandle.self)?.event else { return -1 }
    return event.isFinal ? 1 : 0
}
