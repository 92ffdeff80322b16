import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Tokens that a service refuses, and fresh ones from the program.
@Suite struct TokenTests {
    static let url = "https://api.crustdata.com/batch/b-1"

    /// A service that takes one token at a time.
    final class Gate {
        var valid: String
        let script = Script()
        private let answers: (Request) -> Script.Reply?

        init(_ valid: String, _ answers: @escaping (Request) -> Script.Reply? = { _ in nil }) {
            self.valid = valid
            self.answers = answers
            script.service = { [unowned self] request in
                guard TokenTests.token(request) == self.valid else {
                    return .init(
                        "{\"error\":{\"type\":\"auth\",\"message\":\"no\"}}", status: 401,
                        headers: [Header("x-request-id", "r-7")])
                }
                return self.answers(request) ?? (try? AttemptsTests.good())
            }
        }

        var tokens: [String] { script.requests.map(TokenTests.token) }
    }

    static func token(_ request: Request) -> String {
        let value = request.headers.first { $0.name == "Authorization" }?.value ?? ""
        return value.hasPrefix("Bearer ") ? String(value.dropFirst(7)) : value
    }

    /// A provider that gives one after the other, and then none.
    static func provide(_ client: BatchJobs.Client, _ tokens: [String?]) -> () -> Int {
        nonisolated(unsafe) var asked = 0
        client.setTokenProvider {
            asked += 1
            return asked <= tokens.count ? tokens[asked - 1] : nil
        }
        return { asked }
    }

    @Test func withoutAProvider() throws {
        let gate = Gate("other")
        let client = try AttemptsTests.retrying(gate.script)
        let failed = failure { try client.job("b-1", nil, nil) }
        #expect(failed?.status == .unauthenticated && failed?.requestID == "r-7")
        #expect(gate.tokens == [key] && gate.script.pauses.isEmpty)
    }

