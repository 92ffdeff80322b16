import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Links that expire, and redirects.
@Suite struct ResultFileLinkTests {
    static let text = "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"
    static let old = FileReading.url
    static let fresh = "https://s.example/f?X-Amz-Signature=fedcba9876543210"

    /// Answers by address; the file is where nothing else is written down.
    static func host(_ refuse: [String: Int] = [:], etag: String? = "\"v1\"") -> FileHost {
        let host = FileHost(text, etag: etag)
        for number in 0...20 {
            host.instead[number] = { host, request in
                guard let status = refuse[request.url] else { return host.ordinary(request) }
                return .init(
                    "<Error><Code>AccessDenied</Code><Message>no \(request.url)</Message></Error>",
                    status: status, headers: [Header("x-amz-request-id", "A1")])
            }
        }
        return host
    }

    // MARK: Refresh

    @Test(arguments: [400, 403]) func anExpiredLinkIsRefreshedOnce(_ http: Int) throws {
        let host = Self.host([Self.old: http])
        let reading = try FileReading(host, fresh: [.success([Self.fresh])], ["max_attempts": "1"])
        #expect(reading.all() == nil && reading.text == Self.text)
        #expect(reading.service.asked == 1 && reading.links.generation == 1)
        #expect(host.requests.map(\.url) == [Self.old, Self.fresh])
        #expect(reading.lines.all.contains { $0.level == .info && $0.text.contains("refreshed") })
    }

    /// It expires while the file is read: the fresh one goes on at the same byte.
    @Test(arguments: ["\"v1\"", nil]) func aLinkThatExpiresOnTheWay(_ etag: String?) throws {
        let host = Self.host(etag: etag)
        host.breaks = [10]
        host.instead[1] = { _, _ in .init("", status: 403) }
        let reading = try FileReading(host, fresh: [.success([Self.fresh])])
        #expect(reading.all() == nil && reading.text == Self.text)
        #expect(host.requests.map(\.url) == [Self.old, Self.old, Self.fresh])
        #expect(host.requests[2]["Range"] == (etag == nil ? nil : "bytes=10-"))
    }

    /// A fresh link that is refused too, the same one or another, ends it.
    @Test(arguments: [old, fresh], [0, 10]) func afterOneRefreshInVain(_ next: String, _ broken: Int)
        throws
    {
        let host = Self.host([Self.old: 403, Self.fresh: 403])
        if broken > 0 {
            host.breaks = [broken]
            host.instead[0] = nil
        }
        let reading = try FileReading(host, fresh: [.success([next]), .success([next])])
        let failed = try #require(reading.all())
        #expect(failed.status == .link && failed.httpStatus == 403 && failed.requestID == "A1")
        #expect(failed.message.contains("AccessDenied: no https://s.example/f"))
        #expect(failed.message.contains("open the results again to get a fresh link"))
        #expect(failed.url == "https://s.example/f" && !failed.retryable)
        #expect(reading.service.asked == 1 && reading.bytes.count == broken)
    }

    /// Bytes that came between two refusals allow another refresh.
    @Test func anyNumberOfRefreshesWithProgress() throws {
        let host = FileHost(Self.text)
        host.breaks = [5, 5, 5]
        for number in [1, 3, 5] { host.instead[number] = { _, _ in .init("", status: 403) } }
        let reading = try FileReading(
            host, fresh: Array(repeating: .success([Self.old]), count: 3), ["max_attempts": "2"])
        #expect(reading.all() == nil && reading.text == Self.text && reading.service.asked == 3)
    }

    @Test(arguments: [404, 410]) func aFileThatIsGone(_ http: Int) throws {
        let reading = try FileReading(
            Self.host([Self.old: http]), fresh: [.success([Self.fresh])])
        let failed = reading.all()
        #expect(failed?.status == .link && failed?.httpStatus == Int32(http))
        #expect(reading.service.asked == 0 && reading.script.requests.count == 1)
    }

