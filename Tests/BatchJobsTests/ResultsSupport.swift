import Testing

@testable import BatchJobs
@testable import BatchJobsCurl
@testable import BatchJobsJSON

/// gzip without compression, so that tests know where each byte stands.
enum Gzip {
    static func member(_ text: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var rest = text[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            packed.append(rest.isEmpty ? 1 : 0)
            packed += little(UInt64(block.count), 2) + little(~UInt64(block.count), 2) + block
        } while !rest.isEmpty
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in text {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
        }
        return packed + little(UInt64(~sum), 4) + little(UInt64(text.count), 4)
    }

    /// Members of so many bytes of the text each, these lengths again and again.
    static func members(_ text: [UInt8], _ lengths: [Int]) -> [UInt8] {
        var packed: [UInt8] = []
        var rest = text[...]
        var turn = 0
        while !rest.isEmpty {
            let length = lengths[turn % lengths.count]
            packed += member(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
            turn += 1
        }
        return packed
    }

    private static func little(_ number: UInt64, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }
}

extension FileHost {
    convenience init(_ data: [UInt8], etag: String? = "\"v1\"") {
        self.init("", etag: etag)
        self.data = data
    }
}

/// The network around one job, and what can be read of it.
class Stage: Script, @unchecked Sendable {
    var script: Script { self }
    let provider: String
    let id: String

    init(_ service: String, _ id: String) {
        (provider, self.id) = (service, id)
        super.init()
        makeInflater = { () throws(Failure) in try IsalInflater.make() }
    }

    func open(_ token: String? = nil, _ options: [String: String] = [:]) throws -> JobResults {
        let client = try client(provider, self, options)
        return try client.results(id, try token.map { try settings(["resume": $0]) }, nil)
    }

    struct Reading {
        var lines: [String] = []
        var indices: [Int64] = []
        var failure: Failure?
        var verdict = Verdict.none
        /// The place before the first record, and the one behind each.
        var tokens: [String] = []
        /// Records in all, as the stream counts them.
        var records: Int64 = -1
    }

    /// Reads to the end or a failure. `lengths` say how many records to take one by one before the
    /// next batch, again and again; none at all for one by one throughout.
    func read(
        _ token: String? = nil, batchAfter lengths: [Int] = [], _ options: [String: String] = [:]
    ) throws -> Reading {
        var reading = Reading()
        reading.failure = failure {
            let results = try open(token, options)
            reading.tokens.append(try results.token(at: results.records - 1))
            reading.failure = failure { try Self.read(results, lengths, &reading) }
            if let failed = reading.failure {
                // It stays failed, and nothing comes behind it.
                #expect(failure { try results.next() } === failed)
                #expect(failure { try results.nextBatch() } === failed)
            } else {
                #expect(try results.next() == nil && results.nextBatch() == nil)
            }
            reading.verdict = results.verdict
            reading.records = results.records
            if let last = reading.indices.last {
                #expect(results.records == last + 1)
                // Still to be had behind the end.
                reading.tokens[reading.tokens.count - 1] = try results.token(at: last)
            }
            if let failed = reading.failure { throw failed }
        }
        return reading
    }

    private static func read(_ results: JobResults, _ lengths: [Int], _ reading: inout Reading) throws {
        var turn = 0
        while true {
            var single = lengths.isEmpty ? Int.max : lengths[turn % lengths.count]
            turn += 1
            while single > 0 {
                guard let record = try results.next() else { return }
                reading.lines.append(record.data.shown)
                reading.indices.append(record.index)
                reading.tokens.append(try results.token(at: record.index))
                single -= 1
            }
            guard let batch = try results.nextBatch() else { return }
            for position in 0..<batch.count {
                let index = batch.firstIndex + Int64(position)
                reading.lines.append(batch.given(position).shown)
                reading.indices.append(index)
                reading.tokens.append(try results.token(at: index))
            }
        }
    }
}

/// A crustdata job. Its links are others each time somebody asks for it, and those of before no
/// longer work.
final class JobHost: Stage, @unchecked Sendable {
    static let signature = "0123456789abcdef"
    var files: [FileHost]
    var count: Int
    var status = "completed"
    private(set) var asked = 0
    /// Links to result files in the order in which they were asked for, redirects and all, by part.
    private(set) var parts: [Int] = []

    init(_ files: [FileHost], count: Int) {
        (self.files, self.count) = (files, count)
        super.init("crustdata", "b-1")
    }

    private func link(_ part: Int) -> String {
        "https://s.example/part-\(part)?X-Amz-Signature=\(Self.signature)-\(asked)"
    }

    override func reply(to request: Request) -> Reply? {
        if request.url == ResultsTests.job {
            asked += 1
            return ResultsTests.job(count, status: status, parts: files.indices.map(link))
        }
        guard let part = files.indices.first(where: { request.url == link($0) }) else {
            return .init("", status: 403)
        }
        parts.append(part)
        return files[part].answer(request)
    }
}

/// A job that holds its records itself.
final class InlineHost: Stage, @unchecked Sendable {
    var answer: Reply
    /// Before the answer.
    var first: [Reply] = []

    init(_ service: String, _ id: String, _ body: String, chunk: Int = .max) {
        answer = .init(body, chunk: chunk)
        super.init(service, id)
    }

