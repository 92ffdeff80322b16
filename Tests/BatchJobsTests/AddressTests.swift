import Testing

@testable import BatchJobs

/// Nothing that a caller or a service hands in changes the shape of an address.
@Suite struct AddressTests {
    @Test(arguments: [
        ("", ""), ("AZaz09-._~", "AZaz09-._~"), ("a b", "a%20b"),
        ("../usage-stats?x=", "..%2Fusage-stats%3Fx%3D"), ("a%2Fb", "a%252Fb"),
        ("é😀", "%C3%A9%F0%9F%98%80"),
        ("+&=#;,:@!$'()*[]", "%2B%26%3D%23%3B%2C%3A%40%21%24%27%28%29%2A%5B%5D"),
        ("\u{0}\r\n\u{7F}", "%00%0D%0A%7F"), ("\\\"<>^`{|}", "%5C%22%3C%3E%5E%60%7B%7C%7D"),
        ("e\u{301}", "e%CC%81"),
    ]) func encodes(_ text: String, _ expected: String) {
        #expect(percentEncoded(text) == expected)
        #expect(percentDecoded(expected).map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test(
        arguments: [
            ("%41%5a%5A", "AZZ"), ("a+b", "a+b"), ("%", nil), ("%4", nil), ("a%", nil),
            ("%4G", nil), ("%G4", nil), ("%%41", nil), ("%FF", nil), ("%C3", nil), ("%C3%A9", "é"),
            ("%+1", nil),
        ] as [(String, String?)]) func decodes(_ text: String, _ expected: String?)
    {
        #expect(percentDecoded(text) == expected)
    }

    @Test(arguments: [
        "a", "...", ".a", "48b676de-f0d1-4ae5-af52-4e021991efe6", "../x", "a/b", "%2e%2e", "é",
        "a b", String(repeating: "x", count: 1024),
    ]) func takesAnID(_ id: String) {
        #expect(throws: Never.self) { try checkID(id) }
    }

    @Test(arguments: [
        "", ".", "..", "a\nb", "a\rb", "\u{0}", "a\u{7F}", "\u{1F}",
        String(repeating: "x", count: 1025), String(repeating: "é", count: 513),
    ])
    func refusesAnID(_ id: String) {
        #expect(failure { try checkID(id) }?.status == .argument)
    }

    @Test func builds() {
        var address = Address(base: "https://h/p")
        address.path("/batch")
        address.segment("a/../b?c#d")
        #expect(address.text == "https://h/p/batch/a%2F..%2Fb%3Fc%23d")
        address.query("none", nil)
        address.query("one", "1&2=3")
        address.query("empty", "")
        address.query("two", "ü")
        #expect(
            address.text == "https://h/p/batch/a%2F..%2Fb%3Fc%23d?one=1%262%3D3&empty=&two=%C3%BC")
    }

    @Test(arguments: [
        ("https://h/a?X-Amz-Signature=s", "https://h/a"), ("https://h/a", "https://h/a"),
        ("https://h/?a?b", "https://h/"),
    ])
    func showsNoQuery(_ url: String, _ expected: String) {
        #expect(Request(url: url, headers: []).publicURL == expected)
    }

    @Test(arguments: [
        ("x-id", "X-ID", true), ("", "", true), ("a", "ab", false), ("k", "\u{212A}", false),
        ("[", "{", false), ("é", "É", false),
    ])
    func comparesHeaderNames(_ one: String, _ other: String, _ same: Bool) {
        #expect(equalIgnoringCase(one, other) == same)
    }

    @Test func theLastHeaderOfANameCounts() {
        let head = Head(
            status: 200, headers: [Header("X-A", "1"), Header("x-b", "2"), Header("x-a", "3")])
        #expect(head["x-a"] == "3" && head["x-b"] == "2" && head["x-c"] == nil)
    }
}
