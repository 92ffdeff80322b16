import Testing

@testable import BatchJobs

/// What a client may send: tables of requests and answers on a clock that nobody waits for.
@Suite struct RequestBudgetTests {
    /// The value in a box, so that what changes it can stand in an expectation.
    final class Box {
        private var budget: RequestBudget
        init(_ budget: RequestBudget) { self.budget = budget }

        func take(now: Int64, underWay: Int, ahead: Bool = false) -> (
            wait: Int64, why: RequestBudget.Reason
        )? {
            budget.take(now: now, underWay: underWay, ahead: ahead)
        }
        func told(left: Int64, resetMS: Int64, now: Int64, others: Int) {
            budget.told(left: left, resetMS: resetMS, now: now, others: others)
        }
        func heardNothing() { budget.heardNothing() }
        func breath(now: Int64) -> Int64 { budget.breath(now: now) }
    }

    static func budget(_ most: Int64 = 0, per interval: Int64 = 1_000, slots: Int64 = 0) -> Box {
        Box(RequestBudget(most: most, intervalMS: interval, slots: slots))
    }

    @Test func withoutLimitsAllMayGo() {
        let budget = Self.budget()
        for now in 0..<1_000 as Range<Int64> {
            #expect(budget.take(now: now / 10, underWay: Int(now)) == nil)
        }
    }

    @Test func threeInASecond() {
        let budget = Self.budget(3)
        // The moment, and how long the request must wait then; nil where it goes out.
        let table: [(Int64, Int64?)] = [
            (0, nil), (100, nil), (100, nil), (100, 900), (999, 1), (1_000, nil), (1_000, 100),
            (1_100, nil), (1_100, nil), (1_500, 500), (5_000, nil), (5_000, nil), (5_000, nil),
            (5_000, 1_000),
        ]
        for (now, wait) in table {
            let held = budget.take(now: now, underWay: 0)
            #expect(held?.wait == wait && (held == nil || held?.why == .ownLimit), "\(now)")
        }
    }

