import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// What comes of each kind of answer, at the start of a file and after a break in it.
@Suite struct ResultFileRangeTests {
    static let text = "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"
    static let length = text.utf8.count
    typealias Answer = @Sendable (FileHost, Request) -> Script.Reply

    enum Ending: Sendable {
        case whole
        /// Not the file that was begun.
        case changed
        /// An answer that contradicts itself or the request.
        case refused
        /// No progress in four attempts.
        case brokenOff
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let ending: Ending
        let answer: Answer

        var testDescription: String { name }

        init(_ name: String, _ ending: Ending, _ answer: @escaping Answer) {
            (self.name, self.ending, self.answer) = (name, ending, answer)
        }
    }

    static func headers(_ pairs: [(String, String)]) -> [Header] { pairs.map { Header($0.0, $0.1) } }

    /// A part with headers of its own making.
    static func part(
        _ host: FileHost, _ first: Int, _ end: Int, status: Int = 206, range: String? = nil,
        etag: String? = "\"v1\"", length: Int? = nil
    ) -> Script.Reply {
        var pairs = [("Content-Range", range ?? "bytes \(first)-\(end - 1)/\(host.data.count)")]
        if let etag { pairs.append(("ETag", etag)) }
        if let length { pairs.append(("Content-Length", "\(length)")) }
        return .init(Array(host.data[first..<end]), status: status, headers: headers(pairs))
    }