    @Test func aRefreshThatFails() throws {
        let why = Failure(.notFound, "no such job: \(Self.old)")
        why.url = "https://api.crustdata.com/batch/b"
        let reading = try FileReading(Self.host([Self.old: 403]), fresh: [.failure(why)])
        let failed = try #require(reading.all())
        #expect(failed.status == .notFound && failed.url == why.url)
        #expect(failed.message.contains("the result link has expired, and no fresh one came: no such job"))
    }

    @Test(arguments: [[], [fresh, fresh]]) func aRefreshWithOtherFiles(_ fresh: [String]) throws {
        let reading = try FileReading(Self.host([Self.old: 403]), fresh: [.success(fresh)])
        let failed = try #require(reading.all())
        #expect(failed.status == .changed && failed.message.contains("of 1 files the service now names"))
        #expect(reading.service.asked == 1)
    }

    /// What the fresh link leads to must be the file that was begun.
    @Test func aRefreshToAnotherVersion() throws {
        let host = FileHost(Self.text)
        host.breaks = [10]
        host.instead[1] = { host, _ in
            host.etag = "\"v2\""
            return .init("", status: 403)
        }
        let reading = try FileReading(host, fresh: [.success([Self.fresh])])
        #expect(reading.all()?.status == .changed && reading.bytes.count == 10)
    }

    /// Several files share their links: where another one refreshed them, nobody is asked again.
    @Test func linksThatAnotherFileRefreshed() throws {
        let reading = try FileReading(
            Self.host([Self.old: 403]), fresh: [.success([Self.fresh])])
        let call = reading.call()
        let one = try reading.start(nil, call)
        let other = try reading.start(nil, call)
        for file in [one, other] {
            while try file.read(call) != nil {}
            #expect(file.offset == Int64(Self.text.utf8.count))
        }
        #expect(reading.service.asked == 1)
    }

    // MARK: Links with a date in them

    static func dated(_ date: String, _ seconds: String, _ family: String = "Amz") -> String {
        "https://s.example/f?X-\(family)-Date=\(date)&X-\(family)-Expires=\(seconds)&X-Amz-Signature=0123456789abcdef"
    }

    /// The clock stands at 2026-06-12T12:00:00Z.
    @Test(
        arguments: [
            (dated("20260612T110000Z", "3600"), true), (dated("20260612T110000Z", "3601"), false),
            (dated("20260612T110000Z", "3600", "Goog"), true), (dated("20260612T115959Z", "0"), true),
            (dated("20260612T110000Z", "3601", "Goog"), false), (dated("20260612T110000", "1"), false),
            (dated("20261312T110000Z", "1"), false), (dated("2026-06-12T11:00", "1"), false),
            (dated("20260612T110000Z", "x"), false), (dated("20260612T110000Z", "-1"), false),
            (dated("20260612T110000Z", "9223372036854775807"), false),
            (dated("20260612T110000Z", "9223372036854775"), false),
            ("https://s.example/f?Expires=1781265600", true), ("https://s.example/f?expires=1", true),
            ("https://s.example/f?Expires=1781265601", false), ("https://s.example/f?Expires=", false),
            ("https://s.example/f?Expires=Fri", false), ("https://s.example/f?X-Amz-Expires=1", false),
            ("https://s.example/f?X-Amz-Date=20260612T110000Z", false), ("https://s.example/f", false),
        ]) func whatIsPastItsDateIsRefreshedFirst(_ url: String, _ isPast: Bool) throws {
        let host = Self.host()
        let reading = try FileReading(
            host, url: url, fresh: isPast ? [.success([Self.fresh])] : [])
        try reading.start()
        // Nothing is waited for before the first read.
        #expect(reading.service.asked == 0 && host.requests.count == (isPast ? 0 : 1))
        let again = try FileReading(host, url: url, fresh: isPast ? [.success([Self.fresh])] : [])
        #expect(again.all() == nil && again.text == Self.text)
        #expect(again.service.asked == (isPast ? 1 : 0))
        #expect(host.requests.last?.url == (isPast ? Self.fresh : url))
    }

