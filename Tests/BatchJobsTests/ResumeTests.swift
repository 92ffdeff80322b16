import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// A place taken from one stream, and another stream that goes on there: no gap and no repeat.
@Suite struct ResumeTests {
    private func expectRest(
        _ reading: Stage.Reading, of source: Source, behind place: Int, _ comment: Comment
    ) {
        let count = source.records.count
        #expect(reading.failure == nil && reading.verdict == .verified, comment)
        #expect(reading.lines == Array(source.records[place...]), comment)
        #expect(reading.indices == Array(Int64(place)..<Int64(count)), comment)
        #expect(reading.records == Int64(count), comment)
    }

    @Test(arguments: Source.all, [1, 7, .max]) func behindEachRecord(_ source: Source, _ chunk: Int)
        throws
    {
        let whole = try source.stage(chunk).read()
        expectRest(whole, of: source, behind: 0, "whole")
        for (place, token) in whole.tokens.enumerated() {
            expectRest(try source.stage(5).read(token), of: source, behind: place, "\(place)")
        }
    }

    /// Tokens of streams that went on themselves, and of those.
    @Test(arguments: Source.all) func behindARecordOfAResumedStream(_ source: Source) throws {
        for (place, token) in try source.stage(11).read().tokens.enumerated() {
            let second = try source.stage(.max).read(token)
            for (more, token) in second.tokens.enumerated() {
                let third = try source.stage(3).read(token, batchAfter: [0, 1])
                expectRest(third, of: source, behind: place + more, "\(place) \(more)")
                let last = try #require(third.tokens.last)
                expectRest(
                    try source.stage(3).read(last), of: source, behind: source.records.count, "end")
            }
        }
    }

    @Test(arguments: Source.all) func batchesGiveTheSamePlaces(_ source: Source) throws {
        for lengths in [[0], [1], [0, 2]] {
            let whole = try source.stage(.max).read(batchAfter: lengths)
            for (place, token) in whole.tokens.enumerated() {
                expectRest(
                    try source.stage(7).read(token, batchAfter: [1, 0]), of: source, behind: place,
                    "\(lengths) \(place)")
            }
        }
    }

    @Test(arguments: Source.all, [1, 7, .max]) func holdsNoSecret(_ source: Source, _ chunk: Int) throws {
        for token in try source.stage(chunk).read().tokens {
            #expect(token.hasPrefix("bjr1:") && token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            for secret in [key, "http", "s.example", "part-", JobHost.signature, "X-Amz"] {
                #expect(!token.contains(secret), "\(token)")
            }
        }
    }

    /// Of a stream that broke off for good, wherever that was, nothing is lost and nothing repeated.
    @Test(arguments: Source.files, [1, 6, .max]) func afterABreakAnywhere(_ source: Source, _ chunk: Int)
        throws
    {
        for etag in ["\"v1\"", nil] {
            let length = try #require(source.stage(chunk) as? JobHost).files[0].data.count
            // Some hundred places: a file of a member a byte has thousands.
            for cut in stride(from: 0, to: length, by: 1 + length / 300) {
                let stage = try #require(source.stage(chunk) as? JobHost)
                stage.files[0].etag = etag
                // A break between two calls costs no attempt, so there is one more.
                stage.files[0].breaks = [cut, 0, 0]
                let before = try stage.read()
                stage.files[0].breaks = []
                let given = before.lines.count
                #expect(before.lines == Array(source.records[..<given]), "\(cut)")
                let failed = try #require(before.failure, "\(cut)")
                #expect(failed.status == (cut == 0 ? .transport : .truncated), "\(cut)")
                #expect(before.verdict == (cut == 0 ? .none : .short), "\(cut)")
                expectRest(
                    try stage.read(before.tokens.last), of: source, behind: given,
                    "\(cut) \(etag ?? "none")")
            }
        }
    }

    /// The transfer begins near the place where the file's version is known, else at its start.
    @Test func beginsNearThePlace() throws {
        let text = Array((0..<50).map { "{\"record\":\($0)}\n" }.joined().utf8)
        for data in [text, Gzip.members(text, [64])] {
            for etag in ["\"v1\"", nil] {
                let host = FileHost(data, etag: etag)
                host.chunk = 64
                let stage = JobHost([host], count: 50)
                let tokens = try stage.read().tokens
                let before = host.requests.count
                let reading = try stage.read(tokens[45])
                #expect(reading.lines.count == 5 && reading.failure == nil)
                let request = try #require(host.requests.last)
                #expect(host.requests.count == before + 1)
                guard etag != nil else {
                    #expect(request.headers.isEmpty)
                    continue
                }
                #expect(request["If-Match"] == etag)
                let first = request["Range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
                #expect(try #require(first) > data.count * 8 / 10)
            }
        }
    }

    /// What goes wrong behind the place is told by its number in the whole stream, wherever the
    /// transfer began.
    @Test(arguments: ["\"v1\"", nil]) func anErrorNamesItsRecord(_ etag: String?) throws {
        for (last, status) in [(String(repeating: "x", count: 2_000), Status.limit), ("{\"a\":", .truncated)] {
            for chunk in [1, 3, .max] {
                let host = FileHost("1\n2\n3\n4\n" + last, etag: etag)
                host.chunk = chunk
                let stage = JobHost([host], count: 5)
                let options = ["max_record_bytes": "1024"]
                for token in try stage.read(nil, options).tokens {
                    let failed = try #require(stage.read(token, options).failure)
                    #expect(failed.status == status && failed.message.contains("record 4"), "\(chunk)")
                }
            }
        }
    }

    /// Links of another day: the job is asked for once, whatever became of those before.
    @Test func asksForFreshLinks() throws {
        let stage = JobHost([FileHost(Source.text)], count: 9)
        let token = try stage.read().tokens[4]
        stage.count = 9
        let asked = stage.asked
        #expect(try stage.read(token).lines == Array(Source.lines[4...]))
        #expect(stage.asked == asked + 1)
    }
}