    override func reply(to request: Request) -> Reply? {
        first.isEmpty ? answer : first.removeFirst()
    }
}

/// Every shape in which records come, with the same nine or so records in each.
struct Source: CustomTestStringConvertible, Sendable {
    let name: String
    let records: [String]
    let stage: @Sendable (_ chunk: Int) -> Stage

    var testDescription: String { name }

    /// As a file may hold it: a mark, both ends of lines, blank lines, and no end at the end.
    static let text =
        "\u{FEFF}{\"a\":0}\n{\"a\":1}\r\n\r\n \t\n{\"a\":\"\u{2028}2\u{85}\"}\n\"3\"\n{\"long\":\"\(String(repeating: "x", count: 70))\"}\n5\n[6]\n\n{\"a\":7}\n{\"last\":8}"
    static let lines = [
        "{\"a\":0}", "{\"a\":1}", "{\"a\":\"\u{2028}2\u{85}\"}", "\"3\"",
        "{\"long\":\"\(String(repeating: "x", count: 70))\"}", "5", "[6]", "{\"a\":7}", "{\"last\":8}",
    ]

    static let files: [Source] = [
        file("plain", Array(text.utf8)),
        file("plain, an end at the end", Array((text + "\n").utf8)),
        file("gzip of one member", Gzip.member(Array(text.utf8))),
        file("gzip of a member a line", lines.flatMap { Gzip.member(Array(($0 + "\n").utf8)) }),
        file("gzip of members that end anywhere", Gzip.members(Array(text.utf8), [13, 5, 29, 1])),
        file("gzip of members of a byte", Gzip.members(Array(text.utf8), [1])),
        file(
            "gzip with empty members",
            Gzip.member([]) + Gzip.member([]) + Gzip.members(Array(text.utf8), [20, 0, 0, 31])
                + Gzip.member([])),
    ]

    static let all: [Source] =
        files + [
            parts("parts", etags: ["\"v1\"", "\"v2\"", "\"v3\"", "\"v4\"", "\"v5\""]),
            parts("parts without an ETag", etags: [nil, nil, nil, nil, nil]),
            parts("parts, some with an ETag", etags: ["\"v1\"", nil, "W/\"v3\"", "\"v4\"", nil]),
            inline(
                "reach", "b-1", reach(lines: lines), records: lines),
            inline("veryfront", "b-1", veryfront(lines: lines), records: lines),
            inline("spidra", "b-1", spidra(lines: lines), records: lines),
        ] + files.map { $0.withoutETag }

    private static func file(_ name: String, _ data: [UInt8]) -> Source {
        Source(name: name, records: lines) { chunk in
            let host = FileHost(data)
            host.chunk = chunk
            return JobHost([host], count: lines.count)
        }
    }

    private var withoutETag: Source {
        Source(name: name + ", without an ETag", records: records) { chunk in
            let stage = stage(chunk)
            (stage as? JobHost)?.files[0].etag = nil
            return stage
        }
    }

    /// Two lines in each but for the third, which is empty, and one of them is packed.
    private static func parts(_ name: String, etags: [String?]) -> Source {
        Source(name: name, records: Array(lines[..<8])) { chunk in
            let parts = [lines[0..<2], lines[2..<4], [], lines[4..<6], lines[6..<8]].map { two in
                Array(two.joined(separator: "\n").utf8)
            }
            let hosts = zip(parts, etags).enumerated().map { part, file in
                let host = FileHost(part == 1 ? Gzip.members(file.0, [3, 9]) : file.0, etag: file.1)
                host.chunk = chunk
                return host
            }
            return JobHost(hosts, count: 8)
        }
    }

    private static func inline(
        _ service: String, _ id: String, _ body: String, records: [String]
    ) -> Source {
        Source(name: service, records: records) { InlineHost(service, id, body, chunk: $0) }
    }

    static func reach(lines: [String], failed: Int? = nil) -> String {
        let details = lines.prefix(4).enumerated().map { "\"k\($0)\" : \($1)" }
        return """
            {"success":true,"message":"ok","data":{"batchId":"b-1","status":"partial_success",
            "batchType":"IMPORT","progress":{"totalRecords":9,"failedRecords":\(failed ?? details.count)},
            "createdAt":"2026-01-01T00:00:00Z","errors":{"message":"some","details":{\(details.joined(separator: ", "))}},
            "pendingResources":[\(lines.dropFirst(4).joined(separator: " ,\n"))]}}
            """
    }

    static func veryfront(lines: [String], total: String = "9") -> String {
        func group(_ range: Range<Int>) -> String {
            "[" + lines[range.clamped(to: 0..<lines.count)].joined(separator: ",") + "]"
        }
        return """
            {"id":"b-1","project_id":"p","target":"t","job_count":2,
            "status_counts":{"submitted":0,"working":0,"completed":2,"failed":0,"canceled":0},
            "created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z",
            "result":{"kind":"knowledge_ingest","total_count":\(total),"processing":\(group(0..<1)),
            "completed":\(group(1..<5)),"skipped":[],"failed":\(group(5..<7)),"remaining":\(group(7..<99))}}
            """
    }

    static func spidra(lines: [String], total: Int? = nil, status: String = "completed") -> String {
        """
        {"before":[{"items":[1]}],"status":"\(status)","totalUrls":\(total ?? lines.count),
        "completedCount":\(lines.count),"failedCount":0,"items":[ \(lines.joined(separator: " ,\n")) ],
        "createdAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-02T00:00:00Z","after":{"items":{}}}
        """
    }
}
