import BatchJobsJSON

/// The jobs of an account, page by page.
public final class JobPages {
    private let client: Client
    private let session: any Session
    private let cancel: (any Cancellation)?
    private let list: ListQuery
    private var paginator: Paginator
    /// Requests for the pages that come next, in their order.
    private var ahead: [Prefetched] = []

    private init(
        _ client: Client, _ session: any Session, _ cancel: (any Cancellation)?, _ list: ListQuery,
        _ paginator: Paginator
    ) {
        self.client = client
        self.session = session
        self.cancel = cancel
        self.list = list
        self.paginator = paginator
    }

    // Not an initialiser: in Embedded Swift one of a class that throws before all is set leaks.
    static func open(
        _ client: Client, _ settings: Settings, _ cancel: (any Cancellation)?
    ) throws(Failure) -> JobPages {
        let facts = client.provider.facts
        guard facts.canList else {
            throw Failure(
                .unsupported, "\(facts.name) cannot list jobs: the service has no such call")
        }
        let hash = filterHash(settings)
        let size = pageSize(settings, facts)
        var place = ListCursor(pageSize: size, filter: hash, offset: 0, state: nil)
        if let cursor = settings[.cursor] {
            place = try ListCursor(cursor, facts, filter: hash, pageSize: size)
        }
        let list = ListQuery(
            settings: settings, base: client.base, pageSize: place.pageSize,
            filter: try JobFilter(settings, facts))
        // A state the service cannot have is noticed here, before anything is sent.
        _ = try client.provider.listAddress(list, state: place.state)
        let paginator = Paginator(
            facts, from: place,
            maxItems: settings.isSet(.maxItems) ? settings.integer(.maxItems) : nil,
            maxPages: settings.integer(.maxPages))
        return JobPages(client, try client.transport.session(), cancel, list, paginator)
    }

    /// The next page of at least one job; nil at the end.
    public func next() throws(Failure) -> Page? {
        let call = client.call(list.settings, cancel)
        var attempts = Attempts(client, list.settings, session, call)
        while true {
            try call.check(now: client.transport.monotonicMS())
            switch paginator.next() {
            case .end: return nil
            case .fail(let failure): throw failure
            case .fetch(let state):
                if let page = try read(state, &attempts) { return page }
            }
        }
    }

    /// Asks for a page; nil where nothing of it is to be delivered.
    private func read(_ state: String?, _ attempts: inout Attempts) throws(Failure) -> Page? {
        let url = try client.provider.listAddress(list, state: state)
        let underWay = takeAhead(state)
        prefetch(&attempts, behind: 1)
        let page = try client.fetchPage(url, list, state: state, &attempts, prefetched: underWay)
        let jobs = page.jobs
        let delivery = paginator.accept(
            jobs.map { (id: hash($0.id), wanted: list.filter.accepts($0)) }, page.next)
        prefetch(&attempts, behind: 0)
        if delivery.rows.isEmpty { return nil }
        return Page(
            jobs: delivery.rows.map { jobs[$0] }, raw: page.answer.body,
            nextCursor: try delivery.next.map(cursorText))
    }

    /// Puts the requests for the pages behind on the wire before this one is handed over, so that
    /// the service works while the caller does, and while one is awaited (which then is the one
    /// page that those wanted stand `behind`). One that cannot start is left for its turn.
    private func prefetch(_ attempts: inout Attempts, behind waiting: Int) {
        let count = Int(list.settings.integer(.prefetch))
        if count == 0 { return }
        let states = paginator.ahead(count + waiting).dropFirst(waiting)
        for state in states.dropFirst(ahead.count) {
            guard let url = try? client.provider.listAddress(list, state: state),
                let exchange = try? attempts.start(url, ahead: true)
            else { return }
            ahead.append(Prefetched(state: state, exchange: exchange, token: attempts.usedToken))
        }
    }

    /// The request for a page that is under way already. When the list has gone elsewhere, those
    /// under way are of no use.
    private func takeAhead(_ state: String?) -> Prefetched? {
        guard let first = ahead.first, let state, first.state?.isExactly(state) == true else {
            ahead = []
            return nil
        }
        return ahead.removeFirst()
    }

    private func cursorText(_ cursor: ListCursor) throws(Failure) -> Bytes {
        let text = Buffer()
        guard text.append(cursor.text(client.provider.facts.name)), text.append(0) else {
            throw .noMemory
        }
        return text.bytes(from: 0, count: text.count - 1)
    }
}

func hash(_ id: Bytes) -> Int {
    var hasher = Hasher()
    unsafe id.withUnsafeBytes { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    return hasher.finalize()
}

/// What to ask for: the service's default, or what the caller wants up to its maximum.
private func pageSize(_ settings: Settings, _ facts: Facts) -> Int64 {
    guard settings.isSet(.pageSize) else { return facts.pageSizeDefault }
    return min(settings.integer(.pageSize), facts.pageSizeMaximum)
}
