import Testing

@testable import BatchJobsJSON

/// From a JSON string to text that C can hold.
@Suite struct JSONTextTests {
    @Test(arguments: [
        ("\"\"", ""), ("\"a\"", "a"), ("\"\\\"\\\\\\/\"", "\"\\/"),
        ("\"\\b\\f\\n\\r\\t\"", "\u{8}\u{C}\n\r\t"),
        ("\"\\u0041\\u00e9\\u20AC\\u2028\"", "Aé€\u{2028}"), ("\"\\ud83d\\ude00\"", "😀"),
        ("\"\\uD800\\uDC00\"", "\u{10000}"), ("\"\\uDBFF\\uDFFF\"", "\u{10FFFF}"),
        ("\"x\\ud83d\\ude00y\\n\"", "x😀y\n"),
        ("\"\\uFFFF\\uE000\\uD7FF\"", "\u{FFFF}\u{E000}\u{D7FF}"),
        ("\"é😀\u{10FFFF}\"", "é😀\u{10FFFF}"),
        ("\"\\u0001\u{7F}\"", "\u{1}\u{7F}"),
    ]) func decodes(_ json: String, _ expected: String) throws {
        let value = try document(json)
        #expect(value.text.map { Array($0.utf8) } == Array(expected.utf8))
        // Behind other texts in one buffer, and with its NUL.
        let buffer = Buffer()
        _ = buffer.append("before")
        let range = try value.decode(into: buffer)
        #expect(buffer.bytes[range].shown == expected)
        #expect(buffer.bytes[range.upperBound] == 0 && buffer.count == range.upperBound + 1)
        #expect(buffer.bytes[0..<6].shown == "before")
    }

    @Test(arguments: [
        "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud83d\\u0041\"", "\"\\ud83d \\ude00\"", "1", "null",
        "true", "[]", "{}",
    ]) func isNoText(_ json: String) throws {
        let value = try document(json)
        #expect(value.text == nil)
        let fault = #expect(throws: TextFault.self) { try value.decode(into: Buffer()) }
        #expect(fault == .notText)
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80],
            [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
            [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]) func isNotUTF8(_ raw: [UInt8]) throws
    {
        for escaped in [[], Array("\\n".utf8)] {
            let value = try Value(document: bytes([0x22] + escaped + raw + [0x22]))
            #expect(value.text == nil, "\(raw)")
            #expect(!bytes(raw).isUTF8 && bytes(raw).text == nil)
        }
    }

    @Test(
        arguments: [
            [], [0x00], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF],
            [0xEE, 0x80, 0x80],
            [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        ] as [[UInt8]]) func isUTF8(_ raw: [UInt8])
    {
        #expect(bytes(raw).isUTF8)
    }

    /// Against the standard library, over every sequence of two bytes and many longer ones.
    @Test func agreesWithTheStandardLibrary() {
        for first in 0...255 as ClosedRange<UInt8> {
            for second in 0...255 as ClosedRange<UInt8> {
                let raw = [first, second]
                #expect(
                    bytes(raw).isUTF8 == (String(validating: raw, as: UTF8.self) != nil), "\(raw)")
            }
        }
        var dice = Dice(7)
        let edges: [UInt8] = [
            0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0x41,
        ]
        for _ in 0..<5000 {
            let raw = (0..<1 + dice.below(6)).map { _ in edges[dice.below(edges.count)] }
            #expect(bytes(raw).isUTF8 == (String(validating: raw, as: UTF8.self) != nil), "\(raw)")
        }
    }

    @Test func namesCompareByBytesEscapesUndone() throws {
        let jobs = ["\"jobs\"", "\"\\u006aobs\"", "\"\\u006A\\u006F\\u0062\\u0073\""]
        for name in jobs { #expect(try document(name).isName("jobs")) }
        for other in [
            "\"Jobs\"", "\"jobs \"", "\"job\"", "\"jobss\"", "\"\\u006Aob\"", "\"\"", "\"\\ud800\"",
        ] {
            #expect(try !document(other).isName("jobs"), "\(other)")
        }
        // An e with an accent and the one letter for it look alike and are two names.
        #expect(try !document("\"e\u{301}\"").isName("\u{E9}"))
        #expect(try !document("\"\\u0065\\u0301\"").isName("\u{E9}"))
        #expect(try document("\"\\u0065\\u0301\"").isName("e\u{301}"))
    }
}
