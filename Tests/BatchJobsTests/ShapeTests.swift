import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Every member of every documented answer, in turn of each other kind, null, and gone. The answer
/// is then either refused with the path of that very member, or taken, and nothing is made up.
@Suite struct ShapeTests {
    /// What a reader asks of a member. Members without a rule may be anything.
    enum Rule: Sendable {
        case text, nonEmptyText, optionalText, count, optionalCount, time, yes
        case object(mayBeEmpty: Bool)
        case optionalObject
        /// Of anything, as records are.
        case array, optionalArray
        /// Jobs, and one of them.
        case rows, row
        /// Text that goes back as it came, even with a NUL in it.
        case cursor
        /// The id of the job that was asked for.
        case id

        func takes(_ json: String?) -> Bool {
            if case .row = self { return json == nil }
            guard let json, json != "null" else {
                switch self {
                case .optionalText, .optionalCount, .time, .cursor, .optionalObject, .optionalArray:
                    return true
                default: return false
                }
            }
            switch self {
            case .time: return json.hasPrefix("\"")
            case .cursor: return json.hasPrefix("\"") && json != Self.half
            case .text, .optionalText:
                return json.hasPrefix("\"") && json != Self.half && json != Self.nul
            case .nonEmptyText: return Rule.text.takes(json) && json != "\"\""
            case .count, .optionalCount: return json == "7"
            case .yes: return json == "true"
            case .object(let mayBeEmpty): return json == "{}" && mayBeEmpty
            case .optionalObject: return json == "{}"
            case .array, .optionalArray: return json == "[]" || json == "[null]"
            case .rows: return json == "[]"
            case .row, .id: return false
            }
        }

        /// Strings, but no text.
        static let nul = "\"\\u0000\""
        static let half = "\"\\ud800\""
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let service, call, file: String
        let rules: [String: Rule]
        var testDescription: String { "\(service) \(call)" }
    }

    static func below(_ path: String, _ rules: [String: Rule]) -> [String: Rule] {
        Dictionary(uniqueKeysWithValues: rules.map { (path + $0.key, $0.value) })
    }

    static let crustdataRow: [String: Rule] = [
        "/batch_id": .nonEmptyText, "/status": .nonEmptyText, "/action": .text,
        "/error_message": .optionalText, "/entities_requested": .count,
        "/entities_fulfilled": .count, "/result_count": .count, "/created_at": .time,
        "/completed_at": .time,
    ]
    static let spidraRow: [String: Rule] = [
        "/status": .nonEmptyText, "/totalUrls": .count, "/completedCount": .count,
        "/failedCount": .count, "/createdAt": .time, "/finishedAt": .time,
    ]
    static let reachRow: [String: Rule] = [
        "/batchId": .nonEmptyText, "/status": .nonEmptyText, "/batchType": .nonEmptyText,
        "/progress": .object(mayBeEmpty: true), "/progress/totalRecords": .optionalCount,
        "/progress/processedRecords": .optionalCount,
        "/progress/successfulRecords": .optionalCount, "/progress/failedRecords": .optionalCount,
        "/progress/pendingRecords": .optionalCount, "/createdAt": .time, "/startedAt": .time,
        "/completedAt": .time,
        "/errors": .optionalObject, "/errors/message": .optionalText,
    ]
    static let veryfrontRow: [String: Rule] = [
        "/id": .id, "/target": .optionalText, "/job_count": .count,
        "/status_counts": .object(mayBeEmpty: false), "/status_counts/submitted": .count,
        "/status_counts/working": .count, "/status_counts/completed": .count,
        "/status_counts/failed": .count, "/status_counts/canceled": .count, "/created_at": .time,
        "/updated_at": .time, "/result": .optionalObject,
    ]
    static let reachGet = below("/data", reachRow).merging([
        "/success": .yes, "/data": .object(mayBeEmpty: false), "/data/batchId": .id,
    ]) { $1 }
    static let seed = "Tests/simulator/vectors/"
    static let own = "Tests/Vectors/"

    static let cases = [
        Case(
            service: "crustdata", call: "list", file: seed + "crustdata/list.json",
            rules: below("/jobs/0", crustdataRow).merging([
                "/jobs": .rows, "/jobs/0": .row, "/has_more": .yes, "/next_cursor": .cursor,
            ]) { $1 }),
        Case(
            service: "crustdata", call: "get", file: seed + "crustdata/get.json",
            rules: crustdataRow.merging(["/batch_id": .id]) { $1 }),
        Case(
            service: "spidra", call: "list", file: seed + "spidra/list.json",
            rules: below("/jobs/0", spidraRow).merging(
                [
                    "/jobs": .rows, "/jobs/0": .row, "/jobs/0/uuid": .nonEmptyText,
                    "/pagination": .object(mayBeEmpty: false), "/pagination/totalPages": .count,
                ]) { $1 }),
        Case(
            service: "spidra", call: "get", file: own + "spidra/get_partial.json",
            rules: spidraRow.merging(["/items": .array]) { $1 }),
        Case(
            service: "reach", call: "list", file: own + "reach/list.json",
            rules: below("/data/results/0", reachRow).merging([
                "/success": .yes, "/data": .object(mayBeEmpty: false), "/data/results": .rows,
                "/data/results/0": .row, "/data/pagination": .object(mayBeEmpty: false),
                "/data/pagination/hasNextPage": .yes,
                "/data/pagination/cursor": .cursor,
            ]) { $1 }),
        Case(service: "reach", call: "get", file: own + "reach/get.json", rules: reachGet),
        Case(
            service: "reach", call: "results", file: own + "reach/get.json",
            rules: reachGet.merging([
                "/data/errors/details": .optionalObject, "/data/pendingResources": .optionalArray,
            ]) { $1 }),
        Case(
            service: "veryfront", call: "get", file: seed + "veryfront/get.json",
            rules: veryfrontRow),
        Case(
            service: "veryfront", call: "results", file: own + "veryfront/files.json",
            rules: veryfrontRow.merging([
                "/result/processing": .array, "/result/completed": .array,
                "/result/skipped": .array, "/result/failed": .array, "/result/remaining": .array,
            ]) { $1 }),
    ]

