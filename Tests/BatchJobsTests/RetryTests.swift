import Foundation
import Synchronization
import Testing

@testable import BatchJobs

/// Whether and when a failed request goes out again: tables, without a clock.
@Suite struct RetryTests {
    static func failed(_ status: Status = .server, retryable: Bool = true, wait: Int64 = -1)
        -> Failure
    {
        let failure = Failure(status, "x")
        failure.retryable = retryable
        failure.retryAfterMS = wait
        return failure
    }

    /// How long to wait; nil where it gives up.
    static func decide(
        _ failure: Failure, attempt: Int64 = 1, of most: Int64 = .max, now: Int64 = 0,
        deadline: Int64 = .max, random: UInt64 = 0, _ budget: RetryBudget = RetryBudget()
    ) -> Int64? {
        let retry = Retry(maxAttempts: most)
        switch retry.decide(
            failure, attempt: attempt, now: now, deadline: deadline, random: random, budget)
        {
        case .wait(let milliseconds): return milliseconds
        case .giveUp: return nil
        }
    }

    /// What is left in a budget, found by emptying it.
    static func left(_ budget: RetryBudget) -> Int {
        var count = 0
        while count < 10_000, budget.withdraw(1) { count += 1 }
        return count
    }

    static let bounds: [(Status, Int64, Int64)] = [
        (.server, 1, 500), (.server, 2, 1_000), (.server, 3, 2_000), (.server, 4, 4_000),
        (.server, 5, 8_000), (.server, 6, 16_000), (.server, 7, 20_000), (.server, 8, 20_000),
        (.server, 9, 20_000), (.server, 10, 20_000), (.server, 63, 20_000),
        (.server, .max - 1, 20_000), (.transport, 1, 500), (.refused, 2, 1_000),
        (.rateLimited, 1, 1_000), (.rateLimited, 2, 2_000), (.rateLimited, 3, 4_000),
        (.rateLimited, 4, 8_000), (.rateLimited, 5, 16_000), (.rateLimited, 6, 20_000),
        (.rateLimited, 10, 20_000),
    ]

    /// Both ends of the range are reached, and nothing beyond.
    @Test(arguments: bounds) func theWaitIsBounded(
        _ status: Status, _ attempt: Int64, _ bound: Int64
    ) {
        func wait(_ random: UInt64) -> Int64? {
            Self.decide(Self.failed(status), attempt: attempt, random: random)
        }
        #expect(wait(0) == 0 && wait(UInt64(bound)) == bound && wait(UInt64(bound) + 1) == 0)
        var dice = Dice(UInt64(bitPattern: attempt))
        let ends: [UInt64] = [.max, .max - 1, 1 << 63]
        for random in ends + (0..<500).map({ _ in dice.next() }) {
            let wait = wait(random) ?? -1
            #expect(wait >= 0 && wait <= bound)
        }
    }

