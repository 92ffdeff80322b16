public import BatchJobsJSON

/// How much of a stream is proven once it has ended, as the C surface numbers it.
public enum Verdict: Int32, Sendable {
    case none = 0
    case verified = 1
    case unverified = 2
    case short = 3
    case long = 4
}

/// The records of one job, in the service's order.
public final class JobResults {
    private let client: Client
    private let cancel: (any Cancellation)?
    private let settings: Settings
    private let source: any RecordSource
    private let openedJob: Job
    private var expectation: Expectation
    private let batch: Batch
    private let record: Record
    private var failure: Failure?
    private var ended = false
    public private(set) var verdict = Verdict.none

    private init(
        _ client: Client, _ settings: Settings, _ cancel: (any Cancellation)?, _ job: Job,
        _ source: any RecordSource, _ expectation: Expectation, _ batch: Batch
    ) {
        self.client = client
        self.settings = settings
        self.cancel = cancel
        self.source = source
        self.expectation = expectation
        self.batch = batch
        record = Record(batch)
        openedJob = job
    }

    /// The job as it stood when the results were opened; of one whose answer is read as it
    /// arrives, all of it once the stream has ended.
    public var job: Job { source.job ?? openedJob }

    /// Marks all that is at hand as given; nil at the end.
    public func nextBatch() throws(Failure) -> Batch? {
        guard try fill() else { return nil }
        batch.giveAll()
        return batch
    }

    /// The next record, good until the next call; nil at the end.
    public func next() throws(Failure) -> Record? {
        guard try fill() else { return nil }
        record.move(to: batch.giveOne())
        return record
    }

    /// Records given so far, those before a resumed place included, and how many the service says
    /// there are.
    public var records: Int64 { batch.next }
    public var expected: Int64 { expectation.count }

    public var progress: SourceProgress { source.progress }

    /// Gives the files' packed bytes to another as they come, before they are known to be sound.
    public func tap(_ take: @escaping PackedBytes) throws(Failure) { try source.tap(take) }

    /// Gives this failure and no record from now on.
    public func end(with failure: Failure) {
        failure.jobID = openedJob.id.text
        self.failure = failure
    }

    public var currentPart: Int { source.partStart.part }

    /// The place where the result file in progress begins.
    public var partToken: String { text(source.partStart) }

    /// A step beside those of the stream, which may take as long as one of them.
    public func newCall() -> Call { client.call(settings, cancel) }

    /// The place behind a record that was given, for another stream to go on from.
    public func token(at index: Int64) throws(Failure) -> String {
        guard index >= source.place.index - 1, index < batch.next else {
            throw .argument(
                "there is no token for record \(index): ask for one from \(source.place.index - 1) to \(batch.next - 1), the records given last"
            )
        }
        return text(source.place.behind(index, batch, client.transport))
    }

    private func text(_ place: Place) -> String {
        let id = openedJob.id.text ?? ""
        return ResumeToken.text(client.name, id, parts: Int(source.progress.parts), place)
    }

    private func fill() throws(Failure) -> Bool {
        if batch.hasMore {
            // What is at hand is kept: no call begins, so nothing else looks.
            if let cancel { try cancel.check() }
            return true
        }
        if let failure { throw failure }
        if ended { return false }
        do throws(Failure) {
            if try source.fill(batch, newCall()) { return true }
            ended = true
            // What was said of the job first need not be said of it any more.
            if let job = source.job { expectation = try client.provider.results(job).expectation }
            verdict = expectation.verdict(records)
            try expectation.check(records)
            return false
        } catch {
            if error.status == .truncated { verdict = .short }
            end(with: error)
            batch.discard()
            throw error
        }
    }
}

// MARK: Opening

extension JobResults {
    /// Asks for the job, and finds where its records are.
    static func open(
        _ client: Client, _ id: String, _ settings: Settings, _ cancel: (any Cancellation)?
    ) throws(Failure) -> JobResults {
        let opening = Opening(
            client: client, id: id, settings: settings, call: client.call(settings, cancel),
            session: try client.transport.session())
        do throws(Failure) {
            return try opening.results(cancel)
        } catch {
            error.jobID = id
            throw error
        }
    }

    private struct Opening {
        let client: Client
        let id: String
        let settings: Settings
        let call: Call
        let session: any Session

        func results(_ cancel: (any Cancellation)?) throws(Failure) -> JobResults {
            let token = try settings[.resume].map { (text) throws(Failure) in
                try ResumeToken.read(text, client.name, id)
            }
            let place = token?.place ?? Place()
            let batch = Batch(base: place.index, hasKeys: client.provider.facts.hasKeys)
            if let path = client.provider.facts.itemsPath {
                let stream = ItemStream(client, id, at: path, from: place, settings, session)
                if let job = try stream.begin(batch, call) {
                    let found = try source(of: job)
                    if case .inline(let groups) = found.place { stream.setRule(groups.first) }
                    return JobResults(
                        client, settings, cancel, job, stream, found.expectation, batch)
                }
                batch.restart(keepingFrom: batch.data.count)
            }
            let job = try client.fetchJob(id, settings, session, call, forResults: true)
            let found = try source(of: job)
            let source = try walk(found.place, from: place, job, parts: token?.parts)
            return JobResults(client, settings, cancel, job, source, found.expectation, batch)
        }

        private func source(of job: Job) throws(Failure) -> ResultSource {
            do throws(Failure) {
                return try client.provider.results(job)
            } catch {
                let url = client.provider.jobAddress(
                    id, base: client.base, settings, forResults: true)
                client.blame(error, url, settings)
                throw error
            }
        }

        private func walk(
            _ found: ResultSource.Place, from place: Place, _ job: Job, parts: Int?
        ) throws(Failure) -> any RecordSource {
            switch found {
            case .inline(let groups):
                return InlineWalk(groups, from: place, received: job.row.bytes.count, client.transport)
            case .parts(let urls):
                if let parts, parts != urls.count || place.part > parts {
                    throw changed("there were \(parts) result files, and now there are \(urls.count)")
                }
                let (client, id, settings, session) = (client, id, settings, session)
                let links = ResultLinks(urls: urls) { (call) throws(Failure) in
                    let job = try client.fetchJob(id, settings, session, call, forResults: true)
                    guard case .parts(let urls) = try client.provider.results(job).place else {
                        return []
                    }
                    return urls
                }
                return PartWalk(links, from: place, session, client, settings)
            }
        }
    }
}

/// How many records there must be, as the service says.
public struct Expectation: Sendable {
    /// -1 where it says nothing.
    let count: Int64
    /// A count that is documented to be that of the records; others only tell how it looks.
    let isFact: Bool

    static let none = Expectation(count: -1, isFact: false)

    func verdict(_ records: Int64) -> Verdict {
        if count < 0 { return .unverified }
        return records == count ? .verified : records < count ? .short : .long
    }

    /// Fewer records than there must be means that some are lost.
    func check(_ records: Int64) throws(Failure) {
        guard isFact, count >= 0, records != count else { return }
        throw Failure(
            records < count ? .truncated : .protocol,
            "the results hold \(records) records where the service counts \(count)")
    }
}
