import BatchJobsJSON
import Synchronization

/// Where the requests of all threads of a client to its service are counted and held back. What
/// changes is under the transport's lock, which is never held while one waits.
final class RequestGate: @unchecked Sendable {
    private let transport: any Transport
    private let service: StaticString
    private let most: Int64
    private let intervalMS: Int64
    private var budget: RequestBudget
    /// Not under the lock: an exchange may be let go anywhere, in a forked child too.
    fileprivate let underWay = Atomic<Int>(0)

    init(_ settings: Settings, _ transport: any Transport, _ service: StaticString) {
        self.transport = transport
        self.service = service
        most = settings.integer(.maxRequests)
        intervalMS = settings.integer(.maxRequestsIntervalMS)
        budget = RequestBudget(
            most: most, intervalMS: intervalMS, slots: settings.integer(.maxConcurrentRequests))
    }

    /// Returns when a request may go out, and counts it as under way. One that is not needed yet
    /// does not wait: it is refused.
    func enter(_ session: any Session, _ call: Call, ahead: Bool) throws(Failure) {
        while true {
            // Before the lock: in a forked child another thread may have left it closed.
            try session.check(call)
            let now = transport.monotonicMS()
            var held: (wait: Int64, why: RequestBudget.Reason)?
            transport.locked {
                held = budget.take(
                    now: now, underWay: underWay.load(ordering: .relaxed), ahead: ahead)
                if held == nil { underWay.add(1, ordering: .relaxed) }
            }
            guard let held else { return }
            if ahead || held.why != .slots && held.wait >= call.deadline - now {
                throw refusal(held.wait, held.why)
            }
            try session.pause(held.wait, call)
        }
    }

    func leave() { underWay.subtract(1, ordering: .relaxed) }

    /// Reads what an answer says of the service's own limit.
    func note(_ head: Head) {
        let now = transport.monotonicMS()
        let at = min(head.at, now)
        let wall = transport.wallMS() - (now - at)
        guard let said = rateLimit(head, wall),
            let left = said.left ?? (head.status == 429 ? 0 : nil)
        else {
            if head.status < 300 { transport.locked { budget.heardNothing() } }
            return
        }
        // When to come back is better known to a refusal than to the headers beside it.
        let refused = head.status == 429 ? RetryHints.asked(head, wall) : nil
        transport.locked {
            budget.told(
                left: left, resetMS: refused ?? said.resetMS, now: at,
                others: underWay.load(ordering: .relaxed))
        }
    }

    func breath(now: Int64) -> Int64 {
        var found: Int64 = 0
        transport.locked { found = budget.breath(now: now) }
        return found
    }

    private func refusal(_ wait: Int64, _ why: RequestBudget.Reason) -> Failure {
        let failure =
            why == .ownLimit
            ? Failure(
                .rateLimited,
                "max_requests (\(most)) in max_requests_interval_ms (\(intervalMS)) are used up for \(wait) ms"
            ).detail("option", "max_requests")
            : Failure(
                .rateLimited, "\(service) said that its rate limit leaves nothing for \(wait) ms")
        failure.retryable = true
        failure.retryAfterMS = wait
        return failure
    }
}

/// A request to the service, counted as under way until its answer begins or it is let go: a body
/// that the caller reads slowly must not hold up others.
final class CountedExchange: Exchange {
    private let inner: any Exchange
    private let gate: RequestGate
    private var isCounted = true

    init(_ inner: any Exchange, _ gate: RequestGate) {
        self.inner = inner
        self.gate = gate
    }

    deinit { if isCounted { gate.leave() } }

    func head(_ call: Call) throws(Failure) -> Head {
        let head = try inner.head(call)
        if isCounted {
            isCounted = false
            gate.leave()
            gate.note(head)
        }
        return head
    }

    func read(_ call: Call) throws(Failure) -> Bytes? { try inner.read(call) }
}
