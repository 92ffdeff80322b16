import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Records that are cut out of the service's answer while it arrives.
@Suite struct ItemStreamTests {
    static let items = [
        "{\"url\":\"https://a.example/\",\"status\":\"completed\",\"data\":[{\"items\":[]},\"]}\\\"\"]}",
        "{\"url\":\"b\",\"status\":\"failed\",\"error\":null}", "7", "\"x]\"", "[]", "{}",
        "{ \"status\" : \"pending\" , \"url\" : \"c\" }",
    ]
    static let body = Source.spidra(lines: items)
    static let json = Array(body.utf8)

    static func stage(_ body: String = body, chunk: Int = .max) -> InlineHost {
        InlineHost("spidra", "b-1", body, chunk: chunk)
    }

    @Test func anyChunks() throws {
        for chunk in Array(1...40) + [100, 200, 300, Self.json.count - 1, Self.json.count] {
            let stage = Self.stage(chunk: chunk)
            let (records, failed) = try stage.open().all()
            #expect(failed == nil && records.map { String(decoding: $0.data, as: UTF8.self) } == Self.items)
            #expect(records.map(\.key) == ["https://a.example/", "b", nil, nil, nil, nil, "c"])
            #expect(
                records.map(\.outcome) == [.ok, .failed, .unknown, .unknown, .unknown, .unknown, .pending])
            #expect(stage.script.requests.count == 1, "\(chunk)")
        }
    }

    /// What of the job is known: before the end what stood before the items, then all.
    @Test(arguments: [1, 10, 100]) func membersBeforeAndBehind(_ chunk: Int) throws {
        let results = try Self.stage(chunk: chunk).open()
        #expect(results.job.fields.phase == .done && results.job.fields[.total] == 7)
        #expect(results.job.id.shown == "b-1" && results.job.word?.shown == "completed")
        #expect(results.job.row.at(pointer: "/before/0/items/0")?.bytes.shown == "1")
        #expect(results.job.fields[.finished] == .min && results.job.row.member("after") == nil)
        while try results.next() != nil {
            #expect(results.job.fields[.total] == 7)
        }
        #expect(results.job.fields[.finished] == 1_767_312_000_000)
        #expect(results.job.row.at(pointer: "/after/items")?.kind == .object)
        // The items themselves are kept nowhere.
        #expect(results.job.row.member("items")?.bytes.shown == "[]")
        #expect(results.progress.bytes == Int64(Self.json.count) && results.progress.parts == 0)
    }

    /// What fails behind the items: they are all given first.
    @Test(arguments: ["\"finishedAt\":7", "\"items\":[]", "\"totalUrls\":\"x\"", "\"finishedAt\":"])
    func membersBehindThatAreWrong(_ member: String) throws {
        let body = Self.body.replacing("\"finishedAt\":\"2026-01-02T00:00:00Z\"", with: member)
        for chunk in [1, 50] {
            let reading = try Self.stage(body, chunk: chunk).read()
            #expect(reading.lines == Self.items && reading.failure?.status == .protocol)
            #expect(reading.failure?.httpStatus == 200 && reading.failure?.jobID == "b-1")
        }
    }

    /// Where the members that are needed come last, the answer is read whole.
    @Test(arguments: ["status", "totalUrls", "completedCount", "failedCount"])
    func membersOnlyBehind(_ name: String) throws {
        let start = try #require(Self.body.firstRange(of: "\"\(name)\":"))
        let end = try #require(Self.body[start.upperBound...].firstIndex(of: ","))
        let member = Self.body[start.lowerBound...end]
        let body = String(Self.body[..<start.lowerBound] + Self.body[Self.body.index(after: end)...])
            .replacing("\"after\":", with: member + "\"after\":")
        for chunk in [1, 7, .max] {
            let stage = Self.stage(body, chunk: chunk)
            let results = try stage.open()
            let (records, failed) = results.all()
            #expect(failed == nil && records.map { String(decoding: $0.data, as: UTF8.self) } == Self.items)
            #expect(records.map(\.index) == Array(0..<7) && results.verdict == .verified)
            // An answer that is all there need not be asked for again.
            #expect(stage.script.requests.count == (chunk == .max ? 1 : 2))
            if chunk < .max { #expect(stage.script.transfers == 0) }
            // A place is one, whichever way it was reached.
            for (place, token) in try Self.stage(chunk: 9).read().tokens.enumerated() {
                #expect(try stage.read(token).lines == Array(Self.items[place...]))
            }
            for (place, token) in try stage.read().tokens.enumerated() {
                #expect(try Self.stage(chunk: 9).read(token).lines == Array(Self.items[place...]))
            }
        }
    }

    @Test(arguments: ["null", "{}", "{\"a\":[1]}", "\"x\"", "7", "true", nil])
    func itemsThatAreNone(_ items: String?) throws {
        let body = Tree(Self.body).setting("/items", to: items).text
        for chunk in [1, 7, .max] {
            let stage = Self.stage(body, chunk: chunk)
            let failed = failure { try stage.open() }
            #expect(failed?.status == .protocol && failed?.value("path") == "/items")
            #expect(failed?.httpStatus == 200 && failed?.jobID == "b-1" && failed?.retryable == false)
            #expect(failed?.url == "https://api.spidra.io/api/batch/scrape/b-1")
        }
    }

    @Test func noItems() throws {
        for text in ["[]", "[ ]", "[\n\t]"] {
            let body = Tree(Self.body).setting("/items", to: text).setting("/totalUrls", to: "0").text
            for chunk in [1, 7, .max] {
                let reading = try Self.stage(body, chunk: chunk).read()
                #expect(reading.lines.isEmpty && reading.failure == nil && reading.verdict == .verified)
            }
        }
    }
}

