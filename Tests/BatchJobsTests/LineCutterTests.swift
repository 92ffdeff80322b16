import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// JSON lines out of bytes that come in any pieces.
@Suite struct LineCutterTests {
    /// Runs the cutter over pieces, as a reader does: after each it takes the records that are whole
    /// and lets go of them. The lines, and the failure that ended it.
    static func lines(_ pieces: [[UInt8]], limit: Int64 = 1 << 20, isFirst: Bool = true) -> (
        lines: [[UInt8]], failure: Failure?
    ) {
        let batch = Batch(base: 0, hasKeys: false)
        var cutter = LineCutter(limit: limit, isFirst: isFirst)
        var found: [[UInt8]] = []
        func take() {
            while batch.hasMore {
                #expect(batch.next == Int64(found.count))
                found.append(batch.bytes(at: batch.giveOne()).array)
            }
        }
        let failed = failure {
            for piece in pieces {
                cutter.restart(batch)
                _ = batch.data.append(bytes(piece))
                try cutter.cut(batch)
                take()
            }
            try cutter.finish(batch)
        }
        take()
        return (found, failed)
    }

    private static func pieces(_ raw: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: raw.count, by: size).map { Array(raw[$0..<min($0 + size, raw.count)]) }
    }

    static let texts: [(String, [String])] = [
        ("", []), ("\n", []), ("{}", ["{}"]), ("{}\n", ["{}"]),
        ("{\"a\":1}\n{\"b\":2}", ["{\"a\":1}", "{\"b\":2}"]), ("a\r\nb\r\n", ["a", "b"]),
        ("a\n\n\r\n \t \nb\n\n", ["a", "b"]),
        ("a\r", ["a"]), ("a\rb\n", ["a\rb"]), ("\u{FEFF}a\n\u{FEFF}b\n", ["a", "\u{FEFF}b"]),
        ("\u{FEFF}", []), ("\u{FEFF}\r\na", ["a"]), ("\n\u{FEFF}a\n", ["\u{FEFF}a"]),
        (" a \n", [" a "]),
        // Ends of lines elsewhere, but not here.
        (
            "a\u{2028}b\u{2029}c\u{85}d\u{B}e\u{C}f\n\u{2028}\n",
            ["a\u{2028}b\u{2029}c\u{85}d\u{B}e\u{C}f", "\u{2028}"]
        ), ("a\u{0}b\n\u{0}", ["a\u{0}b", "\u{0}"]), ("é\n😀", ["é", "😀"]),
    ]

    @Test(arguments: texts) func cutsWhereverTheChunksEnd(_ text: String, _ expected: [String]) {
        let raw = Array(text.utf8)
        let wanted = expected.map { Array($0.utf8) }
        #expect(Self.lines([raw]).lines == wanted)
        #expect(Self.lines(raw.map { [$0] }).lines == wanted)
        for first in 0...raw.count {
            for second in first...raw.count {
                let pieces = [
                    Array(raw[..<first]), Array(raw[first..<second]), [], Array(raw[second...]),
                ]
                #expect(Self.lines(pieces).lines == wanted, "\(first) \(second)")
            }
        }
    }

    /// The same rules, said plainly.
    static func reference(_ raw: [UInt8]) -> [[UInt8]] {
        var lines = raw.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
        if lines[0].starts(with: [0xEF, 0xBB, 0xBF]) { lines[0].removeFirst(3) }
        return lines.map { $0.last == 13 ? Array($0.dropLast()) : $0 }
            .filter { line in line.contains { $0 != 0x20 && $0 != 9 } }
    }

    @Test func cutsAsTheRulesSay() {
        var dice = Dice(4)
        let alphabet: [[UInt8]] = [
            [10], [10], [13], [13, 10], [32], [9], [0xEF, 0xBB, 0xBF], [0xEF], [0xE2, 0x80, 0xA8],
            [0xC2, 0x85], [0], Array("{\"a\":1}".utf8), Array("x".utf8), [11], [12],
        ]
        for round in 0..<400 {
            let raw = (0..<dice.below(120)).flatMap { _ in alphabet[dice.below(alphabet.count)] }
            var pieces: [[UInt8]] = []
            var rest = raw[...]
            let most = 1 + dice.below(40)
            while !rest.isEmpty {
                let length = dice.below(most + 1)
                pieces.append(Array(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            let result = Self.lines(pieces)
            #expect(result.lines == Self.reference(raw) && result.failure == nil, "\(round)")
        }
    }

    /// A last line that its JSON does not end in: the file was cut. What is no JSON, or ends, is
    /// given as it is.
    @Test(
        arguments: [
            ("{", true), ("{\"a\":1", true), ("{\"a\":1,", true), ("{\"a", true), ("[1", true),
            ("[1,{\"b\":[]}", true), ("\"abc", true), ("\"a\\", true), ("\"\\u12", true), ("tru", true),
            ("n", true), ("-", true), ("1.", true), ("1e", true), (" [", true), ("[ ", true),
            ("{\"a\":1\r", true), ("\"abc\r", true), ("{\"a\":\"\u{E9}", true),
            ("{}", false), ("[1] ", false), ("12", false), ("\"a\"", false), ("true", false),
            ("NaN", false), ("Infinity", false), ("{'a'", false), ("{a", false), ("[1}", false),
            ("truth", false), ("nulL", false), ("{\"a\":1}}", false), ("x", false), ("<html>", false),
            ("\u{1F}\u{8B}", false), ("{\"a\":NaN}", false),
        ] as [(String, Bool)]) func aLastLineMayBeCut(_ last: String, _ isCut: Bool) {
        for before in ["", "1\n", "\u{FEFF}", "\u{FEFF}1\n", "1\n\n"] {
            let raw = Array((before + last).utf8)
            let wanted = Self.reference(raw)
            for size in [1, 2, 3, raw.count] {
                let pieces = Self.pieces(raw, size)
                let result = Self.lines(pieces)
                #expect(result.lines == (isCut ? wanted.dropLast() : wanted), "\(before)")
                #expect(result.failure?.status == (isCut ? .truncated : nil), "\(before)")
                let place = "within record \(wanted.count - 1)"
                #expect(result.failure?.message.contains(place) != false, "\(before)")
            }
            // With its end there, it is a line like any other.
            #expect(Self.lines([raw + [10]]).lines == wanted && Self.lines([raw + [10]]).failure == nil)
        }
    }

    @Test(arguments: ["", " ", "\t", "\r", " \r", "\n", "\n \t"]) func aBlankRestIsNothing(_ rest: String) {
        for before in ["", "\u{FEFF}", "{}\n", "{}\r\n"] {
            let result = Self.lines([Array((before + rest).utf8)])
            #expect(result.failure == nil && result.lines.count == (before.hasPrefix("{") ? 1 : 0))
        }
    }

    /// Only where a file begins is a mark one.
    @Test func beginsAmidAFile() {
        for size in [1, 2, 3, 100] {
            let raw = Array("\u{FEFF}a\n\u{FEFF}\n".utf8)
            let pieces = Self.pieces(raw, size)
            let wanted = ["\u{FEFF}a", "\u{FEFF}"].map { Array($0.utf8) }
            #expect(Self.lines(pieces, isFirst: false).lines == wanted)
        }
    }

    @Test(
        arguments: [
            ("12345678\n1\n", 2, nil), ("12345678", 1, nil),
            ("123456789\n1\n", 0, "max_record_bytes"), ("123456789", 0, "max_record_bytes"),
            ("1\n123456789\n2\n", 1, "max_record_bytes"),
            ("1\n2\n123456789", 2, "max_record_bytes"),
            // What is no part of a record does not count.
            ("12345678\r\n1\r\n", 2, nil), ("12345678\r", 1, nil), ("1\n12345678\r\n", 2, nil),
            ("\u{FEFF}12345678\n1\n", 2, nil), ("\u{FEFF}12345678\r\n1\n", 2, nil),
            ("\u{FEFF}12345678", 1, nil), ("123456789\r\n", 0, "max_record_bytes"),
            ("12345678\r\r\n", 0, "max_record_bytes"), ("12345678\r9\n", 0, "max_record_bytes"),
            ("\u{FEFF}123456789\n", 0, "max_record_bytes"),
            ("1\n\u{FEFF}123456\n", 1, "max_record_bytes"),
        ] as [(String, Int, String?)]) func aLineHasALimit(
            _ text: String, _ count: Int, _ option: String?
        )
    {
        let raw = Array(text.utf8)
        for size in 1...raw.count {
            let pieces = Self.pieces(raw, size)
            let result = Self.lines(pieces, limit: 8)
            #expect(result.lines.count == count && result.failure?.value("option") == option)
            #expect(result.failure == nil || result.failure?.status == .limit)
            if let failed = result.failure { #expect(failed.message.contains("record \(count) ")) }
        }
    }

    /// A long line costs its own length, and what was kept of it does not spill into the next.
    @Test func joinsALineOverManyChunks() {
        let long = Array(repeating: UInt8(ascii: "x"), count: 10_000)
        let raw = long + [10] + Array("y\n".utf8) + long + [13, 10] + Array("z".utf8)
        for size in [1, 7, 4096, 9_999, 10_001, 10_002] {
            let pieces = Self.pieces(raw, size)
            #expect(Self.lines(pieces).lines == [long, [0x79], long, [0x7A]], "\(size)")
        }
    }
}
