import BatchJobs
import BatchJobsCurl
public import CBatchJobs

@c @implementation public func bj_cancel_new(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        unsafe try output(out).pointee = owned(try Cancel())
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_cancel_fire(_ cancel: OpaquePointer!) {
    unsafe object(cancel, Cancel.self)?.fire()
}

@c @implementation public func bj_cancel_destroy(_ cancel: OpaquePointer!) {
    unsafe destroy(cancel, Cancel.self)
}

/// The cancel of a call; NULL stands for none.
func cancellation(_ cancel: OpaquePointer?) -> (any Cancellation)? {
    unsafe object(cancel, Cancel.self)
}
