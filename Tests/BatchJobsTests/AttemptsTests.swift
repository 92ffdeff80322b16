import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Requests that go out again, over a scripted service.
@Suite struct AttemptsTests {
    static let url = "https://api.crustdata.com/batch/b-1"

    static func good() throws -> Script.Reply {
        .init(try Repository.data("Tests/Vectors/crustdata/pending.json"))
    }

    static func status(_ http: Int, _ headers: [(String, String)] = [], _ body: String = "")
        -> Script.Reply
    {
        .init(body, status: http, headers: headers.map { Header($0.0, $0.1) })
    }

    static func retrying(_ script: Script, _ options: [String: String] = [:]) throws
        -> BatchJobs.Client
    {
        var all = ["max_attempts": "4"]
        all.merge(options) { $1 }
        return try client("crustdata", script, all)
    }

    @Test(
        arguments: [408, 425, 429, 500, 502, 503, 504],
        [0, 250, 499, 1_998, .max] as [UInt64]) func twiceInVain(_ http: Int, _ chance: UInt64)
        throws
    {
        let script = Script([Self.url: [Self.status(http), Self.status(http), try Self.good()]])
        script.chance = chance
        #expect(try Self.retrying(script).job("b-1", nil, nil).id.shown == "b-1")
        #expect(script.requests.map(\.url) == [Self.url, Self.url, Self.url])
        let base: UInt64 = http == 429 ? 1_000 : 500
        #expect(script.pauses == [chance % (base + 1), chance % (2 * base + 1)].map { Int64($0) })
    }

    @Test(arguments: [400, 402, 403, 404, 405, 409, 410, 413, 422, 501, 505, 301, 304])
    func notWorthAnotherTry(_ http: Int) throws {
        let script = Script(otherwise: Self.status(http))
        let failed = failure { try Self.retrying(script).job("b-1", nil, nil) }
        #expect(failed?.httpStatus == Int32(http) && script.requests.count == 1)
        #expect(script.pauses.isEmpty)
    }

    @Test(arguments: [(400, "true", 2), (503, "false", 1), (429, "false", 1)])
    func theServiceDecides(_ http: Int, _ word: String, _ requests: Int) throws {
        let script = Script([
            Self.url: [Self.status(http, [("x-should-retry", word)]), try Self.good()]
        ])
        let failed = failure { try Self.retrying(script).job("b-1", nil, nil) }
        #expect((failed == nil) == (requests == 2) && script.requests.count == requests)
    }

    /// Broken connections: before the answer, within it, before the request was out.
    @Test func whatBreaksIsSentAgain() throws {
        let broken = Failure(.transport, "broke")
        broken.retryable = true
        let final = Failure(.tls, "no")
        let half = Script.Reply("{\"batch", breaks: broken)
        let script = Script([
            Self.url: [.unanswered(broken), half, .unsent(broken), try Self.good()]
        ])
        #expect(try Self.retrying(script).job("b-1", nil, nil).id.shown == "b-1")
        #expect(script.requests.count == 4 && script.pauses.count == 3)
        let refused = Script([Self.url: [.unanswered(final), try Self.good()]])
        #expect(failure { try Self.retrying(refused).job("b-1", nil, nil) }?.status == .tls)
        #expect(refused.requests.count == 1)
    }

    @Test(arguments: [1, 2, 4, 10]) func attemptsAreCounted(_ most: Int) throws {
        let script = Script(otherwise: Self.status(503))
        script.chance = .max
        let failed = failure {
            try Self.retrying(script, ["max_attempts": "\(most)"]).job("b-1", nil, nil)
        }
        #expect(failed?.status == .server && failed?.url == Self.url && failed?.jobID == "b-1")
        #expect(script.requests.count == most && script.pauses.count == most - 1)
        // Given to the call it does the same.
        let other = Script(otherwise: Self.status(503))
        _ = failure {
            try client("crustdata", other).job("b-1", settings(["max_attempts": "\(most)"]), nil)
        }
        #expect(other.requests.count == most)
    }

    /// Every page has its own attempts.
    @Test func eachRequestStartsAnew() throws {
        let bad = Self.status(503)
        let script = Script([
            PagesTests.base: [bad, bad, bad, PagesTests.page([], "k")],
            PagesTests.base + "&cursor=k": [bad, bad, bad, PagesTests.page([PagesTests.row("a")], nil)],
        ])
        script.chance = 499
        #expect(try Self.retrying(script).pages(nil, nil).next()?.jobs.count == 1)
        #expect(script.requests.count == 8 && script.pauses == [499, 499, 499, 499, 499, 499])
    }