    @Test(arguments: ["1", "4"]) func aFreshTokenServesFromThenOn(_ attempts: String) throws {
        let gate = Gate("fresh-token")
        let client = try client("crustdata", gate.script, ["max_attempts": attempts])
        let asked = Self.provide(client, ["fresh-token"])
        for _ in 0..<3 { #expect(try client.job("b-1", nil, nil).id.shown == "b-1") }
        #expect(gate.tokens == [key, "fresh-token", "fresh-token", "fresh-token"])
        #expect(asked() == 1 && gate.script.pauses.isEmpty)
        gate.valid = "third-token"
        #expect(failure { try client.job("b-1", nil, nil) }?.status == .unauthenticated)
        #expect(asked() == 2)
    }

    @Test func aSecondRefusalIsFinal() throws {
        let gate = Gate("other")
        let client = try AttemptsTests.retrying(gate.script)
        let asked = Self.provide(client, ["token-1", "token-2", "other"])
        let failed = failure { try client.job("b-1", nil, nil) }
        #expect(failed?.status == .unauthenticated && failed?.httpStatus == 401)
        #expect(gate.tokens == [key, "token-1"] && asked() == 1)
        // The next call is another one.
        #expect(failure { try client.job("b-1", nil, nil) }?.status == .unauthenticated)
        #expect(gate.tokens == [key, "token-1", "token-1", "token-2"] && asked() == 2)
    }

    /// A refresh is no retry: it uses no attempt, pays nothing and waits for nothing.
    @Test func aRefreshIsNoRetry() throws {
        var left = [503, 503, 503]
        let gate = Gate("fresh-token") { _ in
            left.isEmpty ? nil : .init("", status: left.removeFirst())
        }
        let client = try AttemptsTests.retrying(gate.script)
        let asked = Self.provide(client, ["fresh-token"])
        #expect(try client.job("b-1", nil, nil).id.shown == "b-1")
        #expect(gate.script.requests.count == 5 && gate.script.pauses.count == 3 && asked() == 1)
    }

    @Test(
        arguments: [
            nil, "", "a\nb", "token\r\nX-Evil: 1", "a\u{0}b", "a\u{7F}", "a\u{1B}b",
            String(repeating: "x", count: 16_385),
        ] as [String?]) func whatIsNoToken(_ token: String?) throws
    {
        let gate = Gate("other")
        let client = try AttemptsTests.retrying(gate.script)
        let asked = Self.provide(client, [token, token])
        let failed = try #require(failure { try client.job("b-1", nil, nil) })
        #expect(failed.status == .unauthenticated && failed.httpStatus == 401)
        #expect(failed.requestID == "r-7" && failed.url == Self.url && failed.jobID == "b-1")
        #expect(failed.message.contains("token provider") && !failed.retryable)
        if let token, !token.isEmpty { #expect(!failed.message.contains(token)) }
        #expect(gate.tokens == [key] && asked() == 1)
        // The old one stays in use.
        gate.valid = key
        #expect(try client.job("b-1", nil, nil).id.shown == "b-1")
    }

    @Test(arguments: ["x", "a\tb c", "é", String(repeating: "x", count: 16_384)])
    func whatIsAToken(_ token: String) throws {
        let gate = Gate(token)
        let client = try AttemptsTests.retrying(gate.script)
        _ = Self.provide(client, [token])
        #expect(try client.job("b-1", nil, nil).id.shown == "b-1")
    }

    /// While one request was on its way, another call has fetched a token: it serves both.
    @Test func aTokenFetchedMeanwhileServes() throws {
        let script = Script()
        let client = try AttemptsTests.retrying(script)
        let asked = Self.provide(client, ["fresh-token"])
        var nested = false
        script.service = { request in
            if Self.token(request) == "fresh-token" { return try? AttemptsTests.good() }
            if !nested {
                nested = true
                #expect(failure { try client.job("b-1", nil, nil) } == nil)
            }
            return .init("", status: 401)
        }
        #expect(try client.job("b-1", nil, nil).id.shown == "b-1" && asked() == 1)
        #expect(script.requests.map(Self.token) == [key, key, "fresh-token", "fresh-token"])
    }

    @Test func whoeverWasRefusedAsks() throws {
        let credentials = Credentials("a", Script())
        func refresh(_ refused: Int, hasAsked: Bool = false) throws -> Bool {
            var hasAsked = hasAsked
            return try credentials.refresh(refused: refused, &hasAsked)
        }
        #expect(try !refresh(0))
        nonisolated(unsafe) var count = 0
        credentials.provider = {
            count += 1
            return "token-\(count)"
        }
        #expect(try refresh(0) && credentials.current == ("token-1", 1))
        #expect(try refresh(0, hasAsked: true) && credentials.current == ("token-1", 1))
        #expect(try !refresh(1, hasAsked: true))
        #expect(try refresh(1) && credentials.current == ("token-2", 2))
        #expect(count == 2)
    }

    /// Storage hosts never saw a token; their refusal says nothing about it.
    @Test(arguments: [401, 403]) func resultHostsAskForNone(_ http: Int) throws {
        let script = Script([
            Self.url: [ResultsTests.job(1, merged: "https://s/m")],
            "https://s/m": [.init("", status: http), .init("1\n")],
        ])
        let client = try AttemptsTests.retrying(script)
        let asked = Self.provide(client, ["fresh-token"])
        let failed = try client.results("b-1", nil, nil).all().failure
        #expect(asked() == 0)
        if http == 403 {
            // The link may have expired: the service gave it again, and then it worked.
            #expect(failed == nil && script.requests.count == 4)
        } else {
            #expect(failed?.status == .unauthenticated && script.requests.count == 2)
            #expect(failed?.url == "https://s/m" && failed?.jobID == "b-1")
        }
    }

    /// Once in each call, however many pages it takes to find a job that is wanted.
    @Test func onceInACallOfManyPages() throws {
        let gate = Gate("token-1")
        let script = gate.script
        let client = try AttemptsTests.retrying(script, ["status": "failed"])
        let asked = Self.provide(client, ["token-1", "token-2"])
        let inner = script.service
        script.service = { request in
            if request.url.hasSuffix("cursor=k") { gate.valid = "token-2" }
            if let refusal = inner?(request), refusal.status == 401 { return refusal }
            return request.url.hasSuffix("cursor=k")
                ? PagesTests.page([PagesTests.row("b", "failed")], nil)
                : PagesTests.page([PagesTests.row("a")], "k")
        }
        let pages = try client.pages(nil, nil)
        #expect(failure { try pages.next() }?.status == .unauthenticated && asked() == 1)
        // The next call may ask again, and finds the page where it was.
        #expect(try pages.next()?.jobs.map { $0.id.shown } == ["b"] && asked() == 2)
    }

    /// Requests that went out with the old token are sent again with the new one, unasked.
    @Test func prefetchedWithTheOldToken() throws {
        let list = PrefetchTests.list("spidra", pages: 4)
        let script = Script()
        var valid = key
        script.service = { request in
            guard request.headers.first(where: { $0.name == "x-api-key" })?.value == valid else {
                return .init("", status: 401)
            }
            let page = (0..<4).first { list.url($0) == request.url } ?? 0
            if page == 0 { valid = "fresh-token" }
            return list.reply(page)
        }
        let client = try client("spidra", script, ["prefetch": "4", "page_size": "3"])
        let asked = Self.provide(client, ["fresh-token"])
        let (pages, failed) = try client.pages(nil, nil).all()
        #expect(failed == nil && PagesTests.ids(pages) == list.pages && asked() == 1)
        #expect(script.requests.count == 7)
    }

    /// It is the token of the refused request that counts, not the first one.
    @Test func prefetchedWithATokenThatIsRefusedToo() throws {
        let list = PrefetchTests.list("spidra", pages: 4)
        let script = Script()
        script.service = { request in
            let page = (0..<4).first { list.url($0) == request.url } ?? 0
            let sent = request.headers.first { $0.name == "x-api-key" }?.value
            return sent == (page == 0 ? "token-1" : "token-2")
                ? list.reply(page) : .init("", status: 401)
        }
        let client = try client("spidra", script, ["prefetch": "2", "page_size": "3"])
        let asked = Self.provide(client, ["token-1", "token-2", "token-3"])
        let (pages, failed) = try client.pages(nil, nil).all()
        #expect(failed == nil && PagesTests.ids(pages) == list.pages && asked() == 2)
    }

    @Test func theProvidersTimeCounts() throws {
        let gate = Gate("fresh-token")
        let client = try AttemptsTests.retrying(gate.script, ["timeout_ms": "1000"])
        client.setTokenProvider {
            gate.script.now += 1_000
            return "fresh-token"
        }
        #expect(failure { try client.job("b-1", nil, nil) }?.status == .timeout)
        #expect(gate.script.requests.count == 1)
        // What it gave is kept.
        #expect(try client.job("b-1", nil, nil).id.shown == "b-1")
    }
}
