import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Requests that the client's own limits or the service's hold back, over a scripted service.
@Suite struct RequestGateTests {
    static let url = "https://api.crustdata.com/batch/b-1"

    static func good(_ headers: [(String, String)] = []) -> Script.Reply {
        .init(PagesTests.row("b-1"), headers: headers.map { Header($0.0, $0.1) })
    }

    @Test func threePerSecond() throws {
        let script = Script(otherwise: Self.good())
        let client = try client(
            "crustdata", script, ["max_requests": "3", "max_requests_interval_ms": "2000"])
        for _ in 0..<8 { _ = try client.job("b-1", nil, nil) }
        #expect(script.requests.count == 8 && script.pauses == [2_000, 2_000])
    }

    /// A wait that does not fit is not begun.
    @Test func notWithinTheTimeLimit() throws {
        let script = Script(otherwise: Self.good())
        let client = try client(
            "crustdata", script,
            [
                "max_requests": "1", "max_requests_interval_ms": "5000", "timeout_ms": "5000",
                "max_attempts": "4",
            ])
        _ = try client.job("b-1", nil, nil)
        let failed = try #require(failure { try client.job("b-1", nil, nil) })
        #expect(failed.status == .rateLimited && failed.retryable && failed.retryAfterMS == 5_000)
        #expect(failed.value("option") == "max_requests" && failed.message.contains("max_requests (1)"))
        #expect(failed.httpStatus == -1 && failed.jobID == "b-1" && failed.url == Self.url)
        #expect(script.requests.count == 1 && script.pauses.isEmpty)
        script.now += 1
        _ = try client.job("b-1", nil, nil)
        #expect(script.pauses == [4_999])
    }

