import BatchJobsJSON

/// Waits for jobs, one event after the other.
public final class JobWaits {
    /// What became known of one job: the job, or why nobody waits for it any longer.
    public struct Event {
        /// The place of the job's id among those that were given.
        public var index: Int
        public let job: Job?
        public let failure: Failure?
        public let isFinal: Bool
    }

    public static let maximum = 100_000
    /// Requests for single jobs that are on the wire at once.
    private static let overlap = 8
    /// Options of a list that a wait's own must not have, and what a status answer need not hold.
    private static let foreign: [Option] = [
        .pageSize, .maxItems, .maxPages, .cursor, .status, .kind, .sortBy, .sortDirection,
        .includePending, .onlyPending,
    ]

    private let client: Client
    private let session: any Session
    private let settings: Settings
    private let cancel: (any Cancellation)?
    private let list: ListQuery
    private let ids: [String]
    private let places: Places
    private var plan: WaitPlan
    private var events: [Event] = []
    private var delivered = 0
    /// Requests for single jobs that come next, in their order.
    private var ahead: [Prefetched] = []
    /// How each job stood when it was last new, for the message when time is up.
    private var standings: [Standing?]

    private struct Standing {
        let phase: Phase
        let word: String?
    }

    private init(
        _ client: Client, _ session: any Session, _ ids: [String], _ settings: Settings,
        _ list: ListQuery, _ cancel: (any Cancellation)?
    ) {
        self.client = client
        self.session = session
        self.settings = settings
        self.cancel = cancel
        self.list = list
        self.ids = ids
        places = Places(ids)
        plan = WaitPlan(
            count: ids.count, canList: client.provider.facts.canList,
            now: client.transport.monotonicMS(), floor: settings.integer(.pollMinMS),
            cap: settings.integer(.pollMaxMS), timeoutMS: settings.integer(.waitTimeoutMS))
        standings = Array(repeating: nil, count: ids.count)
        for index in places.doubles { plan.close(index) }
    }

    static func open(
        _ client: Client, _ ids: [String], _ settings: Settings, _ cancel: (any Cancellation)?
    ) throws(Failure) -> JobWaits {
        for (index, id) in ids.enumerated() {
            do throws(Failure) {
                try checkID(id)
            } catch {
                throw ids.count > 1 ? .argument("ids[\(index)]: \(error.message)") : error
            }
        }
        let settings = settings.without(foreign)
        let facts = client.provider.facts
        let list = ListQuery(
            settings: settings, base: client.base,
            pageSize: min(facts.pageSizeMaximum, 100), filter: try JobFilter(settings, facts))
        return JobWaits(client, try client.transport.session(), ids, settings, list, cancel)
    }

    /// A call of the caller, for one event or for all.
    public func newCall() -> Call {
        Call(now: 0, timeoutMS: .max, cancel: cancel, interruption: client.interruption)
    }

    /// The next event; nil when each place has had its last.
    public func next(_ call: Call) throws(Failure) -> Event? {
        try session.check(call)
        while true {
            if let event = takeEvent() { return event }
            let now = client.transport.monotonicMS()
            switch plan.next(now: now, breath: client.gate.breath(now: now)) {
            case .end: return nil
            case .sleep(let milliseconds):
                // An answer from before the pause would tell how a job stood then.
                ahead = []
                try session.pause(milliseconds, call)
            case .page(let state): try readPage(state, call)
            case .job(let index): try ask(index, call)
            case .close(let index, let failure):
                plan.close(index)
                end(index, failure.map { $0.copy(about: ids[index]) } ?? timedOut(index))
            }
        }
    }

    /// One event serves all places with its id, one after the other.
    private func takeEvent() -> Event? {
        guard delivered < events.count else { return nil }
        let event = events[delivered]
        if let index = places.next(behind: event.index) {
            events[delivered].index = index
        } else {
            delivered += 1
            if delivered == events.count { (events, delivered) = ([], 0) }
        }
        return event
    }

    private func request(_ call: Call) -> Call {
        let now = client.transport.monotonicMS()
        return call.brief(
            now: now, milliseconds: min(settings.integer(.timeoutMS), plan.timeLeft(now: now)))
    }

    // MARK: The list

    private func readPage(_ state: String?, _ call: Call) throws(Failure) {
        var taken = (jobs: [Job](), next: NextPage.end)
        do throws(Failure) {
            let url = try client.provider.listAddress(list, state: state)
            var attempts = Attempts(client, settings, session, request(call))
            let page = try client.fetchPage(url, list, state: state, &attempts)
            taken = (page.jobs, page.next)
            advise(page.answer.head, nil)
        } catch {
            try pass(error)
            let now = client.transport.monotonicMS()
            if plan.timeLeft(now: now) > 0 { plan.listFailed(error, now: now) }
            return
        }
        for (row, job) in taken.jobs.enumerated() {
            if let index = places.first(of: job.id) { saw(index, job, row: plan.rowsRead + row) }
        }
        plan.pageRead(rows: taken.jobs.count, taken.next)
    }

