import Testing

@testable import BatchJobs

/// How lists go on and end, against a service made of arrays.
@Suite struct PaginatorTests {
    /// A list in pages. The state of a page is its name; the first has none.
    struct Service {
        var facts: Facts
        var pages: [(rows: [Int], next: NextPage)]
        var name: (Int) -> String

        func page(_ state: String?) -> (rows: [Int], next: NextPage) {
            guard let state else { return pages[0] }
            for index in pages.indices where name(index) == state { return pages[index] }
            return ([], .end)
        }
    }

    struct Reading {
        var ids: [Int] = []
        /// After each delivery of rows: how many jobs there were in all, and where it goes on.
        var stops: [(count: Int, next: ListCursor?)] = []
        var requests = 0
        var failure: Failure?
    }

    static let numbered = Providers.find("spidra")!.facts
    static let cursors = Providers.find("crustdata")!.facts
    static let start = ListCursor(pageSize: 10, filter: "f", offset: 0, state: nil)

    /// Reads to the end as JobPages does.
    static func read(
        _ service: Service, from place: ListCursor = start, maxItems: Int64? = nil,
        maxPages: Int64 = 1000, wanted: (Int) -> Bool = { _ in true }
    ) -> Reading {
        var paginator = Paginator(
            service.facts, from: place, maxItems: maxItems, maxPages: maxPages)
        var reading = Reading()
        for _ in 0..<2000 {
            switch paginator.next() {
            case .end: return reading
            case .fail(let failure):
                reading.failure = failure
                return reading
            case .fetch(let state):
                reading.requests += 1
                let page = service.page(state)
                let delivery = paginator.accept(
                    page.rows.map { (id: $0, wanted: wanted($0)) }, page.next)
                reading.ids += delivery.rows.map { page.rows[$0] }
                if !delivery.rows.isEmpty {
                    reading.stops.append((reading.ids.count, delivery.next))
                }
            }
        }
        Issue.record("the list does not end")
        return reading
    }

    /// Jobs 0..<count over pages of random sizes. Only services with cursors send empty pages
    /// before the end.
    static func service(_ facts: Facts, _ count: Int, _ dice: inout Dice) -> Service {
        var pages: [[Int]] = []
        var at = 0
        repeat {
            let size = facts.pagesAreNumbered ? 1 + dice.below(5) : dice.below(6)
            pages.append(Array(at..<min(at + size, count)))
            at = min(at + size, count)
        } while at < count
        let name: (Int) -> String =
            facts.pagesAreNumbered ? { String($0 + 1) } : { "cursor.\($0)/é" }
        return Service(
            facts: facts,
            pages: pages.enumerated().map {
                ($0.element, $0.offset + 1 < pages.count ? .state(name($0.offset + 1)) : .end)
            }, name: name)
    }

    @Test(arguments: [numbered, cursors], 1...30 as ClosedRange<UInt64>) func everyCutGoesOnExactly(
        _ facts: Facts, _ seed: UInt64
    ) throws {
        var dice = Dice(seed)
        let count = dice.below(40)
        let service = Self.service(facts, count, &dice)
        let modulus = 1 + dice.below(3)
        let wanted: (Int) -> Bool = { $0 % modulus == 0 }
        let all = (0..<count).filter(wanted)

        let whole = Self.read(service, wanted: wanted)
        #expect(whole.ids == all && whole.failure == nil && whole.requests == service.pages.count)
        #expect(count == 0 || whole.stops.last?.next == nil || whole.stops.last?.count == all.count)
        for stop in whole.stops {
            guard let next = stop.next else { continue }
            #expect(Self.read(service, from: next, wanted: wanted).ids == Array(all[stop.count...]))
        }
        for limit in 1...(all.count + 2) {
            // In one process, then in as many as it takes, each from the cursor of the last.
            let first = Self.read(service, maxItems: Int64(limit), wanted: wanted)
            #expect(first.ids == Array(all.prefix(limit)) && first.failure == nil)
            var collected = first.ids
            var next = first.stops.last?.next
            while let place = next {
                let text = place.text(facts.name)
                let again = try ListCursor(text, facts, filter: "f", pageSize: 99)
                #expect(again.pageSize == 10)
                let part = Self.read(service, from: again, maxItems: Int64(limit), wanted: wanted)
                #expect(part.ids.count <= limit)
                collected += part.ids
                next = part.stops.last?.next
            }
            #expect(collected == all, "max_items \(limit)")
        }
    }

