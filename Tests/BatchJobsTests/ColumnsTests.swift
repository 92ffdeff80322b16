import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// A page's columns hold what its jobs say one by one.
@Suite struct ColumnsTests {
    static func integers<Number: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: Bytes, _ type: Number.Type, _ count: Int
    ) -> [Number] {
        let raw = bytes.array
        return (0..<count).map { index in
            let size = MemoryLayout<Number>.size
            var number: Number = 0
            for byte in raw[index * size..<(index + 1) * size].reversed() {
                number = number << 8 | Number(truncatingIfNeeded: byte)
            }
            return number
        }
    }

    static func check(_ page: Page) throws {
        let columns = try Columns.of(page)
        let jobs = page.jobs
        #expect(columns.count == jobs.count)
        let texts: [(Job) -> Bytes?] = [
            { $0.id }, { $0.kind }, { $0.word }, { $0.errorText }, { $0.row.bytes },
        ]
        for (which, field) in texts.enumerated() {
            let (data, raw) = try #require(columns.text(which))
            try #require(raw.count == (jobs.count + 1) * 8)
            let offsets = integers(raw, Int64.self, jobs.count + 1).map { Int($0) }
            #expect(offsets.first == 0)
            #expect(zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 })
            // A NUL stands behind the last text, so that no text at all still has an address.
            #expect(offsets.last == data.count - 1 && data.array.last == 0)
            for (index, job) in jobs.enumerated() {
                #expect(
                    data[offsets[index]..<offsets[index + 1]].array == (field(job)?.array ?? []))
            }
        }
        #expect(
            integers(columns.phases, Int32.self, jobs.count) == jobs.map { $0.fields.phase.rawValue })
        #expect(
            integers(columns.outcomes, Int32.self, jobs.count)
                == jobs.map { $0.fields.outcome.rawValue })
        for which in 0..<9 {
            let count = try #require(Count(rawValue: which))
            let column = try #require(columns.counts(which))
            #expect(
                integers(column, Int64.self, jobs.count) == jobs.map { $0.fields[count] })
        }
        for which in 0..<4 {
            let moment = try #require(Moment(rawValue: which))
            let column = try #require(columns.moments(which))
            #expect(
                integers(column, Int64.self, jobs.count) == jobs.map { $0.fields[moment] })
        }
        for wrong in [-1, 5, 9, .max, .min] { #expect(columns.text(wrong) == nil) }
        for wrong in [-1, 9, .max, .min] { #expect(columns.counts(wrong) == nil) }
        for wrong in [-1, 4, 9, .max, .min] { #expect(columns.moments(wrong) == nil) }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>) func columnsAreTheJobs(_ seed: UInt64) throws {
        var dice = Dice(seed)
        let words = ["", "a", "completed", "é", "\u{2028}", "😀😀", String(repeating: "x", count: 300)]
        func word() -> String { words[dice.below(words.count)] }
        let jobs = (0..<(seed == 1 ? 0 : dice.below(30))).map { _ -> Job in
            let texts = Buffer()
            func add(_ text: String) -> Range<Int> {
                let start = texts.count
                _ = texts.append(text) && texts.append(0)
                return start..<texts.count - 1
            }
            var fields = JobFields()
            fields.id = add(word())
            if dice.chance(60) { fields.kind = add(word()) }
            if dice.chance(60) { fields.word = add(word()) }
            if dice.chance(40) { fields.errorText = add(word()) }
            fields.phase = Phase.allCases[dice.below(3)]
            fields.outcome = Outcome.allCases[dice.below(7)]
            for which in 0..<9 where dice.chance(60) {
                if let count = Count(rawValue: which) {
                    fields[count] = Int64(bitPattern: dice.next())
                }
            }
            for which in 0..<4 where dice.chance(60) {
                if let moment = Moment(rawValue: which) {
                    fields[moment] = Int64(bitPattern: dice.next())
                }
            }
            return Job(
                provider: "test", row: Value(cut: bytes("{\"n\":\(dice.below(99999))}")),
                fields: fields, texts: texts)
        }
        try Self.check(Page(jobs: jobs, raw: bytes("{}"), nextCursor: nil))
    }

    /// Pages as services send them, filters applied.
    @Test(arguments: [("crustdata", "crustdata/list.json"), ("spidra", "spidra/list.json")])
    func columnsOfRealPages(_ service: String, _ file: String) throws {
        let answer = Script.Reply(try Repository.data("Tests/simulator/vectors/" + file))
        for status in [nil, "done", "succeeded"] as [String?] {
            var options: [String: String] = [:]
            options["status"] = status
            let client = try client(service, Script(otherwise: answer), options)
            let page = try client.pages(nil, nil).next()
            #expect(status != nil || page != nil)
            if let page { try Self.check(page) }
        }
    }

    /// The page may go; its columns stay.
    @Test func columnsAreACopy() throws {
        var columns: Columns?
        do {
            let pages = try client("crustdata", PagesTests.three()).pages(nil, nil)
            columns = try pages.next().map { try Columns.of($0) }
        }
        let ids = try #require(columns?.text(0))
        #expect(ids.data.array == Array("abc\0".utf8))
        #expect(Self.integers(ids.offsets, Int64.self, 4) == [0, 1, 2, 3])
    }
}
