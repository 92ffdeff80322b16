import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// The log, and what neither it nor an error may hold.
@Suite struct SecretTests {
    static let url = "https://api.crustdata.com/batch/b-1"

    final class Lines: @unchecked Sendable {
        private(set) var all: [(level: LogLevel, text: String)] = []

        func listen(_ client: BatchJobs.Client, _ level: LogLevel = .debug) {
            client.log.set(level) { self.all.append(($0, $1)) }
        }

        var texts: [String] { all.map(\.text) }
    }

    /// A refused token, a failure of the service, a success.
    static func eventful() throws -> (client: BatchJobs.Client, script: Script) {
        let script = Script([
            url: [
                .init("{\"message\":\"why not\"}", status: 401), .init("", status: 503),
                try AttemptsTests.good(),
            ]
        ])
        script.chance = 123
        let client = try AttemptsTests.retrying(script)
        client.setTokenProvider { "fresh-token" }
        return (client, script)
    }

    @Test(
        arguments: [(.off, 0, 0, 0), (.warn, 1, 0, 0), (.info, 1, 1, 0), (.debug, 1, 1, 3)]
            as [(LogLevel, Int, Int, Int)]) func eachLevelHasThoseBefore(
            _ level: LogLevel, _ warn: Int, _ info: Int, _ debug: Int
        ) throws
    {
        let (client, _) = try Self.eventful()
        let lines = Lines()
        lines.listen(client, level)
        _ = try client.job("b-1", nil, nil)
        #expect(lines.all.count { $0.level == .warn } == warn)
        #expect(lines.all.count { $0.level == .info } == info)
        #expect(lines.all.count { $0.level == .debug } == debug)
        #expect(lines.all.count == warn + info + debug)
        for (_, text) in lines.all {
            #expect(text.hasPrefix("crustdata: ") && !text.contains("\n"))
        }
        if debug > 0 {
            #expect(lines.all.map { $0.level } == [.debug, .info, .debug, .warn, .debug])
            #expect(lines.texts[0].contains("GET \(Self.url) failed") && lines.texts[0].contains("why not"))
            #expect(lines.texts[1].contains("token"))
            #expect(lines.texts[3].contains("attempt 2 of 4 in 123 ms"))
            #expect(lines.texts[4].contains("GET \(Self.url) 200, ") && lines.texts[4].contains(" bytes in "))
        }
    }

    @Test func theEndOfAllAttemptsIsAWarning() throws {
        let client = try AttemptsTests.retrying(Script(otherwise: .init("", status: 503)))
        let lines = Lines()
        lines.listen(client, .warn)
        _ = failure { try client.job("b-1", nil, nil) }
        #expect(lines.all.count == 4 && lines.texts.last?.contains("failed after 4 attempts") == true)
        // Without a second attempt the error says it all.
        let other = try client2(max: 1)
        let silent = Lines()
        silent.listen(other, .warn)
        _ = failure { try other.job("b-1", nil, nil) }
        #expect(silent.all.isEmpty)
    }

    private func client2(max: Int) throws -> BatchJobs.Client {
        try client(
            "crustdata", Script(otherwise: .init("", status: 503)), ["max_attempts": "\(max)"])
    }

    @Test func withoutAFunctionNoLineIsMade() {
        let log = Log()
        var made = 0
        func line(_ level: LogLevel) {
            log.line(level) {
                made += 1
                return "x"
            }
        }
        line(.warn)
        log.set(.debug, nil)
        line(.warn)
        log.set(.off) { _, _ in Issue.record("off is off") }
        line(.warn)
        log.set(.warn) { _, _ in }
        line(.info)
        line(.debug)
        #expect(made == 0)
        line(.warn)
        #expect(made == 1)
    }

    static let secrets = [
        "KEY-8c1d4e90aa", "TOKEN-2b7f/+=", "HEADER-of-the-client", "HEADER-of-the-call",
        "cursor-secret", "signature-secret",
    ]

    static func texts(_ failure: Failure?) -> [String] {
        guard let failure else { return [] }
        return [failure.message, failure.code, failure.requestID, failure.url, failure.jobID]
            .compactMap { $0 } + failure.details.flatMap { [$0.name, $0.value] }
    }

    static func expectNone(_ secrets: [String], in texts: [String], _ what: String) {
        for secret in secrets {
            for text in texts where text.contains(secret) {
                Issue.record("\(secret) stands in \(text) (\(what))")
            }
        }
    }

    /// What a service may answer that repeats what it was sent.
    static func echoes(_ said: String) -> [Script.Reply] {
        let id = [Header("X-Request-Id", "r " + said), Header("Content-Type", said)]
        let bodies = [
            "{\"error\":{\"type\":\"\(said)\",\"message\":\"bad \(said)!\"}}",
            "{\"message\":\"m\",\"code\":\"\(said)\",\"errors\":[\"\(said)\",{\"a\":\"\(said)\"}]}",
            "{\"detail\":\"\(said)\"}", "{\"\(said)\":[\"\(said)\"]}", "bad \(said)",
            "<Error><Code>\(said)</Code><Message>\(said)</Message></Error>",
            "{\"message\":\"" + String(repeating: "x", count: 250) + said + "\"}",
        ]
        var replies = bodies.flatMap { body in
            [400, 401, 403, 404, 429, 503, 302].map { Script.Reply(body, status: $0, headers: id) }
        }
        // Under a success, but no job: not JSON, another id, no such type, no results.
        let row = PagesTests.row(said, said, said)
        replies += ["<html>\(said)", row, "{\"batch_id\":\"b-1\",\"status\":[]}"]
            .map { .init($0, headers: id) }
        replies.append(.init(PagesTests.row("b-1", said), headers: id))
        return replies
    }