    // MARK: Single jobs

    private func ask(_ index: Int, _ call: Call) throws(Failure) {
        let call = request(call)
        var underWay: Prefetched?
        if let first = ahead.first, first.index == index {
            underWay = ahead.removeFirst()
        } else {
            ahead = []
        }
        sendAhead(call)
        do throws(Failure) {
            var head: Head?
            let job = try client.fetchJob(
                ids[index], settings, session, call, forResults: false, prefetched: underWay
            ) { head = $0 }
            saw(index, job, row: nil)
            if let head { advise(head, index) }
        } catch {
            try pass(error)
            let now = client.transport.monotonicMS()
            // One that the deadline cut short says nothing of the job.
            if plan.timeLeft(now: now) <= 0 { return }
            if plan.failed(index, error, now: now) { end(index, error) }
        }
    }

    /// Puts requests for those whose turn comes next on the wire, as far as the client's limits let
    /// it.
    private func sendAhead(_ call: Call) {
        var attempts = Attempts(client, settings, session, call)
        while ahead.count + 1 < Self.overlap, let index = plan.upcoming(ahead.count + 1) {
            let url = client.provider.jobAddress(
                ids[index], base: client.base, settings, forResults: false)
            guard let exchange = try? attempts.start(url, ahead: true) else { return }
            ahead.append(
                Prefetched(
                    state: nil, exchange: exchange, token: attempts.usedToken, index: index))
        }
    }

    // MARK: What came

    private func saw(_ index: Int, _ job: Job, row: Int?) {
        let isWorthTelling = plan.saw(
            index, job.fields, hash: hash(job.row.bytes), row: row,
            now: client.transport.monotonicMS(), random: client.transport.random())
        guard isWorthTelling else { return }
        let isDone = job.fields.phase == .done
        let word = job.word.flatMap { $0[0..<100].text }.map(printable)
        standings[index] = Standing(phase: job.fields.phase, word: word)
        events.append(Event(index: index, job: job, failure: nil, isFinal: isDone))
    }

    private func end(_ index: Int, _ failure: Failure) {
        events.append(Event(index: index, job: nil, failure: failure, isFinal: true))
    }

    /// Fails the call where the failure is no job's.
    private func pass(_ failure: Failure) throws(Failure) {
        switch failure.status {
        case .cancelled, .state, .noMemory: throw failure
        default: break
        }
    }

    private func advise(_ head: Head, _ index: Int?) {
        if let wait = RetryHints.asked(head, client.transport.wallMS()) {
            plan.advised(wait, index, now: client.transport.monotonicMS())
        }
    }

    private func timedOut(_ index: Int) -> Failure {
        let id = ids[index]
        let limit = settings.integer(.waitTimeoutMS)
        let last = standings[index]
        var standing = "nobody said how it stands"
        if let last { standing = "it is \(last.phase.name)" }
        if let word = last?.word { standing += ", in the service's word \"\(word)\"" }
        let failure = Failure(
            .timeout,
            "the job \(printable(id)) was not done within wait_timeout_ms (\(limit)): \(standing), and it still runs; wait for it again"
        ).detail("option", "wait_timeout_ms")
        if let last { _ = failure.detail("phase", last.phase.name.description) }
        if let word = last?.word { _ = failure.detail("word", word) }
        failure.retryable = true
        failure.jobID = id
        return failure
    }
}

/// Ids and their places: a table with open addresses, at most half full.
private struct Places {
    private let ids: [String]
    private var table: [Int]
    /// The next place with the same id; empty where none stands there twice.
    private var behind: [Int] = []
    /// Places whose id stands at an earlier one.
    private(set) var doubles: [Int] = []

    init(_ ids: [String]) {
        self.ids = ids
        var size = 4
        while size < ids.count * 2 { size *= 2 }
        table = Array(repeating: -1, count: size)
        for (place, id) in ids.enumerated() {
            let slot = slot(hash(id)) { $0.isExactly(id) }
            let first = table[slot]
            if first < 0 {
                table[slot] = place
                continue
            }
            if behind.isEmpty { behind = Array(repeating: -1, count: ids.count) }
            behind[place] = behind[first]
            behind[first] = place
            doubles.append(place)
        }
    }

    func first(of id: Bytes) -> Int? {
        let found = table[slot(hash(id)) { id.elementsEqual($0) }]
        return found < 0 ? nil : found
    }

    func next(behind place: Int) -> Int? {
        guard behind.indices.contains(place), behind[place] >= 0 else { return nil }
        return behind[place]
    }

    /// Where the id stands in the table, or would.
    private func slot(_ hash: Int, _ isIt: (String) -> Bool) -> Int {
        var slot = hash & (table.count - 1)
        while table[slot] >= 0, !isIt(ids[table[slot]]) { slot = (slot + 1) & (table.count - 1) }
        return slot
    }
}