    /// Retry-After, timeout_ms, whether it is waited for.
    @Test(
        arguments: [
            ("7", 120_000, true), ("0", 120_000, true), ("119.999", 120_000, true),
            ("120", 120_000, false), ("200", 120_000, false), ("200", 300_000, true),
            ("9223372036854775807", 86_400_000, false),
        ] as [(String, Int, Bool)]) func theServicesWait(
            _ seconds: String, _ timeout: Int, _ waits: Bool
        ) throws
    {
        let script = Script([
            Self.url: [Self.status(429, [("Retry-After", seconds)]), try Self.good()]
        ])
        script.chance = 333
        let failed = failure {
            try Self.retrying(script, ["timeout_ms": "\(timeout)"]).job("b-1", nil, nil)
        }
        let wait = try #require(retryAfter(seconds, 0))
        #expect(script.requests.count == (waits ? 2 : 1))
        #expect(script.pauses == (waits ? [wait] : []))
        #expect((failed == nil) == waits)
        if !waits {
            #expect(
                failed?.status == .rateLimited && failed?.retryAfterMS == wait
                    && failed?.retryable == true && failed?.httpStatus == 429)
        }
    }

    /// All waits together stay within the deadline, and what is told is the service's failure.
    @Test(arguments: [1_000, 5_000, 40_000, 120_000]) func theDeadlineCoversTheWaits(_ timeout: Int)
        throws
    {
        let script = Script(otherwise: Self.status(503, [("retry-after", "1.5")]))
        let failed = failure {
            try Self.retrying(script, ["timeout_ms": "\(timeout)", "max_attempts": "10"])
                .job("b-1", nil, nil)
        }
        #expect(failed?.status == .server && script.now < Int64(timeout))
        #expect(script.requests.count == min(10, (timeout - 1) / 1_500 + 1))
    }

    @Test func aWaitCanBeCancelled() throws {
        let flag = CallTests.Flag()
        let script = Script(otherwise: Self.status(503))
        let client = try Self.retrying(script)
        client.log.set(.warn) { _, _ in flag.isFired = true }
        #expect(failure { try client.job("b-1", nil, flag) }?.status == .cancelled)
        #expect(script.requests.count == 1)
    }

    /// A service that fails throughout gets one request for each call once the budget is empty.
    @Test(arguments: [(503, 35), (429, 100)]) func aServiceThatIsDownIsSpared(
        _ http: Int, _ retries: Int
    ) throws {
        let script = Script(otherwise: Self.status(http))
        let client = try Self.retrying(script)
        for _ in 0..<50 { _ = failure { try client.job("b-1", nil, nil) } }
        #expect(script.requests.count == 50 + retries)
        let before = script.requests.count
        for _ in 0..<1_000 { _ = failure { try client.job("b-1", nil, nil) } }
        #expect(Double(script.requests.count - before) <= 1.2 * 1_000)
        // Once it is well again, successes fill the budget slowly: 14 pay for one retry.
        script.service = { _ in try? Self.good() }
        for _ in 0..<14 { _ = try client.job("b-1", nil, nil) }
        script.service = nil
        let then = script.requests.count
        for _ in 0..<20 { _ = failure { try client.job("b-1", nil, nil) } }
        #expect((21...23).contains(script.requests.count - then))
    }

    /// What a retry cost comes back with the success behind it.
    @Test func aRetryThatHelpsCostsNothing() throws {
        let script = Script()
        var calls = 0
        script.service = { _ in
            calls += 1
            return calls.isMultiple(of: 2) ? try? Self.good() : Self.status(503)
        }
        let client = try Self.retrying(script)
        for _ in 0..<100 { #expect(failure { try client.job("b-1", nil, nil) } == nil) }
        #expect(script.requests.count == 200)
    }

    /// The same holds for result files.
    @Test func aFileThatComesInTheEndCostsNothing() throws {
        let script = Script()
        var files = 0
        script.service = { request in
            if request.url == Self.url { return ResultsTests.job(1, merged: "https://s/m") }
            files += 1
            return files.isMultiple(of: 2) ? .init("1\n") : Self.status(503)
        }
        let client = try Self.retrying(script)
        for round in 0..<60 {
            let (records, failed) = try client.results("b-1", nil, nil).all()
            #expect(records.count == 1 && failed == nil, "\(round)")
        }
    }

    /// A result file is asked for again as well, and its wait is kept.
    @Test func filesAreAskedForAgain() throws {
        let script = Script([
            Self.url: [ResultsTests.job(1, merged: "https://s/m")],
            "https://s/m": [
                Self.status(503, [("retry-after", "2.5")]), Self.status(500), .init("1\n"),
            ],
        ])
        script.chance = 700
        let (records, failed) = try Self.retrying(script).results("b-1", nil, nil).all()
        #expect(records.count == 1 && failed == nil && script.pauses == [2_500, 700])
        // Refused links are not; those that may have expired are, once the service gave others.
        for (http, isReplaced) in [(400, true), (401, false), (403, true), (404, false)] {
            let refused = Script([
                Self.url: [ResultsTests.job(1, merged: "https://s/m")],
                "https://s/m": [Self.status(http), .init("1\n")],
            ])
            let failed = try Self.retrying(refused).results("b-1", nil, nil).all().failure
            #expect((failed == nil) == isReplaced, "\(http)")
            let urls = [Self.url, "https://s/m"]
            #expect(refused.requests.map(\.url) == (isReplaced ? urls + urls : urls), "\(http)")
        }
    }
}
