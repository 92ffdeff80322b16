/// Which jobs to ask for, in which way and when, until all are done. A value without I/O: it is told
/// what came and answers what to do.
///
/// It works in rounds. In each the jobs that are due are asked for, and where that takes fewer
/// requests pages of the service's list are read first; what these do not hold is asked for singly.
struct WaitPlan {
    enum Action {
        case sleep(milliseconds: Int64)
        case page(state: String?)
        case job(Int)
        /// The job's wait ends without it: at the deadline, or with that failure.
        case close(Int, Failure?)
        case end
    }

    /// What is known of one job.
    struct Watch {
        fileprivate(set) var isOpen = true
        /// Answered at least once.
        fileprivate(set) var isKnown = false
        fileprivate var pace: Pace
        fileprivate var seenAt: Int64
        fileprivate var dueAt: Int64
        /// Not to be asked for a little earlier either.
        fileprivate var isExact = false
        /// The round in which it is due and was not asked for yet.
        fileprivate var wantedIn = 0
        fileprivate var errors: Int64 = 0
        /// Its place in the service's list, as far as that is known.
        fileprivate var row = WaitPlan.unknown
        /// A hash of its JSON, and whether that was a row of the list.
        fileprivate var hash = 0
        fileprivate var wasRow = false
    }

    /// Transient failures in a row that a wait lives through.
    static let patience: Int64 = 5
    /// For fewer jobs than these nobody looks where in the list they are.
    static let worthAList = 3
    /// Failures one after the other after which a round is over, and says something of the service:
    /// fewer, unless they are all there is, are the jobs' own.
    static let roundPatience = 8
    /// What the service advises is kept up to this.
    static let longestAdviceMS: Int64 = 300_000
    /// The last look comes so long before the deadline.
    static let lastLookMS: Int64 = 500

    private static let unknown = -1
    private static let deep = Int.max

    private let floor: Int64
    private let cap: Int64
    private let deadline: Int64
    private let lastLook: Int64
    private var canList: Bool
    private var watches: [Watch]
    private var open: Int

    private var round = 0
    private var roundStart: Int64
    private var nextRound: Int64
    private var isInRound = false
    private var isLast = false
    /// Requests of the round, and how long to rest after it at least.
    private var requests: Int64 = 0
    private var rest: Int64 = 0
    private var wasAnswered = false
    /// Failures since the last answer, and the latest.
    private var failures = 0
    private var failure: Failure?
    private var silentRounds: Int64 = 0

    /// Jobs to ask for singly, and the place among them.
    private var queue: [Int] = []
    private var place = 0
    /// Where the next round begins, so that the same jobs are not the first in each.
    private var turn = 0

    private var isListing = false
    private var state: String?
    private(set) var rowsRead = 0
    private var pagesRead = 0
    private var rowsPerPage = 1
    /// Pages on which jobs are known to be; 0 where that is to be found out.
    private var planned = 0
    /// How many are looked for in the list, and have not come; the same before the last page; and
    /// how many pages in a row have brought none of them.
    private var lookedFor = 0
    private var missing = 0
    private var missingBefore = 0
    private var fruitless = 0

    private var isOver = false
    private var ending: Failure?
    private var closing = 0

    init(count: Int, canList: Bool, now: Int64, floor: Int64, cap: Int64, timeoutMS: Int64) {
        self.floor = floor
        self.cap = max(floor, cap)
        self.canList = canList
        deadline = now + timeoutMS
        lastLook = deadline - min(Self.lastLookMS, timeoutMS / 10)
        open = count
        watches = Array(
            repeating: Watch(pace: Pace(now: now), seenAt: now, dueAt: now), count: count)
        roundStart = now
        nextRound = now
    }

    func timeLeft(now: Int64) -> Int64 { deadline - now }

    /// The one that will be asked for singly so many places behind the next.
    func upcoming(_ count: Int) -> Int? {
        place + count < queue.count ? queue[place + count] : nil
    }

    /// `breath`: how far apart requests should be for the sake of the service's limit.
    mutating func next(now: Int64, breath: Int64) -> Action {
        while true {
            if open == 0 { return .end }
            if now >= deadline { isOver = true }
            if isOver {
                while closing < watches.count, !watches[closing].isOpen { closing += 1 }
                return .close(closing, ending)
            }
            if !isInRound {
                if now < nextRound { return .sleep(milliseconds: min(nextRound, deadline) - now) }
                begin(now)
            }
            if isListing { return .page(state: state) }
            if place < queue.count {
                if watches[queue[place]].isOpen { return .job(queue[place]) }
                place += 1
                continue
            }
            finish(now, breath)
        }
    }

    mutating func close(_ index: Int) {
        guard watches.indices.contains(index), watches[index].isOpen else { return }
        watches[index].isOpen = false
        open -= 1
    }

    // MARK: What came

