import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// What services say about trying again. The clock stands at 2026-06-12T12:00:00Z.
@Suite struct RetryHintsTests {
    static func hints(_ headers: [(String, String)], body: String? = nil) throws -> RetryHints {
        RetryHints(
            Head(status: 429, headers: headers.map { Header($0.0, $0.1) }),
            bodySeconds: try body.map(document), wallMS: Script.epoch)
    }

    static let seconds: [(String, Int64?)] = [
        ("0", 0), ("1", 1_000), ("7", 7_000), ("007", 7_000), ("2.5", 2_500), ("2.500", 2_500),
        ("0.1", 100), ("0.001", 1), ("0.0001", 1), ("2.0000", 2_000), ("2.0005", 2_001),
        ("2.00000000000000000000001", 2_001), ("0.999", 999), ("0.9999", 1_000),
        ("120", 120_000), ("9223372036854775", 9_223_372_036_854_775_000),
        ("9223372036854775.807", .max), ("9223372036854775.808", .max),
        ("9223372036854776", .max), ("9223372036854775807", .max), ("9223372036854775808", .max),
        (String(repeating: "9", count: 400), .max),
        ("-1", nil), ("-0", nil), ("+1", nil), ("", nil), (" ", nil), (" 7", nil), ("7 ", nil),
        ("soon", nil), ("1e3", nil), ("0x10", nil), ("7s", nil), (".5", nil), ("5.", nil),
        (".", nil), ("1.2.3", nil), ("1,5", nil), ("٥", nil), ("nan", nil), ("inf", nil),
        ("7\u{0}", nil),
    ]

    static let dates: [(String, Int64?)] = [
        ("Fri, 12 Jun 2026 12:00:30 GMT", 30_000), ("Friday, 12-Jun-26 12:00:30 GMT", 30_000),
        ("Fri Jun 12 12:00:30 2026", 30_000), ("Fri, 12 Jun 2026 12:00:00 GMT", 0),
        ("Fri, 12 Jun 2026 11:59:59 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0), ("Sun Nov  6 08:49:37 1994", 0),
        ("Sat, 13 Jun 2026 12:00:00 GMT", 86_400_000),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799_000 - Script.epoch),
        ("Fri, 12 Jun 2026 12:00:60 GMT", 60_000), ("Fri, 12 Jun 2026", nil),
        ("12:00:30", nil), ("Fri, 12 Jun 12:00:30 GMT", nil), ("Fri, 31 Jun 2026 12:00:00 GMT", nil),
        ("Fri, 12 Jux 2026 12:00:00 GMT", nil), ("Fri, 12 Jun 2026 24:00:00 GMT", nil),
        ("Fri, 12 Jun 2026 12:60:00 GMT", nil), ("Fri, 12 Jun 2026 12:00:61 GMT", nil),
        ("Fri, 12 Jun 2026 1:00:00 GMT", nil), ("Fri, 12 Jun 2026 12:00 GMT", nil),
        ("Fri, 00 Jun 2026 12:00:00 GMT", nil), ("Fri, 12 Jun 10000 12:00:00 GMT", nil),
        ("Fri, 99999999999999999999 Jun 2026 12:00:00 GMT", nil),
        ("Fri, 29 Feb 2027 12:00:00 GMT", nil),
        ("Fri, 12 Jun 2026 12:00:30 GMT" + String(repeating: " ", count: 40), nil),
    ]

    @Test(arguments: seconds + dates) func retryAfterAsText(_ text: String, _ expected: Int64?)
        throws
    {
        #expect(retryAfter(text, Script.epoch) == expected)
        for name in ["Retry-After", "retry-after", "RETRY-AFTER"] {
            #expect(try Self.hints([(name, text)]).waitMS == expected)
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("1500", 1_500), ("9223372036854775807", .max), ("9223372036854775808", .max),
            ("5.0", 5), ("5.1", 6), ("5.000001", 6), ("0.5", 1), ("-1", nil), ("soon", nil),
            ("Fri, 12 Jun 2026 12:00:30 GMT", nil), ("", nil),
        ] as [(String, Int64?)]) func retryAfterMS(_ text: String, _ expected: Int64?) throws
    {
        #expect(try Self.hints([("Retry-After-Ms", text)]).waitMS == expected)
    }

