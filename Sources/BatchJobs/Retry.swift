import Synchronization

/// Whether a failed request is sent again, and when. A value: clock and chance come in from
/// outside, so that its tests are tables.
struct Retry {
    enum Decision {
        case wait(milliseconds: Int64)
        case giveUp
    }

    static let baseMS: Int64 = 500
    /// After 429 the service is asked less eagerly.
    static let throttledBaseMS: Int64 = 1_000
    static let capMS: Int64 = 20_000

    let maxAttempts: Int64

    /// `attempt` counts from 1; `random` is uniform over all of its values.
    func decide(
        _ failure: Failure, attempt: Int64, now: Int64, deadline: Int64, random: UInt64,
        _ budget: RetryBudget
    ) -> Decision {
        guard failure.retryable, attempt < maxAttempts else { return .giveUp }
        let wait =
            failure.retryAfterMS >= 0
            ? failure.retryAfterMS : jitter(failure, attempt: attempt, random)
        let (end, overflow) = now.addingReportingOverflow(wait)
        guard !overflow, end < deadline, budget.withdraw(RetryBudget.cost(failure)) else {
            return .giveUp
        }
        return .wait(milliseconds: wait)
    }

    /// Full jitter: anything between nothing and a bound that doubles, so that clients which
    /// failed together do not come back together.
    private func jitter(_ failure: Failure, attempt: Int64, _ random: UInt64) -> Int64 {
        let base = failure.status == .rateLimited ? Self.throttledBaseMS : Self.baseMS
        let bound = min(Self.capMS, base << min(attempt - 1, 10))
        return Int64(random % UInt64(bound + 1))
    }
}

/// What a client may spend on retries. While a service fails throughout, it empties, and calls
/// then send one request each; every success puts something back.
final class RetryBudget: Sendable {
    static let capacity = 500

    private let left = Atomic<Int>(RetryBudget.capacity)

    static func cost(_ failure: Failure) -> Int { failure.status == .rateLimited ? 5 : 14 }

    func withdraw(_ cost: Int) -> Bool {
        var seen = left.load(ordering: .relaxed)
        while seen >= cost {
            let (done, found) = left.weakCompareExchange(
                expected: seen, desired: seen - cost, ordering: .relaxed)
            if done { return true }
            seen = found
        }
        return false
    }

    /// After a success: what its last retry cost, or 1 where there was none.
    func deposit(_ amount: Int) {
        var seen = left.load(ordering: .relaxed)
        while seen < Self.capacity {
            let (done, found) = left.weakCompareExchange(
                expected: seen, desired: min(seen + amount, Self.capacity), ordering: .relaxed)
            if done { return }
            seen = found
        }
    }
}