    /// A job, by itself or in a row of the list; answers whether that is worth telling.
    mutating func saw(
        _ index: Int, _ fields: JobFields, hash: Int, row: Int?, now: Int64, random: UInt64
    ) -> Bool {
        guard watches.indices.contains(index), watches[index].isOpen else { return false }
        var watch = watches[index]
        let hasMoved = watch.pace.saw(fields, now: now)
        // The list and the single answer write the same job in different ways.
        let isAlike = watch.isKnown && watch.wasRow == (row != nil)
        let isNew = isAlike ? watch.hash != hash : hasMoved || !watch.isKnown
        (watch.hash, watch.wasRow, watch.isKnown) = (hash, row != nil, true)
        if let row {
            if watch.wantedIn == round && isLookedFor(watch) { missing -= 1 }
            watch.row = row
        }
        (watch.errors, watch.wantedIn, watch.isExact) = (0, 0, false)
        // A tenth more or less, so that waits which began together do not ask together.
        let distance = watch.pace.distance(now: now, floor: floor, cap: cap)
        let varied = distance * (900 + Int64(random % 201)) / 1000
        watch.seenAt = now
        watch.dueAt = now + max(floor, min(varied, cap))
        watches[index] = watch
        if row == nil { answered(index) }
        wasAnswered = true
        failures = 0
        if fields.phase == .done { close(index) }
        return isNew || fields.phase == .done
    }

    /// When to look again, as the service advised with the answer to a job, or to the list.
    mutating func advised(_ milliseconds: Int64, _ index: Int?, now: Int64) {
        guard milliseconds > 0 else { return }
        let wait = max(floor, min(milliseconds, Self.longestAdviceMS))
        if let index, watches.indices.contains(index) {
            watches[index].dueAt = now + wait
            watches[index].isExact = true
        } else {
            rest = max(rest, wait)
        }
    }

    /// A page of the list, after each of its rows.
    mutating func pageRead(rows: Int, _ next: NextPage) {
        requests += 1
        wasAnswered = true
        if pagesRead == 0 { rowsPerPage = max(1, rows) }
        pagesRead += 1
        rowsRead += rows
        fruitless = missing < missingBefore ? 0 : fruitless + 1
        missingBefore = missing
        switch next {
        case .state(let text) where text.utf8.count <= Paginator.maximumStateLength: state = text
        case .number(let number, _): state = String(number)
        default: state = nil
        }
        // Looking costs at most an eighth of what asking for each would.
        let isWorthIt =
            fruitless * 8 <= missing && (pagesRead - 1 + missing - lookedFor) * 8 <= lookedFor
        if state != nil, missing > 0, pagesRead < planned || isWorthIt { return }
        for index in watches.indices where watches[index].wantedIn == round {
            // Not where it was: a page further down, or nobody knows.
            let row = watches[index].row
            if row == Self.unknown {
                watches[index].row = Self.deep
            } else if row < Self.deep, isLookedFor(watches[index]) {
                watches[index].row = row + rowsPerPage
            }
        }
        askSingly()
    }

    /// The list, or one page of it, did not come. The jobs may.
    mutating func listFailed(_ failure: Failure, now: Int64) {
        requests += 1
        let isLimit = failure.status == .rateLimited
        let isTooLate = isTooLate(failure, now)
        if Self.concernsAll(failure) || isLimit && isTooLate {
            end(failure)
        } else if failure.retryable && !isTooLate && (isLimit || failure.retryAfterMS >= 0) {
            isListing = false
            rest = max(rest, pause(failure, 1))
            guard isTelling(failure) else { return }
            self.failure = failure
            failures = Self.roundPatience
        } else {
            if !failure.retryable || isTooLate { canList = false }
            askSingly()
        }
    }

    /// A job did not come; answers whether its wait ends with that.
    mutating func failed(_ index: Int, _ failure: Failure, now: Int64) -> Bool {
        guard watches.indices.contains(index) else { return true }
        answered(index)
        watches[index].wantedIn = 0
        if !failure.retryable {
            if Self.concernsAll(failure) { end(failure) } else { wasAnswered = true }
            close(index)
            return true
        }
        if isTelling(failure) { watches[index].errors += 1 }
        let errors = watches[index].errors
        if errors > Self.patience || isTooLate(failure, now) {
            if errors <= Self.patience && failure.status == .rateLimited { end(failure) }
            close(index)
            return true
        }
        let wait = pause(failure, errors)
        watches[index].seenAt = now
        watches[index].dueAt = now + wait
        watches[index].isExact = true
        if isTelling(failure) {
            self.failure = failure
            failures += 1
        }
        if failure.status == .rateLimited || failures >= Self.roundPatience {
            place = queue.count
            rest = max(rest, wait)
        }
        return false
    }

    // MARK: Rounds