// MARK: What changed since

extension ResumeTests {
    struct Change: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let etag: String?
        /// Shows in a token taken behind the record of index 4.
        let shows: Bool
        let make: @Sendable (FileHost) -> Void

        init(_ name: String, etag: String?, shows: Bool, _ make: @escaping @Sendable (FileHost) -> Void) {
            (testDescription, self.etag, self.shows, self.make) = (name, etag, shows, make)
        }
    }

    /// In which line of the text a byte becomes another.
    static func change(_ host: FileHost, line: Int) {
        let lines = host.data.split(separator: 10, omittingEmptySubsequences: false)
        let before = lines.prefix { !$0.elementsEqual(Source.lines[line].utf8) }.map { $0.count + 1 }
        host.data[before.reduce(0, +) + 1] ^= 1
    }

    static let changes = [
        Change("another ETag", etag: "\"v1\"", shows: true) { $0.etag = "\"v2\"" },
        Change("a weak ETag", etag: "\"v1\"", shows: true) { $0.etag = "W/\"v1\"" },
        Change("no ETag any more", etag: "\"v1\"", shows: true) { $0.etag = nil },
        Change("a byte before the place", etag: nil, shows: true) { change($0, line: 3) },
        Change("a byte of the record before the place", etag: nil, shows: true) { change($0, line: 4) },
        Change("a record more before the place", etag: nil, shows: true) {
            $0.data = Array("{}\n".utf8) + $0.data
        },
        Change("the place is behind its end", etag: nil, shows: true) {
            $0.data = Array($0.data.prefix(40))
        },
        Change("nothing is left", etag: nil, shows: true) { $0.data = [] },
        Change("a byte behind the place", etag: nil, shows: false) { change($0, line: 8) },
        Change("an ETag where there was none", etag: nil, shows: false) { $0.etag = "\"v1\"" },
        Change("a byte before the place and an ETag", etag: nil, shows: true) {
            $0.etag = "\"v1\""
            change($0, line: 3)
        },
        Change("blank lines before the place", etag: nil, shows: false) {
            $0.data = Array("\n\n".utf8) + $0.data.dropFirst(3)
        },
    ]

    @Test(arguments: changes, [1, 7, .max]) func aFileThatChanged(_ change: Change, _ chunk: Int) throws {
        let host = FileHost(Source.text, etag: change.etag)
        host.chunk = chunk
        let stage = JobHost([host], count: 9)
        let token = try stage.read().tokens[5]
        change.make(host)
        let reading = try stage.read(token)
        if change.shows {
            #expect(reading.failure?.status == .changed && reading.lines.isEmpty)
            #expect(reading.failure?.retryable == false && reading.failure?.jobID == "b-1")
            #expect(reading.records == 5 && reading.verdict == .none)
        } else {
            #expect(reading.failure == nil && reading.lines.count == 4)
            #expect(reading.indices == [5, 6, 7, 8])
        }
        // What a stream that failed tells of its place is still the place, and no proof of it.
        let again = try stage.read(reading.tokens.first)
        #expect(again.lines == reading.lines && again.failure?.status == reading.failure?.status)
    }

    /// A new version shows by its ETag alone: its bytes are not asked for.
    @Test func theTokenOfAFailedStreamProvesNothing() throws {
        let host = FileHost(Source.text, etag: nil)
        let stage = JobHost([host], count: 9)
        let token = try stage.read().tokens[5]
        (host.etag, host.chunk) = ("\"v2\"", 5)
        Self.change(host, line: 3)
        // It breaks off after the head, before any record could be compared.
        host.breaks = [10]
        let results = try stage.open(token)
        #expect(failure { try results.next() } != nil)
        let second = try results.token(at: results.records - 1)
        let reading = try stage.read(second)
        #expect(reading.failure?.status == .changed && reading.lines.isEmpty)
    }

    /// What comes behind another file must be of the version that its token knows.
    @Test func theStartOfAFileThatChanged() throws {
        let host = FileHost("1\n2\n")
        let stage = JobHost([FileHost("0\n"), host], count: 3)
        let results = try stage.open()
        _ = try results.next()
        _ = try results.next()
        let token = try results.token(at: 0)
        (host.data, host.etag) = (Array("3\n4\n".utf8), "\"v2\"")
        let reading = try stage.read(token)
        #expect(reading.lines.isEmpty && reading.failure?.status == .changed)
    }

    @Test(arguments: [2, 4, 0]) func anotherNumberOfFiles(_ number: Int) throws {
        let stage = JobHost([FileHost("1\n"), FileHost("2\n"), FileHost("3\n")], count: 3)
        let tokens = try stage.read().tokens
        stage.files = (0..<number).map { FileHost("\($0)\n") }
        if number == 0 { stage.count = 0 }
        for token in tokens {
            let failed = try #require(stage.read(token).failure)
            #expect(failed.status == .changed && failed.message.contains("3 result files"))
            #expect(failed.message.contains("now there are \(number)"))
        }
    }

    @Test(arguments: ["reach", "veryfront", "spidra"]) func anInlineJobThatChanged(_ service: String) throws {
        func body(_ lines: [String]) -> String {
            switch service {
            case "reach": Source.reach(lines: lines)
            case "veryfront": Source.veryfront(lines: lines)
            default: Source.spidra(lines: lines, status: "running")
            }
        }
        for chunk in [1, 20, .max] {
            let stage = InlineHost(service, "b-1", body(Source.lines), chunk: chunk)
            let token = try stage.read().tokens[5]
            // More at the end is no other place.
            stage.answer = .init(body(Source.lines + ["\"more\""]), chunk: chunk)
            #expect(try stage.read(token).lines == Source.lines[5...] + ["\"more\""])
            for changed in [0, 4] {
                var lines = Source.lines
                lines[changed] = "\"other\""
                stage.answer = .init(body(lines), chunk: chunk)
                let reading = try stage.read(token)
                #expect(reading.failure?.status == .changed && reading.lines.isEmpty)
            }
            stage.answer = .init(body(Array(Source.lines[..<4])), chunk: chunk)
            let reading = try stage.read(token)
            #expect(reading.failure?.status == .changed && reading.lines.isEmpty)
        }
    }
}