    /// Our clock may be wrong: a fresh link is used although it looks expired too.
    @Test func aClockThatIsWrong() throws {
        let past = Self.dated("20200101T000000Z", "60")
        let host = Self.host()
        host.breaks = [10]
        let reading = try FileReading(host, url: past, fresh: [.success([past])])
        #expect(reading.all() == nil && reading.text == Self.text)
        #expect(reading.service.asked == 1 && host.requests.count == 2)
        // One that really has expired is refused, and nobody is asked twice in vain.
        let refused = try FileReading(Self.host([past: 403]), url: past, fresh: [.success([past])])
        #expect(refused.all()?.status == .link && refused.service.asked == 1)
    }

    @Test func aRefreshByDateThatFails() throws {
        let host = Self.host()
        let reading = try FileReading(
            host, url: Self.dated("20200101T000000Z", "60"),
            fresh: [.failure(Failure(.notReady, "not done"))])
        #expect(reading.all()?.status == .notReady && host.requests.isEmpty)
    }

    // MARK: Redirects

    static func redirecting(_ hops: [String: (Int, String?)]) -> FileHost {
        let host = FileHost(text)
        for number in 0...30 {
            host.instead[number] = { host, request in
                guard let (status, location) = hops[request.url] else { return host.ordinary(request) }
                return .init(
                    "moved", status: status, headers: location.map { [Header("Location", $0)] } ?? [])
            }
        }
        return host
    }

    @Test(
        arguments: [301, 302, 303, 307, 308],
        [
            ("https://t.example/g?sig=fedcba9876543210", "https://t.example/g?sig=fedcba9876543210"),
            ("/g", "https://s.example/g"), ("g?x", "https://s.example/g?x"),
            ("//t.example:444/g", "https://t.example:444/g"), ("HTTPS://t.example", "https://t.example"),
        ]) func aRedirectIsFollowed(_ http: Int, _ hop: (String, String)) throws {
        let host = Self.redirecting([Self.old: (http, hop.0)])
        host.breaks = [5, 5, 5, 5]
        let reading = try FileReading(host)
        #expect(reading.all() == nil && reading.text == Self.text)
        // What breaks begins again at the link, with the same range for the last hop.
        #expect(host.requests.map(\.url).suffix(2) == [Self.old, hop.1])
        #expect(host.requests.last?["Range"] == "bytes=20-" && host.requests.last?["If-Match"] == "\"v1\"")
    }

    @Test(
        arguments: [
            "http://t.example/g", "file:///etc/passwd", "ftp://t.example/", "gopher://t/", "mailto:a@b",
            "javascript:0", "https:", "https:g", "https://", "https:///g", "https://user@t.example/",
            "https://user:secretsecretsecret@t.example/", "//", "///g", "",
        ], ["https://api.crustdata.com", "http://127.0.0.1:1"])
    func aRedirectThatLeadsNowhere(_ location: String, _ base: String) throws {
        // Where the service is asked in the clear, result files may be too.
        let isAllowed = location.hasPrefix("http://") && base.hasPrefix("http://")
        let host = Self.redirecting([Self.old: (302, location)])
        let reading = try FileReading(host, ["base_url": base])
        let failed = reading.all()
        #expect(failed?.status == (isAllowed ? nil : .redirect))
        #expect(host.requests.count == (isAllowed ? 2 : 1) && reading.service.asked == 0)
        guard let failed else { return }
        #expect(failed.message.contains("redirect 1 of the result link"))
        #expect(!failed.message.contains("secretsecret"))
    }

    @Test func aRedirectWithoutLocation() throws {
        let reply = Script.Reply("", status: 307, headers: [Header("x-request-id", "R7")])
        let reading = try FileReading(Script(otherwise: reply))
        let failed = reading.all()
        #expect(failed?.status == .redirect && failed?.httpStatus == 307)
        #expect(failed?.requestID == "R7")
        #expect(failed?.url == "https://s.example/f")
    }

