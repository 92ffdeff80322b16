import Testing

@testable import BatchJobs

/// Our cursors: one string for every way of paging.
@Suite struct ListCursorTests {
    static func facts(_ name: String) throws -> Facts { try #require(Providers.find(name)).facts }
    static let filter = "0123456789abcdef"

    static func read(_ text: String, _ service: String = "crustdata", filter: String = filter)
        throws -> ListCursor
    {
        try ListCursor(text, try facts(service), filter: filter, pageSize: 7)
    }

    @Test(
        arguments: ["crustdata", "spidra", "reach"],
        [
            nil, "", "2", "s", "afb80886-2f90", "a.b.c", "bj1.x.1.y.0.", "é%&=?😀 \u{0}\n",
            String(repeating: ".", count: 500),
        ] as [String?])
    func comesBackAsItWas(_ service: String, _ state: String?) throws {
        for (size, offset) in [(1, 0), (100, 1), (1000, 1_000_000)] as [(Int64, Int)] {
            let cursor = ListCursor(
                pageSize: size, filter: Self.filter, offset: offset, state: state)
            let text = cursor.text(try Self.facts(service).name)
            // It travels through options and C strings.
            #expect(isHeaderValue(text) && text.hasPrefix("bj1.\(service)."))
            let read = try Self.read(text, service)
            #expect(read.pageSize == size && read.offset == offset && read.filter == Self.filter)
            #expect(read.state.map { Array($0.utf8) } == state.map { Array($0.utf8) })
        }
    }

    @Test(arguments: [
        "afb80886-2f90-45f9-a2c7-db407e227ca8", "2", "bj1", "bj2.crustdata.100.f.0.", "x.y.z",
        "BJ1.crustdata", "", " bj1.",
    ]) func takesTheServicesOwn(_ text: String) throws {
        let cursor = try Self.read(text)
        #expect(
            cursor.state == text && cursor.offset == 0 && cursor.pageSize == 7
                && cursor.filter == Self.filter)
    }

    @Test(arguments: [
        "bj1.", "bj1.crustdata", "bj1.crustdata.100.\(filter).0", "bj1.crustdata.0.\(filter).0.",
        "bj1.crustdata.1001.\(filter).0.", "bj1.crustdata.-1.\(filter).0.",
        "bj1.crustdata.x.\(filter).0.",
        "bj1.crustdata..\(filter).0.", "bj1.crustdata.99999999999999999999.\(filter).0.",
        "bj1.crustdata.100.\(filter).-1.", "bj1.crustdata.100.\(filter).x.",
        "bj1.crustdata.100.\(filter).1000001.",
        "bj1.crustdata.100.\(filter).99999999999999999999.", "bj1.crustdata.100.\(filter).0.x",
        "bj1.crustdata.100.\(filter).0.s%", "bj1.crustdata.100.\(filter).0.s%FF",
        "bj1.crustdata.100.\(filter).0.s%4",
        "bj1.spidra.100.\(filter).0.", "bj1..100.\(filter).0.", "bj1.Crustdata.100.\(filter).0.",
        "bj1.crustdata.100.0123456789abcdee.0.", "bj1.crustdata.100..0.",
        "bj1.crustdata.100.\(filter)0.0.",
    ]) func refusesWhatIsNotIntact(_ text: String) {
        let wrong = failure { try Self.read(text) }
        #expect(wrong?.status == .argument && wrong?.value("option") == "cursor", "\(text)")
    }

    @Test func aCursorCutShortIsRefused() throws {
        let whole = ListCursor(pageSize: 50, filter: Self.filter, offset: 3, state: nil).text(
            "crustdata")
        for length in 4..<whole.utf8.count {
            #expect(failure { try Self.read(String(whole.prefix(length))) }?.status == .argument)
        }
    }

    static let settings: [[(String, String)]] = [
        [], [("status", "done")], [("status", "failed")], [("kind", "done")],
        [("sort_by", "created")], [("sort_direction", "asc")], [("only_pending", "true")],
        [("only_pending", "false")],
        [("tenant_id", "a")], [("project", "a")], [("status", "a"), ("kind", "b")],
        [("status", "ab")], [("status", "a"), ("kind", "b"), ("project", "c")],
    ]

    @Test func aHashTellsFiltersApart() throws {
        var hashes: Set<String> = []
        for pairs in Self.settings {
            var settings = Settings()
            for (name, value) in pairs { try settings.set(name, value) }
            let hash = filterHash(settings)
            #expect(hash.utf8.count == 16 && hash.allSatisfy { $0.isHexDigit && !$0.isUppercase })
            #expect(hashes.insert(hash).inserted, "\(pairs)")
            // Cursors outlive the process, so the hash may not change from run to run; what does
            // not choose rows does not count.
            for (name, value) in [
                ("page_size", "5"), ("max_items", "3"), ("timeout_ms", "9"),
                ("include_pending", "true"), ("api_key", "k"),
            ] {
                try settings.set(name, value)
                #expect(filterHash(settings) == hash)
            }
        }
        #expect(filterHash(Settings()) == Self.emptyHash)
    }

    /// FNV-1a over seven empty values, each closed with 0xFF.
    static var emptyHash: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for _ in 0..<7 { hash = (hash ^ 0xff) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