// MARK: What goes wrong amid the items

extension ItemStreamTests {
    private func broken(_ length: Int, chunk: Int) -> Script.Reply {
        Script.Reply(Array(Self.json[..<length]), chunk: chunk, breaks: FileHost.broken)
    }

    @Test(arguments: [1, 13, .max]) func breaksAnywhereAndIsAskedForAgain(_ chunk: Int) throws {
        for length in 0..<Self.json.count {
            let stage = Self.stage(chunk: 17)
            stage.first = [broken(length, chunk: chunk)]
            let reading = try stage.read(nil, ["max_attempts": "2"])
            #expect(reading.failure == nil && reading.lines == Self.items, "\(length)")
            #expect(reading.indices == Array(0..<7) && reading.verdict == .verified, "\(length)")
            #expect(stage.script.requests.count == 2, "\(length)")
        }
    }

    /// Breaks that come further each time, in streams that go on from a token too.
    @Test(arguments: [1, 13, .max]) func breaksAgainAndAgain(_ chunk: Int) throws {
        let tokens = try Self.stage().read().tokens
        for (place, token) in tokens.enumerated() {
            let stage = Self.stage(chunk: chunk)
            stage.first = stride(from: 0, to: Self.json.count, by: 40).map { broken($0, chunk: chunk) }
            let reading = try stage.read(token, ["max_attempts": "10"])
            #expect(reading.failure == nil && reading.lines == Array(Self.items[place...]), "\(place)")
            #expect(reading.indices == Array(Int64(place)..<7), "\(place)")
        }
    }

    /// Broken for good: what came is given, and a token goes on behind it.
    @Test(arguments: [1, 13, .max]) func breaksForGood(_ chunk: Int) throws {
        for length in 0..<Self.json.count {
            let stage = Self.stage(chunk: 17)
            stage.first = [broken(length, chunk: chunk), broken(length, chunk: chunk)]
            let reading = try stage.read()
            let given = reading.lines.count
            #expect(reading.lines == Array(Self.items[..<given]), "\(length)")
            #expect(reading.failure?.status == (given > 0 ? .truncated : .transport), "\(length)")
            #expect(reading.failure?.retryable == true && reading.failure?.jobID == "b-1")
            #expect(reading.failure?.url == "https://api.spidra.io/api/batch/scrape/b-1")
            #expect(reading.verdict == (given > 0 ? .short : .none))
            guard let token = reading.tokens.last else { continue }
            stage.first = []
            let rest = try stage.read(token)
            #expect(reading.lines + rest.lines == Self.items && rest.failure == nil, "\(length)")
        }
    }

