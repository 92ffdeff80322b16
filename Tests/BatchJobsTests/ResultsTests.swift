import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Result files: what comes of links, of compression, and of what breaks.
@Suite struct ResultsTests {
    static let job = "https://api.crustdata.com/batch/b-1"

    static func job(
        _ count: Int, status: String = "completed", merged: String? = nil, parts: [String]? = nil
    ) -> Script.Reply {
        var body = Tree(
            "{\"batch_id\":\"b-1\",\"action\":\"search\",\"entities_requested\":9,\"entities_fulfilled\":9}"
        )
        body = body.setting("/status", to: "\"\(status)\"").setting("/result_count", to: "\(count)")
        if let merged { body = body.setting("/download_url", to: "\"\(merged)\"") }
        if let parts {
            body = body.setting(
                "/download_urls", to: "[" + parts.map { "\"\($0)\"" }.joined(separator: ",") + "]")
        }
        return .init(body.text)
    }

    static func read(
        _ job: Script.Reply, _ files: [String: Script.Reply],
        style: ToyInflater.Style = .byInput(.max), _ options: [String: String] = [:]
    ) throws -> (lines: [String], failure: Failure?, script: Script) {
        let script = Script(files.mapValues { [$0] }.merging([Self.job: [job]]) { $1 })
        script.inflaterStyle = style
        let client = try client("crustdata", script, options)
        var records: [String] = []
        let failed = failure {
            let (found, broken) = try client.results("b-1", nil, nil).all()
            records = found.map { String(decoding: $0.data, as: UTF8.self) }
            #expect(
                found.allSatisfy { $0.outcome == .ok && $0.key == nil }
                    && found.map(\.index) == Array(0..<Int64(found.count)))
            if let broken { throw broken }
        }
        return (records, failed, script)
    }

    static let text = "{\"a\":1}\n{\"b\":\"\u{2028}\"}\r\n\n{\"c\":3}"
    static let lines = ["{\"a\":1}", "{\"b\":\"\u{2028}\"}", "{\"c\":3}"]

    @Test(arguments: [1, 2, 3, 5, 7, 64, .max]) func anyChunksOfAPlainFile(_ chunk: Int) throws {
        let result = try Self.read(
            Self.job(3, merged: "https://s/m"), ["https://s/m": .init(Self.text, chunk: chunk)])
        #expect(result.lines == Self.lines && result.failure == nil)
    }

    @Test(
        arguments: [1, 2, 3, 5, 7, 64, .max],
        [.byInput(1), .byInput(2), .byInput(.max), .byOutput(1), .byOutput(3), .byOutput(.max)]
            as [ToyInflater.Style])
    func anyChunksOfACompressedFile(_ chunk: Int, _ style: ToyInflater.Style) throws {
        let file = Script.Reply(ToyInflater.deflate(Self.text), chunk: chunk)
        let result = try Self.read(
            Self.job(3, merged: "https://s/m"), ["https://s/m": file], style: style)
        #expect(result.lines == Self.lines && result.failure == nil)
    }

    /// Cut anywhere, a compressed file gives what it holds and then an error, never an end.
    @Test(arguments: [.byInput(1), .byInput(.max), .byOutput(2)] as [ToyInflater.Style])
    func aCompressedFileCutAnywhere(_ style: ToyInflater.Style) throws {
        let whole = ToyInflater.deflate(Self.text)
        for length in 2..<whole.count {
            let result = try Self.read(
                Self.job(3, merged: "https://s/m"),
                ["https://s/m": .init(Array(whole[..<length]), chunk: 5)], style: style)
            #expect(result.failure?.status == .truncated, "\(length)")
            #expect(
                result.lines == Array(Self.lines.prefix(result.lines.count))
                    && result.lines.count < 3, "\(length)")
        }
    }

    /// A file broken off on the way gives all whole lines before the break and not the half one.
    @Test(arguments: [1, 4, .max]) func aFileBrokenOff(_ chunk: Int) throws {
        let file = Script.Reply(
            "{\"a\":1}\n{\"b\":2}\n{\"c\":", chunk: chunk, breaks: Failure(.transport, "broke"))
        let result = try Self.read(Self.job(3, merged: "https://s/m"), ["https://s/m": file])
        #expect(
            result.lines == ["{\"a\":1}", "{\"b\":2}"] && result.failure?.status == .truncated
                && result.failure?.jobID == "b-1" && result.failure?.url == "https://s/m"
                && result.failure?.retryable == true)
    }

    @Test func partsComeInOrderAndTheMergedFileIsLeftAlone() throws {
        let files = [
            "https://s/p0": Script.Reply("1\n2"), "https://s/p1": .init(""),
            "https://s/p2": .init(ToyInflater.deflate("3\n")), "https://s/p3": .init("4"),
        ]
        let result = try Self.read(
            Self.job(
                4, merged: "https://s/m",
                parts: ["https://s/p0", "https://s/p1", "https://s/p2", "https://s/p3"]), files)
        // A last line without an end does not run into the next file.
        #expect(result.lines == ["1", "2", "3", "4"] && result.failure == nil)
        #expect(
            result.script.requests.dropFirst().map(\.url) == [
                "https://s/p0", "https://s/p1", "https://s/p2", "https://s/p3",
            ])
    }

    /// Fewer records than counted are a loss; more are an answer that does not fit its count.
    @Test(arguments: [(1, .protocol), (3, .truncated)] as [(Int, Status)])
    func theCountMustAgree(_ count: Int, _ status: Status) throws {
        let result = try Self.read(
            Self.job(count, merged: "https://s/m"), ["https://s/m": .init("1\n2\n")])
        #expect(result.lines == ["1", "2"] && result.failure?.status == status)
    }

    /// Jobs without files, or whose files nobody should ask for.
    @Test(
        arguments: [
            (0, "completed", "https://s/never", nil, nil), (0, "completed", nil, [], nil),
            (0, "failed", nil, nil, nil), (2, "failed", nil, nil, .notReady),
            (2, "completed", nil, nil, .protocol), (2, "completed", nil, [], .protocol),
            (0, "pending", nil, nil, .notReady), (5, "processing", "https://s/m", nil, .notReady),
            (5, "odd", "https://s/m", nil, .notReady),
        ] as [(Int, String, String?, [String]?, Status?)]) func withoutAFile(
            _ count: Int, _ status: String, _ merged: String?, _ parts: [String]?,
            _ expected: Status?
        ) throws
    {
        let result = try Self.read(
            Self.job(count, status: status, merged: merged, parts: parts), [:])
        #expect(
            result.lines.isEmpty && result.failure?.status == expected
                && result.script.requests.count == 1)
        if expected == .notReady { #expect(result.failure?.retryable == (status != "failed")) }
        if expected == .protocol { #expect(result.failure?.value("path") == "/download_url") }
        if expected != nil { #expect(result.failure?.jobID == "b-1") }
    }

    /// Of a job that failed the count is no promise.
    @Test func whatAFailedJobLeft() throws {
        let result = try Self.read(
            Self.job(5, status: "failed", merged: "https://s/m"), ["https://s/m": .init("1\n")])
        #expect(result.lines == ["1"] && result.failure == nil)
    }

    @Test(arguments: ["7", "[]", "\"\"", "\"a\\nb\"", "\"\\ud800\"", "{}", "true"])
    func whatIsNoLink(_ link: String) throws {
        for (member, json) in [
            ("/download_url", link), ("/download_urls", "[\"https://s/p\",\(link)]"),
        ] {
            let body = Tree(String(decoding: Self.job(2).body, as: UTF8.self)).setting(
                member, to: json
            ).text
            let result = try Self.read(.init(body), [:])
            #expect(
                result.failure?.status == .protocol && result.failure?.value("path") == member,
                "\(json)")
        }
    }

    @Test(
        arguments: [
            (
                403,
                "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
                .link, "AccessDenied: Request has expired"
            ), (400, "", .link, "fresh link"),
            (404, "<Error><Code>NoSuchKey</Code></Error>", .link, "404"), (410, "", .link, "410"),
            (500, "", .server, "500"), (503, "", .server, "503"),
        ] as [(Int, String, Status, String)]) func aRefusedLink(
            _ http: Int, _ body: String, _ status: Status, _ said: String
        ) throws
    {
        let link = "https://s/m?X-Amz-Signature=secret"
        let refusal = Script.Reply(body, status: http, headers: [Header("x-amz-request-id", "A1")])
        let result = try Self.read(
            Self.job(2, parts: ["https://s/p", link]), ["https://s/p": .init("1\n"), link: refusal])
        let failed = try #require(result.failure)
        #expect(
            result.lines == ["1"] && failed.status == status && failed.httpStatus == Int32(http)
                && failed.message.contains(said))
        #expect(failed.requestID == "A1" && failed.jobID == "b-1" && failed.url == "https://s/m")
        for text in [failed.message] + failed.details.map(\.value) {
            #expect(!text.contains("secret") && !text.contains(key))
        }
    }

    @Test func aStreamThatFailedStaysFailed() throws {
        let script = Script([
            Self.job: [Self.job(2, merged: "https://s/m")],
            "https://s/m": [.init("", status: 503), .init("1\n2\n")],
        ])
        let results = try client("crustdata", script).results("b-1", nil, nil)
        for _ in 0..<3 { #expect(failure { try results.next() }?.status == .server) }
        #expect(script.requests.count == 2)
    }

    @Test func aStreamThatEndedStaysEnded() throws {
        let script = Script([
            Self.job: [Self.job(1, merged: "https://s/m")], "https://s/m": [.init("1\n")],
        ])
        let results = try client("crustdata", script).results("b-1", nil, nil)
        #expect(
            try results.next()?.data.shown == "1" && results.next() == nil && results.next() == nil)
        #expect(results.job.id.shown == "b-1" && script.requests.count == 2)
    }

    @Test(arguments: [(1024, nil), (1025, "max_record_bytes")] as [(Int, String?)])
    func aRecordHasALimit(_ length: Int, _ option: String?) throws {
        let file = "1\n" + String(repeating: "x", count: length) + "\n"
        let result = try Self.read(
            Self.job(2, merged: "https://s/m"), ["https://s/m": .init(file, chunk: 100)],
            ["max_record_bytes": "1024"])
        #expect(
            result.lines.count == (option == nil ? 2 : 1)
                && result.failure?.value("option") == option)
        #expect(result.failure?.status == (option == nil ? nil : .limit))
    }

    /// Inline records: whatever stands in a list of them is one.
    @Test func oddRecordsAreRecords() throws {
        let items = [
            "5", "null", "\"x\"", "[1]", "{}", "{\"url\":7,\"status\":8}",
            "{\"url\":\"u\\ud800\",\"status\":\"failed\"}",
            "{\"status\":\"completed\",\"url\":\"a\",\"url\":\"b\"}",
        ]
        let body =
            "{\"status\":\"running\",\"totalUrls\":8,\"completedCount\":0,\"failedCount\":0,\"items\":[ \(items.joined(separator: " ,\n")) ]}"
        let results = try client("spidra", Script(otherwise: .init(body))).results("b", nil, nil)
        let (records, failed) = results.all()
        #expect(failed == nil && records.map { String(decoding: $0.data, as: UTF8.self) } == items)
        #expect(records.map(\.key) == [nil, nil, nil, nil, nil, nil, nil, "b"])
        #expect(
            records.map(\.outcome) == [
                .unknown, .unknown, .unknown, .unknown, .unknown, .unknown, .failed, .ok,
            ])
    }
}
