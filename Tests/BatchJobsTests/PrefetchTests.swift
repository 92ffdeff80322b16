import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Requests that are on the wire before anybody waits for them.
@Suite struct PrefetchTests {
    /// A list of jobs in pages, as a service would send it.
    struct List {
        let service: String
        let pages: [[String]]
        var pageSize = 3

        var isNumbered: Bool { service == "spidra" }

        func url(_ page: Int) -> String {
            if isNumbered {
                return "https://api.spidra.io/api/batch/scrape?page=\(page + 1)&limit=\(pageSize)"
            }
            let base = "https://api.crustdata.com/batch?limit=\(pageSize)"
            return page == 0 ? base : base + "&cursor=c\(page)"
        }

        func reply(_ page: Int) -> Script.Reply {
            if isNumbered {
                let rows = pages[page].map {
                    "{\"uuid\":\"\($0)\",\"status\":\"completed\",\"totalUrls\":1,\"completedCount\":1,\"failedCount\":0}"
                }
                return .init(
                    "{\"jobs\":[\(rows.joined(separator: ","))],\"pagination\":{\"totalPages\":\(pages.count)}}"
                )
            }
            return PagesTests.page(
                pages[page].map { PagesTests.row($0) },
                page + 1 < pages.count ? "c\(page + 1)" : nil)
        }

        /// `others` come before the page's own answer.
        func script(_ others: [Int: [Script.Reply]] = [:]) -> Script {
            var replies: [String: [Script.Reply]] = [:]
            for page in pages.indices { replies[url(page)] = (others[page] ?? []) + [reply(page)] }
            return Script(replies)
        }

        func open(_ script: Script, _ prefetch: Int, _ options: [String: String] = [:]) throws
            -> JobPages
        {
            var all = ["prefetch": "\(prefetch)", "page_size": "\(pageSize)"]
            all.merge(options) { $1 }
            return try client(service, script, all).pages(nil, nil)
        }
    }

    /// Full pages of jobs named by their place.
    static func list(_ service: String, pages: Int) -> List {
        List(
            service: service, pages: (0..<pages).map { page in (0..<3).map { "j\(page * 3 + $0)" } })
    }

    // A new one each time: a failure belongs to the thread that throws it.
    static var broken: Failure { Failure(.transport, "the connection broke") }

    @Test(arguments: [1, 4, 16]) func aCursorListKnowsOnePageAhead(_ prefetch: Int) throws {
        let list = Self.list("crustdata", pages: 4)
        let script = list.script()
        let pages = try list.open(script, prefetch)
        #expect(script.requests.isEmpty)
        for page in 0..<4 {
            #expect(try pages.next()?.jobs.map { $0.id.shown } == list.pages[page])
            // The next request is out, and nobody has waited for its answer.
            #expect(script.requests.map(\.url) == (0...min(page + 1, 3)).map(list.url))
            #expect(script.awaited == (0...page).map(list.url))
        }
        #expect(try pages.next() == nil && script.requests.count == 4)
    }

    @Test(arguments: ["crustdata", "spidra"]) func noneWithoutPrefetch(_ service: String) throws {
        let list = Self.list(service, pages: 3)
        let script = list.script()
        let pages = try list.open(script, 0)
        for page in 0..<3 {
            _ = try pages.next()
            #expect(script.requests.map(\.url) == (0...page).map(list.url))
        }
    }

