import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

extension JobWaits {
    func next() throws(Failure) -> Event? { try next(newCall()) }
}

/// Waits over a scripted service: what is asked, and which events come of it.
@Suite struct WaitsTests {
    /// Jobs of crustdata that end at set times.
    final class Jobs {
        let script = Script()
        /// In the order of the service's list. `ends`: nil never.
        var jobs: [(id: String, ends: Int64?)]
        /// Answers before the jobs do.
        var instead: (Request) -> Script.Reply? = { _ in nil }
        var headers: [Header] = []

        init(_ jobs: [(id: String, ends: Int64?)]) {
            self.jobs = jobs
            script.chance = 100
            script.service = { [unowned self] request in instead(request) ?? reply(request.url) }
        }

        private func row(_ job: (id: String, ends: Int64?)) -> String {
            let isDone = job.ends.map { script.now >= $0 } == true
            return PagesTests.row(job.id, isDone ? "completed" : "processing")
        }

        private func reply(_ url: String) -> Script.Reply {
            let base = "https://api.crustdata.com/batch"
            if let id = url.behind(base + "/") {
                guard let job = jobs.first(where: { $0.id == id }) else {
                    return .init("{\"error\":\"no such batch\"}", status: 404)
                }
                return .init(row(job), headers: headers)
            }
            let from = url.behind(base + "?limit=100&cursor=c").flatMap { Int($0) } ?? 0
            let until = min(from + 100, jobs.count)
            var page = PagesTests.page(
                jobs[from..<until].map(row), until < jobs.count ? "c\(until)" : nil)
            page.headers = headers
            return page
        }

        func client(_ options: [String: String] = [:]) throws -> BatchJobs.Client {
            try BatchJobsTests.client("crustdata", script, options)
        }

        var urls: [String] { script.requests.map { String($0.url.dropFirst(25)) } }
    }

    /// Events up to the end: the place, the status word or the failure, and whether it is the last.
    static func events(_ waits: JobWaits) throws -> [(Int, String, Bool)] {
        var events: [(Int, String, Bool)] = []
        while let event = try waits.next() {
            #expect((event.job == nil) != (event.failure == nil))
            let word = event.job?.word?.shown ?? "\(event.failure?.status.rawValue ?? 0)"
            events.append((event.index, word, event.isFinal))
        }
        #expect(try waits.next() == nil)
        return events
    }

    static func shown(_ events: [(Int, String, Bool)]) -> [String] {
        events.map { "\($0.0) \($0.1)\($0.2 ? "." : "")" }
    }

    @Test func oneJob() throws {
        let jobs = Jobs([("a", 4_000)])
        let waits = try jobs.client().waits(["a"], nil, nil)
        #expect(jobs.script.requests.isEmpty)
        #expect(Self.shown(try Self.events(waits)) == ["0 processing", "0 completed."])
        #expect(jobs.script.pauses == [1_000, 1_500, 2_250])
        #expect(jobs.urls == Array(repeating: "/batch/a", count: 4))
    }

