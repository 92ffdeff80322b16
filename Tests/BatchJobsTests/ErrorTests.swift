import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// What services answer when they do not give what was asked for.
@Suite struct ErrorTests {
    static let url = "https://api.crustdata.com/batch/b-1"

    static func get(_ reply: Script.Reply, _ service: String = "crustdata") throws -> Failure {
        let client = try client(
            service, Script(otherwise: reply),
            service == "veryfront" ? [:] : ["header.X-Secret": key])
        return try #require(failure { try client.job("b-1", nil, nil) })
    }

    @Test(
        arguments: [
            (300, .redirect, false), (301, .redirect, false), (302, .redirect, false),
            (304, .redirect, false), (308, .redirect, false), (400, .badRequest, false),
            (401, .unauthenticated, false), (402, .payment, false),
            (403, .forbidden, false), (404, .notFound, false), (405, .refused, false),
            (406, .refused, false), (408, .refused, true), (409, .conflict, false),
            (410, .gone, false), (413, .refused, false), (418, .refused, false),
            (422, .unprocessable, false), (425, .refused, true), (429, .rateLimited, true),
            (451, .refused, false), (500, .server, true), (501, .server, false),
            (502, .server, true), (503, .server, true), (504, .server, true),
            (505, .server, false), (599, .server, false), (600, .refused, false),
            (999, .refused, false), (199, .refused, false), (0, .refused, false),
            (-1, .refused, false),
        ] as [(Int, Status, Bool)]) func aStatusOfItsOwn(
            _ http: Int, _ status: Status, _ retryable: Bool
        ) throws
    {
        for body in ["", "{\"message\":\"why\"}"] {
            let failed = try Self.get(.init(body, status: http))
            #expect(
                failed.status == status && failed.httpStatus == Int32(http)
                    && failed.retryable == retryable)
            #expect(
                failed.message.contains("crustdata") && failed.message.contains("\(http)")
                    && failed.message.contains("why") == !body.isEmpty)
            #expect(failed.jobID == "b-1" && failed.url == Self.url)
        }
    }

    @Test(arguments: [200, 201, 202, 206, 299]) func anySuccessIsRead(_ http: Int) throws {
        let failed = try Self.get(.init("{}", status: http))
        #expect(failed.status == .protocol && failed.httpStatus == Int32(http))
    }

    /// Body, what the message ends with, code, validation list.
    static let bodies: [(String, String?, String?, String?)] = [
        ("{\"error\":{\"type\":\"t\",\"message\":\"m\",\"metadata\":[]}}", "m", "t", nil),
        ("{\"error\":{\"type\":\"t\",\"reason\":\"r\"}}", "r", "t", nil),
        ("{\"error\":{\"code\":\"c\",\"message\":\"m\"}}", "m", "c", nil),
        ("{\"error\":\"plain\"}", "plain", nil, nil), ("{\"detail\":\"d\"}", "d", nil, nil),
        ("{\"message\":\"m\"}", "m", nil, nil), ("{\"non_field_errors\":[\"n\"]}", "n", nil, nil),
        ("{\"limit\":[\"too big\",\"x\"]}", "limit: too big", nil, nil),
        (
            "{\"status\":\"error\",\"message\":\"m\",\"code\":\"ALREADY_TERMINAL\"}", "m",
            "ALREADY_TERMINAL", nil
        ),
        (
            "{\"status\":\"error\",\"message\":\"m\",\"errors\":[ \"a\" ,\"b\"]}", "m", nil,
            "[ \"a\" ,\"b\"]"
        ),
        ("{\"success\":false,\"message\":\"m\",\"errors\":[]}", "m", nil, "[]"),
        ("{\"message\":\"m\\u000aline\\ttwo\"}", "m line two", nil, nil),
        ("{\"message\":\"\\u00e9😀\"}", "é😀", nil, nil),
        ("out of order", "out of order", nil, nil),
        (String(repeating: "x", count: 300), String(repeating: "x", count: 300), nil, nil),
        (String(repeating: "x", count: 301), nil, nil, nil),
        (
            "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
            "AccessDenied: Request has expired", nil, nil
        ), ("<Error><Message>only</Message></Error>", "only", nil, nil),
        ("<!DOCTYPE html><html><body>Bad gateway</body></html>", nil, nil, nil),
        ("", nil, nil, nil), ("{}", nil, nil, nil), ("[]", nil, nil, nil), ("null", nil, nil, nil),
        ("5", "5", nil, nil),
        // Wrong types are passed over, not tripped on.
        ("{\"error\":null,\"message\":\"m\"}", "m", nil, nil),
        ("{\"error\":5,\"message\":\"m\",\"code\":7,\"errors\":{}}", "m", nil, nil),
        ("{\"error\":{\"message\":5,\"reason\":\"r\",\"type\":[]}}", "r", nil, nil),
        ("{\"error\":[],\"detail\":\"d\"}", "d", nil, nil),
        ("{\"message\":\"half \\ud800\"}", nil, nil, nil),
        ("{\"message\":\"m\",\"code\":\"\\u0000\"}", "m", nil, nil),
    ]

    @Test(arguments: bodies) func readsABody(
        _ body: String, _ said: String?, _ code: String?, _ errors: String?
    ) throws {
        for chunk in [1, 7, .max] {
            let failed = try Self.get(.init(body, status: 409, chunk: chunk))
            #expect(
                failed.status == .conflict && failed.code == code
                    && failed.value("errors") == errors)
            if let said, said != "5" {
                #expect(failed.message.hasSuffix(": " + said), "\(failed.message)")
            }
            if said == nil && body != "[]" && body != "null" {
                #expect(failed.message.hasSuffix("(conflict)"), "\(failed.message)")
            }
            #expect(!failed.message.utf8.contains { $0 < 0x20 || $0 == 0x7F })
        }
    }

    @Test func aLongMessageIsCut() throws {
        let failed = try Self.get(
            .init("{\"message\":\"" + String(repeating: "é", count: 5000) + "\"}", status: 400))
        #expect(failed.message.unicodeScalars.filter { $0 == "é" }.count == 500)
    }

    @Test(
        arguments: [
            ([("Retry-After", "7")], "", 7000), ([("retry-after", "0")], "", 0),
            ([("Retry-After", "-1")], "", -1), ([("Retry-After", "soon")], "", -1),
            ([("Retry-After", "9223372036854775807")], "", .max),
            ([], "{\"retry_after\":60}", 60000), ([], "{\"retry_after\":-5}", -1),
            ([], "{\"retry_after\":\"60\"}", -1), ([], "{\"retry_after\":1e18}", .max),
            ([("Retry-After", "7")], "{\"retry_after\":60}", 7000), ([], "{}", -1),
        ] as [([(String, String)], String, Int64)]) func howLongToWait(
            _ headers: [(String, String)], _ body: String, _ expected: Int64
        ) throws
    {
        let failed = try Self.get(
            .init(body, status: 429, headers: headers.map { Header($0.0, $0.1) }))
        #expect(failed.retryAfterMS == expected && failed.retryable)
    }

    @Test(arguments: [
        ("X-Request-Id", "r-1"), ("request-id", "r-1"), ("x-amz-request-id", "r-1"),
        ("CF-Ray", "r-1"),
    ]) func theRequestID(_ name: String, _ id: String) throws {
        #expect(try Self.get(.init("", status: 500, headers: [Header(name, id)])).requestID == id)
        // Also where the answer only looks right.
        #expect(try Self.get(.init("{}", headers: [Header(name, id)])).requestID == id)
        #expect(try Self.get(.init("", status: 500, headers: [Header(name, "")])).requestID == nil)
    }

    /// A body that breaks off does not hide the status; before the end of a success it is the error.
    @Test func whatBreaksOff() throws {
        let broken = Failure(.transport, "the connection broke")
        #expect(try Self.get(.init("{\"mess", status: 404, breaks: broken)).status == .notFound)
        #expect(
            try Self.get(.init("{\"mess", status: 404, breaks: Failure(.cancelled, "x"))).status
                == .cancelled)
        #expect(try Self.get(.init("{}", breaks: broken)).status == .transport)
        // Nobody reads an error's body without end.
        #expect(
            try Self.get(
                .init(
                    Array(repeating: 0x20, count: 70_000), status: 404, chunk: 1000,
                    breaks: Failure(.timeout, "x"))
            ).status == .notFound)
    }

    /// Under a success status, but no job.
    @Test(
        arguments: ["crustdata", "spidra", "reach", "veryfront"],
        [
            "", " ", "<html>Welcome</html>", "{}", "[]", "null", "5", "true", "\"text\"",
            "{\"jobs\":", "{\"success\":true}{}", "\u{0}", "{\"data\":null,\"success\":true}",
        ])
    func isNoAnswer(_ service: String, _ body: String) throws {
        for ask in ["list", "get", "results"] {
            if service == "veryfront" && ask == "list" { continue }
            let client = try client(
                service,
                Script(otherwise: .init(body, headers: [Header("Content-Type", "text/html")])))
            let failed = failure {
                switch ask {
                case "list": _ = try client.pages(nil, nil).next()
                case "get": _ = try client.job("b-1", nil, nil)
                default: _ = try client.results("b-1", nil, nil)
                }
            }
            #expect(
                failed?.status == .protocol && failed?.httpStatus == 200
                    && failed?.value("path") != nil, "\(ask) \(failed?.message ?? "")")
            #expect(failed?.retryable == false && failed?.message.contains(service) == true)
            #expect(failed?.jobID == (ask == "list" ? nil : "b-1"))
            if body.first == "<" { #expect(failed?.message.contains("text/html") == true) }
        }
    }

    /// A page that is cut anywhere is refused, and never read as a shorter one.
    @Test(arguments: [("crustdata", "crustdata/list.json"), ("spidra", "spidra/list.json")])
    func aTruncatedPage(_ service: String, _ file: String) throws {
        let whole = try Repository.data("Tests/simulator/vectors/" + file)
        for length in 0..<whole.count - 1 {
            let client = try client(service, Script(otherwise: .init(Array(whole[..<length]))))
            #expect(failure { try client.pages(nil, nil).next() }?.status == .protocol, "\(length)")
        }
    }

    @Test(arguments: [
        "success\":false", "success\":false,\"message\":null",
        "success\":false,\"data\":{\"batchId\":\"b-1\",\"results\":[],\"pagination\":{\"hasNextPage\":false}}",
    ]) func reachRefusesUnder200(_ body: String) throws {
        let script = Script(otherwise: .init("{\"" + body + "}"))
        let client = try client("reach", script)
        for failed in [
            failure { try client.pages(nil, nil).next() },
            failure { try client.job("b-1", nil, nil) },
            failure { try client.results("b-1", nil, nil) },
        ] {
            #expect(
                failed?.status == .refused && failed?.httpStatus == 200
                    && failed?.retryable == false)
        }
    }

    @Test func anotherJobIsNoAnswer() throws {
        let failed = try Self.get(
            .init(try Repository.data("Tests/simulator/vectors/crustdata/get.json")))
        #expect(failed.status == .protocol && failed.message.contains("53ab686b"))
        // UUIDs are the same in either case.
        let client = try client(
            "crustdata",
            Script(
                otherwise: .init(try Repository.data("Tests/simulator/vectors/crustdata/get.json")))
        )
        #expect(
            try client.job("53AB686B-C054-496B-8BAF-BAFF5ECC85CF", nil, nil).id.shown
                == "53ab686b-c054-496b-8baf-baff5ecc85cf")
    }

    @Test(
        arguments: [(1024, 1024, nil), (1025, 1024, "max_response_bytes")] as [(Int, Int, String?)])
    func anAnswerHasALimit(_ length: Int, _ limit: Int, _ option: String?) throws {
        let body = try Repository.text("Tests/Vectors/crustdata/pending.json")
        let padded = body + String(repeating: " ", count: length - body.utf8.count)
        for chunk in [1, 100, .max] {
            let client = try client(
                "crustdata", Script(otherwise: .init(padded, chunk: chunk)),
                ["max_response_bytes": "\(limit)"])
            let failed = failure { try client.job("b-1", nil, nil) }
            #expect(
                failed?.status == (option == nil ? nil : .limit)
                    && failed?.value("option") == option)
        }
    }
}
