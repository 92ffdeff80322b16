import Testing

@testable import BatchJobsJSON

/// A list answer cut into rows and envelope.
@Suite struct PageCutTests {
    static func cut(_ json: String, _ path: [String] = ["jobs"]) throws -> PageCut {
        try PageCut(bytes(json), rowsAt: path)
    }

    @Test(
        arguments: [
            ("{\"jobs\":[]}", [], "{\"jobs\":[]}"), ("{\"jobs\":[ ]}", [], "{\"jobs\":[]}"),
            (
                "{\"jobs\":[{\"a\":1},{\"b\":2}],\"n\":null}", ["{\"a\":1}", "{\"b\":2}"],
                "{\"jobs\":[],\"n\":null}"
            ),
            (
                " { \"m\" : true , \"jobs\" : [ { \"a\" : [ ] } , 5 ,\"]\" ] } ",
                ["{ \"a\" : [ ] }", "5", "\"]\""], " { \"m\" : true , \"jobs\" : [] } "
            ),
            ("{\"j\\u006fbs\":[1]}", ["1"], "{\"j\\u006fbs\":[]}"),
            ("{\"\\u006aobs\":[1],\"x\":2}", ["1"], "{\"\\u006aobs\":[],\"x\":2}"),
            // Decoys: the name as a value, further in, within a row, almost the same.
            (
                "{\"a\":\"jobs\",\"b\":{\"jobs\":[8]},\"c\":\"\\\"jobs\\\":[9]\",\"job\":[7],\"jobs \":[6],\"jobs\":[{\"jobs\":[5]}]}",
                ["{\"jobs\":[5]}"],
                "{\"a\":\"jobs\",\"b\":{\"jobs\":[8]},\"c\":\"\\\"jobs\\\":[9]\",\"job\":[7],\"jobs \":[6],\"jobs\":[]}"
            ),
            // Twice: the last counts.
            ("{\"jobs\":[1],\"jobs\":[2,3]}", ["2", "3"], "{\"jobs\":[1],\"jobs\":[]}"),
            ("{\"jobs\":[1,2],\"jobs\":[]}", [], "{\"jobs\":[1,2],\"jobs\":[]}"),
            // No rows: the envelope is the whole answer, so that its reader can say what is wrong.
            ("{\"jobs\":[1],\"jobs\":null}", [], "{\"jobs\":[1],\"jobs\":null}"),
            ("{\"jobs\":{\"jobs\":[1]}}", [], "{\"jobs\":{\"jobs\":[1]}}"),
            ("{\"jobs\":\"[1]\"}", [], "{\"jobs\":\"[1]\"}"), ("{}", [], "{}"),
            ("{\"x\":[1]}", [], "{\"x\":[1]}"), ("[1,2]", [], "[1,2]"), ("null", [], "null"),
            ("\"jobs\"", [], "\"jobs\""),
        ] as [(String, [String], String)]) func cuts(
            _ json: String, _ rows: [String], _ envelope: String
        ) throws
    {
        let cut = try Self.cut(json)
        #expect(cut.rows.map { $0.object.bytes.shown } == rows)
        #expect(cut.envelope.shown == envelope)
        #expect(throws: Never.self) { try Document(cut.envelope) }
    }

    @Test(
        arguments: [
            ("{\"data\":{\"results\":[1,2],\"p\":{}},\"success\":true}", ["1", "2"]),
            ("{\"success\":true,\"data\":{\"p\":[0],\"results\":[3]}}", ["3"]),
            ("{\"results\":[9],\"data\":{\"data\":{\"results\":[8]},\"results\":[1]}}", ["1"]),
            ("{\"data\":{\"results\":[1]},\"data\":{\"results\":[2]}}", ["2"]),
            ("{\"data\":{\"results\":[1]},\"data\":{}}", []),
            ("{\"data\":{\"results\":[1]},\"data\":null}", []),
            ("{\"data\":[{\"results\":[1]}]}", []),
            ("{\"data\":{}}", []), ("{\"data\":{\"results\":[1],\"results\":7}}", []),
        ] as [(String, [String])]) func cutsFurtherIn(_ json: String, _ rows: [String]) throws
    {
        #expect(try Self.cut(json, ["data", "results"]).rows.map { $0.object.bytes.shown } == rows)
    }

    @Test(arguments: [
        ("", 0), ("{\"jobs\":[1]}x", 12), ("{\"jobs\":[1]} {}", 13), ("{\"jobs\":[1],}", 12),
        ("{\"jobs\":[1 2]}", 11), ("{\"jobs\":[1,]}", 11), ("{\"jobs\":[,]}", 9),
        ("{\"jobs\":[1}", 10), ("{\"jobs\" [1]}", 8), ("{jobs:[1]}", 1), ("{\"jobs\":[1]", 11),
        ("{\"jobs\":[tru]}", 12), ("[1", 2), ("{\"x\":1 \"jobs\":[]}", 7), ("<html>", 0),
    ]) func refuses(_ json: String, at offset: Int) {
        let fault = #expect(throws: JSONFault.self) { try Self.cut(json) }
        #expect(fault?.offset == offset, "\(json)")
    }

    @Test func everyTruncationIsAFault() {
        let page = Array(
            "{\"success\":true,\"data\":{\"results\":[{\"a\":\"\\u00e9\",\"b\":[1.5e3,null]},{}],\"pagination\":{\"cursor\":null}}}"
                .utf8)
        for length in 0..<page.count {
            let fault = #expect(throws: JSONFault.self) {
                try PageCut(bytes(Array(page[..<length])), rowsAt: ["data", "results"])
            }
            #expect((fault?.offset ?? .max) <= length)
        }
    }

    /// Rows keep their bytes, whatever stands between and around them.
    @Test(arguments: 1...10 as ClosedRange<UInt64>) func keepsRowsWhateverTheLayout(_ seed: UInt64)
        throws
    {
        var dice = Dice(seed)
        var writer = DocumentWriter(seed &+ 500)
        func space() -> String { ["", "", " ", "\n", "\r\n\t"][dice.below(5)] }
        for _ in 0..<40 {
            let rows = (0..<dice.below(6)).map { _ in writer.document() }
            let list =
                "[" + space() + rows.map { space() + $0 + space() }.joined(separator: ",") + "]"
            var members = [
                "\"has_more\":" + space() + "true", "\"other\"" + space() + ":" + writer.document(),
                "\"jobs\":" + space() + list,
            ]
            members.shuffle(using: &dice)
            let json =
                space() + "{" + space() + members.joined(separator: space() + "," + space())
                + space() + "}" + space()
            let cut = try Self.cut(json)
            #expect(
                cut.rows.map { $0.object.bytes.shown } == (try rows.map { try document($0).bytes.shown }))
            let envelope = try Document(cut.envelope).value
            #expect(
                envelope["has_more"]?.bool == true && envelope["jobs"]?.kind == .array
                    && envelope["jobs"]?.count == 0)
        }
    }

    /// What jansson cannot hold passes through in rows.
    @Test func rowsNeedNotSuitJansson() throws {
        let rows = [
            "{\"a\":\"\\ud800\"}", "{\"b\":123456789012345678901234567890}",
            "{\"c\":\"\\u0000\",\"\\u0000\":1e999}",
        ]
        let cut = try Self.cut(
            "{\"jobs\":[" + rows.joined(separator: ",") + "],\"has_more\":false}")
        #expect(cut.rows.map { $0.object.bytes.shown } == rows)
        #expect(try Document(cut.envelope).value["has_more"]?.bool == false)
    }
}
