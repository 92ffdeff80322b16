import BatchJobs
import CPlatform

/// One mutex. What runs under it neither waits nor calls the program.
@safe final class Lock: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// Embedded Swift leaks an object whose `init` throws before all of it is set, so here as
    /// elsewhere what can fail comes first and `init` cannot.
    static func make() throws(Failure) -> Lock {
        guard let mutex = unsafe bjp_lock_new() else { throw .noMemory }
        return unsafe Lock(mutex)
    }

    private init(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) {
        unsafe self.mutex = mutex
    }

    deinit {
        unsafe bjp_lock_free(mutex)
    }

    func locked<Result>(_ body: () -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }
}

/// Runs what may write to a socket that the other side has closed.
func withoutSigpipe<Result>(_ body: () -> Result) -> Result {
    var held = bjp_sigpipe()
    unsafe bjp_sigpipe_hold(&held)
    defer { unsafe bjp_sigpipe_release(&held) }
    return body()
}
