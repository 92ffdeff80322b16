import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// One result file, whole although transfers break.
@Suite struct ResultFileTests {
    static let text = "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"
    static let length = Int64(text.utf8.count)

    @Test(arguments: ["\"v1\"", nil, "W/\"v1\""], [true, false])
    func aFileWithoutTrouble(_ etag: String?, _ tellsLength: Bool) throws {
        let host = FileHost(Self.text, etag: etag)
        host.tellsLength = tellsLength
        let reading = try FileReading(host)
        #expect(reading.all() == nil && reading.text == Self.text)
        let file = try #require(reading.file)
        #expect(
            file.offset == Self.length && file.total == Self.length && file.endIsFramed
                && file.received == Self.length && file.validator == (etag == "\"v1\"" ? etag : nil))
        #expect(host.requests.count == 1 && host.requests[0].headers.isEmpty)
        #expect(reading.lines.texts.contains { $0.contains("GET https://s.example/f 200") })
    }

    /// A break behind every byte, and another one behind each byte that comes then.
    @Test(arguments: ["\"v1\"", nil, "W/\"v1\""], [true, false])
    func brokenAnywhere(_ etag: String?, _ tellsLength: Bool) throws {
        for first in 0...Int(Self.length) {
            for second in [0, 1, 4, 5, 9] {
                let host = FileHost(Self.text, etag: etag)
                host.tellsLength = tellsLength
                host.breaks = [first, second]
                let reading = try FileReading(host)
                #expect(reading.all() == nil, "\(first) \(second)")
                #expect(reading.text == Self.text, "\(first) \(second)")
                let again = host.requests.dropFirst().first
                let hasPlace = etag == "\"v1\"" && first > 0
                #expect(again?["Range"] == (hasPlace && again != nil ? "bytes=\(first)-" : nil))
                #expect(again?["If-Match"] == (hasPlace && again != nil ? "\"v1\"" : nil))
                #expect(reading.file?.total == Self.length)
            }
        }
    }

    /// All bytes have come: that the connection then broke costs nothing.
    @Test(arguments: ["\"v1\"", nil]) func brokenBehindTheLastByte(_ etag: String?) throws {
        let host = FileHost(Self.text, etag: etag)
        host.breaks = [Self.text.utf8.count]
        let reading = try FileReading(host, ["max_attempts": "1"])
        #expect(reading.all() == nil && reading.text == Self.text)
        #expect(host.requests.count == 1 && reading.script.pauses.isEmpty)
    }

    /// From a byte that an earlier process knew.
    @Test(arguments: 0...Int(length)) func fromAPosition(_ offset: Int) throws {
        let host = FileHost(Self.text)
        host.breaks = [3]
        let reading = try FileReading(host)
        let from = FilePosition(offset: Int64(offset), validator: "\"v1\"", total: Self.length)
        #expect(reading.all(from) == nil)
        #expect(reading.text == String(Self.text.dropFirst(offset)))
        // All of it is there: nothing has to be asked.
        if offset == Self.length { #expect(host.requests.isEmpty) }
        #expect(host.requests.allSatisfy { $0["If-Match"] == "\"v1\"" })
    }

    @Test(arguments: [0, 4]) func fromAPositionInAnotherFile(_ offset: Int64) throws {
        for total in [nil, Self.length + 1] {
            let reading = try FileReading(FileHost(Self.text))
            let from = FilePosition(
                offset: offset, validator: total == nil ? "\"v0\"" : "\"v1\"", total: total)
            let failed = reading.all(from)
            #expect(failed?.status == .changed)
            #expect(reading.bytes.isEmpty)
        }
    }

    /// Beyond what is known of the file, its end is asked for.
    @Test func fromTheEndOfAFileOfUnknownLength() throws {
        let host = FileHost(Self.text)
        let reading = try FileReading(host)
        #expect(reading.all(FilePosition(offset: Self.length, validator: "\"v1\"", total: nil)) == nil)
        #expect(reading.bytes.isEmpty && host.requests.count == 1)
        #expect(reading.file?.total == Self.length && reading.file?.endIsFramed == true)
    }

    @Test func anEmptyFile() throws {
        for reply in [Script.Reply("", status: 204), .init("", headers: [Header("Content-Length", "0")])] {
            let reading = try FileReading(Script(otherwise: reply))
            #expect(reading.all() == nil && reading.bytes.isEmpty)
            #expect(reading.file?.total == 0 && reading.file?.endIsFramed == true)
        }
    }

    /// What says where the end is: a length, chunks, HTTP/2. A connection that closes does not.
    @Test(
        arguments: [
            ("Content-Length", "26", false, true), ("Transfer-Encoding", "gzip, Chunked", false, true),
            ("X-Other", "26", true, true), ("X-Other", "26", false, false),
            ("Content-Length", "x", false, false),
        ]) func theEnd(_ name: String, _ value: String, _ isHTTP2: Bool, _ isFramed: Bool) throws {
        var reply = Script.Reply("abcdefghijklmnopqrstuvwxyz", headers: [Header(name, value)])
        reply.framesBodies = isHTTP2
        let reading = try FileReading(Script(otherwise: reply))
        #expect(reading.all() == nil && reading.bytes.count == 26)
        #expect(reading.file?.endIsFramed == isFramed)
        #expect(reading.file?.total == (isFramed ? 26 : nil))
    }

    /// Each answer brings something, so it never counts as in vain.
    @Test func progressAllowsAnyNumberOfBreaks() throws {
        let host = FileHost(Self.text)
        host.breaks = Array(repeating: 1, count: Self.text.utf8.count - 1)
        let reading = try FileReading(host, ["max_attempts": "2"])
        #expect(reading.all() == nil && reading.text == Self.text)
        #expect(host.requests.count == Self.text.utf8.count)
    }

    @Test(arguments: [1, 2, 4], ["\"v1\"", nil]) func withoutProgressItEnds(
        _ attempts: Int, _ etag: String?
    ) throws {
        let host = FileHost(Self.text, etag: etag)
        host.breaks = [9] + Array(repeating: etag == nil ? 9 : 0, count: 20)
        let reading = try FileReading(host, ["max_attempts": "\(attempts)"])
        let failed = try #require(reading.all())
        #expect(failed.status == .truncated && failed.retryable)
        #expect(failed.message.contains("broke off at byte 9: the connection was reset"))
        #expect(failed.url == "https://s.example/f")
        #expect(host.requests.count == attempts && reading.bytes.count == 9)
        #expect(reading.file?.received == (etag == nil ? Int64(9 * attempts) : 9))
    }

    /// Nothing came at all: then it is what it is.
    @Test(arguments: [.connect, .dns, .transport, .timeout] as [Status])
    func nothingEverCame(_ status: Status) throws {
        let failure = Failure(status, "why")
        failure.retryable = true
        for reply in [Script.Reply.unanswered(failure), .unsent(failure)] {
            let reading = try FileReading(Script(otherwise: reply))
            let failed = try #require(reading.all())
            #expect(failed.status == status && failed.message == "why")
            if status != .timeout || reply.unanswered != nil {
                #expect(reading.script.requests.count == 4 && reading.script.pauses.count == 3)
            }
        }
    }

    /// Statuses and failures that pass, while nothing has come and in the middle.
    @Test(
        arguments: [408, 425, 429, 500, 502, 503, 504], [0, 7])
    func statusesThatPass(_ http: Int, _ after: Int) throws {
        let host = FileHost(Self.text)
        host.breaks = after == 0 ? [] : [after]
        let number = after == 0 ? 0 : 1
        host.instead[number] = { _, _ in
            .init("", status: http, headers: [Header("Retry-After", "7")])
        }
        let reading = try FileReading(host)
        #expect(reading.all() == nil && reading.text == Self.text)
        #expect(reading.script.pauses.last == 7_000)
    }

    @Test func aStatusThatStays() throws {
        let host = FileHost(Self.text)
        host.breaks = [7]
        for number in 1...9 { host.instead[number] = { _, _ in .init("", status: 503) } }
        let reading = try FileReading(host)
        let failed = try #require(reading.all())
        #expect(
            failed.status == .truncated && failed.httpStatus == 503 && failed.retryable
                && failed.message.contains("broke off at byte 7: the result host answered 503"))
        let untouched = try FileReading(Script(otherwise: .init("", status: 503)))
        #expect(untouched.all()?.status == .server && untouched.script.requests.count == 4)
    }

    @Test(
        arguments: [
            (401, .unauthenticated), (402, .payment), (409, .conflict), (412, .refused),
            (416, .refused), (418, .refused), (300, .redirect), (304, .redirect), (501, .server),
        ] as [(Int, Status)]) func statusesThatEndIt(_ http: Int, _ status: Status) throws {
        let reading = try FileReading(Script(otherwise: .init("", status: http)))
        let failed = reading.all()
        #expect(failed?.status == status && failed?.httpStatus == Int32(http))
        #expect(reading.script.requests.count == 1 && reading.service.asked == 0)
    }

    /// A stall is a break; the end of the call is the end of the call.
    @Test func stallsAndTheCallsOwnEnd() throws {
        let stall = Failure(.timeout, "no byte came").detail("option", "stall_timeout_ms")
        stall.retryable = true
        let host = FileHost(Self.text)
        host.breaks = [4]
        host.breakage = stall
        let reading = try FileReading(host)
        #expect(reading.all() == nil && reading.text == Self.text)

        let slow = try FileReading(FileHost(Self.text))
        slow.script.pace = 50_000
        let failed = try #require(slow.all())
        #expect(failed.status == .timeout && failed.value("option") == "timeout_ms")
        #expect(slow.bytes.count == 10 && slow.script.requests.count == 1)
    }

    /// Waits that do not fit the call are not begun.
    @Test func aResumeObeysTheCall() throws {
        let host = FileHost(Self.text)
        host.breaks = [4]
        host.instead[1] = { _, _ in .init("", status: 503, headers: [Header("Retry-After", "121")]) }
        let reading = try FileReading(host)
        let failed = try #require(reading.all())
        #expect(
            failed.status == .truncated && failed.retryAfterMS == 121_000
                && reading.script.pauses.count == 1)
    }

    @Test func aCancelledCallIsNotResumed() throws {
        let host = FileHost(Self.text)
        let reading = try FileReading(host)
        let call = reading.call()
        let file = try reading.start(nil, call)
        _ = try file.read(call)
        reading.client.cancel()
        #expect(failure { try file.read(call) }?.status == .cancelled)
        #expect(failure { try reading.start(nil, call) } == nil)
        #expect(host.requests.count == 2)
    }

    /// The server closed a part that was read ahead while the caller was busy: no attempt is used,
    /// once.
    @Test(arguments: [(1, true, nil), (2, true, .truncated), (1, false, .truncated)]
        as [(Int, Bool, Status?)])
    func aPartReadAhead(_ breaks: Int, _ isAhead: Bool, _ expected: Status?) throws {
        let host = FileHost(Self.text)
        host.breaks = [5] + Array(repeating: 0, count: breaks - 1)
        let reading = try FileReading(host, ["max_attempts": "1"])
        #expect(reading.all(nil, oneCall: !isAhead)?.status == expected)
        #expect(reading.script.pauses.isEmpty)
        #expect(host.requests.count == (isAhead ? 2 : 1))
    }

    /// Beyond what could be buffered, the program was reading when it broke.
    @Test func aPartNoLongerAhead() throws {
        let host = FileHost(Self.text)
        host.breaks = [15]
        let reading = try FileReading(host, ["max_attempts": "1"])
        let failed = failure {
            let file = try reading.start(limit: 10)
            while try file.read(reading.call()) != nil {}
        }
        #expect(failed?.status == .truncated && host.requests[0].bodyLimit == 10)
    }

    /// A request that did not get out is told where the part is read.
    @Test func whatKeptTheFirstRequestBack() throws {
        let host = FileHost(Self.text)
        host.instead[0] = { _, _ in .unsent(.noMemory) }
        let reading = try FileReading(host)
        let file = try reading.start()
        #expect(failure { try file.read(reading.call()) }?.status == .noMemory)
        let cancelled = try FileReading(Script(otherwise: .unsent(Failure(.cancelled, "stop"))))
        #expect(failure { try cancelled.start() }?.status == .cancelled)
    }
}
