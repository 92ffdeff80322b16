import Testing

@testable import BatchJobs

/// Options: their table, and what each takes.
@Suite struct SettingsTests {
    @Test func theTableHasARowForEachOption() throws {
        #expect(OptionTable.rows.count == Option.allCases.count)
        for option in Option.allCases {
            #expect(OptionTable.find(option.row.name.description) == option)
            // The row is that of the case, not of its neighbour: their names are the same words.
            let letters = option.row.name.description.filter { $0 != "_" }
            #expect(letters.lowercased() == "\(option)".lowercased())
        }
        #expect(Set(OptionTable.rows.map { $0.name.description }).count == OptionTable.rows.count)
    }

    @Test(arguments: Option.allCases) func aRowIsWhole(_ option: Option) throws {
        let row = option.row
        #expect(!row.help.description.isEmpty && !row.name.description.hasPrefix("header."))
        #expect((row.range != nil) == (row.kind == .integer || row.kind == .choice))
        var settings = Settings()
        if let fallback = row.fallback {
            try settings.set(row.name.description, fallback.description)
            #expect(settings[option] == fallback.description)
        }
        if row.kind == .integer, let range = row.range?.description.split(separator: "."),
            range.count == 2, let low = Int64(range[0]), let high = Int64(range[1])
        {
            for bound in range { try settings.set(row.name.description, String(bound)) }
            #expect(settings.integer(option) == high)
            for beyond in [low - 1, high + 1] {
                #expect(
                    failure { try settings.set(row.name.description, String(beyond)) }?.status
                        == .argument)
            }
        }
    }

    @Test(arguments: [
        ("page_size", "1", true), ("page_size", "1000", true), ("page_size", "0", false),
        ("page_size", "1001", false), ("page_size", "-1", false), ("page_size", "+5", false),
        ("page_size", " 5", false),
        ("page_size", "5.0", false), ("page_size", "5e0", false), ("page_size", "", false),
        ("page_size", "ten", false), ("page_size", "٥", false),
        ("page_size", "99999999999999999999", false),
        ("max_items", "9007199254740991", true), ("max_items", "9223372036854775807", false),
        ("max_items", "9223372036854775808", false),
        ("prefetch", "0", true), ("prefetch", "16", true), ("prefetch", "17", false),
        ("max_attempts", "1", true), ("max_attempts", "10", true), ("max_attempts", "0", false),
        ("max_attempts", "11", false),
        ("only_pending", "true", true), ("only_pending", "false", true),
        ("only_pending", "True", false), ("only_pending", "1", false), ("only_pending", "", false),
        ("sort_by", "created", true), ("sort_by", "createdAt", false),
        ("sort_by", "created|started", false), ("sort_by", "", false),
        ("http_version", "1.1", true), ("http_version", "2", true), ("http_version", "1", false),
        ("api_key", "x", true), ("api_key", "é", true), ("api_key", "", false),
        ("api_key", "a\r\nX: y", false), ("api_key", "a\nb", false), ("api_key", "a\u{0}b", false),
        ("api_key", "a\u{7F}", false),
        ("tenant_id", "a\rb", false), ("project", "a b", true), ("cursor", "a\u{1F}", false),
        ("user_agent", "me/1 (x; y)", true),
    ]) func checksValues(_ name: String, _ value: String, _ isRight: Bool) throws {
        var settings = Settings()
        let wrong = failure { try settings.set(name, value) }
        #expect((wrong == nil) == isRight)
        if let wrong {
            #expect(
                wrong.status == .argument && wrong.value("option") == name
                    && wrong.message.contains(name))
            #expect(!settings.isSet(try #require(OptionTable.find(name))))
            // A key under a wrong name must not get into a message.
            if value.utf8.count > 3 { #expect(!wrong.message.contains(value)) }
        }
    }

    @Test(arguments: [
        "", "pagesize", "Page_Size", "page_size ", "header", "api_key\u{301}", "http",
    ]) func refusesUnknownNames(_ name: String) {
        var settings = Settings()
        let wrong = failure { try settings.set(name, "1") }
        #expect(wrong?.status == .argument && wrong?.value("option") == name)
        #expect(
            wrong?.message.contains("page_size") == true
                && wrong?.message.contains("header.<Name>") == true)
        #expect(failure { try settings.set(name, nil) }?.status == .argument)
    }

    @Test(arguments: [
        ("X-Trace", "1", true), ("x_y", "1", true), ("Authorization", "Token x", true),
        ("X-Empty", "", true), ("X-Tab", "a\tb", true), ("X-Text", "é", true),
        ("", "1", false), ("X Y", "1", false), ("X:", "1", false), ("X\r\n", "1", false),
        ("\u{301}x", "1", false), ("é", "1", false),
        (String(repeating: "x", count: 257), "1", false),
        ("X-A", "a\rb", false), ("X-A", "a\nb", false), ("X-A", "a\r\nHost: x", false),
        ("X-A", "\u{0}", false), ("X-A", "\u{7F}", false),
        ("Host", "h", false), ("host", "h", false), ("Content-Length", "0", false),
        ("TRANSFER-ENCODING", "chunked", false), ("Connection", "close", false),
        ("Upgrade", "h2c", false), ("Expect", "100-continue", false),
        ("TE", "trailers", false), ("Trailer", "x", false), ("Range", "bytes=0-", false),
        ("Accept-Encoding", "gzip", false), ("Proxy-Authorization", "x", false),
    ]) func checksHeaders(_ name: String, _ value: String, _ isRight: Bool) {
        var settings = Settings()
        let wrong = failure { try settings.set("header." + name, value) }
        #expect((wrong == nil) == isRight)
        #expect(settings.headers.map { $0.name } == (isRight ? [name] : []))
        if let wrong {
            #expect(wrong.status == .argument && wrong.value("option") == "header." + name)
        }
    }

    @Test func aHeaderIsOneWhateverItsCase() throws {
        var settings = Settings()
        try settings.set("header.X-A", "1")
        try settings.set("header.X-B", "2")
        try settings.set("header.x-a", "3")
        #expect(settings.headers.map { $0.name + "=" + $0.value } == ["X-B=2", "x-a=3"])
        try settings.set("header.X-A", nil)
        #expect(settings.headers.map { $0.name } == ["X-B"])
    }

    @Test func nilTakesBack() throws {
        var settings = Settings()
        try settings.set("max_pages", "5")
        #expect(settings.isSet(.maxPages) && settings.integer(.maxPages) == 5)
        try settings.set("max_pages", nil)
        #expect(
            !settings.isSet(.maxPages) && settings.integer(.maxPages) == 100_000
                && settings.integer(.maxItems) == 0)
        #expect(
            settings[.tenantID] == nil && !settings.bool(.allowHTTP) && !settings.bool(.onlyPending)
        )
    }

    @Test func aCallLiesOnTopOfTheClient() throws {
        var client = Settings()
        try client.set("page_size", "10")
        try client.set("status", "done")
        try client.set("header.X-A", "client")
        try client.set("header.X-B", "client")
        var call = Settings()
        try call.set("page_size", "20")
        try call.set("kind", "search")
        try call.set("header.x-a", "call")
        let merged = client.overlaid(by: call)
        #expect(merged[.pageSize] == "20" && merged[.status] == "done" && merged[.kind] == "search")
        #expect(merged.headers.map { $0.name + "=" + $0.value } == ["X-B=client", "x-a=call"])
        #expect(client[.pageSize] == "10" && client.headers.count == 2)
        #expect(client.overlaid(by: nil)[.pageSize] == "10")
    }
}