    private mutating func begin(_ now: Int64) {
        round += 1
        roundStart = now
        isInRound = true
        (requests, rest, failures, failure, wasAnswered) = (0, 0, 0, nil, false)
        (queue, place) = ([], 0)
        for index in watches.indices where isDue(watches[index], now) {
            watches[index].wantedIn = round
        }
        // Before all are given up, the list may be all that is refused.
        isListing = canList && silentRounds < Self.patience && planList()
        if !isListing { askSingly() }
    }

    private func isDue(_ watch: Watch, _ now: Int64) -> Bool {
        guard watch.isOpen else { return false }
        if isLast || !watch.isKnown && watch.errors == 0 { return true }
        // Before all are given up, those that went well are asked too.
        if silentRounds == Self.patience { return true }
        // What is due soon comes along.
        let early = watch.dueAt - (watch.isExact ? 0 : (watch.dueAt - watch.seenAt) / 5)
        return now >= early && now - watch.seenAt >= floor
    }

    private mutating func askSingly() {
        isListing = false
        // Those that failed come last: they hold up nobody, and speak for nobody else.
        for hasFailed in [false, true] {
            for index in watches.indices {
                let turned = (index + turn) % watches.count
                let watch = watches[turned]
                if watch.wantedIn == round, (watch.errors > 0) == hasFailed { queue.append(turned) }
            }
        }
    }

    private mutating func answered(_ index: Int) {
        requests += 1
        turn = index + 1
        if place < queue.count, queue[place] == index { place += 1 }
    }

    private mutating func finish(_ now: Int64, _ breath: Int64) {
        isInRound = false
        if wasAnswered {
            silentRounds = 0
        } else if let failure, failures >= min(Self.roundPatience, open) {
            silentRounds += 1
            if silentRounds > Self.patience { end(failure) }
            rest = max(rest, pause(failure, silentRounds))
        }
        var soonest = Int64.max
        for watch in watches where watch.isOpen { soonest = min(soonest, watch.dueAt) }
        let spread = breath.multipliedReportingOverflow(by: requests)
        // Not from the round's beginning: then those asked for last would be left for another.
        let earliest = now + max(floor, min(rest, deadline - now))
        nextRound = max(
            soonest, earliest,
            roundStart + (spread.overflow ? cap : min(cap, spread.partialValue)))
        if isLast {
            nextRound = deadline
        } else if nextRound >= lastLook {
            nextRound = max(lastLook, earliest)
            isLast = true
        }
    }

    /// A request that the client's own limits held back says nothing of the job or the service.
    private func isTelling(_ failure: Failure) -> Bool {
        failure.status != .rateLimited || failure.httpStatus >= 0
    }

    private func isTooLate(_ failure: Failure, _ now: Int64) -> Bool {
        failure.retryable && failure.retryAfterMS >= max(0, deadline - now)
    }

    /// How long to leave a failing service alone.
    private func pause(_ failure: Failure, _ errors: Int64) -> Int64 {
        failure.retryAfterMS >= 0
            ? failure.retryAfterMS : min(cap, max(floor, 1_000) << min(errors, 20))
    }

    /// What is wrong with the credential or the way to the service is wrong for every job.
    private static func concernsAll(_ failure: Failure) -> Bool {
        switch failure.status {
        case .unauthenticated, .dns, .tls, .proxy: !failure.retryable
        default: false
        }
    }

    private mutating func end(_ failure: Failure) {
        ending = failure
        isOver = true
    }

    // MARK: The list

    /// Whether the round begins with the list, and how far: so that its pages and the requests for
    /// the jobs further down are the fewest. A job that nobody has looked for there is looked for.
    private mutating func planList() -> Bool {
        (state, rowsRead, pagesRead, fruitless, planned) = (nil, 0, 0, 0, 0)
        var due = 0
        var isAnyUnknown = false
        var onPage: [Int] = []
        for watch in watches where watch.wantedIn == round {
            due += 1
            if watch.row == Self.unknown { isAnyUnknown = true }
            guard watch.row >= 0, watch.row < Self.deep else { continue }
            let page = watch.row / rowsPerPage
            while onPage.count <= page { onPage.append(0) }
            onPage[page] += 1
        }
        if isAnyUnknown {
            lookedFor = due
            (missing, missingBefore) = (due, due)
            return due >= Self.worthAList
        }
        var (found, saved) = (0, 0)
        for (page, count) in onPage.enumerated() {
            found += count
            if found - page - 1 > saved {
                (planned, saved, lookedFor) = (page + 1, found - page - 1, found)
            }
        }
        (missing, missingBefore) = (lookedFor, lookedFor)
        return planned > 0
    }

    /// Whether the list is read for its sake too.
    private func isLookedFor(_ watch: Watch) -> Bool {
        planned == 0 ? true : watch.row / rowsPerPage < planned
    }
}