    /// Every secret comes back in every place where an answer can hold it.
    @Test(arguments: [["max_attempts": "1"], ["max_attempts": "3"]])
    func nothingSecretIsRepeated(_ options: [String: String]) throws {
        let asked = Self.secrets.dropLast(2)
        let script = Script()
        var all = [
            "api_key": Self.secrets[0], "header.X-Client": Self.secrets[2], "prefetch": "4",
        ]
        all.merge(options) { $1 }
        let call = try settings(["header.X-Call": Self.secrets[3]])
        for secret in asked {
            for reply in Self.echoes(secret) {
                let client = try client("crustdata", script, all)
                client.setTokenProvider { Self.secrets[1] }
                // From here on the client has a key that was refused, and a token.
                script.service = { request in
                    TokenTests.token(request) == Self.secrets[1]
                        ? try? AttemptsTests.good() : .init("", status: 401)
                }
                _ = try client.job("b-1", nil, nil)
                let lines = Lines()
                lines.listen(client)
                script.service = { _ in reply }
                let failures = [
                    failure { try client.job("b-1", call, nil) },
                    failure { try client.results("b-1", call, nil) },
                    failure { try client.pages(call, nil).next() },
                ]
                // The job may be found; the file behind it is not.
                let texts = lines.texts + failures.flatMap(Self.texts)
                Self.expectNone(Array(asked), in: texts, "status \(reply.status)")
            }
        }
    }

    /// A token that has been replaced is still one.
    @Test func aReplacedTokenIsNotRepeated() throws {
        let list = PrefetchTests.list("spidra", pages: 4)
        let script = Script()
        var valid = Self.secrets[0]
        script.service = { request in
            let sent = request.headers.first { $0.name == "x-api-key" }?.value ?? ""
            guard sent == valid else {
                return .init("{\"message\":\"\(sent) has expired\"}", status: 401)
            }
            let page = (0..<4).first { list.url($0) == request.url } ?? 0
            if page == 0 { valid = Self.secrets[1] }
            return list.reply(page)
        }
        let client = try client(
            "spidra", script,
            ["api_key": Self.secrets[0], "prefetch": "4", "page_size": "3"])
        client.setTokenProvider { Self.secrets[1] }
        let lines = Lines()
        lines.listen(client)
        let (pages, failed) = try client.pages(nil, nil).all()
        #expect(failed == nil && pages.count == 4 && lines.texts.contains { $0.contains("expired") })
        Self.expectNone(Self.secrets, in: lines.texts, "a prefetched refusal")
    }

    /// Half a key is too much as well: messages are cut after it is gone.
    @Test func noPartOfAKeyIsLeftWhereAMessageIsCut() throws {
        for place in 485...500 {
            let said = String(repeating: "x", count: place) + Self.secrets[0]
            let script = Script(
                otherwise: .init(
                    "{\"message\":\"\(said)\",\"code\":\"\(said)\"}", status: 400,
                    headers: [Header("x-request-id", said)]))
            let client = try client("crustdata", script, ["api_key": Self.secrets[0]])
            let failed = failure { try client.job("b-1", nil, nil) }
            for text in Self.texts(failed) { #expect(!text.contains("KEY-"), "\(place)") }
        }
    }

    /// Queries of addresses: a cursor of the caller's, the signature of a link.
    @Test func noQueryIsRepeated() throws {
        let client = try client(
            "crustdata", Script(otherwise: .init("", status: 503)), ["max_attempts": "2"])
        let lines = Lines()
        lines.listen(client)
        let failed = failure {
            try client.pages(try settings(["cursor": Self.secrets[4]]), nil).next()
        }
        #expect(failed?.url == "https://api.crustdata.com/batch")
        Self.expectNone(Self.secrets, in: lines.texts + Self.texts(failed), "a list")

        let link = "https://s/m?X-Amz-Signature=signature-secret&x=1"
        for body in ["", "no such thing: \(link)", "{\"message\":\"GET /m?X-Amz-Signature=signature-secret&x=1\"}"]
        {
            for status in [400, 401, 403, 404, 429, 500, 503] {
                let script = Script([
                    Self.url: [ResultsTests.job(1, merged: link)],
                    link: [.init(body, status: status)],
                ])
                let client = try AttemptsTests.retrying(script)
                let lines = Lines()
                lines.listen(client)
                let failed = try client.results("b-1", nil, nil).all().failure
                #expect(failed?.url == "https://s/m")
                Self.expectNone(
                    Self.secrets, in: lines.texts + Self.texts(failed), "a file, \(status)")
            }
        }
    }
}
