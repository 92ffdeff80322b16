import BatchJobsJSON

/// Veryfront's job batches: one batch at a time; where it stands follows from how many of its
/// jobs stand where, results are the files it lists in groups.
final class Veryfront: Provider {
    let facts = Facts(
        name: "veryfront",
        origin: "https://api.veryfront.com",
        options: [.project],
        canList: false,
        pageSizeMaximum: 0,
        pageSizeDefault: 0,
        pagesAreNumbered: false,
        words: [])

    let table = FieldTable(
        "id", "project_id", "target", "job_count", "status_counts", "created_at", "updated_at",
        "result")
    private let countsTable = FieldTable(
        "submitted", "working", "completed", "failed", "canceled")
    private let groups: [(StaticString, RecordOutcome)] = [
        ("processing", .running), ("completed", .ok), ("skipped", .skipped),
        ("failed", .failed), ("remaining", .pending),
    ]

    func headers(_ credential: String, _ settings: Settings) -> [Header] {
        [Header("Authorization", "Bearer " + credential)]
    }

    func check(_ settings: Settings) throws(Failure) {
        guard let project = settings[.project] else {
            throw Failure.argument(
                "veryfront needs the option project: the id or slug of the project"
            ).detail("option", "project")
        }
        if project.isExactly(".") || project.isExactly("..") {
            throw Failure.argument("the option project takes the id or slug of a project")
                .detail("option", "project")
        }
    }

    func listAddress(_ list: ListQuery, state: String?) throws(Failure) -> String {
        throw unsupportedList()
    }

    func page(_ answer: Answer, _ list: ListQuery, state: String?) throws(Failure) -> PageAnswer {
        throw unsupportedList()
    }

    private func unsupportedList() -> Failure {
        Failure(.unsupported, "veryfront cannot list jobs: the service has no such call")
    }

    func jobAddress(_ id: String, base: String, _ settings: Settings, forResults: Bool) -> String {
        var address = Address(base: base)
        address.path("/projects")
        address.segment(settings[.project] ?? "")
        address.path("/job-batches")
        address.segment(id)
        return address.text
    }

    func fields(_ members: Members, _ row: inout RowReader) throws(Failure) -> JobFields {
        var fields = JobFields()
        fields.id = try row.requiredText(members, 0)
        fields.kind = try row.text(members, 2)
        fields[.total] = try row.requiredCount(members, 3)
        let counts = try row.members(
            of: try row.required(members[4], "status_counts"), countsTable, "status_counts")
        fields[.queued] = try row.requiredCount(counts, 0)
        fields[.running] = try row.requiredCount(counts, 1)
        fields[.succeeded] = try row.requiredCount(counts, 2)
        fields[.failed] = try row.requiredCount(counts, 3)
        fields[.cancelled] = try row.requiredCount(counts, 4)
        fields[.created] = try row.time(members, 5)
        fields[.updated] = try row.time(members, 6)
        if let result = members[7], result.kind != .null, result.kind != .object {
            throw row.wrong("result", "an object", result)
        }
        derive(&fields)
        return fields
    }

    /// A batch is open-ended: a job added to it makes a finished one run again.
    private func derive(_ fields: inout JobFields) {
        let (succeeded, failed) = (fields[.succeeded], fields[.failed])
        let cancelled = fields[.cancelled]
        let (some, one) = succeeded.addingReportingOverflow(failed)
        let (processed, two) = some.addingReportingOverflow(cancelled)
        fields[.processed] = one || two ? -1 : processed
        if one || two {
            (fields.phase, fields.outcome) = (.running, .none)
            return
        }
        if fields[.running] > 0 || (fields[.queued] > 0 && processed > 0) {
            (fields.phase, fields.outcome) = (.running, .none)
        } else if fields[.queued] > 0 || processed == 0 {
            (fields.phase, fields.outcome) = (.queued, .none)
        } else if processed < fields[.total] {
            (fields.phase, fields.outcome) = (.running, .none)
        } else {
            fields.phase = .done
            fields.outcome =
                switch processed {
                case succeeded: .succeeded
                case failed: .failed
                case cancelled: .cancelled
                default: succeeded > 0 ? .partial : .failed
                }
        }
    }

    func results(_ job: Job) throws(Failure) -> ResultSource {
        guard let result = job.row.member("result"), result.kind == .object else {
            if job.fields.phase == .done { return ResultSource(.inline([])) }
            throw notReady(job)
        }
        let kind = result.member("kind")?.text ?? ""
        guard kind.isExactly("knowledge_ingest") else {
            throw Failure(
                .unsupported,
                "veryfront has results of the kind \"\(printable(kind))\", which this version cannot walk; read them with bj_job_field(job, \"/result\")"
            )
        }
        var found: [InlineGroup] = []
        for (name, outcome) in groups {
            guard let group = result.member(name.description), group.kind == .array else {
                throw protocolFailure(
                    "veryfront's answer lacks the array /result/\(name)", path: "/result/\(name)")
            }
            found.append(
                InlineGroup(values: group, outcome: .all(outcome), keys: ["path", "label"]))
        }
        let total = max(-1, result.member("total_count").flatMap { $0.integer } ?? -1)
        return ResultSource(.inline(found), Expectation(count: total, isFact: false))
    }
}
