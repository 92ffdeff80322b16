import BatchJobsJSON

/// One account at one service. Immutable, so that any number of threads may use it.
public final class Client: Sendable {
    public let provider: any Provider
    let name: StaticString
    public let transport: any Transport
    public let interruption = Interruption()
    public let log = Log()
    let budget = RetryBudget()
    let gate: RequestGate
    let credentials: Credentials
    let base: String
    private let settings: Settings

    public init(
        _ provider: any Provider, _ settings: Settings, _ transport: any Transport
    ) throws(Failure) {
        self.provider = provider
        name = provider.facts.name
        self.settings = settings
        self.transport = transport
        credentials = Credentials(settings[.apiKey] ?? "", transport)
        gate = RequestGate(settings, transport, name)
        base = withoutTrailingSlash(settings[.baseURL] ?? provider.facts.origin)
        try Self.check(settings, provider)
        try Self.check(base, transport)
        try provider.check(settings)
    }

    public func pages(_ options: Settings?, _ cancel: (any Cancellation)?) throws(Failure)
        -> JobPages
    {
        try JobPages.open(self, try settings(for: options), cancel)
    }

    public func job(_ id: String, _ options: Settings?, _ cancel: (any Cancellation)?)
        throws(Failure) -> Job
    {
        let settings = try settings(for: options)
        try checkID(id)
        return try fetchJob(
            id, settings, try transport.session(), call(settings, cancel), forResults: false)
    }

    /// Waits for jobs, each until it is done. The ids may hold one twice.
    public func waits(_ ids: [String], _ options: Settings?, _ cancel: (any Cancellation)?)
        throws(Failure) -> JobWaits
    {
        try JobWaits.open(self, ids, try settings(for: options), cancel)
    }

    public func results(_ id: String, _ options: Settings?, _ cancel: (any Cancellation)?)
        throws(Failure) -> JobResults
    {
        let settings = try settings(for: options)
        try checkID(id)
        return try JobResults.open(self, id, settings, cancel)
    }

    /// Ends what is in progress; what comes later is not touched.
    public func cancel() {
        interruption.cancelAll()
        transport.wake()
    }

    func call(_ settings: Settings, _ cancel: (any Cancellation)?) -> Call {
        Call(
            now: transport.monotonicMS(), timeoutMS: settings.integer(.timeoutMS), cancel: cancel,
            interruption: interruption)
    }


    /// Sets the way to a fresh token after a 401. Before the client is shared.
    public func setTokenProvider(_ provider: (() -> String?)?) { credentials.provider = provider }

    func log(_ level: LogLevel, _ text: () -> String) {
        log.line(level) { "\(name): \(redacted(text()))" }
    }

    /// Adds what a failure of a request is known to be about, and takes out what no message may
    /// hold: a service may repeat the key it refuses.
    func blame(
        _ failure: Failure, _ url: String, _ ofCall: Settings, _ answer: Answer? = nil
    ) {
        failure.url = publicURL(url)
        if let answer {
            failure.httpStatus = Int32(clamping: answer.head.status)
            failure.requestID = requestID(answer.head)
        }
        failure.rewrite { redacted($0, ofCall) }
    }

    private func redacted(_ text: String, _ ofCall: Settings? = nil) -> String {
        var text = text
        for secret in credentials.known + (ofCall ?? settings).secretHeaderValues {
            for spelling in spellings(of: secret) {
                text = text.replacing(spelling, by: "[redacted]")
            }
        }
        return text
    }

    func request(_ url: String, _ credential: String, _ settings: Settings) -> Request {
        let own = settings.headers
        let provided = provider.headers(credential, settings).filter { header in
            !own.contains { equalIgnoringCase($0.name, header.name) }
        }
        return Request(url: url, headers: provided + own)
    }

