import BatchJobsJSON

/// Reach's batches: cursor lists in an envelope of success, data and message; results are the
/// records that failed or wait.
final class Reach: Provider {
    let facts = Facts(
        name: "reach",
        origin: "https://api.embedreach.com",
        options: [
            .tenantID, .pageSize, .maxItems, .maxPages, .cursor, .status, .kind, .sortBy,
            .sortDirection, .includePending, .onlyPending, .prefetch,
        ],
        canList: true,
        // The service documents no maximum, only what it does when it is not asked.
        pageSizeMaximum: 1000,
        pageSizeDefault: 20,
        pagesAreNumbered: false,
        words: [
            StatusWord("processing", .running, .none),
            StatusWord("success", .done, .succeeded),
            StatusWord("partial_success", .done, .partial),
            StatusWord("failure", .done, .failed),
        ],
        jobPath: "/data")

    private let sortNames = [
        ("created", "createdAt"), ("started", "startedAt"), ("finished", "completedAt"),
    ]
    let table = FieldTable(
        "batchId", "status", "batchType", "progress", "createdAt", "startedAt", "completedAt",
        "errors", "pendingResources")
    private let envelopeTable = FieldTable("success", "message", "data", "errors")
    private let errorsTable = FieldTable("message")
    private let progressTable = FieldTable(
        "totalRecords", "processedRecords", "successfulRecords", "failedRecords",
        "pendingRecords")

    func headers(_ credential: String, _ settings: Settings) -> [Header] {
        var headers = [Header("Authorization", "Bearer " + credential)]
        if let tenant = settings[.tenantID] { headers.append(Header("reach-tenant-id", tenant)) }
        return headers
    }

    func listAddress(_ list: ListQuery, state: String?) throws(Failure) -> String {
        let settings = list.settings
        var address = Address(base: list.base)
        address.path("/api/batches")
        address.query("limit", String(list.pageSize))
        address.query("cursor", state)
        address.query("batchType", list.filter.kind)
        address.query("sortBy", settings[.sortBy].flatMap(sortName))
        address.query("sortDirection", settings[.sortDirection])
        address.query("includePendingDetails", settings[.includePending])
        address.query("onlyBatchesWithPendingResources", settings[.onlyPending])
        return address.text
    }

    private func sortName(_ word: String) -> String? {
        sortNames.first { word.isExactly($0.0) }?.1
    }

    func page(_ answer: Answer, _ list: ListQuery, state: String?) throws(Failure) -> PageAnswer {
        let (rows, envelope) = try answer.cut(["data", "results"], table)
        try checkSuccess(envelope, answer)
        let data = try envelope.object("data")
        try data.array("results")
        let pagination = try data.object("pagination")
        let more = try pagination.bool("hasNextPage")
        let cursor = try pagination.optionalText("cursor")
        return PageAnswer(
            rows: rows, path: "/data/results",
            next: next(more, cursor, "reach", "/data/pagination/cursor", "hasNextPage"))
    }

    func jobAddress(_ id: String, base: String, _ settings: Settings, forResults: Bool) -> String {
        var address = Address(base: base)
        address.path("/api/batches")
        address.segment(id)
        address.query(
            "includePendingDetails", forResults ? "true" : settings[.includePending])
        return address.text
    }

    /// Only the members around the row are read, so that its bytes pass through whatever they hold.
    func jobRow(_ answer: Answer) throws(Failure) -> Members {
        let origin = RowOrigin(provider: facts.name, path: "", askedID: nil, texts: Buffer())
        let whole = RowReader(try answer.whole(), index: nil, of: origin)
        let members = try whole.members(of: whole.row, envelopeTable, "")
        let success = try whole.required(members[0], "success")
        guard let succeeded = success.bool else {
            throw whole.wrong("success", "a boolean", success)
        }
        guard succeeded else { throw refusal(members[1]?.text, members[3]) }
        return Members(try whole.required(members[2], "data"), table)
    }

    /// A refusal may come with the status 200.
    private func checkSuccess(_ envelope: Envelope, _ answer: Answer) throws(Failure) {
        if try envelope.bool("success") { return }
        throw refusal(try envelope.optionalText("message"), try answer.whole().member("errors"))
    }

    private func refusal(_ said: String?, _ errors: Value?) -> Failure {
        let failure = Failure(
            .refused, "reach answered success: false: \(printable(said ?? "no message"))")
        guard let errors, errors.kind == .array, let list = errors.bytes.text else {
            return failure
        }
        return failure.detail("errors", list)
    }

    func fields(_ members: Members, _ row: inout RowReader) throws(Failure) -> JobFields {
        var fields = JobFields()
        fields.id = try row.requiredText(members, 0)
        let word = try row.requiredText(members, 1)
        fields.word = word
        (fields.phase, fields.outcome) = row.status(word, facts.words)
        fields.kind = try row.requiredText(members, 2)
        let progress = try row.members(
            of: try row.required(members[3], "progress"), progressTable, "progress")
        fields[.total] = try row.count(progress, 0)
        fields[.processed] = try row.count(progress, 1)
        fields[.succeeded] = try row.count(progress, 2)
        fields[.failed] = try row.count(progress, 3)
        fields[.pending] = try row.count(progress, 4)
        fields[.created] = try row.time(members, 4)
        fields[.started] = try row.time(members, 5)
        fields[.finished] = try row.time(members, 6)
        fields.errorText = try errorText(row, members[7])
        return fields
    }

    /// `errors.message`: why the whole batch failed.
    private func errorText(_ row: RowReader, _ errors: Value?) throws(Failure) -> Range<Int>? {
        guard let errors, errors.kind != .null else { return nil }
        return try row.text(try row.members(of: errors, errorsTable, "errors"), 0)
    }

    /// The failed records are counted, those that wait only listed. The service does not say that it
    /// lists every failed one.
    private func expectation(_ job: Job, _ groups: [InlineGroup]) -> Expectation {
        let failed = job.fields[.failed]
        let waiting = groups.last { $0.values.kind == .array }.map { number(of: $0.values) } ?? 0
        let (count, overflow) = failed.addingReportingOverflow(waiting)
        return failed < 0 || overflow ? .none : Expectation(count: count, isFact: false)
    }

    private func number(of values: Value) -> Int64 {
        var cursor = Cursor(values)
        var number: Int64 = 0
        while cursor.nextElement() != nil { number += 1 }
        return number
    }

    func results(_ job: Job) throws(Failure) -> ResultSource {
        var groups: [InlineGroup] = []
        if let details = job.row.at(pointer: "/errors/details"), details.kind != .null {
            guard details.kind == .object else {
                throw protocolFailure(
                    "reach's answer: /data/errors/details should be an object, not \(details.kind.name)",
                    path: "/data/errors/details")
            }
            groups.append(InlineGroup(values: details, outcome: .all(.failed), keys: []))
        }
        if let pending = job.row.member("pendingResources"), pending.kind != .null {
            guard pending.kind == .array else {
                throw protocolFailure(
                    "reach's answer: /data/pendingResources should be an array, not \(pending.kind.name)",
                    path: "/data/pendingResources")
            }
            groups.append(
                InlineGroup(
                    values: pending, outcome: .all(.pending), keys: ["resourceExternalId"]))
        }
        return ResultSource(.inline(groups), expectation(job, groups))
    }
}
