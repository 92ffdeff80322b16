import Testing

@testable import BatchJobsJSON

/// Two readers that nobody wrote together: ours, which scans, and jansson behind `Document`. They
/// agree on every document but for the differences named here.
@Suite struct JSONAgainstJanssonTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func agreeOnValidDocuments(_ seed: UInt64)
        throws
    {
        var writer = DocumentWriter(seed)
        for _ in 0..<100 {
            let text = writer.document()
            let value = try document(text)
            let tree = try Document(bytes(text))
            try compare(value, tree.value, in: text)
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func agreeOnDamagedDocuments(_ seed: UInt64) {
        var writer = DocumentWriter(seed &+ 1000)
        var differences = 0
        var refusals = 0
        for _ in 0..<300 {
            let raw = writer.damaged()
            let ours = (try? Value(document: bytes(raw))) != nil
            let theirs = (try? Document(bytes(raw))) != nil
            if !ours { refusals += 1 }
            if ours == theirs { continue }
            differences += 1
            #expect(
                ours ? isBeyondJansson(raw) : raw.contains(0),
                "only \(ours ? "the scanner" : "jansson") takes \(String(decoding: raw, as: UTF8.self))"
            )
        }
        // Else the damage would not be what is tested.
        #expect(refusals > 100 && refusals < 290 && differences < 60)
    }

    /// What the scanner lets through untouched and jansson refuses, and the two that are the other
    /// way round: depth, and a NUL byte behind a number, which jansson overlooks.
    @Test(arguments: [
        ("\"\\ud800\"", true, false), ("\"\\udc00x\"", true, false),
        ("\"\\ud800\\u0041\"", true, false),
        ("9223372036854775807", true, true), ("9223372036854775808", true, false),
        ("-9223372036854775809", true, false), ("1e400", true, false), ("1e-400", true, true),
        ("\"\\u0000\"", true, true), ("{\"\\u0000\":1}", true, false),
        (JSONGrammarTests.nested("[", "1", "]", 513), false, true),
        (JSONGrammarTests.nested("[", "1", "]", 2049), false, false),
        ("[1]\u{0}", false, false), ("[1\u{0}]", false, true), ("\"\u{0}\"", false, false),
    ]) func differWhereDocumented(_ text: String, ours: Bool, theirs: Bool) {
        #expect(((try? document(text)) != nil) == ours)
        #expect(((try? Document(bytes(text))) != nil) == theirs)
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
        ] as [[UInt8]]) func differOnWhatIsNotUTF8(_ raw: [UInt8]) throws
    {
        let value = try Value(document: bytes(raw))
        #expect(value.bytes.array == raw && value.text == nil)
        #expect(throws: JSONFault.self) { try Document(bytes(raw)) }
    }

    private func compare(_ value: Value, _ node: Node, in text: String) throws {
        try #require(value.kind == node.kind, "\(text)")
        switch value.kind {
        case .null: break
        case .bool: #expect(value.bool == node.bool)
        case .string: #expect(value.text == node.text || value.text == nil, "\(text)")
        case .number:
            // Beyond 2^53 jansson's reals are no longer exact; ours are.
            if let theirs = node.integer, abs(theirs) < 1 << 53 {
                #expect(value.integer == theirs, "\(value.bytes.shown)")
            } else if node.integer == nil {
                #expect(value.integer == nil, "\(value.bytes.shown)")
            }
        case .array:
            var cursor = Cursor(value)
            var index = 0
            while let element = cursor.nextElement() {
                try compare(element, try #require(node[index]), in: text)
                index += 1
            }
            #expect(index == node.count)
        case .object:
            var cursor = Cursor(value)
            var names: Set<String> = []
            while let (name, _) = cursor.nextMember() {
                let name = try #require(name.text)
                names.insert(name)
                // The last of duplicates, for both.
                try compare(
                    try #require(value.member(name)), try #require(node[name]), in: text)
            }
            #expect(names.count == node.count)
        }
    }

    /// Whether a document that the scanner takes holds what jansson cannot.
    private func isBeyondJansson(_ raw: [UInt8]) -> Bool {
        guard let text = String(validating: raw, as: UTF8.self) else { return true }
        let lower = text.lowercased()
        if lower.contains("\\u0000") || lower.contains("\\ud") { return true }
        return lower.contains(/[0-9]{19}/) || lower.contains(/e\+?0*[1-9][0-9]{2}/)
    }
}

/// Writes random documents: every kind, escapes, white space, and names that repeat.
struct DocumentWriter {
    private var dice: Dice
    init(_ seed: UInt64) { dice = Dice(seed) }

    mutating func document() -> String { space() + value(0) + space() }

    /// A valid document with a few bytes changed.
    mutating func damaged() -> [UInt8] {
        var raw = Array(document().utf8)
        let pieces: [[UInt8]] =
            [
                "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", "\\u0000", "\\ud83d",
                "\n", "\t", " ",
                "null", "tru", "1e5", "01", "\u{0}", "99999999999999999999", "1e999",
            ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0x80]]
        for _ in 0...dice.below(2) where !raw.isEmpty {
            let at = dice.below(raw.count)
            switch dice.below(5) {
            case 0: raw.remove(at: at)
            case 1: raw[at] = pieces[dice.below(pieces.count)][0]
            case 2: raw.insert(contentsOf: pieces[dice.below(pieces.count)], at: at)
            case 3: raw.swapAt(at, dice.below(raw.count))
            default: raw[at] ^= UInt8(1 << dice.below(8))
            }
        }
        if dice.chance(10) { raw.removeLast(dice.below(raw.count + 1)) }
        return raw
    }

    private mutating func space() -> String {
        dice.chance(70) ? "" : [" ", "\n", "\t", "\r\n", "  "][dice.below(5)]
    }

    private mutating func value(_ depth: Int) -> String {
        switch dice.below(depth > 5 ? 4 : 7) {
        case 0: return ["true", "false", "null"][dice.below(3)]
        case 1, 2: return number()
        case 3: return string()
        case 4, 5:
            let members = (0..<dice.below(5)).map { _ in
                space() + name() + space() + ":" + space() + value(depth + 1) + space()
            }
            return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
        default:
            let elements = (0..<dice.below(5)).map { _ in space() + value(depth + 1) + space() }
            return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
        }
    }

    private mutating func name() -> String {
        ["\"a\"", "\"b\"", "\"\\u0061\"", "\"jobs\"", "\"j\\u006fbs\"", "\"\"", string()][
            dice.below(7)]
    }

    private mutating func number() -> String {
        var text = dice.chance(30) ? "-" : ""
        text += dice.chance(20) ? "0" : String(1 + dice.below([9, 1000, 1 << 50][dice.below(3)]))
        if dice.chance(30) { text += [".0", ".5", ".00", ".250", ".1"][dice.below(5)] }
        if dice.chance(30) {
            text += ["e0", "E1", "e+2", "e-1", "e-2", "e3", "e-20"][dice.below(7)]
        }
        return text
    }

    private mutating func string() -> String {
        let pieces = [
            "a", "jobs", " ", "é", "😀", "\u{2028}", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9",
            "\\uD83D\\uDE00", "\\t", "{", "[", ",", ":",
        ]
        return "\"" + (0..<dice.below(5)).map { _ in pieces[dice.below(pieces.count)] }.joined()
            + "\""
    }
}