    /// The file broke off behind byte 10 of 24; this comes to the request for the rest.
    static let answersAfterABreak: [Case] = [
        Case("206", .whole) { host, _ in part(host, 10, length) },
        Case("206 with its length", .whole) { host, _ in part(host, 10, length, length: 14) },
        Case("206 from an earlier byte", .whole) { host, _ in part(host, 7, length) },
        Case("206 of everything", .whole) { host, _ in part(host, 0, length) },
        Case("206 of one byte at a time", .whole) { host, request in
            let first = Int(request["Range"]!.dropFirst(6).dropLast())!
            return part(host, first, first + 1)
        },
        Case("206 of a piece, then the rest", .whole) { host, request in
            request["Range"] == "bytes=10-" ? part(host, 8, 13) : host.ordinary(request)
        },
        Case("206 of unknown total", .whole) { host, _ in
            part(host, 10, length, range: "bytes 10-\(length - 1)/*")
        },
        Case("206, the unit in capitals", .whole) { host, _ in
            part(host, 10, length, range: "Bytes 10-\(length - 1)/\(length)")
        },
        Case("206 from a later byte", .refused) { host, _ in part(host, 11, length) },
        Case("206 that ends before", .refused) { host, _ in part(host, 2, 10) },
        Case("206 of a beginning", .brokenOff) { host, _ in part(host, 0, 10) },
        Case("206 without Content-Range", .refused) { host, _ in host.part(10, length, range: "") },
        Case("206 in several parts", .refused) { host, _ in
            .init(
                "--x", status: 206,
                headers: headers([
                    ("Content-Type", "multipart/byteranges; boundary=x"), ("ETag", "\"v1\""),
                ]))
        },
        Case("206 in nonsense", .refused) { host, _ in part(host, 10, length, range: "bytes=10-/9") },
        Case("206 in seconds", .refused) { host, _ in part(host, 10, length, range: "seconds 10-23/24") },
        Case("206 of nothing", .refused) { host, _ in part(host, 10, length, range: "bytes */24") },
        Case("206 backwards", .refused) { host, _ in part(host, 10, length, range: "bytes 23-10/24") },
        Case("206 beyond its total", .refused) { host, _ in
            part(host, 10, length, range: "bytes 10-24/24")
        },
        Case("206 beyond all numbers", .refused) { host, _ in
            part(host, 10, length, range: "bytes 10-9223372036854775807/*")
        },
        Case("206 and a length that disagrees", .refused) { host, _ in
            part(host, 10, length, length: 13)
        },
        Case("206 with too much", .refused) { host, _ in
            part(host, 10, length, range: "bytes 10-19/24")
        },
        Case("206 with too little", .whole) { host, request in
            request["Range"] == "bytes=10-"
                ? part(host, 10, 15, range: "bytes 10-23/24") : host.ordinary(request)
        },
        Case("206 of another total", .changed) { host, _ in
            part(host, 10, length, range: "bytes 10-23/25")
        },
        Case("206 of another ETag", .changed) { host, _ in part(host, 10, length, etag: "\"v2\"") },
        Case("206 of the ETag made weak", .changed) { host, _ in
            part(host, 10, length, etag: "W/\"v1\"")
        },
        Case("206 without an ETag", .changed) { host, _ in part(host, 10, length, etag: nil) },
        Case("200 of the same", .whole) { host, _ in host.whole() },
        Case("200 of the same, in chunks", .whole) { host, _ in
            host.tellsLength = false
            return host.whole()
        },
        Case("200 of the same, of unknown length", .whole) { host, _ in
            .init(host.data, headers: headers([("ETag", "\"v1\"")]))
        },
        Case("200 of the same, cut short", .whole) { host, request in
            if host.requests.count > 2 { return host.ordinary(request) }
            var reply = host.whole()
            reply.body.removeLast(8)
            reply.breaks = FileHost.broken
            return reply
        },
        Case("200 of the same, cut before the place", .brokenOff) { host, _ in
            var reply = host.whole()
            reply.body.removeLast(18)
            reply.breaks = FileHost.broken
            return reply
        },
        Case("200 of another ETag", .changed) { host, _ in
            host.etag = "\"v2\""
            return host.whole()
        },
        Case("200 without an ETag", .changed) { host, _ in
            host.etag = nil
            return host.whole()
        },
        Case("200 of another length", .changed) { host, _ in
            host.data.append(10)
            return host.whole()
        },
        Case("200 with a range that is one", .whole) { host, _ in host.part(10, length, status: 200) },
        Case("200 with a range and the whole", .whole) { host, _ in
            .init(
                host.data,
                headers: headers([
                    ("Content-Range", "bytes 10-23/24"), ("Content-Length", "24"), ("ETag", "\"v1\""),
                ]))
        },
        Case("200 with a range of unclear length", .refused) { host, _ in
            part(host, 10, length, status: 200)
        },
        Case("200 with a range of another length", .refused) { host, _ in
            part(host, 10, length, status: 200, length: 9)
        },
        Case("200 with a range of nonsense", .refused) { host, _ in
            part(host, 10, length, status: 200, range: "bytes", length: 14)
        },
        Case("204", .changed) { _, _ in .init("", status: 204, headers: headers([("ETag", "\"v1\"")])) },
        Case("412", .changed) { _, _ in .init("", status: 412) },
        Case("416", .changed) { _, _ in .init("", status: 416) },
        Case("416 of the same length", .changed) { _, _ in
            .init("", status: 416, headers: headers([("Content-Range", "bytes */24")]))
        },
        Case("416 of the place", .changed) { _, _ in
            .init("", status: 416, headers: headers([("Content-Range", "bytes */10")]))
        },
    ]

    @Test(arguments: answersAfterABreak) func afterABreak(_ test: Case) throws {
        let host = FileHost(Self.text)
        host.breaks = [10]
        for number in 1...30 { host.instead[number] = test.answer }
        try expect(test, FileReading(host), given: 10)
        #expect(host.requests[1]["Range"] == "bytes=10-" && host.requests[1]["If-Match"] == "\"v1\"")
    }