    static func cursorList(_ pages: [([Int], NextPage)]) -> Service {
        Service(
            facts: cursors, pages: pages.map { ($0.0, $0.1) },
            name: { ["first", "A", "B", "C", "D"][$0] })
    }

    @Test func aCursorSeenBeforeIsACircle() {
        let service = Self.cursorList([
            ([1, 2], .state("A")), ([3, 4], .state("B")), ([5, 6], .state("A")),
        ])
        let reading = Self.read(service)
        #expect(reading.ids == [1, 2, 3, 4, 5, 6] && reading.requests == 3)
        #expect(reading.failure?.status == .cursor && reading.failure?.value("cursor") == "A")
        #expect(reading.stops.last?.next == nil)
        // From a cursor: the first request counts as seen.
        let resumed = Self.read(
            service, from: ListCursor(pageSize: 10, filter: "f", offset: 0, state: "A"))
        #expect(resumed.ids == [3, 4, 5, 6] && resumed.failure?.status == .cursor)
    }

    @Test func aPageThatNamesItselfIsACircle() {
        let reading = Self.read(Self.cursorList([([1], .state("A")), ([2], .state("A"))]))
        #expect(reading.ids == [1, 2] && reading.failure?.status == .cursor)
    }

    /// The first page over and over under new cursors.
    @Test func knownJobsOnlyAreACircle() {
        let service = Self.cursorList([([1, 2], .state("A")), ([2, 1], .state("B")), ([3], .end)])
        let reading = Self.read(service)
        #expect(
            reading.ids == [1, 2] && reading.failure?.status == .cursor && reading.requests == 2)
        // A job is known though the filter passed it over.
        let filtered = Self.read(service, wanted: { $0 == 9 })
        #expect(filtered.ids == [] && filtered.failure?.status == .cursor)
        // No limit lets a known job through.
        for limit in 3...4 as ClosedRange<Int64> {
            let limited = Self.read(service, maxItems: limit)
            #expect(
                limited.ids == [1, 2] && limited.failure?.status == .cursor, "max_items \(limit)")
        }
    }

    @Test func oneNewJobIsNoCircle() {
        let reading = Self.read(Self.cursorList([([1, 2], .state("A")), ([2, 3], .end)]))
        #expect(reading.failure == nil && reading.ids.last == 3)
    }

    @Test func anEmptyPageWithANewCursorIsNoEnd() {
        let reading = Self.read(
            Self.cursorList([([], .state("A")), ([], .state("B")), ([1], .state("C")), ([], .end)]))
        #expect(reading.ids == [1] && reading.failure == nil && reading.requests == 4)
    }

    @Test func emptyPagesEndAtMaxPages() throws {
        let pages = (0..<50).map { ([Int](), NextPage.state("c\($0 + 1)")) }
        let service = Service(
            facts: Self.cursors, pages: pages.map { ($0.0, $0.1) }, name: { "c\($0)" })
        let reading = Self.read(service, maxPages: 7)
        #expect(
            reading.requests == 7 && reading.failure?.status == .limit
                && reading.failure?.value("option") == "max_pages")
        let text = try #require(reading.failure?.value("cursor"))
        #expect(try ListCursor(text, Self.cursors, filter: "f", pageSize: 1).state == "c7")
    }

    @Test(arguments: [1, 2, 3, 4] as [Int64]) func maxPagesIsNoErrorAtTheEnd(_ limit: Int64) {
        let service = Self.cursorList([([1, 2], .state("A")), ([3, 4], .state("B")), ([5], .end)])
        let reading = Self.read(service, maxPages: limit)
        #expect((reading.failure == nil) == (limit >= 3))
        #expect(reading.ids.count == min(Int(limit) * 2, 5))
        // Nor when all that was wanted has come.
        #expect(Self.read(service, maxItems: limit, maxPages: (limit + 1) / 2).failure == nil)
    }

    @Test func moreWithoutAWayToItIsAnErrorAfterTheRows() {
        let service = Self.cursorList([
            ([1], .state("A")), ([2], .broken(protocolFailure("no cursor", path: "/next_cursor"))),
        ])
        let reading = Self.read(service)
        #expect(
            reading.ids == [1, 2] && reading.failure?.status == .protocol
                && reading.failure?.value("path") == "/next_cursor")
        #expect(reading.stops.last?.next == nil)
    }

    /// A list that ends without a cursor says that there is nothing more. Where that is not so,
    /// max_items is no reason to say it.
    @Test func maxItemsDoesNotHideThatNoWayLeadsOn() {
        let broken = Self.cursorList([
            ([1], .state("A")), ([2], .broken(protocolFailure("no cursor", path: "/next_cursor"))),
        ])
        let circle = Self.cursorList([([1], .state("A")), ([2], .state("A"))])
        for (service, status) in [(broken, Status.protocol), (circle, .cursor)] {
            let reading = Self.read(service, maxItems: 2)
            #expect(reading.ids == [1, 2] && reading.failure?.status == status)
        }
    }

    @Test(arguments: [(16_384, true), (16_385, false)]) func aCursorMustFitInARequest(
        _ length: Int, _ fits: Bool
    ) {
        let long = String(repeating: "x", count: length)
        let service = Service(
            facts: Self.cursors, pages: [([1], .state(long)), ([2], .end)],
            name: { $0 == 0 ? "" : long })
        let reading = Self.read(service)
        #expect(
            reading.ids == (fits ? [1, 2] : [1])
                && reading.failure?.status == (fits ? nil : .protocol))
    }

    /// New jobs at the head push rows over to the next page; the same rows come twice.
    @Test func numberedListsDropWhatHasMoved() {
        let pages: [([Int], NextPage)] = [
            ([9, 8, 7], .state("2")), ([8, 7, 6], .state("3")), ([8, 7, 6], .state("4")),
            ([5], .end),
        ]
        let service = Service(
            facts: Self.numbered, pages: pages.map { ($0.0, $0.1) }, name: { String($0 + 1) })
        let reading = Self.read(service)
        #expect(reading.ids == [9, 8, 7, 6, 5] && reading.failure == nil)
        #expect(Self.read(service, maxItems: 4).ids == [9, 8, 7, 6])
    }

    /// Seven pages of known jobs may be rows that moved; with the eighth the list goes in circles.
    @Test(arguments: [7, 8]) func numberedListsThatRepeatThemselves(_ known: Int) {
        var pages: [([Int], NextPage)] = [([9, 8], .state("2"))]
        for number in 0..<known { pages.append(([9, 8], .state(String(number + 3)))) }
        pages.append(([7], .end))
        let service = Service(facts: Self.numbered, pages: pages, name: { String($0 + 1) })
        let reading = Self.read(service)
        #expect(reading.ids == (known == 7 ? [9, 8, 7] : [9, 8]))
        #expect(reading.failure?.status == (known == 7 ? nil : .cursor))
    }

    @Test func aJobTwiceOnANumberedPageIsOne() {
        let service = Service(
            facts: Self.numbered, pages: [([1, 1, 2], .end)], name: { String($0 + 1) })
        #expect(Self.read(service).ids == [1, 2])
    }
}
