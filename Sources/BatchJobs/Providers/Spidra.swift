import BatchJobsJSON

/// Spidra's batch scrapes: numbered pages, results inline in the job.
final class Spidra: Provider {
    let facts = Facts(
        name: "spidra",
        origin: "https://api.spidra.io/api",
        options: [.pageSize, .maxItems, .maxPages, .cursor, .status, .prefetch],
        canList: true,
        pageSizeMaximum: 50,
        pageSizeDefault: 50,
        pagesAreNumbered: true,
        words: [
            StatusWord("pending", .queued, .none),
            StatusWord("running", .running, .none),
            StatusWord("completed", .done, .succeeded),
            StatusWord("failed", .done, .failed),
            StatusWord("cancelled", .done, .cancelled),
        ],
        itemsPath: ["items"])

    private let itemWords: [(StaticString, RecordOutcome)] = [
        ("completed", .ok), ("failed", .failed), ("cancelled", .cancelled),
        ("pending", .pending), ("running", .running),
    ]
    let table = FieldTable(
        "uuid", "status", "totalUrls", "completedCount", "failedCount", "createdAt", "finishedAt",
        "items")

    func headers(_ credential: String, _ settings: Settings) -> [Header] {
        [Header("x-api-key", credential)]
    }

    func listAddress(_ list: ListQuery, state: String?) throws(Failure) -> String {
        var address = Address(base: list.base)
        address.path("/batch/scrape")
        address.query("page", String(try pageNumber(state)))
        address.query("limit", String(list.pageSize))
        return address.text
    }

    func page(_ answer: Answer, _ list: ListQuery, state: String?) throws(Failure) -> PageAnswer {
        let (rows, envelope) = try answer.cut(["jobs"], table)
        try envelope.array("jobs")
        let pagination = try envelope.object("pagination")
        let last = try pagination.count("totalPages")
        let number = try pageNumber(state)
        // A page without rows is no end while the service counts more pages.
        let more = number < last
        return PageAnswer(
            rows: rows, path: "/jobs", next: more ? .number(number + 1, last: last) : .end)
    }

    /// The state of a numbered list is the number of its page.
    private func pageNumber(_ state: String?) throws(Failure) -> Int64 {
        guard let state else { return 1 }
        guard state.utf8.count <= 15, state.utf8.allSatisfy(isDigit), let number = Int64(state),
            number >= 1, state.utf8.first != UInt8(ascii: "0")
        else {
            throw Failure.argument("the cursor of a spidra list is a page number from 1")
                .detail("option", "cursor")
        }
        return number
    }

    func jobAddress(_ id: String, base: String, _ settings: Settings, forResults: Bool) -> String {
        var address = Address(base: base)
        address.path("/batch/scrape")
        address.segment(id)
        return address.text
    }

    func fields(_ members: Members, _ row: inout RowReader) throws(Failure) -> JobFields {
        var fields = JobFields()
        // The answer to a single job repeats no id, but holds the items.
        if let id = row.askedID {
            fields.id = try row.text(adding: id)
            let items = try row.required(members[7], "items")
            guard items.kind == .array else { throw row.wrong("items", "an array", items) }
        } else {
            fields.id = try row.requiredText(members, 0)
        }
        let word = try row.requiredText(members, 1)
        fields.word = word
        let total = try row.requiredCount(members, 2)
        let completed = try row.requiredCount(members, 3)
        let failed = try row.requiredCount(members, 4)
        fields[.total] = total
        fields[.succeeded] = completed
        fields[.failed] = failed
        let (processed, overflow) = completed.addingReportingOverflow(failed)
        fields[.processed] = overflow ? -1 : processed
        fields[.created] = try row.time(members, 5)
        fields[.finished] = try row.time(members, 6)
        (fields.phase, fields.outcome) = row.status(word, facts.words)
        // "completed" says only that every item ended.
        if fields.outcome == .succeeded && failed > 0 {
            fields.outcome = completed > 0 ? .partial : .failed
        }
        return fields
    }

    func results(_ job: Job) throws(Failure) -> ResultSource {
        guard let items = job.row.member("items") else { return ResultSource(.inline([])) }
        let group = InlineGroup(values: items, outcome: .member("status", itemWords), keys: ["url"])
        // While a job runs, it is not said that all its items are there.
        let isDone = job.fields.phase == .done
        return ResultSource(
            .inline([group]),
            isDone ? Expectation(count: job.fields[.total], isFact: true) : .none)
    }
}
