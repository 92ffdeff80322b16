import BatchJobsJSON

/// Records that stand in the service's answer about the job, cut out while it arrives: it may be
/// larger than memory.
///
/// An answer that breaks off is asked for again. What was given of it is compared and passed over.
final class ItemStream: RecordSource {
    private(set) var place: Place
    private let client: Client
    private let settings: Settings
    private let session: any Session
    private let id: String
    private let path: [String]
    private var group: InlineGroup?
    private var answer: (exchange: any Exchange, head: Head)?
    private var cutter: ElementCutter
    /// Found behind the items that are cut.
    private var damage: Failure?
    /// Where the items that are cut and not yet records end in the batch's data.
    private let ends = Buffer()
    private var passed: PassedRecords
    /// Of the answer in hand, and the most of any: what comes again is no progress.
    private var position: Int64 = 0
    private var received: Int64 = 0
    /// What the answer says of the job without its items.
    private(set) var job: Job?

    init(
        _ client: Client, _ id: String, at path: [String], from place: Place, _ settings: Settings,
        _ session: any Session
    ) {
        self.client = client
        self.id = id
        self.path = path
        self.place = place
        self.settings = settings
        self.session = session
        passed = PassedRecords(place)
        cutter = Self.cutter(path, settings)
    }

    private static func cutter(_ path: [String], _ settings: Settings) -> ElementCutter {
        ElementCutter(
            path: path, maximumElement: settings.integer(.maxRecordBytes),
            maximumEnvelope: settings.integer(.maxResponseBytes))
    }

    /// Reads up to the items. Nil where the job cannot be told from what stands before them.
    func begin(_ batch: Batch, _ call: Call) throws(Failure) -> Job? {
        var attempts = Attempts(client, settings, session, call)
        while cutter.state == .head, try more(batch, call, &attempts) {}
        // What stands around the items may be the part that was not kept.
        if let damage, damage.status == .noMemory { throw damage }
        do throws(Failure) {
            return try readJob()
        } catch {
            // What is wrong behind the items can be why the job cannot be told.
            if let damage { throw damage }
            guard error.status == .protocol, cutter.state != .end else { throw error }
            return nil
        }
    }

    func setRule(_ group: InlineGroup?) { self.group = group }

    func fill(_ batch: Batch, _ call: Call) throws(Failure) -> Bool {
        if batch.next > place.index { place.move(over: batch, client.transport) }
        var attempts = Attempts(client, settings, session, call)
        // What came with the beginning is in the batch already.
        if ends.count == 0 { batch.restart(keepingFrom: batch.data.count) }
        while true {
            try takeItems(batch)
            try passed.pass(batch, client.transport)
            if batch.hasMore { return true }
            batch.restart(keepingFrom: batch.data.count)
            if let damage { throw damage }
            if try !more(batch, call, &attempts) {
                try passed.finish()
                _ = try readJob()
                return false
            }
        }
    }

    private func takeItems(_ batch: Batch) throws(Failure) {
        var at = batch.end
        for index in 0..<ends.count / 8 {
            let end = Int(clamping: ends.number(at: index, as: Int64.self) ?? 0)
            let item = Value(cut: batch.data.bytes(from: at, count: end - at))
            let outcome = group?.outcome(of: item) ?? .unknown
            try batch.take(at..<max(at, end), outcome, key: try group?.key(item, item))
            at = end
        }
        ends.truncate(to: 0)
    }

    /// Takes the next bytes of the answer; false at its end.
    private func more(_ batch: Batch, _ call: Call, _ attempts: inout Attempts) throws(Failure)
        -> Bool
    {
        while true {
            do throws(Failure) {
                let answer = try currentAnswer(&attempts)
                guard let chunk = try answer.exchange.read(call) else {
                    do throws(JSONFault) { try cutter.finish() } catch { throw self.failure(error) }
                    attempts.repay()
                    return false
                }
                position += Int64(chunk.count)
                received = max(received, position)
                do throws(JSONFault) {
                    try cutter.feed(chunk, elements: batch.data, ends: ends)
                } catch {
                    if ends.count == 0 { throw self.failure(error) }
                    damage = self.failure(error)
                }
                return true
            } catch {
                try again(error, &attempts, call)
            }
        }
    }

    private func currentAnswer(_ attempts: inout Attempts) throws(Failure)
        -> (exchange: any Exchange, head: Head)
    {
        if let answer { return answer }
        let opened = try attempts.open(url)
        answer = opened
        return opened
    }

    /// A connection that breaks may be tried again; what was given so far must then come again.
    private func again(_ failure: Failure, _ attempts: inout Attempts, _ call: Call)
        throws(Failure)
    {
        let isBroken = failure.status == .transport || failure.status == .timeout
        guard answer != nil, isBroken, failure.retryable else { throw failure }
        client.blame(failure, url, settings)
        do throws(Failure) {
            try attempts.recover(failure)
        } catch {
            let isOverTime = call.hasEnded(failure, now: client.transport.monotonicMS())
            guard error === failure, !isOverTime, place.index > 0 || ends.count > 0 else {
                throw error
            }
            let cut = Failure(.truncated, "the answer broke off: " + failure.message)
            cut.retryable = true
            cut.url = failure.url
            throw cut
        }
        answer = nil
        ends.truncate(to: 0)
        position = 0
        passed = PassedRecords(place)
        cutter = Self.cutter(path, settings)
    }

    private func failure(_ fault: JSONFault) -> Failure {
        let answer = inHand(.empty)
        let failure =
            switch fault.reason {
            case .elementTooLong: recordTooLong(cutter.count, settings.integer(.maxRecordBytes))
            case .envelopeTooLong: answerTooLong(settings.integer(.maxResponseBytes))
            default: answer.failure(fault)
            }
        client.blame(failure, url, settings, answer)
        return failure
    }

    private func inHand(_ body: Bytes) -> Answer {
        Answer(
            body: body, head: answer?.head ?? Head(status: 200, headers: []), provider: client.name)
    }

    private var url: String {
        client.provider.jobAddress(id, base: client.base, settings, forResults: true)
    }

    private func readJob() throws(Failure) -> Job {
        guard let envelope = cutter.envelope() else { throw .noMemory }
        let answer = inHand(envelope)
        do throws(Failure) {
            let job = try client.job(answer, id)
            self.job = job
            return job
        } catch {
            client.blame(error, url, settings, answer)
            throw error
        }
    }

    /// Of the whole answer, once it is known.
    private var length: Int64? {
        if cutter.state == .end { return received }
        return answer?.head["content-length"].flatMap(wholeNumber)
    }

    var progress: SourceProgress {
        var progress = SourceProgress()
        progress.bytes = received
        progress.total = length ?? -1
        return progress
    }
}
