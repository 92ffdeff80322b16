import Testing

@testable import BatchJobsJSON

/// The elements of an array cut out of a document that comes in pieces. `PageCut`, which has the
/// whole document before it, says what must come of it.
@Suite struct ElementCutterTests {
    /// All that can be told of a document.
    struct Cut: Equatable {
        var elements: [String] = []
        var envelope: String?
        var reason: JSONFault.Reason?
        var offset: Int?
        var expected: String?

        init() {}

        init(_ fault: JSONFault) { blame(fault) }

        mutating func blame(_ fault: JSONFault) {
            reason = fault.reason
            offset = fault.offset
            expected = fault.expected.description
        }
    }

    static func cut(
        _ pieces: [Bytes], _ path: [String], maximumElement: Int64 = 1 << 30,
        maximumEnvelope: Int64 = 1 << 30
    ) -> Cut {
        var cutter = ElementCutter(
            path: path, maximumElement: maximumElement, maximumEnvelope: maximumEnvelope)
        var cut = Cut()
        let elements = Buffer()
        let ends = Buffer()
        do {
            for piece in pieces { try cutter.feed(piece, elements: elements, ends: ends) }
            try cutter.finish()
            #expect(cutter.state == .end)
            cut.envelope = cutter.envelope()?.shown
        } catch {
            cut.blame(error)
        }
        var from = 0
        for end in int64s(ends) {
            cut.elements.append(elements.bytes[from..<max(from, end)].shown)
            from = end
        }
        #expect(from == elements.count && cutter.count == Int64(cut.elements.count))
        return cut
    }

