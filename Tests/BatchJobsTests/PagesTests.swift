import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Lists over a scripted service: what is asked, what is handed over, how a list is taken up again.
@Suite struct PagesTests {
    static let base = "https://api.crustdata.com/batch?limit=100"

    static func row(_ id: String, _ status: String = "completed", _ action: String = "search")
        -> String
    {
        "{\"batch_id\":\"\(id)\",\"status\":\"\(status)\",\"action\":\"\(action)\",\"result_count\":1,\"entities_requested\":1,\"entities_fulfilled\":1}"
    }

    static func page(_ rows: [String], _ next: String?) -> Script.Reply {
        .init(
            "{\"jobs\":[\(rows.joined(separator: ", "))],\"next_cursor\":\(next.map { "\"\($0)\"" } ?? "null"),\"has_more\":\(next != nil)}"
        )
    }

    static func three() -> Script {
        Script([
            base: [page([row("a"), row("b", "failed"), row("c", "processing")], "k/1")],
            base + "&cursor=k%2F1": [page([], "k2")],
            base + "&cursor=k2": [page([row("d", "completed", "enrich"), row("e")], nil)],
        ])
    }

    static func ids(_ pages: [Page]) -> [[String]] { pages.map { $0.jobs.map { $0.id.shown } } }

    @Test func aWholeList() throws {
        let script = Self.three()
        let (pages, failed) = try client("crustdata", script).pages(nil, nil).all()
        #expect(failed == nil && Self.ids(pages) == [["a", "b", "c"], ["d", "e"]])
        #expect(
            script.requests.map(\.url) == [
                Self.base, Self.base + "&cursor=k%2F1", Self.base + "&cursor=k2",
            ])
        #expect(pages[0].jobs[1].row.bytes.shown == Self.row("b", "failed"))
        #expect(
            pages[0].raw.shown.hasPrefix("{\"jobs\":[{\"batch_id\":\"a\"")
                && pages[0].raw.shown.hasSuffix("\"has_more\":true}"))
        // As C wants it, with a NUL behind.
        let cursor = try #require(pages[0].nextCursor)
        #expect(cursor.owner.bytes[cursor.start + cursor.count] == 0 && pages[1].nextCursor == nil)
    }

    /// The library filters where the service does not, hands over no empty page, and the cursor
    /// goes on behind the rows it has looked at.
    @Test(
        arguments: [
            (["status": "done"], [["a", "b"], ["d", "e"]]), (["kind": "enrich"], [["d"]]),
            (["status": "partial"], []),
            (["status": "done", "kind": "search", "max_items": "3"], [["a", "b"], ["e"]]),
            (["max_items": "1"], [["a"]]),
            (["max_items": "3"], [["a", "b", "c"]]),
            (["max_items": "4"], [["a", "b", "c"], ["d"]]),
        ] as [([String: String], [[String]])]) func filtersAndLimits(
            _ options: [String: String], _ expected: [[String]]
        ) throws
    {
        let (pages, failed) = try client("crustdata", Self.three()).pages(
            try settings(options), nil
        ).all()
        #expect(failed == nil && Self.ids(pages) == expected)
    }

    @Test func nothingIsAskedOnceMaxItemsIsCovered() throws {
        let script = Self.three()
        _ = try client("crustdata", script, ["max_items": "3"]).pages(nil, nil).all()
        #expect(script.requests.count == 1)
    }

    /// A list in steps of one job, each in a client of its own, is the whole list.
    @Test func takenUpAgain() throws {
        var found: [String] = []
        var cursor: String?
        for _ in 0..<20 {
            var options = ["max_items": "1", "status": "done"]
            options["cursor"] = cursor
            let (pages, failed) = try client("crustdata", Self.three()).pages(
                try settings(options), nil
            ).all()
            #expect(failed == nil)
            found += Self.ids(pages).joined()
            cursor = pages.last?.nextCursor?.shown
            if cursor == nil { break }
        }
        #expect(found == ["a", "b", "d", "e"])
    }

    @Test func aCursorCarriesItsPageSizeAndItsFilter() throws {
        let script = Script([
            "https://api.crustdata.com/batch?limit=2&status=completed": [
                Self.page([Self.row("a")], "k")
            ],
            "https://api.crustdata.com/batch?limit=2&status=completed&cursor=k": [
                Self.page([Self.row("b")], nil)
            ],
        ])
        let client = try client("crustdata", script)
        let first = try #require(
            try client.pages(try settings(["page_size": "2", "status": "succeeded"]), nil).next())
        let cursor = try #require(first.nextCursor?.shown)
        let again = try client.pages(
            try settings(["page_size": "50", "status": "succeeded", "cursor": cursor]), nil
        ).all()
        #expect(Self.ids(again.pages) == [["b"]] && again.failure == nil)
        for other in [
            ["cursor": cursor], ["cursor": cursor, "status": "completed"],
            ["cursor": cursor, "status": "succeeded", "kind": "x"],
        ] {
            let wrong = failure { try client.pages(try settings(other), nil) }
            #expect(wrong?.status == .argument && wrong?.value("option") == "cursor")
        }
        #expect(script.requests.count == 2)
    }

    @Test func theServicesOwnCursorWillDo() throws {
        let (pages, failed) = try client("crustdata", Self.three()).pages(
            try settings(["cursor": "k2"]), nil
        ).all()
        #expect(failed == nil && Self.ids(pages) == [["d", "e"]])
    }

    /// After an error the same page is asked for again, and nothing is lost or doubled.
    @Test func anErrorCostsNoRows() throws {
        let script = Script([
            Self.base: [.init("", status: 503), Self.page([Self.row("a"), Self.row("b")], "k")],
            Self.base + "&cursor=k": [
                .init("{\"jobs\":[", status: 200),
                .init("{}", breaks: Failure(.transport, "broke")), Self.page([Self.row("c")], nil),
            ],
        ])
        let pages = try client("crustdata", script).pages(nil, nil)
        var found: [String] = []
        var failures: [Status] = []
        for _ in 0..<6 {
            let failed = failure {
                if let page = try pages.next() { found += page.jobs.map { $0.id.shown } }
            }
            if let failed {
                failures.append(failed.status)
                #expect(failed.url == "https://api.crustdata.com/batch")
            }
        }
        #expect(found == ["a", "b", "c"] && failures == [.server, .protocol, .transport])
    }

    @Test func aCircleEndsTheListForGood() throws {
        let script = Script([
            Self.base: [Self.page([Self.row("a")], "k")],
            Self.base + "&cursor=k": [Self.page([Self.row("b")], "k")],
        ])
        let pages = try client("crustdata", script).pages(nil, nil)
        let (found, failed) = pages.all()
        #expect(
            Self.ids(found) == [["a"], ["b"]] && failed?.status == .cursor
                && failed?.value("cursor") == "k")
        #expect(failure { try pages.next() }?.status == .cursor && script.requests.count == 2)
    }

    /// Numbered pages: jobs that come while the list is read push others over to the next page.
    @Test func rowsThatMoveBetweenNumberedPages() throws {
        func page(_ ids: [String], of last: Int) -> Script.Reply {
            let rows = ids.map {
                "{\"uuid\":\"\($0)\",\"status\":\"completed\",\"totalUrls\":1,\"completedCount\":1,\"failedCount\":0}"
            }
            return .init(
                "{\"jobs\":[\(rows.joined(separator: ","))],\"pagination\":{\"page\":1,\"limit\":3,\"total\":9,\"totalPages\":\(last)}}"
            )
        }
        func url(_ page: Int) -> String {
            "https://api.spidra.io/api/batch/scrape?page=\(page)&limit=3"
        }
        let script = Script([
            url(1): [page(["9", "8", "7"], of: 2)],  // two new ones come here
            url(2): [page(["8", "7", "6"], of: 3)], url(3): [page(["5"], of: 3)],
        ])
        let (pages, failed) = try client("spidra", script, ["page_size": "3"]).pages(nil, nil).all()
        #expect(failed == nil && Self.ids(pages) == [["9", "8", "7"], ["6"], ["5"]])
        // A page beyond the end says so by being empty.
        let beyond = Script([url(9): [page([], of: 3)]])
        #expect(
            try client("spidra", beyond, ["page_size": "3", "cursor": "9"]).pages(nil, nil).all()
                .pages.isEmpty)
        // Only known rows are no circle here: the next page is asked for.
        let known = Script([
            url(1): [page(["a"], of: 3)], url(2): [page(["a"], of: 3)],
            url(3): [page(["b"], of: 3)],
        ])
        #expect(
            Self.ids(try client("spidra", known, ["page_size": "3"]).pages(nil, nil).all().pages)
                == [["a"], ["b"]])
    }
}
