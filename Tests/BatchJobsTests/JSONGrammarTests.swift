import Testing

@testable import BatchJobsJSON

/// The grammar of RFC 8259: what is taken, what is not, and where a fault is said to be.
@Suite struct JSONGrammarTests {
    static let accepted = [
        "0", "-0", "5", "10", "-12", "5.0", "0.5", "5e0", "5E+3", "5.25e-17",
        "123456789012345678901234567890",
        "1e400", "true", "false", "null", "\"\"", "\"a\"",
        "\" \\\" \\\\ \\/ \\b \\f \\n \\r \\t \"",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\uD83D\\uDE00\"", "\"\\uAbCd\"", "\"\u{7F}\"",
        "\"\u{2028}\"", "\"é😀\"",
        "[]", "[ ]", "{}", "{ }", "[1]", "[1,2]", " [ 1 , 2 ] ", "[[],[[]],{}]", "{\"a\":1}",
        "{\"\":1}", "{\"a\":1,\"a\":2}", " { \"a\" : [ ] , \"b\" : { \"c\" : null } } ",
        "\t\n\r 1\t\n\r ", "[true,false,null,\"x\",-1.5e+1]",
    ]

    @Test(arguments: accepted) func takes(_ text: String) throws {
        #expect(try document(text).bytes.shown == text.trimmingJSONSpace)
    }

    /// Each with the offset of the first byte that cannot stand there.
    static let rejected: [(String, Int)] = [
        ("", 0), (" ", 1), ("01", 1), ("-", 1), ("+1", 0), (".5", 0), ("5.", 2), ("5.e1", 2),
        ("5e", 2), ("5e+", 3), ("5e+x", 3), ("--1", 1), ("-a", 1), ("1 2", 2), ("0x10", 1),
        ("1e5.5", 3),
        ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("tru", 3), ("True", 0), ("truely", 4),
        ("nul", 3),
        ("'a'", 0), ("\"", 1), ("\"a", 2), ("\"\\", 2), ("\"\\x\"", 2), ("\"\\u\"", 3),
        ("\"\\u12G4\"", 5), ("\"\\u123", 6), ("\"\\u123\"", 6), ("\"\n\"", 1), ("\"\t\"", 1),
        ("\"\u{1F}\"", 1),
        ("\"\u{0}\"", 1), ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3),
        ("]", 0), ("[1}", 2), ("[1]]", 3), ("{", 1), ("{\"a\"", 4), ("{\"a\":", 5), ("{\"a\":}", 5),
        ("{\"a\":1,}", 7), ("{\"a\" 1}", 5), ("{a:1}", 1), ("{1:1}", 1), ("{\"a\":1]", 6),
        ("{\"a\":1 \"b\":2}", 7),
        ("{,}", 1), ("{\"a\":1}{", 7), ("[1]//x", 3), ("/* x */1", 0), ("\u{FEFF}1", 0),
        ("\u{A0}1", 0),
        ("\u{0}", 0), ("1\u{0}", 1), ("\u{0B}1", 0), ("[\"a\":1]", 4), ("{\"a\":tru}", 8),
        ("[nulL]", 4),
    ]

    @Test(arguments: rejected) func refuses(_ text: String, at offset: Int) {
        let fault = #expect(throws: JSONFault.self) { try document(text) }
        #expect(fault?.offset == offset, "\(text)")
        #expect(fault?.reason == .malformed)
    }

    /// A value ends with its last byte, and every shorter beginning is refused. Numbers are left
    /// out: the beginning of one is one.
    @Test(arguments: [
        "[1,{\"a\":\"\\u00e9\\n\",\"b\":[true,false,null,{}]},-1.5e+10]", "\"a\\\\b\\\"c\"",
        "{\"a\":{\"b\":{}}}", "null",
    ]) func everyTruncationIsAFault(_ text: String) {
        let whole = Array(text.utf8)
        for length in 0..<whole.count {
            let fault = #expect(throws: JSONFault.self) {
                try Value(document: bytes(Array(whole[..<length])))
            }
            #expect((fault?.offset ?? .max) <= length)
        }
    }

    static func nested(_ open: String, _ middle: String, _ close: String, _ levels: Int) -> String {
        String(repeating: open, count: levels) + middle + String(repeating: close, count: levels)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")])
    func depthIsBounded(_ open: String, _ close: String) throws {
        let perRound = open.utf8.filter { $0 == 0x5B || $0 == 0x7B }.count
        let limit = Scanner.maximumDepth / perRound
        #expect(throws: Never.self) { try document(Self.nested(open, "1", close, limit)) }
        let fault = #expect(throws: JSONFault.self) {
            try document(Self.nested(open, "1", close, limit + 1))
        }
        #expect(fault?.reason == .tooDeep)
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":", "[[],"]) func endlessDepthEndsInAFault(
        _ open: String
    ) {
        let deep = bytes(String(repeating: open, count: 100_000))
        let fault = #expect(throws: JSONFault.self) { try Value(document: deep) }
        #expect(fault?.reason == .tooDeep)
        let cut = #expect(throws: JSONFault.self) { try PageCut(deep, rowsAt: ["a", "a"]) }
        #expect(cut?.reason == .tooDeep)
        #expect(throws: JSONFault.self) { try Document(deep) }
    }

    /// Depth counts open containers, not all that came before.
    @Test func breadthIsNotDepth() throws {
        let wide = "[" + Array(repeating: "[[[1]]]", count: 5000).joined(separator: ",") + "]"
        var cursor = Cursor(try document(wide))
        var count = 0
        while cursor.nextElement() != nil { count += 1 }
        #expect(count == 5000)
    }
}

extension String {
    fileprivate var trimmingJSONSpace: String {
        var bytes = Array(utf8)[...]
        while let byte = bytes.first, [32, 9, 10, 13].contains(byte) { bytes.removeFirst() }
        while let byte = bytes.last, [32, 9, 10, 13].contains(byte) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