    @Test func fiveRedirectsAndNotSix() throws {
        for count in [5, 6] {
            var hops = [Self.old: (302, Optional("/1"))]
            for hop in 1..<count { hops["https://s.example/\(hop)"] = (302, "/\(hop + 1)") }
            let host = Self.redirecting(hops)
            let failed = try FileReading(host).all()
            #expect(failed?.status == (count == 5 ? nil : .redirect))
            #expect(host.requests.count == 6)
            if count == 6 {
                #expect(failed?.message.contains("more than 5 times") == true)
                #expect(failed?.httpStatus == 302 && failed?.url == "https://s.example/5")
            }
        }
    }

    @Test(arguments: ["https://s.example/f?X-Amz-Signature=0123456789abcdef", "#x"])
    func aLoop(_ location: String) throws {
        let host = Self.redirecting([Self.old: (301, location)])
        let failed = try FileReading(host).all()
        #expect(failed?.status == .redirect && host.requests.count == 6)
    }

    /// What the last host says of its own signed address is no secret less than the link's.
    @Test func refusedBehindARedirect() throws {
        let target = "https://t.example/g?Signature=0123456789abcdef&x=1"
        let host = Self.redirecting([Self.old: (302, target)])
        host.instead[1] = { _, request in .init("no \(request.url)", status: 403) }
        let reading = try FileReading(host, fresh: [.success([Self.fresh])])
        #expect(reading.all() == nil && reading.service.asked == 1)
        let gone = Self.redirecting([Self.old: (302, target)])
        gone.instead[1] = { _, request in .init("no \(request.url)", status: 404) }
        let failed = try FileReading(gone).all()
        #expect(failed?.status == .link && failed?.url == "https://t.example/g")
        #expect(failed?.message.contains("[redacted]") == true)
    }

    // MARK: result_hosts

    @Test(
        arguments: [
            ("s.example", true, false), ("S.Example , t.example", true, true),
            ("*.example", true, true), ("*.s.example", false, false), ("example", false, false),
            ("s.example:443,t.example:443", true, true), ("s.example,t.example:8443", true, false),
            ("s.example,*.t.example", true, false), ("*.ample,s.exampl", false, false),
        ]) func hostsThatAreAllowed(_ list: String, _ first: Bool, _ second: Bool) throws {
        let host = Self.redirecting([Self.old: (302, "https://t.example/g?Signature=0123456789abcdef")])
        let reading = try FileReading(host, ["result_hosts": list])
        let failed = reading.all()
        #expect(host.requests.count == (first ? second ? 2 : 1 : 0))
        #expect(failed?.status == (first ? second ? nil : .redirect : .link))
        guard let failed else { return }
        #expect(failed.value("option") == "result_hosts")
        #expect(failed.message.contains(first ? "redirect 1 of the result link leads to t.example," : "leads to s.example,"))
        #expect(failed.url == (first ? "https://t.example/g" : "https://s.example/f"))
    }

    /// Addresses that could be read in two ways are on no list.
    @Test(
        arguments: [
            "https://s.example@evil.example/", "https://evil.example@s.example/", "https://s.example:x/",
            "https://s.example:/", "https://s%2eexample/", "https://evil.example\\@s.example/",
            "https://s.example\\.evil/", "https://s.example%00.evil/", "https://s.example:99999/",
            "https:/s.example/", "https://s.example evil/", "https://[s.example]/", "https://s.example./",
            "https://s.example;x/", "https://\u{455}.example/", "https://evil/s.example",
            "https://evil?s.example", "https://evil#s.example",
        ]) func hostsThatAreUnclear(_ url: String) throws {
        let host = Self.host()
        let failed = try FileReading(host, url: url, ["result_hosts": "s.example"]).all()
        #expect(failed?.status == .link && host.requests.isEmpty, "\(failed?.message ?? "")")
    }

    @Test(
        arguments: [
            ("https://s.example", "s.example", 443), ("http://S.example:80/x", "s.example", 80),
            ("https://s.example?x", "s.example", 443), ("https://s.example#/", "s.example", 443),
            ("https://[::1]:8443/a", "[::1]", 8443), ("https://127.0.0.1:1", "127.0.0.1", 1),
        ]) func places(_ url: String, _ host: String, _ port: Int64) throws {
        let place = try #require(LinkPlace(url))
        #expect(place.host == host && place.port == port)
        #expect(try ResultHosts("x.y,\(host):\(port)").allow(place))
        #expect(try !ResultHosts("\(host):2").allow(place))
    }