    @Test func idsOfAllKinds() throws {
        let jobs = Jobs([("a", 0), ("b", 2_000), ("c", 0)])
        let waits = try jobs.client().waits(["b", "no", "a", "b", "c", "b", "no"], nil, nil)
        let events = Self.shown(try Self.events(waits))
        // The same id twice is asked for once, and each place has its events.
        #expect(
            Set(events) == [
                "0 processing", "3 processing", "5 processing", "0 completed.", "3 completed.",
                "5 completed.", "1 -44.", "6 -44.", "2 completed.", "4 completed.",
            ])
        #expect(events.count == 10)
        #expect(jobs.urls.filter { $0 == "/batch/no" }.count == 1)
    }

    @Test func nobody() throws {
        let jobs = Jobs([])
        #expect(try Self.events(try jobs.client().waits([], nil, nil)).isEmpty)
        #expect(jobs.script.requests.isEmpty && jobs.script.pauses.isEmpty)
    }

    @Test(arguments: ["", ".", "..", "a\u{1}", String(repeating: "x", count: 1025)])
    func badIDs(_ id: String) throws {
        let client = try Jobs([]).client()
        for ids in [[id], ["a", id, "b"]] {
            let failed = failure { try client.waits(ids, nil, nil) }
            #expect(failed?.status == .argument)
            #expect(failed?.message.hasPrefix("ids[1]: ") == (ids.count == 3))
        }
    }

    /// All ids find their rows, whatever the table of them looks like.
    @Test func aThousand() throws {
        let jobs = Jobs((0..<1_000).map { ("job-\($0)", Int64($0 % 7) * 500) })
        let ids = jobs.jobs.map(\.id) + ["job-5", "job-999"]
        let events = try Self.events(try jobs.client().waits(ids, nil, nil))
        let last = events.filter(\.2)
        #expect(last.map(\.0).sorted() == Array(0..<1_002))
        #expect(last.allSatisfy { $0.1 == "completed" })
        #expect(jobs.urls.allSatisfy { $0.hasPrefix("/batch?") } && jobs.urls.count <= 10 * 5)
    }

    /// Five hundred on pages of a hundred: five requests a round, and one for the straggler.
    @Test func roundsOfFive() throws {
        let jobs = Jobs((0..<3_000).map { ("j\($0)", 10_000) })
        let ids = (0..<499).map { "j\($0)" } + ["j2999"]
        let waits = try jobs.client().waits(ids, nil, nil)
        let events = try Self.events(waits)
        #expect(events.count == 1_000)
        let rounds = jobs.script.pauses.count + 1
        #expect(jobs.urls.filter { $0.hasPrefix("/batch?") }.count == 5 * rounds + 1)
        #expect(jobs.urls.filter { $0 == "/batch/j2999" }.count == rounds)
        // Of what other calls set for lists nothing is left.
        #expect(jobs.urls.allSatisfy { !$0.contains("status") })
    }

    /// Options that mean the list or the results have no part in it.
    @Test func foreignOptions() throws {
        let jobs = Jobs((0..<5).map { ("j\($0)", 0) })
        let client = try jobs.client([
            "status": "failed", "page_size": "1", "max_items": "1", "max_pages": "1", "cursor": "x",
            "kind": "none", "prefetch": "0",
        ])
        let waits = try client.waits(jobs.jobs.map(\.id), nil, nil)
        #expect(try Self.events(waits).count == 5 && jobs.urls == ["/batch?limit=100"])
        let script = Script()
        script.service = { _ in
            .init(
                "{\"success\":true,\"data\":{\"batchId\":\"r\",\"status\":\"success\",\"batchType\":\"T\",\"progress\":{}}}"
            )
        }
        let reach = try BatchJobsTests.client("reach", script, ["include_pending": "true"])
        #expect(try Self.events(try reach.waits(["r"], nil, nil)).count == 1)
        #expect(script.requests.map(\.url) == ["https://api.embedreach.com/api/batches/r"])
    }

    /// Singles overlap: eight are on the wire before the first is answered.
    @Test func singlesOverlap() throws {
        let jobs = Jobs((0..<20).map { ("j\($0)", 0) })
        jobs.instead = { $0.url.contains("?") ? .init("", status: 403) : nil }
        let waits = try jobs.client().waits(jobs.jobs.map(\.id), nil, nil)
        _ = try waits.next()
        #expect(jobs.script.requests.count == 1 + 8 && jobs.script.awaited.count == 1 + 1)
        #expect(try Self.events(waits).count == 19 && jobs.script.requests.count == 21)
    }

    /// What broke on the wire while the caller did something else is sent again.
    @Test func aBrokenOneIsSentAgain() throws {
        let jobs = Jobs((0..<6).map { ("j\($0)", 0) })
        var isBroken: Set<String> = ["j1", "j4", "j0"]
        jobs.instead = { request in
            if request.url.contains("?") { return .init("", status: 403) }
            guard isBroken.remove(String(request.url.suffix(2))) != nil else { return nil }
            return .unanswered(WaitPlanTests.passing(.transport))
        }
        let events = try Self.events(try jobs.client(["max_attempts": "2"]).waits(jobs.jobs.map(\.id), nil, nil))
        #expect(events.count == 6 && events.allSatisfy { $0.1 == "completed" })
    }

    /// A word nobody knows is not done, and no success: the wait goes on to its deadline.
    @Test func unknownWords() throws {
        let jobs = Jobs([])
        jobs.instead = { _ in .init(PagesTests.row("a", "hibernating")) }
        let client = try jobs.client(["wait_timeout_ms": "600000"])
        let waits = try client.waits(["a"], nil, nil)
        #expect(try waits.next()?.isFinal == false)
        let last = try #require(try waits.next())
        #expect(last.isFinal && last.failure?.status == .timeout && jobs.script.now == 600_000)
        let failed = try #require(last.failure)
        #expect(failed.message.contains("job a ") && failed.message.contains("\"hibernating\""))
        #expect(failed.message.contains("still runs") && failed.message.contains("wait_timeout_ms (600000)"))
        #expect(failed.value("word") == "hibernating" && failed.value("phase") == "running")
        #expect(failed.jobID == "a" && failed.retryable && failed.value("option") == "wait_timeout_ms")
        #expect(try waits.next() == nil)
    }

    /// The request that the deadline cuts short is not the job's failure.
    @Test func theDeadlineWithinARequest() throws {
        let jobs = Jobs([("a", nil)])
        jobs.script.pace = 400
        let client = try jobs.client(["wait_timeout_ms": "500", "timeout_ms": "100000"])
        let waits = try client.waits(["a"], nil, nil)
        let event = try #require(try waits.next())
        #expect(event.isFinal && event.failure?.status == .timeout)
        #expect(event.failure?.value("option") == "wait_timeout_ms" && event.failure?.value("word") == nil)
        #expect(jobs.script.now <= 1_000)
    }

    /// A request that takes longer than timeout_ms is one of the five that may fail.
    @Test func aSlowRequest() throws {
        let jobs = Jobs([("a", 0)])
        var slow = 5
        jobs.instead = { _ in
            jobs.script.pace = slow > 0 ? 400 : 0
            slow -= 1
            return nil
        }
        let client = try jobs.client(["timeout_ms": "300"])
        #expect(Self.shown(try Self.events(try client.waits(["a"], nil, nil))) == ["0 completed."])
        slow = 6
        let failed = try client.waits(["a"], nil, nil).next()?.failure
        #expect(failed?.status == .timeout && failed?.value("option") == "timeout_ms" && failed?.jobID == "a")
    }

    @Test(arguments: ["list", "single"]) func aRefusedKey(_ way: String) throws {
        let jobs = Jobs((0..<50).map { ("j\($0)", nil) })
        jobs.instead = { _ in .init("{\"error\":\"bad key\"}", status: 401) }
        let ids = jobs.jobs.prefix(way == "list" ? 50 : 2).map(\.id)
        let waits = try jobs.client().waits(ids, nil, nil)
        var failures: [Failure] = []
        while let event = try waits.next() { failures.append(try #require(event.failure)) }
        #expect(failures.count == ids.count && jobs.script.awaited.count == 1)
        #expect(failures.map(\.jobID) == ids.map { $0 })
        #expect(failures.allSatisfy { $0.status == .unauthenticated && $0.httpStatus == 401 })
        #expect(failures.allSatisfy { $0.message.contains("bad key") })
    }

    /// A fresh token, asked for once, serves those on the wire as well.
    @Test func aFreshToken() throws {
        let jobs = Jobs((0..<20).map { ("j\($0)", 3_000) })
        jobs.instead = { request in
            if request.url.contains("?") { return .init("", status: 403) }
            let isFresh = request.headers.contains { $0.value == "Bearer fresh" }
            return isFresh || jobs.script.now < 500 ? nil : .init("", status: 401)
        }
        let client = try jobs.client()
        var asked = 0
        client.setTokenProvider {
            asked += 1
            return "fresh"
        }
        let events = try Self.events(try client.waits(jobs.jobs.map(\.id), nil, nil))
        #expect(events.filter(\.2).allSatisfy { $0.1 == "completed" } && asked == 1)
        client.setTokenProvider { nil }
        let spoilt = Jobs([("a", nil)])
        spoilt.instead = { _ in .init("", status: 401) }
        let other = try spoilt.client()
        other.setTokenProvider { nil }
        let failed = try other.waits(["a"], nil, nil).next()?.failure
        #expect(failed?.status == .unauthenticated && failed?.message.contains("gave no token") == true)
    }

    /// Ended from outside, a wait goes on where it was when it is asked again.
    @Test func cancelAndGoOn() throws {
        let jobs = Jobs([("a", 5_000)])
        let client = try jobs.client()
        let waits = try client.waits(["a"], nil, nil)
        #expect(try waits.next()?.isFinal == false)
        var calls = 0
        client.interruption.hook = {
            calls += 1
            return calls == 3
        }
        #expect(failure { try waits.next() }?.status == .cancelled)
        #expect(Self.shown(try Self.events(waits)) == ["0 completed."])
    }

    /// Advice of the service, with a job and with its list.
    @Test func retryAfterOnSuccess() throws {
        let one = Jobs([("a", 100_000)])
        one.headers = [Header("Retry-After", "40")]
        #expect(try Self.events(try one.client().waits(["a"], nil, nil)).count == 2)
        #expect(one.script.pauses == [40_000, 40_000, 40_000])
        let many = Jobs((0..<5).map { ("j\($0)", 100_000) })
        many.headers = [Header("Retry-After", "40")]
        #expect(try Self.events(try many.client().waits(many.jobs.map(\.id), nil, nil)).count == 10)
        #expect(many.script.pauses.allSatisfy { $0 >= 40_000 })
    }

    /// Little is left of the service's budget: the rounds come as far apart as it lasts.
    @Test func rateLimitHeaders() throws {
        let jobs = Jobs((0..<300).map { ("j\($0)", 30_000) })
        jobs.headers = [Header("X-RateLimit-Remaining", "6"), Header("X-RateLimit-Reset", "24")]
        #expect(try Self.events(try jobs.client().waits(jobs.jobs.map(\.id), nil, nil)).count == 600)
        // Three pages at four seconds each.
        #expect(jobs.script.pauses.dropLast().allSatisfy { $0 >= 12_000 })
        // Nothing is left: the gate holds all back until there is more.
        let none = Jobs([("a", 1_000)])
        none.headers = [Header("RateLimit", "limit=5, remaining=0, reset=7")]
        #expect(try Self.events(try none.client().waits(["a"], nil, nil)).count == 2)
        #expect(none.script.now >= 7_000 && none.script.requests.count == 2)
    }

    /// A service without a list is asked job by job.
    @Test func veryfront() throws {
        let script = Script()
        script.service = { request in
            let id = request.url.split(separator: "/").last ?? ""
            return .init(
                "{\"id\":\"\(id)\",\"job_count\":1,\"status_counts\":{\"submitted\":0,\"working\":\(script.now < 2_000 ? 1 : 0),\"completed\":\(script.now < 2_000 ? 0 : 1),\"failed\":0,\"canceled\":0}}"
            )
        }
        let waits = try client("veryfront", script).waits((0..<10).map { "v\($0)" }, nil, nil)
        var last = 0
        while let event = try waits.next() { last += event.isFinal ? 1 : 0 }
        #expect(last == 10 && script.requests.allSatisfy { $0.url.contains("/job-batches/v") })
    }

    /// No wait without an end: whatever the service answers, within its time each place has its last
    /// event.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func everyWaitEnds(_ seed: UInt64) throws {
        var dice = Dice(seed)
        let jobs = Jobs((0..<(1 + dice.below(250))).map { ("j\($0)", $0 % 5 == 0 ? nil : Int64($0) * 300) })
        jobs.instead = { _ in
            switch dice.below(40) {
            case 0: .init("", status: 503)
            case 1: .init("", status: 429, headers: [Header("Retry-After", "3")])
            case 2: .init("<html>")
            case 3: .unanswered(WaitPlanTests.passing(.transport))
            case 4: .init("{\"jobs\":[],\"next_cursor\":\"c0\",\"has_more\":true}")
            case 5: .init("{\"jobs\":[],\"next_cursor\":null,\"has_more\":true}")
            case 6: .init("", headers: [Header("X-RateLimit-Remaining", "0"), Header("X-RateLimit-Reset", "9")])
            default: nil
            }
        }
        let ids = jobs.jobs.map(\.id).shuffled(using: &dice) + ["none"]
        let client = try jobs.client(["wait_timeout_ms": "300000", "max_attempts": "\(1 + dice.below(3))"])
        let events = try Self.events(try client.waits(ids, nil, nil))
        #expect(events.filter(\.2).map(\.0).sorted() == Array(ids.indices))
        #expect(jobs.script.now <= 310_000)
    }
}
