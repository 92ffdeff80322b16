import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Phase and outcome of a job, for every word and every mix of counts.
@Suite struct StandingTests {
    static func get(_ service: String, _ body: String) throws -> Job {
        try client(service, Script(otherwise: .init(body))).job("b-1", nil, nil)
    }

    @Test(
        arguments: [
            ("pending", .queued, .none), ("processing", .running, .none),
            ("completed", .done, .succeeded), ("failed", .done, .failed),
            ("Completed", .running, .unknown), ("cancelled", .running, .unknown),
            ("completed ", .running, .unknown), ("running", .running, .unknown),
        ] as [(String, Phase, Outcome)]) func crustdata(
            _ word: String, _ phase: Phase, _ outcome: Outcome
        ) throws
    {
        let body = Tree(try Repository.text("Tests/Vectors/crustdata/pending.json")).setting(
            "/status", to: "\"\(word)\"")
        let job = try Self.get("crustdata", body.text)
        #expect(
            job.fields.phase == phase && job.fields.outcome == outcome && job.word?.shown == word)
    }

    /// Word, completed and failed items.
    @Test(
        arguments: [
            ("pending", 0, 0, .queued, .none), ("running", 5, 1, .running, .none),
            ("completed", 5, 0, .done, .succeeded), ("completed", 4, 1, .done, .partial),
            ("completed", 0, 5, .done, .failed),
            ("completed", 0, 0, .done, .succeeded), ("failed", 0, 0, .done, .failed),
            ("failed", 3, 2, .done, .failed), ("cancelled", 3, 2, .done, .cancelled),
            ("canceled", 0, 0, .running, .unknown), ("queued", 0, 0, .running, .unknown),
            ("completed", .max, 1, .done, .partial),
        ] as [(String, Int64, Int64, Phase, Outcome)]) func spidra(
            _ word: String, _ completed: Int64, _ failed: Int64, _ phase: Phase, _ outcome: Outcome
        ) throws
    {
        let body =
            "{\"status\":\"\(word)\",\"totalUrls\":5,\"completedCount\":\(completed),\"failedCount\":\(failed),\"items\":[]}"
        let job = try Self.get("spidra", body)
        #expect(
            job.fields.phase == phase && job.fields.outcome == outcome && job.word?.shown == word
                && job.id.shown == "b-1")
        #expect(job.fields[.processed] == (completed == .max ? -1 : completed + failed))
    }

    @Test(
        arguments: [
            ("processing", .running, .none), ("success", .done, .succeeded),
            ("partial_success", .done, .partial), ("failure", .done, .failed),
            ("pending", .running, .unknown), ("SUCCESS", .running, .unknown),
        ] as [(String, Phase, Outcome)]) func reach(
            _ word: String, _ phase: Phase, _ outcome: Outcome
        ) throws
    {
        let body =
            "{\"success\":true,\"data\":{\"batchId\":\"b-1\",\"status\":\"\(word)\",\"batchType\":\"T\",\"progress\":{}}}"
        let job = try Self.get("reach", body)
        #expect(job.fields.phase == phase && job.fields.outcome == outcome)
    }

    /// Jobs in all, then submitted, working, completed, failed, canceled.
    @Test(
        arguments: [
            ([0, 0, 0, 0, 0, 0], .queued, .none), ([3, 0, 0, 0, 0, 0], .queued, .none),
            ([3, 3, 0, 0, 0, 0], .queued, .none), ([3, 2, 1, 0, 0, 0], .running, .none),
            ([3, 0, 3, 0, 0, 0], .running, .none), ([3, 1, 0, 2, 0, 0], .running, .none),
            ([3, 0, 1, 1, 1, 0], .running, .none), ([3, 0, 0, 2, 0, 0], .running, .none),
            ([3, 0, 0, 3, 0, 0], .done, .succeeded), ([3, 0, 0, 0, 3, 0], .done, .failed),
            ([3, 0, 0, 0, 0, 3], .done, .cancelled), ([3, 0, 0, 2, 1, 0], .done, .partial),
            ([3, 0, 0, 2, 0, 1], .done, .partial), ([3, 0, 0, 1, 1, 1], .done, .partial),
            ([3, 0, 0, 0, 2, 1], .done, .failed), ([2, 0, 0, 3, 0, 0], .done, .succeeded),
            ([1, 0, 0, .max, 1, 0], .running, .none),
        ] as [([Int64], Phase, Outcome)]) func veryfront(
            _ counts: [Int64], _ phase: Phase, _ outcome: Outcome
        ) throws
    {
        let names = ["submitted", "working", "completed", "failed", "canceled"]
        let members = zip(names, counts.dropFirst()).map { "\"\($0)\":\($1)" }.joined(
            separator: ",")
        let body =
            "{\"id\":\"b-1\",\"project_id\":\"p\",\"target\":null,\"job_count\":\(counts[0]),\"status_counts\":{\(members)},\"created_at\":\"\",\"updated_at\":\"\"}"
        let job = try Self.get("veryfront", body)
        #expect(job.fields.phase == phase && job.fields.outcome == outcome && job.word == nil)
        #expect(job.fields[.queued] == counts[1] && job.fields[.cancelled] == counts[5])
        #expect(
            job.fields[.processed] == (counts[3] == .max ? -1 : counts[3] + counts[4] + counts[5]))
    }

    /// A job is reachable whole, by pointer, and as a copy that needs nothing else.
    @Test func everyMemberIsReachable() throws {
        let body = try Repository.text("Tests/Vectors/reach/get.json")
        let client = try client("reach", Script(otherwise: .init(body)))
        let job = try client.job("r-1", nil, nil).copy()
        let data = try document(body).member("data")
        #expect(job.row.bytes.shown == data?.bytes.shown)
        #expect(job.row.at(pointer: "/progress/successRate")?.bytes.shown == "66.6")
        #expect(
            job.row.at(pointer: "/pendingResources/0/missingDependencies/0/externalId")?.text
                == "ext-1")
        #expect(job.row.at(pointer: "/errors/details/a~1b é/errors")?.kind == .array)
        #expect(job.id.shown == "r-1" && job.errorText == nil)
    }
}
