import Testing

@testable import BatchJobs

/// The plan of a wait against a service made of numbers: what it asks for, how often, and that every
/// wait ends. No clock runs; sleeping is adding.
@Suite struct WaitPlanTests {
    /// A service whose jobs end at set times, and all that a wait asked of it.
    final class Service {
        /// When each job is done, in milliseconds; nil never.
        let ends: [Int64?]
        /// Their places in the service's list; nil where it does not show them.
        var rows: [Int?]
        let rowsPerPage: Int
        let listLength: Int
        var takes: Int64 = 1
        /// What goes wrong instead of an answer: at a moment, with a job (nil: the list).
        var fails: (Int64, Int?) -> Failure? = { _, _ in nil }
        var advises: (Int64) -> Int64? = { _ in nil }
        var breath: Int64 = 0

        private(set) var now: Int64 = 0
        private(set) var pages = 0
        private(set) var singles: [(job: Int, at: Int64)] = []
        /// Requests of each round, told apart by sleeps.
        private(set) var rounds: [(pages: Int, singles: Int)] = [(0, 0)]
        private(set) var sleeps: [Int64] = []
        /// When and how each job's wait ended.
        private(set) var ended: [Int: (at: Int64, failure: Status?)] = [:]
        private(set) var told: [Int: Int] = [:]

        init(
            _ ends: [Int64?], rows: [Int?]? = nil, perPage: Int = 100, listLength: Int? = nil
        ) {
            self.ends = ends
            self.rows = rows ?? ends.indices.map { $0 }
            rowsPerPage = perPage
            self.listLength = listLength ?? ends.count
        }

        func plan(
            floor: Int64 = 1_000, cap: Int64 = 60_000, timeout: Int64 = 86_400_000,
            list: Bool = true
        ) -> WaitPlan {
            WaitPlan(
                count: ends.count, canList: list, now: 0, floor: floor, cap: cap, timeoutMS: timeout)
        }

        private func fields(_ job: Int) -> JobFields {
            var fields = JobFields()
            fields.phase = ends[job].map { now >= $0 } == true ? .done : .running
            return fields
        }

        private func end(_ job: Int, _ failure: Status?) {
            #expect(ended[job] == nil, "job \(job) ended twice")
            ended[job] = (now, failure)
        }

        private func answer(_ job: Int, row: Int?, _ plan: inout WaitPlan) {
            let fields = fields(job)
            let isTold = plan.saw(
                job, fields, hash: Int(fields.phase.rawValue), row: row, now: now, random: 100)
            guard isTold else { return }
            told[job, default: 0] += 1
            if fields.phase == .done { end(job, nil) }
        }

        /// Until the plan says that all is over.
        func run(_ plan: inout WaitPlan, atMost steps: Int = 2_000_000) {
            for _ in 0..<steps {
                switch plan.next(now: now, breath: breath) {
                case .end: return
                case .sleep(let milliseconds):
                    #expect(milliseconds > 0)
                    now += milliseconds
                    sleeps.append(milliseconds)
                    if rounds[rounds.count - 1] != (0, 0) { rounds.append((0, 0)) }
                case .page(let state):
                    pages += 1
                    rounds[rounds.count - 1].pages += 1
                    page(state.flatMap { Int($0) } ?? 0, &plan)
                case .job(let job):
                    singles.append((job, now))
                    rounds[rounds.count - 1].singles += 1
                    now += takes
                    if let failure = fails(now, job) {
                        if plan.failed(job, failure, now: now) { end(job, failure.status) }
                    } else {
                        answer(job, row: nil, &plan)
                        if let wait = advises(now) { plan.advised(wait, job, now: now) }
                    }
                case .close(let job, let failure):
                    plan.close(job)
                    end(job, failure?.status ?? .timeout)
                }
            }
            Issue.record("the wait did not end")
        }

        private func page(_ number: Int, _ plan: inout WaitPlan) {
            now += takes
            if let failure = fails(now, nil) {
                plan.listFailed(failure, now: now)
                return
            }
            let first = number * rowsPerPage
            let count = min(rowsPerPage, max(0, listLength - first))
            #expect(plan.rowsRead == first)
            for (job, row) in rows.enumerated() {
                guard let row, row >= first, row < first + count else { continue }
                answer(job, row: plan.rowsRead + row - first, &plan)
            }
            plan.pageRead(
                rows: count,
                first + count < listLength
                    ? .number(Int64(number + 1), last: Int64(listLength / rowsPerPage + 1)) : .end)
        }