    /// The same file sent again from its start, because nothing vouches for its version.
    static let answersOfTheWhole: [Case] = [
        Case("the same", .whole) { host, _ in host.whole() },
        Case("the same, in chunks", .whole) { host, _ in
            host.tellsLength = false
            return host.whole()
        },
        Case("the same, now with an ETag", .whole) { host, _ in
            host.etag = "\"v1\""
            return host.whole()
        },
        Case("206 of everything", .whole) { host, _ in part(host, 0, length, etag: nil) },
        Case("206 of the rest", .refused) { host, _ in part(host, 10, length, etag: nil) },
        Case("206 of the beginning", .refused) { host, _ in part(host, 0, 20, etag: nil) },
        Case("206 of who knows how much", .refused) { host, _ in
            part(host, 0, length, range: "bytes 0-23/*", etag: nil)
        },
        Case("another byte before", .changed) { host, _ in
            host.data[3] = 0
            return host.whole()
        },
        Case("the last byte before is another", .changed) { host, _ in
            host.data[9] = 0
            return host.whole()
        },
        Case("two bytes before have changed places", .changed) { host, _ in
            host.data.swapAt(2, 4)
            return host.whole()
        },
        Case("longer", .changed) { host, _ in
            host.data.append(10)
            return host.whole()
        },
        Case("shorter", .changed) { host, _ in
            host.data = Array(Self.text.utf8.prefix(4))
            return host.whole()
        },
        Case("shorter, in chunks", .brokenOff) { host, _ in
            host.data = Array(Self.text.utf8.prefix(4))
            host.tellsLength = false
            return host.whole()
        },
        Case("204", .changed) { _, _ in .init("", status: 204) },
    ]

    @Test(arguments: answersOfTheWhole, [nil, "W/\"v1\"", "v1", "\"a\"b\"", "\"a b\"", "\""])
    func withoutAValidator(_ test: Case, _ etag: String?) throws {
        let host = FileHost(Self.text, etag: etag)
        host.breaks = [10]
        for number in 1...30 { host.instead[number] = test.answer }
        try expect(test, FileReading(host), given: 10)
        #expect(host.requests.allSatisfy { $0.headers.isEmpty })
    }

    /// Of a file whose length nobody told, less than was given is another file.
    @Test(arguments: [true, false]) func shorterThanWhatWasGiven(_ tellsLength: Bool) throws {
        let host = FileHost(Self.text, etag: nil)
        host.tellsLength = false
        host.breaks = [10]
        host.instead[1] = { host, _ in
            host.tellsLength = tellsLength
            host.data = Array(Self.text.utf8.prefix(4))
            return host.whole()
        }
        let reading = try FileReading(host)
        #expect(reading.all()?.status == .changed && reading.bytes.count == 10)
    }

    /// Before any byte was given, whatever comes is the file.
    @Test func anotherVersionBeforeTheFirstByte() throws {
        let host = FileHost(Self.text)
        host.breaks = [0]
        host.instead[1] = { host, request in
            (host.data, host.etag) = (Array("new".utf8), "\"v2\"")
            #expect(request.headers.isEmpty)
            return host.whole()
        }
        let reading = try FileReading(host)
        #expect(reading.all() == nil && reading.text == "new")
        #expect(reading.file?.validator == "\"v2\"" && reading.file?.total == 3)
    }

    static let firstAnswers: [Case] = [
        Case("206 of everything", .whole) { host, _ in part(host, 0, length) },
        Case("206 of the beginning", .refused) { host, _ in part(host, 0, 20) },
        Case("206 of the end", .refused) { host, _ in part(host, 1, length) },
        Case("206 of who knows how much", .refused) { host, _ in
            part(host, 0, length, range: "bytes 0-23/*")
        },
        Case("206 without Content-Range", .refused) { host, _ in host.part(0, length, range: "") },
        Case("200 with a range of everything", .whole) { host, _ in
            host.part(0, length, status: 200)
        },
        Case("200 with a range that is one", .refused) { host, _ in host.part(3, length, status: 200) },
    ]

