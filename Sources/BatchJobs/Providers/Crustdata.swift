import BatchJobsJSON

/// Crustdata's batch API: cursor lists, results as gzipped JSON lines on a storage host.
final class Crustdata: Provider {
    let facts = Facts(
        name: "crustdata",
        origin: "https://api.crustdata.com",
        options: [.pageSize, .maxItems, .maxPages, .cursor, .status, .kind, .prefetch],
        canList: true,
        pageSizeMaximum: 100,
        pageSizeDefault: 100,
        pagesAreNumbered: false,
        words: [
            StatusWord("pending", .queued, .none),
            StatusWord("processing", .running, .none),
            StatusWord("completed", .done, .succeeded),
            StatusWord("failed", .done, .failed),
        ],
        hasKeys: false)

    /// Far more than any job has, and a bound for what a hostile answer can cost.
    private let maximumParts = 10_000
    private let version = "2025-11-01"
    let table = FieldTable(
        "batch_id", "status", "action", "result_count", "entities_requested",
        "entities_fulfilled", "created_at", "completed_at", "error_message")

    func headers(_ credential: String, _ settings: Settings) -> [Header] {
        [
            Header("Authorization", "Bearer " + credential),
            Header("x-api-version", version),
        ]
    }

    func listAddress(_ list: ListQuery, state: String?) throws(Failure) -> String {
        var address = Address(base: list.base)
        address.path("/batch")
        address.query("limit", String(list.pageSize))
        address.query("status", list.filter.word)
        address.query("cursor", state)
        return address.text
    }

    func page(_ answer: Answer, _ list: ListQuery, state: String?) throws(Failure) -> PageAnswer {
        let (rows, envelope) = try answer.cut(["jobs"], table)
        try envelope.array("jobs")
        let more = try envelope.bool("has_more")
        let cursor = try envelope.optionalText("next_cursor")
        return PageAnswer(
            rows: rows, path: "/jobs",
            next: next(more, cursor, "crustdata", "/next_cursor", "has_more"))
    }

    func jobAddress(_ id: String, base: String, _ settings: Settings, forResults: Bool) -> String {
        var address = Address(base: base)
        address.path("/batch")
        address.segment(id)
        return address.text
    }

    func fields(_ members: Members, _ row: inout RowReader) throws(Failure) -> JobFields {
        var fields = JobFields()
        fields.id = try row.requiredText(members, 0)
        let word = try row.requiredText(members, 1)
        fields.word = word
        (fields.phase, fields.outcome) = row.status(word, facts.words)
        try row.require(members, 2)
        fields.kind = try row.text(members, 2)
        fields.errorText = try row.text(members, 8)
        fields[.total] = try row.requiredCount(members, 4)
        fields[.succeeded] = try row.requiredCount(members, 5)
        fields[.results] = try row.requiredCount(members, 3)
        fields[.created] = try row.time(members, 6)
        fields[.finished] = try row.time(members, 7)
        return fields
    }

    /// The parts; the merged file only where there are none. A job without records may name a
    /// file that was never written, so its count decides.
    func results(_ job: Job) throws(Failure) -> ResultSource {
        let count = job.fields[.results]
        guard job.fields.phase == .done else { throw notReady(job) }
        if count == 0 { return ResultSource(.parts([]), Expectation(count: 0, isFact: true)) }
        var links: [String] = []
        if let parts = job.row.member("download_urls"), parts.kind != .null {
            guard parts.kind == .array else { throw linkFailure("/download_urls", "an array") }
            var cursor = Cursor(parts)
            while let part = cursor.nextElement() {
                guard links.count < maximumParts else {
                    throw linkFailure("/download_urls", "at most \(maximumParts) links")
                }
                links.append(try link(part, "/download_urls"))
            }
        }
        if links.isEmpty, let merged = job.row.member("download_url"), merged.kind != .null {
            links.append(try link(merged, "/download_url"))
        }
        let succeeded = job.fields.outcome == .succeeded
        if links.isEmpty && !succeeded { throw notReady(job) }
        if links.isEmpty {
            throw protocolFailure(
                "crustdata's answer lacks /download_url although the job counts \(count) records",
                path: "/download_url")
        }
        // Only of a completed job is the count said to be the number of lines.
        return ResultSource(
            .parts(links), succeeded ? Expectation(count: count, isFact: true) : .none)
    }

    private func link(_ value: Value, _ path: String) throws(Failure) -> String {
        guard let link = value.text, isHeaderValue(link), !link.isEmpty else {
            throw linkFailure(path, "a link")
        }
        return link
    }

    private func linkFailure(_ path: String, _ expected: String) -> Failure {
        protocolFailure("crustdata's answer: \(path) should hold \(expected)", path: path)
    }
}