        func latency(_ job: Int) -> Int64? {
            guard let end = ends[job] ?? nil, let ended = ended[job] else { return nil }
            return ended.at - end
        }
    }

    static func passing(_ status: Status = .server, after: Int64 = -1) -> Failure {
        let failure = Failure(status, "try again")
        failure.retryable = true
        failure.retryAfterMS = after
        return failure
    }

    static var gone: Failure { Failure(.notFound, "no such job") }

    // MARK: One job

    @Test(arguments: [0, 1, 900, 5_000, 100_000, 3_600_000] as [Int64]) func oneJob(_ end: Int64) {
        let service = Service([end])
        var plan = service.plan()
        service.run(&plan)
        #expect(service.pages == 0 && service.ended[0]?.failure == nil)
        // Never later than half of what it took, or the cap.
        let latency = service.latency(0) ?? .max
        #expect(latency <= min(60_000, 1_000 + end / 2) + 2)
        let looks = service.singles.map(\.at)
        for (one, next) in zip(looks, looks.dropFirst()) { #expect(next - one >= 1_000) }
        #expect(looks.count <= 12 + Int(end / 60_000))
    }

    @Test(arguments: [1, 49, 100, 999, 5_000, 60_000, 86_400_000] as [Int64]) func timeIsUp(
        _ timeout: Int64
    ) {
        let service = Service([nil])
        var plan = service.plan(timeout: timeout)
        service.run(&plan)
        #expect(service.ended[0]?.failure == .timeout)
        let ended = service.ended[0]?.at ?? .max
        #expect(ended >= timeout && ended <= timeout + 1)
        // The last look is not long before the end.
        let last = service.singles.last?.at ?? 0
        #expect(timeout - last <= 1_500 || service.singles.isEmpty, "\(last) of \(timeout)")
        #expect(service.singles.count <= 12 + Int(timeout / 60_000))
    }

    /// A job that ends between the last regular look and the deadline is still seen to.
    @Test func aLastLook() {
        let service = Service([55_000])
        var plan = service.plan(timeout: 60_000)
        service.run(&plan)
        #expect(service.ended[0]?.failure == nil && (service.ended[0]?.at ?? 0) < 60_000)
    }

    @Test func livesThroughFiveFailures() {
        for failures in 1...8 {
            let service = Service([nil])
            var left = failures
            service.fails = { now, _ in
                // After the first answer, so many.
                if now < 10 || left == 0 { return nil }
                left -= 1
                return Self.passing()
            }
            var plan = service.plan(timeout: 3_600_000)
            service.run(&plan)
            #expect(service.ended[0]?.failure == (failures > 5 ? .server : .timeout), "\(failures)")
        }
    }

    /// An answer between them, and they count anew.
    @Test func failuresInARow() {
        let service = Service([1_800_000])
        var calls = 0
        service.fails = { _, _ in
            calls += 1
            return calls % 6 == 0 ? nil : Self.passing()
        }
        var plan = service.plan()
        service.run(&plan)
        #expect(service.ended[0]?.failure == nil && calls > 12)
    }

    @Test func whatIsForGoodEndsItAtOnce() {
        for status in [Status.notFound, .forbidden, .unauthenticated, .protocol, .tls, .limit] {
            let service = Service([nil])
            service.fails = { _, _ in Failure(status, "no") }
            var plan = service.plan()
            service.run(&plan)
            #expect(service.ended[0]?.failure == status && service.singles.count == 1)
        }
    }

    /// A wait that the service asks for is kept, or not begun where it does not fit.
    @Test(arguments: [
        (5_000, 60_000, true), (59_000, 60_000, true), (60_000, 60_000, false),
        (.max, 60_000, false), (0, 60_000, true),
    ] as [(Int64, Int64, Bool)]) func askedToComeBackLater(
        _ after: Int64, _ timeout: Int64, _ fits: Bool
    ) {
        for status in [Status.rateLimited, .server] {
            let service = Service([1])
            var first = true
            service.fails = { _, _ in
                defer { first = false }
                return first ? Self.passing(status, after: after) : nil
            }
            var plan = service.plan(timeout: timeout)
            service.run(&plan)
            #expect(service.ended[0]?.failure == (fits ? nil : status))
            #expect(service.singles.count == (fits ? 2 : 1))
            if fits { #expect(service.singles[1].at - service.singles[0].at - 1 >= after) }
            if !fits { #expect(service.now <= 1) }
        }
    }

    /// Retry-After with an answer wins over the plan's own distance, within bounds.
    @Test(arguments: [
        (5_000, 5_000), (100, 1_000), (120_000, 120_000), (10_000_000, 300_000),
    ] as [(Int64, Int64)]) func adviceWithAnAnswer(_ advice: Int64, _ kept: Int64) {
        let service = Service([nil])
        service.advises = { _ in advice }
        var plan = service.plan(timeout: 2_000_000)
        service.run(&plan)
        let looks = service.singles.map(\.at)
        // The last look before the deadline comes sooner.
        for (one, next) in zip(looks, looks.dropFirst().dropLast()) {
            #expect(abs(next - one - kept) <= 2)
        }
    }

    // MARK: Many jobs and the list

    /// 500 jobs on pages of 100: five requests a round.
    @Test func fiveHundred() {
        let service = Service((0..<500).map { Int64($0) * 100 })
        var plan = service.plan()
        service.run(&plan)
        #expect(service.ended.count == 500 && service.ended.values.allSatisfy { $0.failure == nil })
        for (index, round) in service.rounds.enumerated() {
            #expect(round.pages + round.singles <= 5, "round \(index): \(round)")
        }
        for job in 0..<500 { #expect((service.latency(job) ?? .max) <= 50_000 / 2 + 1_000) }
    }

    /// Spread thinly over a long list, far down in it, not in it at all: never much more than asking
    /// for each, and what is learnt in the first round serves the later ones.
    @Test(arguments: 1...60 as ClosedRange<UInt64>) func neverMuchMoreThanSingly(_ seed: UInt64) {
        var dice = Dice(seed)
        let count = 1 + dice.below(300)
        let length = count + dice.below(20_000)
        let perPage = [1, 20, 50, 100][dice.below(4)]
        var rows: [Int?] = []
        var taken: Set<Int> = []
        let reach = dice.chance(50) ? length : min(length, count * 3)
        while rows.count < count {
            if dice.chance(10) {
                rows.append(nil)
                continue
            }
            let row = dice.below(reach)
            if taken.insert(row).inserted { rows.append(row) }
        }
        let service = Service(
            (0..<count).map { _ in dice.chance(90) ? Int64(dice.below(600_000)) : nil },
            rows: rows, perPage: perPage, listLength: length)
        var plan = service.plan(timeout: 1_200_000)
        service.run(&plan)
        #expect(service.ended.count == count)
        for job in 0..<count {
            #expect(service.ended[job]?.failure == (service.ends[job] == nil ? .timeout : nil))
        }
        for (index, round) in service.rounds.enumerated() {
            let most = count + count / 8 + 2
            #expect(round.pages + round.singles <= most, "round \(index): \(round) for \(count)")
        }
        // The best mix of pages and single requests, for all jobs; a later round may be one page off.
        let onPages = rows.map { row in row.map { $0 / perPage } ?? .max }.sorted()
        var best = count
        for (covered, page) in onPages.enumerated() where page < .max {
            best = min(best, page + 1 + count - covered - 1)
        }
        for round in service.rounds.dropFirst() {
            #expect(round.pages + round.singles <= best + best / 8 + 2, "\(round), best \(best)")
        }
    }

    /// New jobs push those that are waited for down the list.
    @Test func theListMoves() {
        let service = Service(Array(repeating: 900_000, count: 250), listLength: 5_000)
        var plan = service.plan(timeout: 1_000_000)
        var pushed = 0
        service.fails = { now, _ in
            if now / 10_000 > pushed {
                service.rows = service.rows.map { $0.map { $0 + 30 } }
                pushed += 1
            }
            return nil
        }
        service.run(&plan)
        let late = service.rounds.dropFirst()
        #expect(late.allSatisfy { $0.pages + $0.singles < 120 }, "\(service.rounds)")
        #expect(late.map { $0.pages + $0.singles }.reduce(0, +) < late.count * 60)
        #expect(service.ended.values.allSatisfy { $0.failure == nil })
    }

    @Test func withoutAList() {
        let service = Service(Array(repeating: 30_000, count: 40))
        var plan = service.plan(list: false)
        service.run(&plan)
        #expect(service.pages == 0 && service.ended.count == 40)
    }

    /// Two are asked for singly; three are worth a look at the list.
    @Test(arguments: 1...5) func fewJobs(_ count: Int) {
        let service = Service(Array(repeating: 0, count: count))
        var plan = service.plan()
        service.run(&plan)
        #expect(service.pages == (count < 3 ? 0 : 1))
        #expect(service.singles.count == (count < 3 ? count : 0))
    }

    /// A list that is refused for good is not asked for again.
    @Test func aListOfNoUse() {
        for status in [Status.forbidden, .protocol, .unsupported, .badRequest] {
            let service = Service(Array(repeating: 20_000, count: 30))
            service.fails = { _, job in job == nil ? Failure(status, "no") : nil }
            var plan = service.plan()
            service.run(&plan)
            #expect(service.pages == 1 && service.ended.values.allSatisfy { $0.failure == nil })
        }
    }

    /// One that fails for now is passed over in that round only.
    @Test func aListThatFailsNow() {
        let service = Service(Array(repeating: 20_000, count: 30))
        service.fails = { now, job in job == nil && now < 500 ? Self.passing() : nil }
        var plan = service.plan()
        service.run(&plan)
        #expect(service.rounds.first.map { $0 == (1, 30) } == true)
        #expect(service.rounds.dropFirst().allSatisfy { $0.singles == 0 })
        #expect(service.ended.values.allSatisfy { $0.failure == nil })
    }

    /// A page that always fails: those on it are asked for singly.
    @Test func aPageThatFails() {
        let service = Service(Array(repeating: 20_000, count: 300))
        var pages = 0
        service.fails = { _, job in
            guard job == nil else {
                pages = 0
                return nil
            }
            pages += 1
            return pages == 3 ? Self.passing() : nil
        }
        var plan = service.plan()
        service.run(&plan)
        #expect(service.ended.count == 300 && service.ended.values.allSatisfy { $0.failure == nil })
    }

    /// Jobs that are nobody else's business.
    @Test func eachFailureIsItsOwn() {
        let service = Service((0..<60).map { Int64($0) * 1_000 }, rows: Array(repeating: nil, count: 60))
        service.fails = { _, job in
            guard let job else { return nil }
            return job % 10 == 3 ? Self.gone : job % 10 == 4 ? Self.passing() : nil
        }
        var plan = service.plan()
        service.run(&plan)
        for job in 0..<60 {
            let wanted: Status? = job % 10 == 3 ? .notFound : job % 10 == 4 ? .server : nil
            #expect(service.ended[job]?.failure == wanted, "\(job)")
        }
    }

    /// Many that fail one after the other do not hold up the others, nor take them along.
    @Test func aRowOfBadJobs() {
        let service = Service(Array(repeating: 100_000, count: 60))
        service.fails = { _, job in (10..<40).contains(job ?? 0) ? Self.passing() : nil }
        var plan = service.plan(list: false)
        service.run(&plan)
        for job in 0..<60 {
            #expect(
                service.ended[job]?.failure == ((10..<40).contains(job) ? .server : nil), "\(job)")
        }
    }

    /// Bad jobs are asked for again while the good ones are not due: that says nothing of these.
    @Test(arguments: [1, 2, 3, 8, 20]) func badJobsAmongPatientOnes(_ bad: Int) {
        for after in [-1, 0, 40_000, 40_000_000] as [Int64] {
            let service = Service(Array(repeating: 20_000_000, count: 60))
            service.fails = { now, job in
                guard let job, job < bad, now > 50_000 + Int64(job) * 700 else { return nil }
                return Self.passing(after: after)
            }
            var plan = service.plan(cap: 3_600_000, timeout: 30_000_000, list: false)
            service.run(&plan)
            for job in 0..<60 {
                #expect(
                    service.ended[job]?.failure == (job < bad ? .server : nil),
                    "\(job) of \(bad) bad ones, \(after)")
            }
        }
    }

    /// A service that is down: few requests a round, and an end for all.
    @Test(arguments: [true, false]) func nobodyIsThere(_ list: Bool) {
        let service = Service(Array(repeating: nil, count: 500))
        service.fails = { _, _ in Self.passing(.connect) }
        var plan = service.plan(list: list)
        service.run(&plan)
        #expect(service.ended.count == 500)
        #expect(service.ended.values.allSatisfy { $0.failure == .connect })
        #expect(service.pages + service.singles.count <= 6 * 9, "\(service.rounds)")
        #expect(service.now < 200_000)
    }

    /// It comes back in time: nobody is lost.
    @Test func itComesBack() {
        let service = Service(Array(repeating: 90_000, count: 500))
        service.fails = { now, _ in (5_000...25_000).contains(now) ? Self.passing(.connect) : nil }
        var plan = service.plan()
        service.run(&plan)
        #expect(service.ended.values.allSatisfy { $0.failure == nil } && service.ended.count == 500)
    }

    /// A credential that is refused ends all, with one request.
    @Test func oneRefusalForAll() {
        for list in [true, false] {
            let service = Service(Array(repeating: nil, count: 500))
            service.fails = { _, _ in Failure(.unauthenticated, "no") }
            var plan = service.plan(list: list)
            service.run(&plan)
            #expect(service.ended.values.allSatisfy { $0.failure == .unauthenticated })
            #expect(service.ended.count == 500 && service.pages + service.singles.count == 1)
        }
    }

    /// 429 ends a round; after the wait the others have their turn.
    @Test func tooMany() {
        let service = Service(Array(repeating: 0, count: 100))
        var answered = 0
        var until: Int64 = 0
        service.fails = { now, _ in
            if now < until { return Self.passing(.rateLimited, after: until - now) }
            answered += 1
            if answered % 11 == 0 {
                until = now + 10_000
                return Self.passing(.rateLimited, after: 10_000)
            }
            return nil
        }
        var plan = service.plan(list: false)
        service.run(&plan)
        #expect(service.ended.values.allSatisfy { $0.failure == nil } && service.ended.count == 100)
        // None was sent into a wait that was asked for.
        #expect(service.singles.count <= 100 + 10)
        let late = Service(Array(repeating: 0, count: 100))
        late.fails = { _, _ in Self.passing(.rateLimited, after: 100_000) }
        var brief = late.plan(timeout: 50_000, list: false)
        late.run(&brief)
        #expect(late.singles.count == 1 && late.ended.values.allSatisfy { $0.failure == .rateLimited })
    }

    /// Where the service has little left, rounds come as far apart as that makes it last.
    @Test func littleIsLeft() {
        let service = Service(Array(repeating: 60_000, count: 500))
        service.breath = 2_000
        var plan = service.plan()
        service.run(&plan)
        #expect(service.sleeps.dropLast().allSatisfy { $0 >= 9_900 })
        // Not beyond the cap.
        let quick = Service(Array(repeating: 60_000, count: 500))
        quick.breath = 100_000
        var capped = quick.plan(cap: 5_000)
        quick.run(&capped)
        #expect(quick.sleeps.allSatisfy { $0 <= 5_500 })
    }

    @Test func nobody() {
        let service = Service([])
        var plan = service.plan()
        service.run(&plan)
        #expect(service.ended.isEmpty && service.pages == 0)
    }

    /// The list and the single answer write a job differently: that is no news.
    @Test func onlyWhatIsNewIsTold() {
        var plan = WaitPlan(
            count: 1, canList: true, now: 0, floor: 1_000, cap: 60_000, timeoutMS: 1_000_000)
        var fields = JobFields()
        fields.phase = .running
        let looks: [(hash: Int, row: Int?, Bool)] = [
            (1, nil, true), (1, nil, false), (2, nil, true), (9, 4, false), (9, 4, false),
            (8, 4, true), (2, nil, false), (3, nil, true),
        ]
        for (now, look) in looks.enumerated() {
            let isTold = plan.saw(
                0, fields, hash: look.hash, row: look.row, now: Int64(now), random: 0)
            #expect(isTold == look.2, "\(now)")
        }
        fields.phase = .done
        let last = plan.saw(0, fields, hash: 3, row: 4, now: 9, random: 0)
        let none = plan.saw(0, fields, hash: 4, row: nil, now: 10, random: 0)
        #expect(last && !none)
    }
}