    @Test(arguments: firstAnswers) func atTheStart(_ test: Case) throws {
        let host = FileHost(Self.text)
        host.instead[0] = test.answer
        let reading = try FileReading(host)
        let failed = reading.all()
        #expect((failed == nil) == (test.ending == .whole), "\(failed?.message ?? "")")
        #expect(reading.text == (failed == nil ? Self.text : ""))
        if failed != nil { #expect(failed?.status == .protocol && host.requests.count == 1) }
    }

    /// The file broke off behind its last byte, and its length is not known. A host that does not say
    /// why nothing begins there is asked for the byte before.
    @Test func endThatNobodyTells() throws {
        for isLonger in [false, true] {
            let host = FileHost(Self.text)
            host.tellsLength = false
            host.breaks = [Self.length]
            host.instead[1] = { host, _ in
                if isLonger { host.data.append(10) }
                return .init("", status: 416)
            }
            let reading = try FileReading(host)
            #expect(reading.all() == nil)
            #expect(reading.text == Self.text + (isLonger ? "\n" : ""))
            #expect(host.requests.map { $0["Range"] } == [nil, "bytes=24-", "bytes=23-"])
            #expect(reading.file?.endIsFramed == true)
        }
    }

    @Test func endThatIsNowhere() throws {
        let host = FileHost(Self.text)
        host.tellsLength = false
        host.breaks = [Self.length]
        for number in 1...9 { host.instead[number] = { _, _ in .init("", status: 416) } }
        let reading = try FileReading(host)
        #expect(reading.all()?.status == .changed && host.requests.count == 3)
    }

    private func expect(_ test: Case, _ reading: FileReading, given: Int) throws {
        let failed = reading.all()
        let message = failed?.message ?? ""
        // Nothing that was delivered is ever wrong, whatever else came.
        #expect(Self.text.hasPrefix(reading.text), "\(reading.text)")
        switch test.ending {
        case .whole:
            #expect(failed == nil && reading.text == Self.text, "\(message)")
            #expect(reading.file?.total == Int64(Self.length) && reading.file?.endIsFramed == true)
        case .changed:
            #expect(failed?.status == .changed && reading.bytes.count == given, "\(message)")
            #expect(message.contains("changed while it was read"))
            #expect(reading.script.requests.count == 2)
        case .refused:
            #expect(failed?.status == .truncated && failed?.retryable == false, "\(message)")
            #expect(message.contains("the answer of the result host"))
        case .brokenOff:
            #expect(failed?.status == .truncated && failed?.retryable == true, "\(message)")
            #expect(reading.bytes.count == given && reading.script.requests.count == 4)
        }
    }

    @Test(
        arguments: [
            ("bytes 0-0/1", 0, 1, 1), ("bytes 5-9/10", 5, 10, 10), ("BYTES 5-9/*", 5, 10, nil),
            ("bytes */10", nil, nil, 10), ("bytes */*", nil, nil, nil),
            ("bytes 0-9223372036854775806/9223372036854775807", 0, .max, .max),
        ] as [(String, Int64?, Int64?, Int64?)])
    func contentRanges(_ text: String, _ start: Int64?, _ end: Int64?, _ total: Int64?) throws {
        let range = try #require(ContentRange(text))
        #expect(range.span?.start == start && range.span?.end == end && range.total == total)
    }

    @Test(
        arguments: [
            "", "bytes", "bytes ", "bytes 1-2", "bytes 1-2/", "bytes -2/3", "bytes 1-/3", "bytes 2-1/3",
            "bytes 1-3/3", "bytes 1-2/-3", "bytes +1-2/3", "bytes 1-2/3/4", "bytes 1-2-2/3",
            "bytes 0x1-2/3", "items 1-2/3", "bytes=1-2/3", "bytes 1-2 /3", "bytes 1-9223372036854775807/*",
            "bytes 1-9223372036854775808/*", "bytes 99999999999999999999-2/3", "bytes ²-2/3",
        ]) func noContentRanges(_ text: String) { #expect(ContentRange(text) == nil) }

    @Test(
        arguments: [
            ("\"\"", true), ("\"a\"", true), ("\"\u{E9}\"", true), ("W/\"a\"", false), ("w/\"a\"", false),
            ("a", false), ("\"", false), ("", false), ("\"a", false), ("a\"", false), ("\"a\"b\"", false),
            ("\"a b\"", false), ("\"a\u{7F}\"", false), ("\"a\nb\"", false),
            ("\"" + String(repeating: "x", count: 254) + "\"", true),
            ("\"" + String(repeating: "x", count: 255) + "\"", false),
        ]) func strongValidators(_ text: String, _ isStrong: Bool) {
            #expect(strongValidator(text) == (isStrong ? text : nil))
        }
}