    static func int64s(_ buffer: Buffer) -> [Int] {
        let raw = buffer.bytes.array
        return stride(from: 0, to: raw.count, by: 8).map { start in
            raw[start..<start + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
    }

    static func pieces(_ raw: [UInt8], of size: Int) -> [Bytes] {
        let all = bytes(raw)
        return stride(from: 0, to: raw.count, by: size).map { all[$0..<$0 + size] }
    }

    /// In pieces of every size, in two at every place, and at random; one answer for all.
    static func cutEveryWay(
        _ raw: [UInt8], _ path: [String], _ seed: UInt64 = 1, maximumElement: Int64 = 1 << 30,
        maximumEnvelope: Int64 = 1 << 30
    ) -> Cut {
        func cut(_ pieces: [Bytes]) -> Cut {
            Self.cut(
                pieces, path, maximumElement: maximumElement, maximumEnvelope: maximumEnvelope)
        }
        let all = bytes(raw)
        let whole = cut([all])
        var dice = Dice(seed)
        // Of long documents a third of the places and sizes, others for each.
        let step = raw.count <= 150 ? 1 : 3
        let first = dice.below(step)
        var ways = stride(from: first, through: raw.count, by: step).map {
            [all[0..<$0], all.dropFirst($0)]
        }
        ways += stride(from: 1 + first, through: raw.count, by: step).map { pieces(raw, of: $0) }
        ways.append(pieces(raw, of: 1))
        for _ in 0..<4 {
            let places = (0..<dice.below(8)).map { _ in dice.below(raw.count + 1) }.sorted()
            let bounds = [0] + places + [raw.count]
            ways.append(zip(bounds, bounds.dropFirst()).map { all[$0..<$1] })
        }
        for way in ways {
            let other = cut(way)
            if other == whole { continue }
            Issue.record("\(way.map(\.count)) of \(all.shown): \(other), whole: \(whole)")
            break
        }
        return whole
    }

    /// What `PageCut` makes of it, where it takes it.
    static func page(_ raw: [UInt8], _ path: [String]) -> Cut {
        do throws(JSONFault) {
            let page = try PageCut(bytes(raw), rowsAt: path)
            var cut = Cut()
            cut.elements = page.rows.map { $0.object.bytes.shown }
            cut.envelope = page.envelope.shown
            return cut
        } catch {
            return Cut(error)
        }
    }

    /// Whether a name of the path comes again, at any level, after the array was there; by a
    /// reader that sees the whole document.
    static func comesAgain(_ value: Value, _ path: ArraySlice<String>, _ found: inout Bool) -> Bool
    {
        guard let name = path.first else {
            found = found || value.kind == .array
            return false
        }
        guard value.kind == .object else { return false }
        var cursor = Cursor(value)
        while let (member, value) = cursor.nextMember() {
            guard member.text == name else { continue }
            if found || comesAgain(value, path.dropFirst(), &found) { return true }
        }
        return false
    }

    static let again = "no second member of the array's name"

    /// Both readers on one document: the same elements, envelope and fault.
    static func compare(_ raw: [UInt8], _ path: [String], _ seed: UInt64 = 1) -> (Cut, page: Cut) {
        var cut = cutEveryWay(raw, path, seed)
        let page = page(raw, path)
        let text = String(decoding: raw, as: UTF8.self)
        if cut.expected == again {
            if let value = try? Value(document: bytes(raw)) {
                var found = false
                #expect(comesAgain(value, path[...], &found), "\(text)")
            }
            return (cut, page)
        }
        // What came before a fault is delivered.
        if cut.reason != nil { cut.elements = [] }
        #expect(cut == page, "\(text)")
        return (cut, page)
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>) func agreesWithPageCut(_ seed: UInt64) {
        var writer = ListWriter(seed)
        var taken = 0
        var rows = 0
        for index in 0..<30 {
            let (json, path) = writer.document()
            let (cut, page) = Self.compare(Array(json.utf8), path, seed &* 1000 &+ UInt64(index))
            #expect(page.reason == nil, "\(json)")
            if cut.reason == nil { taken += 1 }
            rows += cut.elements.count
        }
        // Else the documents would not be what is tested.
        #expect(taken >= 15 && rows >= 20)
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>) func agreesOnDamagedDocuments(_ seed: UInt64) {
        var writer = ListWriter(seed &+ 100)
        var refused = 0
        for index in 0..<40 {
            let (raw, path) = writer.damaged()
            let (_, page) = Self.compare(raw, path, seed &* 1000 &+ UInt64(index))
            if page.reason != nil { refused += 1 }
        }
        #expect(refused > 10 && refused < 40)
    }

    @Test(arguments: [
        "{\"status\":\"completed\",\"n\":-1.5e3,\"jobs\":[{\"a\":\"\\u00e9\\\\\",\"b\":[1.5e3,null]},{},12,\"]\",true],\"x\":{\"y\":[null]}}",
        "{\"data\":{\"a\":1,\"jobs\":[[1],[2,{\"b\":\"\\\"\"}]],\"c\":\"\"},\"success\":true}",
        "[1,\"a\\u0041\",{\"jobs\":[false]}]",
    ]) func everyTruncationIsAFault(_ json: String) {
        let raw = Array(json.utf8)
        for path in [["jobs"], ["data", "jobs"]] {
            for length in 0..<raw.count {
                let (cut, _) = Self.compare(Array(raw[..<length]), path)
                #expect(cut.reason == .malformed && cut.offset ?? .max <= length)
            }
            #expect(Self.compare(raw, path).0.reason == nil)
        }
    }

    static let odd: [(String, [String], String)] = [
        ("{\"items\":[]}", [], "{\"items\":[]}"),
        ("{\"items\":[ ]}", [], "{\"items\":[]}"),
        ("{\"items\":[1]}", ["1"], "{\"items\":[]}"),
        (
            " { \"m\" : true , \"items\" : [ { \"a\" : [ ] } , 5 ,\"]\" ] , \"z\" : 0 } \n",
            ["{ \"a\" : [ ] }", "5", "\"]\""],
            " { \"m\" : true , \"items\" : [] , \"z\" : 0 } \n"
        ),
        ("{\"\\u0069tems\":[1]}", ["1"], "{\"\\u0069tems\":[]}"),
        ("{\"\\u0049tems\":[1]}", [], "{\"\\u0049tems\":[1]}"),
        ("{\"items\\u0000\":[1],\"items\":[2]}", ["2"], "{\"items\\u0000\":[1],\"items\":[]}"),
        ("{\"items\":null}", [], "{\"items\":null}"), ("{\"items\":{}}", [], "{\"items\":{}}"),
        ("{\"items\":{\"items\":[1]}}", [], "{\"items\":{\"items\":[1]}}"),
        ("{\"items\":\"[1]\"}", [], "{\"items\":\"[1]\"}"),
        // Before the array it does no harm.
        ("{\"items\":null,\"items\":[1]}", ["1"], "{\"items\":null,\"items\":[]}"),
        ("{\"a\":{\"items\":[1]},\"items\":[2]}", ["2"], "{\"a\":{\"items\":[1]},\"items\":[]}"),
        (
            "{\"items\":[[],[[\"[\\\"\"]],{\"a\":\"}\"}]}",
            ["[]", "[[\"[\\\"\"]]", "{\"a\":\"}\"}"], "{\"items\":[]}"
        ),
        (
            "{\"items\":[\"\\ud800\",1e999,123456789012345678901234567890]}",
            ["\"\\ud800\"", "1e999", "123456789012345678901234567890"], "{\"items\":[]}"
        ),
        ("[{\"items\":[1]}]", [], "[{\"items\":[1]}]"), (" 5 ", [], " 5 "), ("5", [], "5"),
        ("true", [], "true"), ("\"items\"", [], "\"items\""), ("{}", [], "{}"),
    ]

    @Test(arguments: odd) func cuts(_ json: String, _ elements: [String], _ envelope: String) {
        let (cut, _) = Self.compare(Array(json.utf8), ["items"])
        #expect(cut.elements == elements && cut.envelope == envelope && cut.reason == nil)
    }

    @Test(arguments: [
        ("", 0, "a value"), (" ", 1, "a value"), ("\u{FEFF}{\"items\":[1]}", 0, "a value"),
        ("<html><body>", 0, "a value"), ("{\"items\":[1]}x", 13, "nothing behind the value"),
        ("{\"items\":[1]} {}", 14, "nothing behind the value"),
        ("5x", 1, "nothing behind the value"), ("{\"items\":[1],}", 13, "a string"),
        ("{\"items\":[1 2]}", 12, "',' or ']'"), ("{\"items\":[1x]}", 11, "',' or ']'"),
        ("{\"items\":[1,]}", 12, "a value"), ("{\"items\":[,]}", 10, "a value"),
        ("{\"items\":[1}", 11, "',' or ']'"), ("{\"items\":[{]}", 11, "a string"),
        ("{\"items\":[1]]", 12, "',' or '}'"), ("{\"items\" [1]}", 9, "':'"),
        ("{items:[1]}", 1, "a string"), ("{\"items\":[tru]}", 13, "a value"),
        ("{\"items\":[\"\\x\"]}", 12, "an escape that JSON knows"),
        ("{\"items\":[\"\\u12\"]}", 15, "four hexadecimal digits"),
        ("{\"items\":[\"\n\"]}", 11, "no control character in a string"),
        ("{\"items\":[\"]}", 13, "the end of a string"),
        ("{\"x\":1 \"items\":[]}", 7, "',' or '}'"), ("{\"x\":1]", 6, "',' or '}'"),
        ("{\"x\":01}", 6, "',' or '}'"), ("{,}", 1, "a string"), ("}", 0, "a value"),
        ("{\"items\":[1]\u{0}}", 12, "',' or '}'"),
    ]) func refuses(_ json: String, at offset: Int, _ expected: String) {
        let (cut, _) = Self.compare(Array(json.utf8), ["items"])
        #expect(cut.offset == offset && cut.expected == expected && cut.reason == .malformed)
    }

    @Test(
        arguments: [
            ("{\"items\":[1],\"items\":[2]}", ["items"], ["1"], 13),
            ("{\"items\":[],\"items\":[2]}", ["items"], [], 12),
            ("{\"items\":[1],\"it\\u0065ms\":null}", ["items"], ["1"], 13),
            ("{\"d\":{\"i\":[1],\"i\":0}}", ["d", "i"], ["1"], 14),
            ("{\"d\":{\"i\":[1]},\"d\":{}}", ["d", "i"], ["1"], 15),
        ] as [(String, [String], [String], Int)]) func refusesASecondArray(
            _ json: String, _ path: [String], _ elements: [String], at offset: Int
        )
    {
        let cut = Self.cutEveryWay(Array(json.utf8), path)
        #expect(cut.elements == elements && cut.offset == offset && cut.expected == Self.again)
    }

    /// An element has the depth to itself, as a row of a list has.
    @Test(arguments: [("[", "]"), ("{\"a\":", "}")]) func depthIsBounded(
        _ open: String, _ close: String
    ) {
        for levels in [512, 513] {
            let nested = JSONGrammarTests.nested(open, "1", close, levels)
            for json in ["{\"items\":[0,\(nested)]}", "{\"x\":\(nested),\"items\":[]}"] {
                let raw = Array(json.utf8)
                let page = Self.page(raw, ["items"])
                #expect(page.reason == (levels == 512 ? nil : .tooDeep))
                for size in [1, 7, 500, raw.count] {
                    var cut = Self.cut(Self.pieces(raw, of: size), ["items"])
                    if page.reason != nil { cut.elements = [] }
                    #expect(cut == page)
                }
            }
        }
    }

    @Test func endlessDepthEndsInAFault() {
        let raw = Array(("{\"items\":[" + String(repeating: "[{\"a\":", count: 100_000)).utf8)
        for size in [1, 4096, raw.count] {
            let cut = Self.cut(Self.pieces(raw, of: size), ["items"], maximumElement: 50_000)
            #expect(cut.reason == .tooDeep)
        }
    }

    @Test(
        arguments: [
            ("{\"items\":[\"123456\",\"1234567\"]}", 2, nil),
            ("{\"items\":[\"123456\",\"12345678\",1]}", 1, 28),
            ("{\"items\":[123456789 ,1]}", 2, nil), ("{\"items\":[1234567890,1]}", 0, 19),
            ("{\"items\":[1,{\"a\":[1,2]}]}", 1, 21), ("{\"items\":[1,\"1234567890", 1, 21),
            ("{\"items\":[          1          ]}", 1, nil),
        ] as [(String, Int, Int?)]) func anElementHasALimit(
            _ json: String, _ count: Int, _ offset: Int?
        )
    {
        let cut = Self.cutEveryWay(Array(json.utf8), ["items"], maximumElement: 9)
        #expect(cut.elements.count == count && cut.offset == offset)
        #expect(cut.reason == (offset == nil ? nil : .elementTooLong))
    }

    /// What is no JSON is called so even where it also is too long.
    @Test func noJSONIsNotCalledTooLong() {
        let raw = Array("{\"items\":[{\"a\":1,'b':2,\"c\":\"ddddddddddddddddddddd\"}]}".utf8)
        for size in 1...raw.count {
            let cut = Self.cut(Self.pieces(raw, of: size), ["items"], maximumElement: 20)
            #expect(cut.reason == .malformed && cut.offset == 17)
        }
    }

    @Test(
        arguments: [
            ("{\"s\":1,\"items\":[\"12345678901234567890\",1]}", 2, nil),
            ("{\"s\":1,\"items\":[1,2],\"t\":22222}", 2, 29),
            ("{\"s\":1,\"t\":2,\"u\":333,\"items\":[1]}", 0, 26),
            ("[1,2,3,4,5,6,7,8,9,0,1,2,3]", 0, 26),
            ("{\"items\":[1]}                          ", 1, 27),
        ] as [(String, Int, Int?)]) func theEnvelopeHasALimit(
            _ json: String, _ count: Int, _ offset: Int?
        )
    {
        let cut = Self.cutEveryWay(Array(json.utf8), ["items"], maximumEnvelope: 26)
        #expect(cut.elements.count == count && cut.offset == offset)
        #expect(cut.reason == (offset == nil ? nil : .envelopeTooLong))
    }

    /// At every byte of a document: what is known of its envelope, closed.
    @Test func theEnvelopeCanBeReadBeforeTheEnd() throws {
        let text = " {\"a\":1,\"d\":{\"s\":\"x,}\",\"items\":[{\"b\":[2]},3],\"t\":null},\"z\":-5} "
        var cutter = ElementCutter(
            path: ["d", "items"], maximumElement: 100, maximumEnvelope: 100)
        var seen: [String] = []
        for byte in text.utf8 {
            try cutter.feed(bytes([byte]), elements: Buffer(), ends: Buffer())
            let envelope = try #require(cutter.envelope())
            if seen.last != envelope.shown { seen.append(envelope.shown) }
            if !envelope.isEmpty { #expect(throws: Never.self) { try Document(envelope) } }
            #expect((cutter.state == .head) == !envelope.shown.contains("items"))
        }
        try cutter.finish()
        let head = " {\"a\":1,\"d\":{\"s\":\"x,}\""
        #expect(
            seen == [
                "", " {}", " {\"a\":1}", " {\"a\":1,\"d\":{}}", head + "}}",
                head + ",\"items\":[]}}", head + ",\"items\":[],\"t\":null}}",
                head + ",\"items\":[],\"t\":null},\"z\":-5}",
                head + ",\"items\":[],\"t\":null},\"z\":-5} ",
            ])
    }

    /// The caller takes what is there between two pieces, and starts the buffers anew.
    @Test func buffersMayBeEmptiedBetweenPieces() throws {
        let raw = Array("{\"items\":[\"abc\",{\"d\":[1,2]},345,null]}".utf8)
        for size in 1...raw.count {
            var cutter = ElementCutter(path: ["items"], maximumElement: 99, maximumEnvelope: 99)
            var found: [String] = []
            for piece in Self.pieces(raw, of: size) {
                let (elements, ends) = (Buffer(), Buffer())
                _ = elements.append("other")
                try cutter.feed(piece, elements: elements, ends: ends)
                var from = 5
                for end in Self.int64s(ends) {
                    found.append(elements.bytes[from..<max(from, end)].shown)
                    from = end
                }
                #expect(from == elements.count)
            }
            try cutter.finish()
            #expect(found == ["\"abc\"", "{\"d\":[1,2]}", "345", "null"])
        }
    }

    /// Each element is there with the piece that holds its last byte; a number or a word only with
    /// the byte behind it.
    @Test func elementsDoNotWait() throws {
        let (elements, ends) = (Buffer(), Buffer())
        var cutter = ElementCutter(path: ["items"], maximumElement: 99, maximumEnvelope: 99)
        for (piece, count) in [
            ("{\"items\":[{\"a\":1", 0), ("}", 1), (",[\"b\"]", 2), (",\"", 2), ("\"", 3),
            (",12", 3),
            ("3", 3), (",", 4), ("true", 4), (" ", 5), ("]", 5),
        ] {
            try cutter.feed(bytes(piece), elements: elements, ends: ends)
            #expect(cutter.count == count, "\(piece)")
        }
    }

    /// Long strings over many pieces, where the search for their end jumps.
    @Test func joinsLongElements() {
        let long = String(repeating: "abcdefghijklmnop\\\"[{", count: 5000)
        let json = "{\"items\":[\"\(long)\",{\"\(long)\":[\"\(long)\"]}],\"n\":\"\(long)\"}"
        let raw = Array(json.utf8)
        let page = Self.page(raw, ["items"])
        #expect(page.elements.count == 2 && page.envelope?.utf8.count == long.utf8.count + 19)
        for size in [1, 7, 8, 9, 4096, 65_536, raw.count - 1] {
            #expect(Self.cut(Self.pieces(raw, of: size), ["items"]) == page)
        }
    }
}

/// Writes documents with an array at a path, decoys of it, and sometimes none or two.
private struct ListWriter {
    private var dice: Dice
    private var writer: DocumentWriter

    init(_ seed: UInt64) {
        dice = Dice(seed)
        writer = DocumentWriter(seed &+ 5000)
    }

    mutating func document() -> (String, [String]) {
        let path = [["jobs"], ["a", "jobs"], ["a", "b", "jobs"], []][dice.below(4)]
        return (space() + value(path[...]) + space(), path)
    }

    mutating func damaged() -> ([UInt8], [String]) {
        let (text, path) = document()
        var raw = Array(text.utf8)
        let pieces = Array("\"\\{}[],:0-.etn\n ".utf8) + [0, 0xEF]
        for _ in 0...dice.below(2) where !raw.isEmpty {
            let at = dice.below(raw.count)
            switch dice.below(4) {
            case 0: raw.remove(at: at)
            case 1: raw[at] = pieces[dice.below(pieces.count)]
            case 2: raw.insert(pieces[dice.below(pieces.count)], at: at)
            default: raw.swapAt(at, dice.below(raw.count))
            }
        }
        if dice.chance(10) { raw.removeLast(dice.below(raw.count + 1)) }
        return (raw, path)
    }

    private mutating func space() -> String {
        dice.chance(70) ? "" : [" ", "\n", "\t", "\r\n"][dice.below(4)]
    }

    private mutating func value(_ path: ArraySlice<String>) -> String {
        if dice.chance(7) { return writer.document() }
        guard let name = path.first else {
            let elements = (0..<dice.below(5)).map { _ in writer.document() }
            return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
        }
        var members = (0..<dice.below(3)).map { _ in
            "\"\(["x", "job", "jobs ", "c"][dice.below(4)])\":" + writer.document()
        }
        for _ in 0...(dice.chance(8) ? 1 : 0) {
            let name = dice.chance(20) ? name.replacing("b", with: "\\u0062") : name
            members.append("\"\(name)\"" + space() + ":" + space() + value(path.dropFirst()))
        }
        members.shuffle(using: &dice)
        return "{" + space() + members.joined(separator: "," + space()) + space() + "}"
    }
}