    @Test(
        arguments: [
            ",", "a,", "a,,b", "https://a", "a/", "a:", "a:0", "a:65536", "a:x", "*", "*.", "a.*", "*a",
            "*.*.a", "a b", "[::1", "::1", "a@b", "a;b", "\u{E9}",
        ]) func whatIsNoListOfHosts(_ list: String) throws {
        let failed = failure { try settings(["result_hosts": list]) }
        #expect(failed?.status == .argument && failed?.value("option") == "result_hosts")
    }

    /// An insecure link is refused where it is read, not where it is started.
    @Test func aLinkInTheClear() throws {
        let host = Self.host()
        let reading = try FileReading(host, url: "http://127.0.0.1/f?Signature=0123456789abcdef")
        try reading.start()
        let failed = reading.all()
        #expect(failed?.status == .link && host.requests.isEmpty)
        #expect(failed?.message == "the result link does not begin with https://")
        #expect(failed?.url == "http://127.0.0.1/f")
        let allowed = try FileReading(host, url: "http://h/f", ["allow_http": "true"])
        #expect(allowed.all() == nil)
    }

    // MARK: Resolving

    /// RFC 3986, 5.4.1 and 5.4.2; what is no address of http, and fragments, are ours.
    @Test(
        arguments: [
            ("g:h", nil), ("g", "/b/c/g"), ("./g", "/b/c/g"), ("g/", "/b/c/g/"), ("/g", "/g"),
            ("?y", "/b/c/d;p?y"), ("g?y", "/b/c/g?y"), ("#s", "/b/c/d;p?q"), ("g#s", "/b/c/g"),
            ("g?y#s", "/b/c/g?y"), (";x", "/b/c/;x"), ("g;x", "/b/c/g;x"), ("g;x?y#s", "/b/c/g;x?y"),
            ("", "/b/c/d;p?q"), (".", "/b/c/"), ("./", "/b/c/"), ("..", "/b/"), ("../", "/b/"),
            ("../g", "/b/g"), ("../..", "/"), ("../../", "/"), ("../../g", "/g"), ("../../../g", "/g"),
            ("../../../../g", "/g"), ("/./g", "/g"), ("/../g", "/g"), ("g.", "/b/c/g."), (".g", "/b/c/.g"),
            ("g..", "/b/c/g.."), ("..g", "/b/c/..g"), ("./../g", "/b/g"), ("./g/.", "/b/c/g/"),
            ("g/./h", "/b/c/g/h"), ("g/../h", "/b/c/h"), ("g;x=1/./y", "/b/c/g;x=1/y"),
            ("g;x=1/../y", "/b/c/y"), ("g?y/./x", "/b/c/g?y/./x"), ("g?y/../x", "/b/c/g?y/../x"),
            ("g#s/../x", "/b/c/g"), ("http:g", nil), ("/a//b/../c", "/a//c"), ("/x:y", "/x:y"),
            ("./x:y", "/b/c/x:y"), ("/a b\u{E9}", "/a%20b%C3%A9"), ("/%41%2f", "/%41%2f"),
        ]) func references(_ reference: String, _ path: String?) {
        #expect(resolve(reference, from: "http://a/b/c/d;p?q") == path.map { "http://a" + $0 })
    }

    @Test(
        arguments: [
            ("//g", "https://g"), ("//g/x/../y?z", "https://g/y?z"), ("http://g/./x#f", "http://g/x"),
            ("HtTpS://G/X", "https://G/X"), ("https://g?x", "https://g?x"), ("x", "https://a/x"),
            ("?x", "https://a?x"), ("https://g:1/", "https://g:1/"), ("//u@g", nil), ("https+x://g", nil),
            ("1https://g", "https://a/1https://g"), ("h ttps://g", "https://a/h%20ttps://g"),
        ]) func otherReferences(_ reference: String, _ expected: String?) {
        #expect(resolve(reference, from: "https://a") == expected)
    }
}
