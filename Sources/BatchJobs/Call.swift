import Synchronization

/// A sticky flag that ends calls from outside, with a descriptor that becomes readable with it.
public protocol Cancellation: AnyObject, Sendable {
    var isFired: Bool { get }
    var descriptor: Int32 { get }
}

extension Cancellation {
    func check() throws(Failure) {
        if isFired { throw Failure(.cancelled, "the call's bj_cancel was fired") }
    }
}

/// What all calls of one client share: the interrupt hook, and the count of `bj_client_cancel`s.
public final class Interruption: @unchecked Sendable {
    /// Set before the client is shared; true ends the call that asks.
    public var hook: (() -> Bool)?
    private let cancellations = Atomic<Int>(0)

    public init() {}

    public var cancelCount: Int { cancellations.load(ordering: .acquiring) }

    /// Throws when a `bj_client_cancel` came after the count was that.
    public func check(since count: Int) throws(Failure) {
        if cancelCount != count { throw Failure(.cancelled, "bj_client_cancel ended the call") }
    }

    public func cancelAll() { cancellations.add(1, ordering: .acquiringAndReleasing) }
}

/// One blocking call of the caller: until when it may run and what can end it before.
///
/// For an iterator each `next` is a call of its own, so that the caller's pauses cost nothing.
public final class Call {
    /// On the transport's monotonic clock, in milliseconds.
    public let deadline: Int64
    public let timeoutMS: Int64
    public let cancel: (any Cancellation)?
    private let interruption: Interruption
    private let cancelCountAtStart: Int

    public init(
        now: Int64, timeoutMS: Int64, cancel: (any Cancellation)?, interruption: Interruption
    ) {
        let (deadline, overflow) = now.addingReportingOverflow(timeoutMS)
        self.deadline = overflow ? .max : deadline
        self.timeoutMS = timeoutMS
        self.cancel = cancel
        self.interruption = interruption
        self.cancelCountAtStart = interruption.cancelCount
    }

    /// The same call with less time.
    func brief(now: Int64, milliseconds: Int64) -> Call {
        let (end, overflow) = now.addingReportingOverflow(milliseconds)
        return Call(
            deadline: overflow ? deadline : min(deadline, end), timeoutMS: milliseconds,
            cancel: cancel, interruption: interruption, cancelCountAtStart: cancelCountAtStart)
    }

    private init(
        deadline: Int64, timeoutMS: Int64, cancel: (any Cancellation)?,
        interruption: Interruption, cancelCountAtStart: Int
    ) {
        self.deadline = deadline
        self.timeoutMS = timeoutMS
        self.cancel = cancel
        self.interruption = interruption
        self.cancelCountAtStart = cancelCountAtStart
    }

    /// Throws when the call must end now. Asked before each wait, at least every 100 ms.
    public func check(now: Int64) throws(Failure) {
        if let cancel { try cancel.check() }
        try interruption.check(since: cancelCountAtStart)
        if let hook = interruption.hook, hook() {
            throw Failure(.cancelled, "the client's interrupt function ended the call")
        }
        if now >= deadline {
            throw timedOut()
        }
    }

    /// Whether it was the end of the call's own time that made a step of it fail.
    func hasEnded(_ failure: Failure, now: Int64) -> Bool {
        failure.status == .timeout && now >= deadline
    }

    public func timedOut() -> Failure {
        let failure = Failure(
            .timeout, "the call took longer than timeout_ms (\(timeoutMS)) allows")
        failure.retryable = true
        return failure.detail("option", "timeout_ms")
    }
}
