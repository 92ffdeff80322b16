import Testing

@testable import BatchJobsJSON

/// Finding members and elements: cursors, tables of members, JSON pointers.
@Suite struct JSONNavigationTests {
    @Test(arguments: [
        ("[]", []), ("[ ]", []), ("[1]", ["1"]),
        (
            " [ 1 , \"a,b\" , [2,3] , {\"x\":[4]} ,null ] ",
            ["1", "\"a,b\"", "[2,3]", "{\"x\":[4]}", "null"]
        ),
        ("[[]]", ["[]"]), ("[\"]\"]", ["\"]\""]), ("1", []), ("\"abc\"", []), ("null", []),
    ]) func stepsThroughElements(_ json: String, _ expected: [String]) throws {
        var cursor = Cursor(try document(json))
        var found: [String] = []
        while let element = cursor.nextElement() { found.append(element.bytes.shown) }
        #expect(found == expected)
        #expect(cursor.nextElement() == nil)
    }

    @Test(arguments: [
        ("{}", []), ("{ }", []), ("{\"a\":1}", ["\"a\"=1"]), ("1", []), ("\"a\"", []),
        (
            " { \"a\" : 1 , \"a\" :{\"b\":2}, \"\\\"}\" :\"}\" , \"\":[] } ",
            ["\"a\"=1", "\"a\"={\"b\":2}", "\"\\\"}\"=\"}\"", "\"\"=[]"]
        ),
    ]) func stepsThroughMembers(_ json: String, _ expected: [String]) throws {
        var cursor = Cursor(try document(json))
        var found: [String] = []
        while let (name, value) = cursor.nextMember() {
            found.append(name.bytes.shown + "=" + value.bytes.shown)
        }
        #expect(found == expected)
        #expect(cursor.nextMember() == nil)
    }

    @Test(
        arguments: [
            ("{\"a\":1,\"a\":2}", "2"), ("{\"a\":1,\"\\u0061\":2}", "2"), ("{\"\\u0061\":1}", "1"),
            ("{\"b\":{\"a\":1},\"c\":\"a\",\"a\":[3],\"d\":{\"a\":4}}", "[3]"),
            ("{\"a\":null}", "null"),
            ("{\"x\":\"\\\"a\\\":9\",\"a\":8}", "8"), ("{\"b\":1}", nil),
            ("{\"A\":1,\"aa\":2,\"a \":3}", nil),
            ("[\"a\",1]", nil), ("\"a\"", nil), ("7", nil),
        ] as [(String, String?)]) func findsAMember(_ json: String, _ expected: String?) throws
    {
        let value = try document(json)
        #expect(value.member("a")?.bytes.shown == expected)
        let members = Members(value, FieldTable("z", "a"))
        #expect(members[1]?.bytes.shown == expected)
        #expect(members[0] == nil)
        // The same where it is one row of a page among others.
        let page = try PageCut(
            bytes("{\"jobs\":[{\"a\":9},7, \(json) ,{}]}"), rowsAt: ["jobs"], FieldTable("z", "a"))
        #expect(page.rows.map { $0[1]?.bytes.shown } == ["9", nil, expected, nil])
        #expect(page.rows.allSatisfy { $0[0] == nil })
    }

    @Test func aTableFindsAllInOnePass() throws {
        let row = try document(
            "[{\"pad\":[1,{\"b\":0}],\"b\":\"x\",\"c\":true,\"a\":5.0,\"e\":null,\"b\":\"y\"}]")
        // The row lies inside a larger text, as rows do.
        let members = Members(
            try #require(row.at(pointer: "/0")), FieldTable("a", "b", "c", "d", "e"))
        #expect(members[0]?.integer == 5)
        #expect(members[1]?.text == "y")
        #expect(members[2]?.bool == true)
        #expect(members[3] == nil)
        #expect(members[4]?.kind == .null)
        for outside in [-1, 5, 15, 16, .max, .min] { #expect(members[outside] == nil) }
    }

    static let rfc6901 = """
        {"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}
        """

    @Test(
        arguments: [
            ("", rfc6901), ("/foo", "[\"bar\",\"baz\"]"), ("/foo/0", "\"bar\""), ("/", "0"),
            ("/a~1b", "1"), ("/c%d", "2"),
            ("/e^f", "3"), ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"),
            ("/m~0n", "8"), ("/foo/1", "\"baz\""),
            ("foo", nil), ("/foo/2", nil), ("/foo/-", nil), ("/foo/00", nil), ("/foo/01", nil),
            ("/foo/+1", nil), ("/foo/1.0", nil),
            ("/foo/", nil), ("/foo/0/", nil), ("/foo/0/x", nil), ("/foo/x", nil), ("/foo/-1", nil),
            ("/foo/18446744073709551616", nil),
            ("/foo/9223372036854775807", nil), ("/a/b", nil), ("/m~n", nil), ("/m~2n", nil),
            ("/m~", nil), ("//", nil), ("/Foo", nil),
            ("/foo/\u{661}", nil), ("/~01", nil),
        ] as [(String, String?)]) func followsAPointer(_ pointer: String, _ expected: String?)
        throws
    {
        #expect(
            try document(Self.rfc6901).at(pointer: pointer)?.bytes.shown == expected, "\(pointer)")
    }

    @Test(
        arguments: [
            ("{\"\":{\"\":{\"\":1}}}", "///", "1"), ("{\"a\":{\"\":1}}", "/a/", "1"),
            ("{\"~1\":1}", "/~01", "1"), ("{\"/\":{\"~\":1}}", "/~1/~0", "1"),
            ("{\"0\":1}", "/0", "1"), ("{\"01\":1}", "/01", "1"), ("{\"-\":1}", "/-", "1"),
            ("[[0,[1]]]", "/0/1/0", "1"), ("[]", "/0", nil), ("5", "", "5"), ("5", "/", nil),
            ("{\"a\":1,\"a\":{\"b\":2}}", "/a/b", "2"), ("{\"\\u00e9\":1}", "/é", "1"),
            ("{\"é\":1}", "/e\u{301}", nil),
            // A mark that combines with the slash before it is part of the name behind the slash.
            ("{\"\u{301}a\":{\"\u{301}b\":1}}", "/\u{301}a/\u{301}b", "1"),
            ("{\"a\":{\"\u{301}b\":1}}", "/a/\u{301}b", "1"),
        ] as [(String, String, String?)]) func followsAnOddPointer(
            _ json: String, _ pointer: String, _ expected: String?
        ) throws
    {
        #expect(try document(json).at(pointer: pointer)?.bytes.shown == expected, "\(pointer)")
    }

    @Test func aPointerDeeperThanTheDocumentLeadsNowhere() throws {
        let value = try document(JSONGrammarTests.nested("[", "1", "]", 512))
        #expect(value.at(pointer: String(repeating: "/0", count: 512))?.integer == 1)
        #expect(value.at(pointer: String(repeating: "/0", count: 100_000)) == nil)
    }

    @Test(arguments: [
        ("null", Kind.null), ("true", .bool), ("false", .bool), ("-1", .number), ("0", .number),
        ("\"\"", .string), ("[]", .array), ("{}", .object),
    ]) func knowsItsKind(_ json: String, _ kind: Kind) throws {
        let value = try document(json)
        #expect(value.kind == kind)
        #expect(value.bool == (kind == .bool ? json == "true" : nil))
        #expect(value.copy()?.bytes.shown == json)
    }
}
