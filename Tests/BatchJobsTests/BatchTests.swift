import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Records in batches: the same as one by one, and what their columns say.
@Suite struct BatchTests {
    @Test(arguments: Source.all, [1, 7, .max]) func anyMixGivesEachOnce(_ source: Source, _ chunk: Int)
        throws
    {
        for lengths in [[], [0], [1], [2], [0, 1], [3, 0, 1], [0, 0, 2]] {
            let reading = try source.stage(chunk).read(batchAfter: lengths)
            #expect(reading.failure == nil && reading.lines == source.records, "\(lengths)")
            #expect(reading.indices == Array(0..<Int64(source.records.count)), "\(lengths)")
        }
    }

    struct Columns: Equatable {
        var data: [[UInt8]] = []
        var outcomes: [Int32] = []
        var keys: [String?] = []
    }

    static func numbers<Number: FixedWidthInteger>(_ bytes: Bytes, _ count: Int, as: Number.Type)
        -> [Number]
    {
        let size = Number.bitWidth / 8
        #expect(bytes.count >= count * size)
        return (0..<count).map { index in
            bytes[index * size..<(index + 1) * size].array.reversed().reduce(0) { $0 << 8 | Number($1) }
        }
    }

    /// What the columns of a batch hold, read as a binding does.
    static func columns(_ batch: Batch) throws -> Columns {
        let (data, raw) = batch.records
        let offsets = numbers(raw, batch.count + 1, as: Int64.self).map { Int($0) }
        var columns = Columns()
        for position in 0..<batch.count {
            let bytes = data[offsets[position]..<offsets[position + 1]].array
            #expect(bytes.count == offsets[position + 1] - offsets[position])
            #expect(bytes == batch.given(position).array)
            columns.data.append(bytes)
        }
        columns.outcomes = numbers(batch.outcomes, batch.count, as: Int32.self)
        guard let keys = batch.keys else { return columns }
        let ends = numbers(keys.offsets, batch.count + 1, as: Int64.self).map { Int($0) }
        columns.keys = (0..<batch.count).map { keys.data[ends[$0]..<ends[$0 + 1]].shown }
        return columns
    }

    /// Where batches begin within the records at hand, and whatever their columns begin with.
    @Test(arguments: Source.all) func columnsAgreeWithSingleRecords(_ source: Source) throws {
        let (records, failed) = try source.stage(.max).open().all()
        #expect(failed == nil && records.count == source.records.count)
        let named = source.stage(.max).provider != "crustdata"
        for single in 0..<source.records.count {
            let results = try source.stage(.max).open()
            for _ in 0..<single { _ = try results.next() }
            var at = single
            while let batch = try results.nextBatch() {
                #expect(batch.firstIndex == Int64(at) && batch.count > 0)
                let columns = try Self.columns(batch)
                let same = records[at..<at + batch.count]
                #expect(columns.data == same.map(\.data))
                #expect(columns.outcomes == same.map(\.outcome.rawValue))
                #expect(columns.keys == (named ? same.map { $0.key ?? "" } : []))
                #expect((batch.keys == nil) == !named)
                at += batch.count
            }
            #expect(at == source.records.count)
        }
    }

    /// Outcomes and keys of every kind, more than a batch holds.
    @Test func manyInlineRecords() throws {
        let count = 1_000
        let words = ["completed", "failed", "cancelled", "pending", "running", "odd"]
        let outcomes: [RecordOutcome] = [.ok, .failed, .cancelled, .pending, .running, .unknown]
        let items = (0..<count).map { "{\"url\":\"u\($0)\",\"status\":\"\(words[$0 % 6])\"}" }
        for (service, body) in [
            ("spidra", Source.spidra(lines: items)),
            ("reach", Source.reach(lines: items)),
        ] {
            let stage = InlineHost(service, "b-1", body, chunk: 10_000)
            let results = try stage.open()
            var found = Columns()
            var batches = 0
            while let batch = try results.nextBatch() {
                let columns = try Self.columns(batch)
                found.data += columns.data
                found.outcomes += columns.outcomes
                found.keys += columns.keys
                batches += 1
            }
            #expect(batches > 2 && found.data == items.map { Array($0.utf8) })
            if service == "spidra" {
                #expect(found.outcomes == (0..<count).map { outcomes[$0 % 6].rawValue })
                #expect(found.keys == (0..<count).map { "u\($0)" })
            }
        }
    }

    /// One record is enough: nothing more is waited for.
    @Test func aBatchWaitsForNoMore() throws {
        let host = FileHost("[10]\n[11]\n[12]\n[13]\n")
        host.chunk = 5
        let stage = JobHost([host], count: 4)
        let results = try stage.open()
        stage.script.pace = 1
        for index in 0..<4 {
            let before = stage.script.now
            let batch = try #require(try results.nextBatch())
            #expect(batch.count == 1 && batch.firstIndex == Int64(index))
            #expect(stage.script.now == before + 1)
        }
        #expect(try results.nextBatch() == nil)
    }

    /// What goes wrong behind records that are at hand is told by the next call.
    @Test(arguments: [2, .max]) func aBatchStopsBeforeAnError(_ chunk: Int) throws {
        let host = FileHost("1\n2\n" + String(repeating: "x", count: 2_000) + "\n3\n")
        host.chunk = chunk
        let results = try JobHost([host], count: 3).open(nil, ["max_record_bytes": "1024"])
        var lines: [String] = []
        let failed = failure {
            while let batch = try results.nextBatch() {
                lines += (0..<batch.count).map { batch.given($0).shown }
            }
        }
        #expect(lines == ["1", "2"] && failed?.status == .limit)
        #expect(failed?.message.contains("record 2 ") == true && results.records == 2)
        for _ in 0..<3 {
            #expect(failure { try results.nextBatch() } === failed)
            #expect(failure { try results.next() } === failed)
        }
    }

    /// Records that come in one piece with what shows that the file is none are not given later.
    @Test func whatIsNoResultFileIsNeverGiven() throws {
        let page = FileHost("<html>\n{\"a\":1}\n{\"b\":2}\n")
        page.chunk = .max
        let reading = try JobHost([page], count: 2).read()
        #expect(reading.failure?.status == .protocol && reading.lines.isEmpty)
        #expect(reading.records == 0 && reading.failure?.message.contains("byte 60") == true)
    }

    @Test func aTokenIsOfARecordAtHand() throws {
        let results = try Source.files[0].stage(.max).open()
        for index in [0, -2, .min, .max] as [Int64] {
            #expect(failure { try results.token(at: index) }?.status == .argument, "\(index)")
        }
        _ = try results.next()
        _ = try results.next()
        for index in [-2, 2, 3, .min, .max] as [Int64] {
            let failed = failure { try results.token(at: index) }
            #expect(failed?.status == .argument, "\(index)")
            #expect(failed?.message.contains("from -1 to 1,") == true)
        }
        for index in [-1, 0, 1] as [Int64] { _ = try results.token(at: index) }
    }
}
