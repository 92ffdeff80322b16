import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Which jobs a list hands over, and what it asks the service for.
@Suite struct JobFilterTests {
    static func filter(_ service: String, status: String? = nil, kind: String? = nil) throws
        -> JobFilter
    {
        var settings = Settings()
        try settings.set("status", status)
        try settings.set("kind", kind)
        return try JobFilter(settings, try #require(Providers.find(service)).facts)
    }

    static func job(_ word: String, _ phase: Phase, _ outcome: Outcome, kind: String? = nil) -> Job
    {
        let texts = Buffer()
        func add(_ text: String) -> Range<Int> {
            let start = texts.count
            _ = texts.append(text) && texts.append(0)
            return start..<texts.count - 1
        }
        var fields = JobFields()
        fields.id = add("id")
        fields.word = add(word)
        fields.kind = kind.map(add)
        (fields.phase, fields.outcome) = (phase, outcome)
        return Job(provider: "test", row: Value(cut: bytes("{}")), fields: fields, texts: texts)
    }

    /// One of each kind, by a name for the tables.
    static let jobs: [(String, Job)] = [
        ("queued", job("pending", .queued, .none)), ("running", job("running", .running, .none)),
        ("odd", job("paused", .running, .unknown)),
        ("succeeded", job("completed", .done, .succeeded)),
        ("partial", job("completed", .done, .partial)), ("failed", job("failed", .done, .failed)),
        ("allFailed", job("completed", .done, .failed)),
        ("cancelled", job("cancelled", .done, .cancelled)),
        ("expired", job("x", .done, .expired)),
    ]

    @Test(
        arguments: [
            (
                nil,
                [
                    "queued", "running", "odd", "succeeded", "partial", "failed", "allFailed",
                    "cancelled", "expired",
                ]
            ), ("queued", ["queued"]), ("running", ["running", "odd"]),
            ("done", ["succeeded", "partial", "failed", "allFailed", "cancelled", "expired"]),
            ("succeeded", ["succeeded"]), ("partial", ["partial"]),
            ("failed", ["failed", "allFailed"]), ("cancelled", ["cancelled"]),
            ("expired", ["expired"]), ("unknown", ["odd"]), ("pending", ["queued"]),
            ("completed", ["succeeded", "partial", "allFailed"]),
        ] as [(String?, [String])]) func accepts(_ status: String?, _ expected: [String]) throws
    {
        let filter = try Self.filter("spidra", status: status)
        #expect(Self.jobs.filter { filter.accepts($0.1) }.map { $0.0 } == expected)
    }

    /// What the service is asked for: one word of its own, or nothing.
    @Test(
        arguments: [
            ("crustdata", "queued", "pending"), ("crustdata", "succeeded", "completed"),
            ("crustdata", "failed", "failed"), ("crustdata", "done", nil),
            ("crustdata", "pending", "pending"), ("crustdata", "processing", "processing"),
            ("crustdata", "completed", "completed"), ("crustdata", "partial", nil),
            ("crustdata", "unknown", nil), ("crustdata", "cancelled", nil),
            ("crustdata", "expired", nil),
            // Words nobody knows are running too, so no word of the service means all of it.
            ("crustdata", "running", nil), ("spidra", "running", nil), ("reach", "running", nil),
            ("reach", "processing", "processing"),
        ] as [(String, String, String?)]) func asksFor(
            _ service: String, _ status: String, _ word: String?
        ) throws
    {
        #expect(try Self.filter(service, status: status).word == word)
    }

    /// From the request to the page: what the service calls by a word of tomorrow is running.
    @Test func runningIsAskedOfNobody() throws {
        let rows = [("a", "processing"), ("b", "completed"), ("c", "paused"), ("d", "pending")]
        let script = Script([
            PagesTests.base: [PagesTests.page(rows.map { PagesTests.row($0.0, $0.1) }, nil)]
        ])
        let (pages, failed) = try client("crustdata", script, ["status": "running"])
            .pages(nil, nil).all()
        #expect(failed == nil && PagesTests.ids(pages) == [["a", "c"]])
        #expect(script.requests.map(\.url) == [PagesTests.base])
    }

    @Test(arguments: [
        ("crustdata", "none"), ("crustdata", "Done"), ("crustdata", "cancelled "),
        ("crustdata", "success"), ("spidra", "processing"), ("reach", "completed"),
        ("reach", "partial-success"), ("spidra", "e\u{301}"),
    ]) func refuses(_ service: String, _ status: String) {
        let wrong = failure { try Self.filter(service, status: status) }
        #expect(wrong?.status == .argument && wrong?.value("option") == "status")
        #expect(
            wrong?.message.contains("succeeded") == true
                && wrong?.message.contains(service == "reach" ? "partial_success" : "completed")
                    == true
        )
    }

    @Test(
        arguments: [("search", true), ("enrich", false), ("Search", false), (nil, false)]
            as [(String?, Bool)]) func aKindIsExact(_ kind: String?, _ accepted: Bool) throws
    {
        let filter = try Self.filter("crustdata", status: "done", kind: "search")
        #expect(filter.accepts(Self.job("completed", .done, .succeeded, kind: kind)) == accepted)
        #expect(!filter.accepts(Self.job("pending", .queued, .none, kind: kind)))
    }
}
