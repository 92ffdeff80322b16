import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Runs Tests/Vectors through the core.
@Suite struct VectorTests {
    struct Vector: Decodable {
        struct HTTP: Decodable {
            var status = 200
            var headers: [String: String]?
        }
        struct Expected: Decodable {
            let id: String
            let kind, word, error_text: String?
            let phase, outcome: String
            let counts, times: [String: Int64]
        }
        struct Entry: Decodable {
            let key: String?
            let outcome, data: String
        }
        struct Fault: Decodable {
            let status: String
            let http_status: Int32?
            let retry_after_ms: Int64?
            let code, request_id, message, path, errors: String?
            let retryable: Bool?
        }
        let provider, call, answer: String
        let id: String?
        let options, files: [String: String]?
        let http: HTTP?
        let jobs: [Expected]?
        let more: Bool?
        let records: [Entry]?
        let records_error, error: Fault?
    }

    static let names: [String] = {
        let folder = Repository.root.appendingPathComponent("Tests/Vectors")
        let found =
            FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return found.filter { $0.hasSuffix(".expected.json") }.sorted()
    }()

    @Test func thereAreSomeForEachService() {
        for provider in Providers.all {
            #expect(
                Self.names.filter { $0.hasPrefix(provider.facts.name.description + "/") }.count >= 5
            )
        }
    }

    @Test(arguments: names) func run(_ name: String) throws {
        let folder = "Tests/Vectors/" + name.prefix { $0 != "/" } + "/"
        let vector = try JSONDecoder().decode(
            Vector.self, from: Data(try Repository.data("Tests/Vectors/" + name)))
        let body = try Repository.data(folder + vector.answer)
        let headers = (vector.http?.headers ?? [:]).map { Header($0.key, $0.value) }
        var files: [String: [Script.Reply]] = [:]
        for (url, file) in vector.files ?? [:] {
            files[url] = [.init(try Repository.data(folder + file))]
        }
        // The rest of a list is not the vector's matter.
        let answer = Script.Reply(body, status: vector.http?.status ?? 200, headers: headers)
        let script = Script(files, otherwise: answer)
        let client = try client(vector.provider, script, vector.options ?? [:])
        switch vector.call {
        case "list": try list(vector, client, body)
        case "get": try get(vector, client, body)
        default: Issue.record("a vector cannot be a \(vector.call)")
        }
    }

    private func list(_ vector: Vector, _ client: BatchJobs.Client, _ body: [UInt8]) throws {
        let pages = try client.pages(nil, nil)
        var page: Page?
        let failed = failure { page = try pages.next() }
        if let fault = vector.error { return check(failed, fault) }
        #expect(failed == nil, "\(failed?.message ?? "")")
        let jobs = try #require(vector.jobs)
        #expect(page?.jobs.count ?? 0 == jobs.count)
        for (job, expected) in zip(page?.jobs ?? [], jobs) { check(job, expected) }
        if let page {
            #expect(page.raw.array == body)
            #expect((page.nextCursor != nil) == vector.more)
        }
    }

    private func get(_ vector: Vector, _ client: BatchJobs.Client, _ body: [UInt8]) throws {
        let id = try #require(vector.id)
        var job: Job?
        let failed = failure { job = try client.job(id, nil, nil) }
        if let fault = vector.error {
            #expect(failed?.jobID == id)
            check(failed, fault)
            return check(failure { try client.results(id, nil, nil) }, fault)
        }
        #expect(failed == nil, "\(failed?.message ?? "")")
        let found = try #require(job)
        let expectedJob = try #require(vector.jobs?.first)
        check(found, expectedJob)
        check(try found.copy(), expectedJob)
        if let fault = vector.records_error {
            return check(failure { while try client.results(id, nil, nil).next() != nil {} }, fault)
        }
        let results = try client.results(id, nil, nil)
        check(results.job, expectedJob)
        let (records, broken) = results.all()
        #expect(broken == nil, "\(broken?.message ?? "")")
        let expected = try #require(vector.records)
        #expect(records.count == expected.count)
        for (index, (record, wanted)) in zip(records, expected).enumerated() {
            #expect(record.key == wanted.key && "\(record.outcome.name)" == wanted.outcome)
            #expect(record.data == Array(wanted.data.utf8) && record.index == Int64(index))
        }
    }

    private func check(_ job: Job, _ expected: Vector.Expected) {
        #expect(
            job.id.shown == expected.id && job.kind?.shown == expected.kind
                && job.word?.shown == expected.word)
        #expect(job.errorText?.shown == expected.error_text)
        #expect(
            "\(job.fields.phase.name)" == expected.phase
                && "\(job.fields.outcome.name)" == expected.outcome)
        let counts: [(String, Count)] = [
            ("total", .total), ("processed", .processed), ("succeeded", .succeeded),
            ("failed", .failed), ("cancelled", .cancelled), ("queued", .queued),
            ("running", .running), ("pending", .pending),
            ("results", .results),
        ]
        for (name, count) in counts {
            #expect(job.fields[count] == expected.counts[name] ?? -1, "\(name)")
        }
        let times: [(String, Moment)] = [
            ("created", .created), ("started", .started), ("finished", .finished),
            ("updated", .updated),
        ]
        for (name, time) in times {
            #expect(job.fields[time] == expected.times[name] ?? .min, "\(name)")
        }
        #expect(
            Set(expected.counts.keys).isSubset(of: counts.map { $0.0 })
                && Set(expected.times.keys).isSubset(of: times.map { $0.0 }))
    }

    private func check(_ failed: Failure?, _ fault: Vector.Fault) {
        guard let failed else {
            Issue.record("it did not fail")
            return
        }
        #expect(
            failed.status.rawValue == HeaderFileTests.constants[fault.status], "\(failed.message)")
        if let status = fault.http_status { #expect(failed.httpStatus == status) }
        if let retryable = fault.retryable { #expect(failed.retryable == retryable) }
        if let message = fault.message {
            #expect(failed.message.contains(message), "\(failed.message)")
        }
        #expect(
            failed.code == fault.code && failed.requestID == fault.request_id
                && failed.retryAfterMS == fault.retry_after_ms ?? -1)
        #expect(
            failed.value("path") == fault.path && failed.value("errors") == fault.errors,
            "\(failed.message)")
        #expect(!failed.message.contains(key))
    }
}
