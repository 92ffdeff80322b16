public import BatchJobs
import CPlatform
import Synchronization

/// What a program fires to end the calls that carry it. Sticky, and any number may carry it.
public final class Cancel: Cancellation {
    public let descriptor: Int32
    private let process = getpid()
    private let fired = Atomic<Bool>(false)

    public init() throws(Failure) {
        descriptor = bjp_event_new()
        if descriptor < 0 {
            throw Failure(.limit, "no file descriptor is free for a bj_cancel")
        }
    }

    deinit {
        close(descriptor)
    }

    public var isFired: Bool { fired.load(ordering: .acquiring) }

    /// Any thread, and a signal handler too: no memory is taken and no lock.
    ///
    /// A forked child shares the descriptor but not the flag, so there the flag must do: waits of
    /// the parent would wake up again and again without an end.
    public func fire() {
        fired.store(true, ordering: .releasing)
        if getpid() == process { bjp_event_raise(descriptor) }
    }
}