    /// Whenever one asks, no interval ever holds more; and whoever waits as told gets through.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func noIntervalHoldsMore(_ seed: UInt64) {
        var dice = Dice(seed)
        let most = 1 + dice.below(9)
        let interval = Int64(1 + dice.below(500))
        let budget = Self.budget(Int64(most), per: interval)
        var now: Int64 = 0
        var sent: [Int64] = []
        for _ in 0..<400 {
            if let held = budget.take(now: now, underWay: 0) {
                #expect(held.wait > 0 && held.wait <= interval)
                if dice.chance(50) { now += Int64(dice.below(Int(held.wait))) } else {
                    now += held.wait
                    #expect(budget.take(now: now, underWay: 0) == nil)
                    sent.append(now)
                }
            } else {
                sent.append(now)
                now += Int64(dice.below(20))
            }
        }
        #expect(sent.count > most)
        for (index, moment) in sent.enumerated().dropFirst(most) {
            #expect(moment - sent[index - most] >= interval)
        }
    }

    @Test func slots() {
        let budget = Self.budget(slots: 2)
        #expect(budget.take(now: 0, underWay: 0) == nil)
        #expect(budget.take(now: 0, underWay: 1) == nil)
        let held = budget.take(now: 0, underWay: 2)
        #expect(held?.wait == RequestBudget.slotMS && held?.why == .slots)
        // The last slot is for who waits for an answer.
        #expect(budget.take(now: 0, underWay: 1, ahead: true)?.why == .slots)
        #expect(budget.take(now: 0, underWay: 0, ahead: true) == nil)
        let one = Self.budget(slots: 1)
        #expect(one.take(now: 0, underWay: 0, ahead: true)?.why == .slots)
        #expect(one.take(now: 0, underWay: 0) == nil)
    }

    @Test func nothingLeft() {
        let budget = Self.budget()
        budget.told(left: 0, resetMS: 30_000, now: 1_000, others: 0)
        #expect(budget.take(now: 1_000, underWay: 0)?.wait == 30_000)
        #expect(budget.take(now: 30_999, underWay: 0)?.wait == 1)
        #expect(budget.take(now: 30_999, underWay: 0)?.why == .service)
        // Then one asks for all, and the others wait a little for what it hears.
        #expect(budget.take(now: 31_000, underWay: 0) == nil)
        #expect(budget.take(now: 31_000, underWay: 1)?.wait == RequestBudget.probeMS)
        budget.told(left: 2, resetMS: 60_000, now: 31_020, others: 0)
        #expect(budget.take(now: 31_020, underWay: 0) == nil)
        #expect(budget.take(now: 31_020, underWay: 1) == nil)
        #expect(budget.take(now: 31_020, underWay: 2)?.wait == 60_000)
    }

    /// A service that says nothing more: one request every half second until one is answered so.
    @Test func afterTheResetNobodySpeaksOfLimits() {
        let budget = Self.budget()
        budget.told(left: 0, resetMS: 100, now: 0, others: 0)
        #expect(budget.take(now: 100, underWay: 0) == nil)
        #expect(budget.take(now: 599, underWay: 0)?.wait == 1)
        #expect(budget.take(now: 600, underWay: 0) == nil)
        budget.told(left: 100, resetMS: 100, now: 601, others: 0)
        for _ in 0..<100 { #expect(budget.take(now: 601, underWay: 0) == nil) }
        #expect(budget.take(now: 601, underWay: 0)?.wait == 100)
    }

    /// One that names its limit with refusals only: the answer after the reset says that it is over.
    @Test func anAnswerWithoutLimits() {
        let budget = Self.budget()
        budget.told(left: 0, resetMS: 100, now: 0, others: 0)
        budget.heardNothing()
        #expect(budget.take(now: 50, underWay: 0)?.wait == 50)
        #expect(budget.take(now: 100, underWay: 0) == nil)
        budget.heardNothing()
        for _ in 0..<100 { #expect(budget.take(now: 101, underWay: 0) == nil) }
    }

    /// The last request of either limit is for who needs it now.
    @Test func theLastIsNotSentAhead() {
        let budget = Self.budget(3)
        #expect(budget.take(now: 0, underWay: 0, ahead: true) == nil)
        #expect(budget.take(now: 100, underWay: 0, ahead: true) == nil)
        #expect(budget.take(now: 100, underWay: 0, ahead: true)?.wait == 900)
        #expect(budget.take(now: 200, underWay: 0) == nil)
        // Full: the first that ends makes room for one, the second for one ahead.
        #expect(budget.take(now: 1_000, underWay: 0, ahead: true)?.wait == 100)
        #expect(budget.take(now: 1_100, underWay: 0, ahead: true) == nil)
        #expect(budget.take(now: 1_100, underWay: 0) == nil)
        #expect(Self.budget(1).take(now: 0, underWay: 0, ahead: true)?.why == .ownLimit)
        let told = Self.budget()
        told.told(left: 2, resetMS: 1_000, now: 0, others: 0)
        #expect(told.take(now: 0, underWay: 0, ahead: true) == nil)
        #expect(told.take(now: 0, underWay: 0, ahead: true)?.why == .service)
        #expect(told.take(now: 0, underWay: 0) == nil)
    }

    /// What is under way besides may not have been counted by the service yet.
    @Test func othersAreUnderWay() {
        let budget = Self.budget()
        budget.told(left: 5, resetMS: 1_000, now: 0, others: 3)
        #expect(budget.take(now: 0, underWay: 3) == nil)
        #expect(budget.take(now: 0, underWay: 4) == nil)
        #expect(budget.take(now: 0, underWay: 5)?.why == .service)
        budget.told(left: 1, resetMS: 1_000, now: 0, others: 9)
        #expect(budget.take(now: 500, underWay: 0)?.wait == 500)
        #expect(budget.take(now: 1_000, underWay: 0) == nil)
    }

    /// A window that ended with something left leaves no limit behind.
    @Test func anOldWindowIsForgotten() {
        let budget = Self.budget()
        budget.told(left: 1, resetMS: 1_000, now: 0, others: 0)
        for _ in 0..<50 { #expect(budget.take(now: 1_000, underWay: 0) == nil) }
    }

    @Test(arguments: [-1, 3_600_001, .max, .min] as [Int64]) func rubbish(_ reset: Int64) {
        let budget = Self.budget()
        budget.told(left: 0, resetMS: reset, now: 0, others: 0)
        #expect(budget.take(now: 0, underWay: 0) == nil)
    }

    @Test func breath() {
        let budget = Self.budget()
        #expect(budget.breath(now: 0) == 0)
        budget.told(left: 100, resetMS: 60_000, now: 0, others: 0)
        #expect(budget.breath(now: 0) == 0)
        budget.told(left: 10, resetMS: 60_000, now: 0, others: 0)
        #expect(budget.breath(now: 0) == 6_000 && budget.breath(now: 59_000) == 100)
        #expect(budget.breath(now: 60_000) == 0)
        budget.told(left: 0, resetMS: 60_000, now: 0, others: 0)
        #expect(budget.breath(now: 0) == 60_000)
    }
}
