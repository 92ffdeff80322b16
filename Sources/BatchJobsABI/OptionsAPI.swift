import BatchJobs
public import CBatchJobs

/// A set of options; belongs to one thread at a time.
final class OptionsHandle {
    var settings = Settings()
}

@c @implementation public func bj_options_new(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        unsafe try output(out).pointee = owned(OptionsHandle())
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_options_set(
    _ options: OpaquePointer!, _ name: UnsafePointer<CChar>!, _ value: UnsafePointer<CChar>!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let handle = try unsafe required(options, OptionsHandle.self, "options")
        let name = try unsafe text(name, "name")
        let value: String? = unsafe value == nil ? nil : try unsafe text(value, "value")
        try handle.settings.set(name, value)
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_options_destroy(_ options: OpaquePointer!) {
    unsafe destroy(options, OptionsHandle.self)
}

/// The options of a call; NULL stands for the client's own.
func settings(_ options: OpaquePointer?) -> Settings? {
    unsafe object(options, OptionsHandle.self)?.settings
}