    /// The default is four.
    @Test func fourUnlessToldOtherwise() throws {
        let list = Self.list("spidra", pages: 9)
        let script = list.script()
        var settings = try settings(["api_key": key, "page_size": "3"])
        try settings.set("base_url", nil)
        let client = try BatchJobs.Client(try #require(Providers.find("spidra")), settings, script)
        _ = try client.pages(nil, nil).next()
        #expect(script.requests.count == 5)
    }

    /// Never beyond the last page, max_pages or what max_items can use.
    @Test(
        arguments: [1, 2, 4, 16],
        [
            [:], ["max_items": "1"], ["max_items": "3"], ["max_items": "4"], ["max_items": "12"],
            ["max_items": "13"], ["max_items": "1000"], ["max_pages": "1"], ["max_pages": "3"],
            ["max_pages": "5", "max_items": "8"], ["max_pages": "2", "max_items": "18"],
        ] as [[String: String]])
    func aNumberedListAsksInOrderAndNotTooFar(_ prefetch: Int, _ options: [String: String]) throws {
        let list = Self.list("spidra", pages: 7)
        let script = list.script()
        let pages = try list.open(script, prefetch, options)
        let items = options["max_items"].flatMap { Int($0) } ?? .max
        let most = options["max_pages"].flatMap { Int($0) } ?? .max
        let useful = items == .max ? 7 : min(7, (items + 2) / 3)
        let reached = min(useful, most)
        for page in 0..<reached {
            let wanted = list.pages[page].prefix(items - page * 3)
            #expect(try pages.next()?.jobs.map { $0.id.shown } == Array(wanted))
            let asked = min(reached, page + 1 + prefetch)
            #expect(script.requests.map(\.url) == (0..<asked).map(list.url))
            #expect(script.awaited == (0...page).map(list.url))
        }
        let failed = failure { try pages.next() }
        #expect(failed?.status == (most < useful ? .limit : nil))
        #expect(script.requests.count == reached)
    }

    @Test(arguments: [["max_items": "3"], ["max_items": "2"], ["max_pages": "1"]])
    func aCursorListStopsThereToo(_ options: [String: String]) throws {
        let list = Self.list("crustdata", pages: 3)
        let script = list.script()
        _ = try list.open(script, 4, options).next()
        #expect(script.requests.count == 1)
    }

    /// It broke while the caller did something else: that costs no attempt.
    @Test(arguments: ["crustdata", "spidra"], [1, 4]) func aBrokenOneIsFetchedAgain(
        _ service: String, _ prefetch: Int
    ) throws {
        let list = Self.list(service, pages: 3)
        let halves = Script.Reply("{\"jobs\":[", breaks: Self.broken)
        for reply in [.unanswered(Self.broken), halves, .unsent(Self.broken)] as [Script.Reply] {
            let script = list.script([1: [reply]])
            let (pages, failed) = try list.open(script, prefetch).all()
            #expect(failed == nil && PagesTests.ids(pages) == list.pages)
            #expect(script.requests.count { $0.url == list.url(1) } == 2)
            #expect(script.requests.count == 4 && script.pauses.isEmpty)
        }
    }

    /// What breaks a second time was sent while somebody waited.
    @Test(arguments: ["crustdata", "spidra"]) func theSecondBreakCounts(_ service: String) throws {
        let list = Self.list(service, pages: 3)
        let twice = [Script.Reply.unanswered(Self.broken), .unanswered(Self.broken)]
        let script = list.script([1: twice])
        let pages = try list.open(script, 4)
        #expect(try pages.next() != nil)
        #expect(failure { try pages.next() }?.status == .transport)
        // The list has lost nothing by it.
        let (rest, failed) = pages.all()
        #expect(failed == nil && PagesTests.ids(rest) == Array(list.pages.dropFirst()))
        let again = list.script([1: twice.map { reply in
            let failure = Failure(.transport, "broke")
            failure.retryable = true
            return .unanswered(failure)
        }])
        let (all, none) = try list.open(again, 4, ["max_attempts": "2"]).all()
        #expect(none == nil && PagesTests.ids(all) == list.pages && again.pauses.count == 1)
    }

    /// An answer is an answer, whenever it was asked for.
    @Test(arguments: ["crustdata", "spidra"]) func aRefusalCounts(_ service: String) throws {
        let list = Self.list(service, pages: 4)
        let script = list.script([2: [.init("", status: 503)]])
        let pages = try list.open(script, 2)
        #expect(try pages.next() != nil && pages.next() != nil)
        #expect(failure { try pages.next() }?.status == .server)
        #expect(script.requests.count { $0.url == list.url(2) } == 1)
        let (rest, failed) = pages.all()
        #expect(failed == nil && PagesTests.ids(rest) == Array(list.pages[2...]))
        let other = list.script([2: [.init("", status: 503)]])
        let (all, none) = try list.open(other, 2, ["max_attempts": "2"]).all()
        #expect(none == nil && PagesTests.ids(all) == list.pages && other.pauses.count == 1)
        #expect(other.requests.count == 5)
    }

    /// The caller's pause between two pages is nobody's.
    @Test func thePauseIsTheCallers() throws {
        let list = Self.list("spidra", pages: 3)
        let script = list.script()
        let pages = try list.open(script, 4, ["timeout_ms": "100"])
        for page in 0..<3 {
            #expect(try pages.next()?.jobs.count == list.pages[page].count)
            script.now += 1_000_000
        }
        #expect(script.requests.count == 3)
    }

    /// The list became shorter than it said: what is under way for nothing does no harm.
    @Test func aListThatShrinks() throws {
        let long = Self.list("spidra", pages: 5)
        let short = List(service: "spidra", pages: Array(long.pages[..<2]))
        let script = Script()
        script.service = { request in
            guard let page = (0..<5).first(where: { long.url($0) == request.url }) else {
                return nil
            }
            return page == 0 ? long.reply(0) : page == 1 ? short.reply(1) : Script.Reply(
                "{\"jobs\":[],\"pagination\":{\"totalPages\":2}}")
        }
        let (pages, failed) = try long.open(script, 4).all()
        #expect(failed == nil && PagesTests.ids(pages) == short.pages)
        #expect(script.awaited == (0..<2).map(long.url))
    }

    /// However a list is cut into pages and whatever breaks on the way, its rows and their order
    /// do not depend on how far it reads ahead.
    @Test(arguments: ["crustdata", "spidra"], 1...12 as ClosedRange<UInt64>)
    func rowsDoNotDependOnIt(_ service: String, _ seed: UInt64) throws {
        var dice = Dice(seed)
        let count = 1 + dice.below(40)
        var pages: [[String]] = []
        var at = 0
        while at < count {
            // Numbered pages are full up to the last; others have any size, and may be empty.
            let size = service == "spidra" ? 3 : dice.below(5)
            pages.append((at..<min(at + size, count)).map { "j\($0)" })
            at = min(at + size, count)
        }
        let list = List(service: service, pages: pages)
        var options: [String: String] = [:]
        if dice.chance(40) { options["max_items"] = String(1 + dice.below(count + 3)) }
        if dice.chance(30) { options["status"] = ["succeeded", "failed"][dice.below(2)] }
        var breaks: [Int: [Script.Reply]] = [:]
        for page in pages.indices.dropFirst() where dice.chance(25) {
            breaks[page] = [.unanswered(Self.broken)]
        }
        let all = options["status"] == "failed" ? [] : (0..<count).map { "j\($0)" }
        let expected = Array(all.prefix(options["max_items"].flatMap { Int($0) } ?? .max))
        for prefetch in 0...16 {
            let script = Script()
            var left = prefetch == 0 ? [:] : breaks
            script.service = { request in
                let page = pages.indices.first { page in
                    request.url.replacing("&status=completed", with: "")
                        .replacing("&status=failed", with: "") == list.url(page)
                }
                guard let page else { return nil }
                if let reply = left[page]?.popLast() { return reply }
                return list.reply(page)
            }
            let (found, failed) = try list.open(script, prefetch, options).all()
            #expect(failed == nil, "\(prefetch) \(failed?.message ?? "")")
            #expect(PagesTests.ids(found).flatMap { $0 } == expected, "\(prefetch)")
            #expect(
                found.flatMap { $0.jobs.map { $0.row.bytes.shown } }.allSatisfy { $0.hasPrefix("{") })
            // Nothing is asked twice but what broke.
            let urls = script.requests.map(\.url)
            #expect(urls.count - Set(urls).count <= breaks.count)
            #expect(Set(urls).count <= pages.count)
        }
    }
}