    /// `prefetched` is a request for the job that is under way; `noting` sees the answer's head.
    func fetchJob(
        _ id: String, _ settings: Settings, _ session: any Session, _ call: Call, forResults: Bool,
        prefetched: Prefetched? = nil, noting: (Head) -> Void = { _ in }
    ) throws(Failure) -> Job {
        do throws(Failure) {
            try call.check(now: transport.monotonicMS())
            let url = provider.jobAddress(
                id, base: base, settings, forResults: forResults)
            var attempts = Attempts(self, settings, session, call)
            let answer = try attempts.answer(url, prefetched: prefetched)
            noting(answer.head)
            do throws(Failure) {
                return try job(answer, id)
            } catch {
                blame(error, url, settings, answer)
                throw error
            }
        } catch {
            error.jobID = id
            throw error
        }
    }

    /// A page of the list, its rows read.
    func fetchPage(
        _ url: String, _ list: ListQuery, state: String?, _ attempts: inout Attempts,
        prefetched: Prefetched? = nil
    ) throws(Failure) -> (jobs: [Job], next: NextPage, answer: Answer) {
        let answer = try attempts.answer(url, prefetched: prefetched)
        do throws(Failure) {
            let cut = try provider.page(answer, list, state: state)
            let origin = RowOrigin(provider: name, path: cut.path, askedID: nil, texts: Buffer())
            var jobs: [Job] = []
            jobs.reserveCapacity(cut.rows.count)
            for (index, row) in cut.rows.enumerated() {
                jobs.append(try job(row, index: index, of: origin))
            }
            return (jobs, cut.next, answer)
        } catch {
            blame(error, url, list.settings, answer)
            throw error
        }
    }

    private func job(_ row: Members, index: Int?, of origin: RowOrigin) throws(Failure) -> Job {
        var reader = RowReader(row.object, index: index, of: origin)
        try reader.requireObject()
        let fields = try provider.fields(row, &reader)
        return Job(provider: name, row: row.object, fields: fields, texts: origin.texts)
    }

    func job(_ answer: Answer, _ id: String) throws(Failure) -> Job {
        let origin = RowOrigin(
            provider: name, path: provider.facts.jobPath, askedID: id, texts: Buffer())
        let row = try provider.jobRow(answer)
        let job = try job(row, index: nil, of: origin)
        guard job.id.equalsIgnoringCase(id) else {
            let found = job.id[0..<100].text ?? ""
            throw protocolFailure(
                "\(name) answered with the job \(printable(found)) instead",
                path: provider.facts.jobPath.description)
        }
        return job
    }

    /// The client's settings with those of a call on top, when the call may have them.
    public func settings(for options: Settings?) throws(Failure) -> Settings {
        guard let options else { return settings }
        for option in Option.allCases where options.isSet(option) && option.row.clientOnly {
            throw Failure.argument(
                "the option \(option.row.name) belongs to the client: give it to bj_client_new"
            ).detail("option", option.row.name.description)
        }
        try Self.refuseUnknown(options, provider)
        let merged = settings.overlaid(by: options)
        try provider.check(merged)
        return merged
    }

    private static func check(_ base: String, _ transport: any Transport) throws(Failure) {
        do throws(Failure) {
            try transport.check(address: base)
        } catch {
            throw Failure(error.status, "the option base_url: " + error.message)
                .detail("option", "base_url")
        }
    }

    private static func check(_ settings: Settings, _ provider: any Provider) throws(Failure) {
        guard settings.isSet(.apiKey) else {
            throw Failure.argument(
                "\(provider.facts.name) needs the option api_key: the key or token of the account"
            ).detail("option", "api_key")
        }
        try refuseUnknown(settings, provider)
    }

    private static func refuseUnknown(_ settings: Settings, _ provider: any Provider)
        throws(Failure)
    {
        let facts = provider.facts
        for option in Option.allCases where settings.isSet(option) && !facts.accepts(option) {
            let known = Option.allCases.filter(facts.accepts).map { $0.row.name.description }
            throw Failure.argument(
                "\(facts.name) does not know the option \(option.row.name); it knows "
                    + listed(known)
            ).detail("option", option.row.name.description)
        }
    }
}

/// Paths are put behind it that begin with one.
private func withoutTrailingSlash(_ address: String) -> String {
    var end = Substring(address).utf8
    while end.last == UInt8(ascii: "/") { end = end.dropLast() }
    return String(Substring(end))
}