    /// The finer one wins; what is unusable is passed over.
    @Test func whichOneCounts() throws {
        let all = [
            ("retry-after-ms", "1500"), ("retry-after", "7"), ("x-ratelimit-reset", "9"),
            ("ratelimit-reset", "11"), ("ratelimit", "limit=1, remaining=0, reset=13"),
        ]
        for (dropped, expected) in [(0, 1_500), (1, 7_000)] as [(Int, Int64)] {
            #expect(try Self.hints(Array(all[dropped...]), body: "60").waitMS == expected)
        }
        #expect(try Self.hints(Array(all[2...]), body: "60").waitMS == 60_000)
        for (dropped, expected) in [(2, 9_000), (3, 11_000), (4, 13_000)] as [(Int, Int64)] {
            #expect(try Self.hints(Array(all[dropped...])).waitMS == expected)
        }
        #expect(
            try Self.hints([("retry-after-ms", "x"), ("retry-after", "soon")], body: "2").waitMS
                == 2_000)
        #expect(try Self.hints([("retry-after-ms", "x"), ("retry-after", "3")]).waitMS == 3_000)
        // The last of two headers is the one there is.
        #expect(try Self.hints([("retry-after", "3"), ("Retry-After", "4")]).waitMS == 4_000)
        #expect(try Self.hints([]).waitMS == nil && Self.hints([]).shouldRetry == nil)
    }

    @Test(
        arguments: [
            ("60", 60_000), ("0", 0), ("2.5", 2_500), ("-5", nil), ("\"60\"", nil), ("null", nil),
            ("true", nil), ("{}", nil), ("[60]", nil), ("1e18", .max), ("6e1", 60_000),
            ("-1e3", nil), ("99999999999999999999", .max), ("1e999", nil),
        ] as [(String, Int64?)]) func retryAfterInTheBody(_ json: String, _ expected: Int64?) throws
    {
        #expect(try Self.hints([], body: json).waitMS == expected)
    }

    @Test(
        arguments: [
            ("true", true), ("false", false), ("True", nil), ("1", nil), ("", nil), ("no", nil),
        ] as [(String, Bool?)]) func shouldRetry(_ word: String, _ expected: Bool?) throws
    {
        #expect(try Self.hints([("X-Should-Retry", word)]).shouldRetry == expected)
    }

    /// The service's own decision stands above its status.
    @Test(
        arguments: [
            (400, "true", true), (404, "true", true), (401, "true", true), (503, "false", false),
            (429, "false", false), (429, "maybe", true), (400, "maybe", false), (503, "true", true),
        ]) func itsDecisionOverridesItsStatus(_ http: Int, _ word: String, _ retryable: Bool)
    {
        let head = Head(
            status: http, headers: [Header("x-should-retry", word), Header("retry-after", "7")])
        let failed = serviceFailure(head, bytes(""), from: "test", wallMS: Script.epoch)
        #expect(
            failed.retryable == retryable && failed.retryAfterMS == (retryable ? 7_000 : -1))
    }

    static let limits: [([(String, String)], Int64?)] = [
        // Seconds from now, seconds since 1970, milliseconds since 1970.
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "30")], 30_000),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1781265630")], 30_000),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1781265630.25")], 30_250),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1781265630250")], 30_250),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1781265599")], 0),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1781265599999")], 0),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "0")], 0),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "2.5")], 2_500),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "-5")], nil),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "soon")], nil),
        ([("X-RateLimit-Remaining", "3"), ("X-RateLimit-Reset", "30")], nil),
        ([("X-RateLimit-Remaining", "0")], nil),
        ([("RateLimit-Limit", "10"), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", "5")], 5_000),
        ([("ratelimit-remaining", "1"), ("ratelimit-reset", "5")], nil),
        // One family with something left does not hide the other.
        (
            [
                ("X-RateLimit-Remaining", "3"), ("X-RateLimit-Reset", "30"),
                ("RateLimit-Remaining", "0"), ("RateLimit-Reset", "5"),
            ], 5_000
        ),
        ([("RateLimit", "limit=100, remaining=0, reset=5")], 5_000),
        ([("RateLimit", "limit=100,remaining=0,reset=5")], 5_000),
        ([("RateLimit", "reset=5, remaining=0")], 5_000),
        ([("RateLimit", "limit=100, remaining=7, reset=5")], nil),
        ([("RateLimit", "limit=100, reset=5")], nil),
        ([("RateLimit", "limit=100, remaining=0")], nil),
        ([("RateLimit", "\"default\";r=0;t=5")], 5_000),
        ([("RateLimit", "\"default\"; r=0; t=5")], 5_000),
        ([("RateLimit", "\"default\";R=0;T=5")], 5_000),
        ([("RateLimit", "\"default\";r=9;t=5")], nil), ([("RateLimit", "\"default\";r=0")], nil),
        ([("RateLimit", "")], nil), ([("RateLimit", ";;,,==")], nil),
        ([("RateLimit", "remaining=0=0, reset=5")], nil),
        ([("RateLimit-Policy", "\"default\";q=10;w=60")], nil),
    ]

    @Test(arguments: limits) func rateLimits(_ headers: [(String, String)], _ expected: Int64?)
        throws
    {
        #expect(try Self.hints(headers).waitMS == expected)
        // Whatever a header says, it is an answer and no trap.
        for (name, _) in headers {
            let huge = try Self.hints([
                (name, String(repeating: "9", count: 30)), ("x-ratelimit-reset", "9223372036854775807"),
            ])
            #expect((huge.waitMS ?? 0) >= 0)
        }
    }

    /// All three forms of random times, as Foundation writes them.
    @Test(arguments: [
        "EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'",
        "EEE MMM d HH:mm:ss yyyy", "EEE MMM  d HH:mm:ss yyyy",
    ]) func datesOfAnyDay(_ form: String) {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = form
        var dice = Dice(11)
        // Two digits of a year stand for 1970 to 2069.
        let end = form.contains("-yy ") ? 3_155_760_000 : 253_402_300_800
        for second in [0, 951_782_400, end - 1] + (0..<400).map({ _ in dice.below(end) }) {
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(second)))
            #expect(httpDate(text) == Int64(second) * 1000, "\(text)")
        }
    }
}