    @Test(arguments: [
        [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "9")],
        [("RateLimit-Remaining", "0"), ("RateLimit-Reset", "1781265609")],
        [("RateLimit", "limit=10, remaining=0, reset=9")], [("RateLimit", "\"a\";r=0;t=9")],
    ]) func nothingLeft(_ headers: [(String, String)]) throws {
        let script = Script([Self.url: [Self.good(headers), Self.good()]])
        let client = try client("crustdata", script, ["timeout_ms": "20000"])
        _ = try client.job("b-1", nil, nil)
        #expect(script.pauses.isEmpty)
        _ = try client.job("b-1", nil, nil)
        #expect(script.pauses == [9_000] && script.requests.count == 2)
        let other = Script([Self.url: [Self.good(headers), Self.good()]])
        let brief = try BatchJobsTests.client("crustdata", other, ["timeout_ms": "8000"])
        _ = try brief.job("b-1", nil, nil)
        let failed = failure { try brief.job("b-1", nil, nil) }
        #expect(failed?.status == .rateLimited && failed?.retryAfterMS == 9_000)
        #expect(failed?.value("option") == nil && other.requests.count == 1)
    }

    /// Headers that leave something, or mean nothing.
    @Test(arguments: [
        [("X-RateLimit-Remaining", "1"), ("X-RateLimit-Reset", "9")],
        [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "999999")],
        [("X-RateLimit-Remaining", "none"), ("X-RateLimit-Reset", "9")],
        [("X-RateLimit-Remaining", "-1"), ("X-RateLimit-Reset", "9")],
        [("X-RateLimit-Remaining", "0")], [("X-RateLimit-Reset", "9")], [("RateLimit", "")],
        [("X-RateLimit-Remaining", "99999999999999999999"), ("X-RateLimit-Reset", "9")],
    ]) func somethingLeft(_ headers: [(String, String)]) throws {
        let script = Script(otherwise: Self.good(headers))
        let client = try client("crustdata", script)
        for _ in 0..<2 { _ = try client.job("b-1", nil, nil) }
        #expect(script.pauses.isEmpty)
    }

    /// After a 429 the next call knows.
    @Test func afterARefusal() throws {
        let script = Script([
            Self.url: [
                .init("", status: 429, headers: [Header("x-ratelimit-reset", "30")]), Self.good(),
            ]
        ])
        let client = try client("crustdata", script, ["timeout_ms": "20000"])
        #expect(failure { try client.job("b-1", nil, nil) }?.httpStatus == 429)
        let failed = failure { try client.job("b-1", nil, nil) }
        #expect(failed?.status == .rateLimited && failed?.httpStatus == -1)
        script.now += 11_000
        _ = try client.job("b-1", nil, nil)
        #expect(script.pauses == [19_000] && script.requests.count == 2)
    }

    /// A result host does not count, and what it says is not the service's.
    @Test func resultHostsDoNotCount() throws {
        let script = Script([
            Self.url: [ResultsTests.job(1, merged: "https://s/m")],
            "https://s/m": [
                .init(
                    "1\n",
                    headers: [Header("x-ratelimit-remaining", "0"), Header("x-ratelimit-reset", "60")])
            ],
        ])
        let client = try client(
            "crustdata", script, ["max_requests": "1", "max_requests_interval_ms": "60000"])
        #expect(try client.results("b-1", nil, nil).all().records.count == 1)
        #expect(script.requests.count == 2 && script.pauses.isEmpty)
        _ = try client.job("b-1", nil, nil)
        #expect(script.pauses == [60_000])
    }

    /// What is read ahead is not waited for: it is left for its turn.
    @Test func readingAhead() throws {
        let list = PrefetchTests.list("spidra", pages: 6)
        let script = list.script()
        let pages = try list.open(
            script, 4, ["max_requests": "2", "max_requests_interval_ms": "1000"])
        let (all, failed) = pages.all()
        #expect(failed == nil && PagesTests.ids(all) == list.pages)
        #expect(script.requests.count == 6 && script.pauses.reduce(0, +) == 2_000)
        // The last of the slots is for who waits for an answer.
        for slots in 1...4 {
            let script = list.script()
            let pages = try list.open(script, 4, ["max_concurrent_requests": "\(slots)"])
            _ = try pages.next()
            #expect(script.requests.count == slots, "\(slots)")
            let (rest, failed) = pages.all()
            #expect(failed == nil && rest.count == 5 && script.pauses.isEmpty)
        }
    }

    /// A request that never went out, was let go or failed holds no slot.
    @Test func slotsComeBack() throws {
        let broken = Failure(.transport, "broke")
        let script = Script([
            Self.url: [
                .unsent(broken), .unanswered(broken), .init("", status: 500), .init("{", breaks: broken),
                .init("{"), Self.good(),
            ]
        ])
        let client = try client("crustdata", script, ["max_concurrent_requests": "1"])
        for _ in 0..<5 { #expect(failure { try client.job("b-1", nil, nil) } != nil) }
        _ = try client.job("b-1", nil, nil)
        #expect(script.pauses.isEmpty)
    }

    /// While one is under way the others wait, and not beyond their time.
    @Test func slotsAreWaitedFor() throws {
        let list = PrefetchTests.list("spidra", pages: 6)
        let script = list.script()
        let client = try BatchJobsTests.client(
            "spidra", script,
            ["max_concurrent_requests": "2", "prefetch": "4", "page_size": "3", "timeout_ms": "200"])
        let one = try client.pages(nil, nil)
        let other = try client.pages(nil, nil)
        // One page ahead for the first; the second finds one slot free, and none to read ahead.
        _ = try one.next()
        #expect(script.requests.count == 2)
        _ = try other.next()
        #expect(script.requests.count == 3 && script.pauses.isEmpty)
        // Two that hold their slots for ever: time runs out.
        let gate = client.gate
        let call = Call(now: 0, timeoutMS: 100, cancel: nil, interruption: client.interruption)
        try gate.enter(try script.session(), call, ahead: false)
        #expect(failure { try gate.enter(try script.session(), call, ahead: false) }?.status == .timeout)
        gate.leave()
        #expect(failure { try gate.enter(try script.session(), Call(now: script.now, timeoutMS: 100, cancel: nil, interruption: client.interruption), ahead: false) } == nil)
    }
}
