import BatchJobsJSON

/// How a list with cursors goes on, by the flag and the cursor of its answer.
///
/// The flag decides. One that says more without a cursor is an error: to stop there would lose
/// rows, and to ask again without one would begin anew.
func next(
    _ more: Bool, _ cursor: String?, _ service: StaticString, _ path: StaticString,
    _ flag: StaticString
) -> NextPage {
    guard more else { return .end }
    if let cursor { return .state(cursor) }
    return .broken(
        protocolFailure(
            "\(service)'s answer says \(flag) but gives no cursor at \(path)",
            path: path.description))
}

func notReady(_ job: Job) -> Failure {
    let word = job.word?.text.map { " (\(printable($0)))" } ?? ""
    let failure = Failure(
        .notReady,
        job.fields.phase == .done
            ? "the job ended without results\(word)"
            : "the job is \(job.fields.phase.name)\(word); its results come when it is done")
    failure.retryable = job.fields.phase != .done
    return failure
}
