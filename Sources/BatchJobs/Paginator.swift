/// Decides how a list goes on: which page to ask for, which rows to hand over, when it has ended
/// and when it goes in circles. A value without I/O: it is told what came and answers what to do.
struct Paginator {
    enum Action {
        case fetch(state: String?)
        case end
        case fail(Failure)
    }

    /// What of a page is delivered.
    struct Delivery {
        /// Indices of the page's rows.
        var rows: [Int]
        /// Where a list goes on behind them; nil at the end.
        var next: ListCursor?
    }

    /// Longer ones fit in no request line.
    static let maximumStateLength = 16_384
    /// Pages of nothing but known jobs in a row before a list goes in circles. Numbered pages may bring
    /// some, because jobs that are new push those that are known onto the pages behind. There an empty
    /// page is one of them: a service that counts a million pages too many is not asked for all.
    static let mostKnownPages = (cursors: 1, numbers: 8)

    private let service: StaticString
    private let isNumbered: Bool
    private let maxPages: Int64
    private var place: ListCursor
    private var itemsLeft: Int64?
    private var pagesRead: Int64 = 0
    /// Hashes of the states asked for.
    private var seenStates: Set<Int> = []
    /// Hashes of the ids delivered or passed over.
    private var seenIDs: Set<Seen> = []
    private var knownPages = 0
    private var ended = false
    private var failure: Failure?
    /// Of a numbered list: its last page, as far as the service has told.
    private var lastNumber: Int64 = 0

    init(_ facts: Facts, from place: ListCursor, maxItems: Int64?, maxPages: Int64) {
        service = facts.name
        isNumbered = facts.pagesAreNumbered
        self.place = place
        itemsLeft = maxItems
        self.maxPages = maxPages
        if let state = place.state { seenStates.insert(hash(state)) }
    }

    func next() -> Action {
        if let failure { return .fail(failure) }
        if ended { return .end }
        if pagesRead >= maxPages {
            return .fail(
                Failure(
                    .limit,
                    "\(service) has more pages than max_pages (\(maxPages)) allows; the list goes on from the cursor in the details"
                ).detail("option", "max_pages").detail("cursor", place.text(service)))
        }
        return .fetch(state: place.state)
    }

    /// The pages that will be asked for next, as far as they are known and wanted, at most `count`.
    func ahead(_ count: Int) -> [String] {
        guard count > 0, !ended, failure == nil, pagesRead < maxPages, let state = place.state else {
            return []
        }
        guard isNumbered, let number = Int64(state) else { return [state] }
        var wanted = min(Int64(count), maxPages - pagesRead, lastNumber - number + 1)
        if let itemsLeft { wanted = min(wanted, (itemsLeft - 1) / place.pageSize + 1) }
        guard wanted > 0 else { return [] }
        return (0..<wanted).map { String(number + $0) }
    }

    /// Takes a page that has arrived: each row's id, hashed, and whether the filter wants it.
    mutating func accept(_ rows: [(id: Int, wanted: Bool)], _ next: NextPage) -> Delivery {
        pagesRead += 1
        let isNew = rows.map { seenIDs.insert(Seen(id: $0.id)).inserted }
        if isNew.contains(true) { knownPages = 0 } else if isNumbered || !rows.isEmpty { knownPages += 1 }
        let most = isNumbered ? Self.mostKnownPages.numbers : Self.mostKnownPages.cursors
        if knownPages >= most {
            failure = circle("sends no job that it had not sent before")
            return Delivery(rows: [], next: nil)
        }
        let skipped = place.offset
        var kept: [Int] = []
        var consumed = rows.count
        for (index, row) in rows.enumerated() {
            if index < skipped || !row.wanted || (isNumbered && !isNew[index]) { continue }
            kept.append(index)
            if let left = itemsLeft {
                itemsLeft = left - 1
                if left == 1 {
                    consumed = index + 1
                    break
                }
            }
        }
        if itemsLeft == 0 { ended = true }
        if consumed < rows.count {
            place.offset = consumed
            return Delivery(rows: kept, next: place)
        }
        return Delivery(rows: kept, next: advance(next) ? place : nil)
    }

    /// Moves on to the next page; false when there is none.
    private mutating func advance(_ next: NextPage) -> Bool {
        place.offset = 0
        switch next {
        case .end:
            ended = true
        case .broken(let why):
            failure = why
        case .number(let number, let last):
            lastNumber = last
            place.state = String(number)
            return true
        case .state(let state):
            if state.utf8.count > Self.maximumStateLength {
                failure = Failure(
                    .protocol,
                    "\(service) gave a cursor of \(state.utf8.count) bytes; at most \(Self.maximumStateLength) fit in a request"
                )
                return false
            }
            place.state = state
            guard seenStates.insert(hash(state)).inserted else {
                failure = circle("gave a cursor that it had given before")
                return false
            }
            return true
        }
        return false
    }

    private func circle(_ what: String) -> Failure {
        Failure(.cursor, "the list goes in circles: \(service) \(what)")
            .detail("cursor", place.state ?? "")
    }
}

/// A hash that a set takes as it is: hashed once more, an id would cost twice as much.
private struct Seen: Hashable {
    let id: Int
    func _rawHashValue(seed: Int) -> Int { id ^ seed }
}

func hash(_ state: String) -> Int {
    var hasher = Hasher()
    var state = state
    state.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    return hasher.finalize()
}