    /// An answer that ends early under framing that says it is whole is no JSON.
    @Test(arguments: [1, 13, .max]) func endsAnywhere(_ chunk: Int) throws {
        for length in 0..<Self.json.count {
            let stage = Self.stage(String(decoding: Self.json[..<length], as: UTF8.self), chunk: chunk)
            let reading = try stage.read(nil, ["max_attempts": "3"])
            #expect(reading.lines == Array(Self.items[..<reading.lines.count]), "\(length)")
            #expect(reading.failure?.status == .protocol && reading.failure?.httpStatus == 200, "\(length)")
            #expect(stage.script.requests.count <= 2, "\(length)")
            if length > Self.json.count - 90 { #expect(reading.lines == Self.items, "\(length)") }
        }
    }

    /// What comes again must be what was given; behind that it may be anything.
    @Test func comesAgainOtherwise() throws {
        let range = try #require(Self.body.firstRange(of: "\"items\":[ "))
        let start = Self.body[..<range.upperBound].utf8.count
        for (index, isGiven) in [(0, true), (2, true), (3, true), (4, false), (6, false)] {
            var other = Self.items
            other[index] = "\"other\""
            let given = Self.items[..<4].map { $0.utf8.count + 3 }.reduce(0, +)
            for chunk in [1, 20] {
                let stage = Self.stage(Source.spidra(lines: other), chunk: chunk)
                stage.first = [broken(start + given, chunk: chunk)]
                let reading = try stage.read(nil, ["max_attempts": "2"])
                if isGiven {
                    #expect(reading.failure?.status == .changed && reading.lines == Array(Self.items[..<4]))
                } else {
                    #expect(reading.failure == nil && reading.lines == other, "\(index)")
                }
            }
        }
        // Fewer than were given.
        let stage = Self.stage(Source.spidra(lines: Array(Self.items[..<3]), total: 7))
        stage.first = [broken(Self.json.count - 1, chunk: 20)]
        let reading = try stage.read(nil, ["max_attempts": "2"])
        #expect(reading.failure?.status == .changed && reading.lines == Self.items)
    }

    /// What the service says instead when it is asked again.
    @Test(arguments: [(404, .notFound), (401, .unauthenticated), (400, .badRequest)] as [(Int, Status)])
    func isRefusedThen(_ http: Int, _ status: Status) throws {
        let stage = Self.stage()
        stage.answer = .init("", status: http)
        stage.first = [broken(Self.json.count - 80, chunk: 20)]
        let reading = try stage.read(nil, ["max_attempts": "3"])
        #expect(reading.failure?.status == status && reading.failure?.httpStatus == Int32(http))
        #expect(reading.lines.count == 7 && stage.script.requests.count == 2)
    }

    @Test(arguments: [1, 100, .max]) func anItemThatIsTooLong(_ chunk: Int) throws {
        for place in [0, 1, 4] {
            var items = ["{\"a\":1}", "2", "3", "4"]
            items.insert("\"" + String(repeating: "x", count: 1023) + "\"", at: place)
            let stage = Self.stage(Source.spidra(lines: items), chunk: chunk)
            let reading = try stage.read(nil, ["max_record_bytes": "1024"])
            #expect(reading.lines == Array(items[..<place]))
            #expect(reading.failure?.status == .limit)
            #expect(reading.failure?.value("option") == "max_record_bytes")
            #expect(reading.failure?.message.contains("record \(place) ") == true)
            // The same in a stream that goes on.
            for token in reading.tokens {
                let rest = try stage.read(token, ["max_record_bytes": "1024"])
                #expect(rest.failure?.message.contains("record \(place) ") == true)
            }
            // A byte less is none too many.
            items[place].remove(at: items[place].index(after: items[place].startIndex))
            stage.answer = .init(Source.spidra(lines: items), chunk: chunk)
            #expect(try stage.read(nil, ["max_record_bytes": "1024"]).lines == items)
        }
    }

    @Test(arguments: [1, 10, .max]) func isNoJSONBehindSome(_ chunk: Int) throws {
        for bad in ["nul", "{\"a\" 1}", "\"a\nb\"", "[1,]", "01", "}", "1 2", "", "\u{0}"] {
            for place in [0, 1, 4] {
                var items = ["{\"a\":1}", "2", "3", "4"]
                items.insert(bad, at: place)
                let stage = Self.stage(Source.spidra(lines: items), chunk: chunk)
                let reading = try stage.read()
                // "1 2" begins with a value; whether that is given is all the same.
                #expect(reading.lines.starts(with: items[..<place]), "\(bad)")
                #expect(reading.lines.count - place <= 1, "\(bad)")
                #expect(reading.failure?.status == .protocol, "\(bad)")
                #expect(reading.failure?.httpStatus == 200 && reading.failure?.value("path") == "/")
            }
        }
    }

    @Test func whatStandsAroundHasALimit() throws {
        let long = "\"after\":[\"\(String(repeating: "x", count: 2_000))\"],\"behind\":"
        let body = Self.body.replacing("\"after\":", with: long)
        for chunk in [1, 100, .max] {
            let stage = Self.stage(body, chunk: chunk)
            let reading = try stage.read(nil, ["max_response_bytes": "1024"])
            // Where all comes at once, it is known when the results are opened.
            #expect(reading.lines == (chunk == .max ? [] : Self.items))
            #expect(reading.failure?.status == .limit && stage.script.requests.count == 1)
            #expect(reading.failure?.value("option") == "max_response_bytes")
            #expect(reading.failure?.httpStatus == 200)
        }
        // The items have none together.
        let many = (0..<500).map { "{\"item\":\($0)}" }
        let reading = try Self.stage(Source.spidra(lines: many), chunk: 100).read(
            nil, ["max_response_bytes": "1024"])
        #expect(reading.lines == many && reading.failure == nil)
    }

    /// What a service repeats of the key is told nowhere.
    @Test func tellsNoSecret() throws {
        for body in ["{\"status\":\"completed\",", "<html>", Self.body.dropLast(3) + "?"] {
            let stage = Self.stage()
            stage.answer = .init(
                String(body), headers: [Header("Content-Type", "text/\(key)"), Header("X-Request-Id", "r-1")])
            let failed = try #require(stage.read().failure)
            #expect(failed.status == .protocol && !failed.message.contains(key))
            #expect(failed.requestID == "r-1")
        }
    }
}