    static let replacements: [String?] = [
        "null", "true", "7", "-1", "1.5", "\"text\"", "\"\"", Rule.nul, Rule.half, "[]", "{}",
        "[null]", "99999999999999999999", "1e400", nil,
    ]

    /// The first page or the job, and for results all records; nil where it succeeds.
    static func run(_ test: Case, _ body: String, id: String) throws -> Failure? {
        let client = try client(test.service, Script(otherwise: .init(body)))
        return failure {
            switch test.call {
            case "list": _ = try client.pages(nil, nil).next()
            case "get": _ = try client.job(id, nil, nil)
            default: _ = try client.results(id, nil, nil).all().failure.map { throw $0 }
            }
        }
    }

    static let ids = [
        "crustdata": "53ab686b-c054-496b-8baf-baff5ecc85cf", "spidra": "x", "reach": "r-1",
        "veryfront": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    ]

    @Test(arguments: cases) func eachMemberOfEachKind(_ test: Case) throws {
        let tree = Tree(try Repository.text(test.file))
        let id = test.file.hasSuffix("files.json") ? "v-1" : try #require(Self.ids[test.service])
        var refused = 0
        for pointer in Set(tree.pointers() + test.rules.keys) {
            for replacement in Self.replacements {
                let body = tree.setting(pointer, to: replacement).text
                let failed = try Self.run(test, body, id: id)
                let comment = Comment(
                    rawValue:
                        "\(pointer) as \(replacement ?? "nothing"): \(failed?.message ?? "taken")")
                guard let rule = test.rules[pointer] else {
                    // Its own text may not fit into an envelope, which jansson reads.
                    if replacement == "99999999999999999999" || replacement == "1e400"
                        || replacement == "\"\\ud800\""
                    {
                        continue
                    }
                    #expect(failed == nil || failed?.status == .unsupported, comment)
                    if failed?.status == .unsupported {
                        #expect(pointer == "/result/kind", comment)
                    }
                    continue
                }
                if case .rows = rule, replacement == "[]" {
                    // The list goes on behind an empty page, and gets the same again.
                    #expect(failed == nil || failed?.status == .cursor, comment)
                    continue
                }
                if rule.takes(replacement) {
                    // An empty object is one; where it should hold records, what it lacks is named.
                    let isEmptyResult =
                        test.call == "results" && pointer == "/result" && replacement == "{}"
                    #expect((failed == nil) != isEmptyResult, comment)
                    continue
                }
                refused += 1
                #expect(failed?.status == .protocol, comment)
                let path = failed?.value("path") ?? ""
                let isIn = path == pointer || path.hasPrefix(pointer + "/")
                #expect(
                    isIn || Self.isRootFault(replacement, path)
                        || (Self.isID(rule) && replacement == "\"text\""), comment)
            }
        }
        #expect(refused > test.rules.count * 4)
    }

    static func isID(_ rule: Rule) -> Bool { if case .id = rule { true } else { false } }

    /// A number or text that jansson cannot hold spoils the whole envelope.
    static func isRootFault(_ replacement: String?, _ path: String) -> Bool {
        path == "/" && ["99999999999999999999", "1e400", "\"\\ud800\""].contains(replacement)
    }

    @Test(arguments: [
        ("crustdata", "{\"jobs\":[],\"has_more\":false}"),
        ("crustdata", "{\"jobs\":[],\"has_more\":false,\"next_cursor\":null}"),
        ("crustdata", "{\"jobs\":[],\"has_more\":false,\"next_cursor\":\"x\"}"),
        (
            "reach",
            "{\"success\":true,\"data\":{\"results\":[],\"pagination\":{\"hasNextPage\":false}}}"
        ),
        (
            "reach",
            "{\"success\":true,\"message\":null,\"data\":{\"results\":[],\"pagination\":{\"hasNextPage\":false,\"cursor\":\"x\",\"total\":null}}}"
        ),
        ("spidra", "{\"jobs\":[],\"pagination\":{\"totalPages\":0}}"),
        ("spidra", "{\"jobs\":[],\"pagination\":{\"totalPages\":1,\"page\":null}}"),
    ]) func anEnd(_ service: String, _ body: String) throws {
        let script = Script(otherwise: .init(body))
        let (pages, failed) = try client(service, script).pages(nil, nil).all()
        #expect(pages.isEmpty && failed == nil && script.requests.count == 1)
    }

    /// A numbered page without rows is no end while the service counts more pages, but after eight of
    /// them nothing is to be expected any more.
    @Test func anEmptyPageIsNoEnd() throws {
        func script(_ pages: Int) -> Script {
            Script(
                otherwise: .init(
                    "{\"jobs\":[],\"pagination\":{\"totalPages\":\(pages),\"page\":null}}"))
        }
        let seven = script(7)
        let (pages, failed) = try client("spidra", seven).pages(nil, nil).all()
        #expect(pages.isEmpty && failed == nil && seven.requests.count == 7)
        let nine = script(9)
        let (none, circle) = try client("spidra", nine).pages(nil, nil).all()
        #expect(none.isEmpty && circle?.status == .cursor && nine.requests.count == 8)
        let (fewer, limit) = try client("spidra", nine, ["max_pages": "3"]).pages(nil, nil).all()
        #expect(fewer.isEmpty && limit?.status == .limit && nine.requests.count == 11)
    }
}
