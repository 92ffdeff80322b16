import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// JSON lines out of bytes that come in any pieces.
@Suite struct LineCutterTests {
    /// Runs the cutter over pieces; the lines, and the failure that ended it.
    static func lines(_ pieces: [[UInt8]], limit: Int64 = 1 << 20) -> (
        lines: [[UInt8]], failure: Failure?
    ) {
        var cutter = LineCutter(limit: limit, isFirst: true)
        var found: [[UInt8]] = []
        let failed = failure {
            for piece in pieces {
                cutter.feed(bytes(piece))
                while let line = try cutter.next() { found.append(line.array) }
            }
            while let line = try cutter.finish() { found.append(line.array) }
        }
        return (found, failed)
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

    @Test(
        arguments: [
            ("12345678\n1\n", 2, nil), ("12345678", 1, nil),
            ("123456789\n1\n", 0, "max_record_bytes"), ("123456789", 0, "max_record_bytes"),
            ("1\n123456789\n2\n", 1, "max_record_bytes"),
            ("1\n2\n123456789", 2, "max_record_bytes"),
        ] as [(String, Int, String?)]) func aLineHasALimit(
            _ text: String, _ count: Int, _ option: String?
        )
    {
        let raw = Array(text.utf8)
        for size in 1...raw.count {
            let pieces = stride(from: 0, to: raw.count, by: size).map {
                Array(raw[$0..<min($0 + size, raw.count)])
            }
            let result = Self.lines(pieces, limit: 8)
            #expect(result.lines.count == count && result.failure?.value("option") == option)
            #expect(result.failure == nil || result.failure?.status == .limit)
        }
    }

    /// A long line costs its own length, and what was kept of it does not spill into the next.
    @Test func joinsALineOverManyChunks() {
        let long = Array(repeating: UInt8(ascii: "x"), count: 10_000)
        let raw = long + [10] + Array("y\n".utf8) + long + [13, 10] + Array("z".utf8)
        for size in [1, 7, 4096, 9_999, 10_001, 10_002] {
            let pieces = stride(from: 0, to: raw.count, by: size).map {
                Array(raw[$0..<min($0 + size, raw.count)])
            }
            #expect(Self.lines(pieces).lines == [long, [0x79], long, [0x7A]], "\(size)")
        }
    }
}