    /// Chi-square over 20 classes (19 degrees of freedom): beyond 43.8 once in a thousand.
    @Test(
        arguments: [(.server, 1), (.server, 4), (.server, 9), (.rateLimited, 1)]
            as [(Status, Int64)],
        1...3 as ClosedRange<UInt64>)
    func theWaitIsUniform(_ kind: (Status, Int64), _ seed: UInt64) throws {
        let (status, attempt) = kind
        let bound = try #require(
            Self.bounds.first { $0.0 == status && $0.1 == attempt }.map { Int($0.2) })
        var dice = Dice(seed)
        let draws = 20_000
        var seen = Array(repeating: 0.0, count: 20)
        for _ in 0..<draws {
            let wait = try #require(
                Self.decide(Self.failed(status), attempt: attempt, random: dice.next()))
            seen[Int(wait) * 20 / (bound + 1)] += 1
        }
        var chiSquare = 0.0
        for (index, count) in seen.enumerated() {
            let values = (0...bound).count { $0 * 20 / (bound + 1) == index }
            let expected = Double(draws) * Double(values) / Double(bound + 1)
            chiSquare += (count - expected) * (count - expected) / expected
        }
        #expect(chiSquare < 43.8)
    }

    /// Clients that failed together come back apart.
    @Test func chanceDecides() {
        var dice = Dice(7)
        let waits = Set(
            (0..<100).map { _ in Self.decide(Self.failed(), attempt: 5, random: dice.next()) })
        #expect(waits.count > 90)
    }

    @Test(arguments: [0, 1, 2_500, 20_001, 119_999] as [Int64], [.server, .rateLimited, .refused] as [Status])
    func theServicesWaitIsKeptExactly(_ wait: Int64, _ status: Status) {
        for (attempt, random) in [(1, 0), (3, 999), (9, .max)] as [(Int64, UInt64)] {
            #expect(
                Self.decide(
                    Self.failed(status, wait: wait), attempt: attempt, now: 5, deadline: 120_005,
                    random: random) == wait)
        }
    }

    /// Now, wait, deadline, and whether there is time left behind the wait.
    @Test(
        arguments: [
            (0, 1_000, 1_001, true), (0, 1_000, 1_000, false), (0, 1_000, 999, false),
            (500, 1_000, 1_501, true), (500, 1_000, 1_500, false), (0, 0, 1, true),
            (0, 0, 0, false), (7, 0, 7, false), (8, 0, 7, false), (0, .max, 120_000, false),
            (0, .max, .max, false), (1, .max, .max, false), (.max, .max, .max, false),
            (.max - 5, 10, .max, false), (.max - 5, 4, .max, true), (.max - 5, 5, .max, false),
            (-10, 5, 0, true), (-10, 10, 0, false),
        ] as [(Int64, Int64, Int64, Bool)]) func theWaitMustFit(
            _ now: Int64, _ wait: Int64, _ deadline: Int64, _ fits: Bool
        )
    {
        let budget = RetryBudget()
        #expect(
            Self.decide(Self.failed(wait: wait), now: now, deadline: deadline, budget)
                == (fits ? wait : nil))
        #expect(Self.left(budget) == (fits ? 486 : 500))
        // Jitter has to fit as well.
        if wait <= 500 {
            #expect(
                Self.decide(
                    Self.failed(), now: now, deadline: deadline, random: UInt64(wait)) == (fits ? wait : nil))
        }
    }

    @Test func whatIsNotTransientIsFinal() {
        let budget = RetryBudget()
        for status in [Status.badRequest, .unauthenticated, .server, .rateLimited, .tls] {
            for wait in [-1, 0, 5] as [Int64] {
                #expect(
                    Self.decide(Self.failed(status, retryable: false, wait: wait), budget) == nil)
            }
        }
        #expect(Self.left(budget) == 500)
    }

    @Test(arguments: [1, 4, 10] as [Int64]) func attemptsAreCounted(_ most: Int64) {
        let budget = RetryBudget()
        let waits = (1...12).map { Self.decide(Self.failed(), attempt: $0, of: most, budget) }
        #expect(waits.map { $0 != nil } == (1...12).map { $0 < most })
        #expect(Self.left(budget) == 500 - 14 * Int(most - 1))
    }

    @Test(arguments: [(.server, 14), (.transport, 14), (.refused, 14), (.rateLimited, 5)] as [(Status, Int)])
    func aRetryHasItsPrice(_ status: Status, _ price: Int) {
        let budget = RetryBudget()
        #expect(RetryBudget.cost(Self.failed(status)) == price)
        // Not one retry more than the budget pays for.
        let granted = (0..<200).count { _ in Self.decide(Self.failed(status), budget) != nil }
        #expect(granted == 500 / price && Self.left(budget) == 500 % price)
        // One that costs less may still go.
        let other = RetryBudget()
        _ = other.withdraw(500 - 13)
        #expect(Self.decide(Self.failed(.server), other) == nil)
        #expect(Self.decide(Self.failed(.rateLimited), other) == 0 && Self.left(other) == 8)
    }

    @Test func aBudgetNeverHoldsMoreThanItsCapacity() {
        let budget = RetryBudget()
        #expect(!budget.withdraw(501) && budget.withdraw(14))
        budget.deposit(14)
        budget.deposit(14)
        budget.deposit(1)
        #expect(Self.left(budget) == 500 && !budget.withdraw(1) && budget.withdraw(0))
        budget.deposit(3)
        budget.deposit(1)
        #expect(!budget.withdraw(5) && budget.withdraw(4) && !budget.withdraw(1))
        budget.deposit(499)
        budget.deposit(14)
        #expect(Self.left(budget) == 500)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>) func aBudgetIsANumber(_ seed: UInt64) {
        var dice = Dice(seed)
        let budget = RetryBudget()
        var model = 500
        for _ in 0..<3_000 {
            let amount = [1, 5, 14, 100][dice.below(4)]
            if dice.chance(55) {
                #expect(budget.withdraw(amount) == (model >= amount))
                if model >= amount { model -= amount }
            } else {
                budget.deposit(amount)
                model = min(model + amount, 500)
            }
        }
        #expect(Self.left(budget) == model)
    }

    @Test func threadsShareABudget() {
        let budget = RetryBudget()
        let granted = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<1_000 where budget.withdraw(1) {
                granted.add(1, ordering: .relaxed)
            }
        }
        #expect(granted.load(ordering: .relaxed) == 500)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<50 { budget.deposit(1) }
        }
        #expect(Self.left(budget) == 400)
    }
}
