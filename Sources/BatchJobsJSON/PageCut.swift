/// A list answer, cut in two: the rows, with the members that a reader wants of each found in the same
/// pass, and the envelope around them, small enough to be read as a document.
public struct PageCut: Sendable {
    /// More rows than any service sends on a page; a bound for what a hostile answer can cost.
    static let maximumRows = 100_000

    public let rows: [Members]
    /// The answer with an empty array in place of the rows; the whole answer where the path
    /// leads to no array, so that its reader says what stands there instead.
    public let envelope: Bytes

    /// Cuts the array that stands at `path` (member names from the outside in).
    public init(
        _ bytes: Bytes, rowsAt path: [String], _ table: FieldTable = FieldTable()
    ) throws(JSONFault) {
        var found = Rows(table: table)
        try unsafe bytes.withUnsafeBytes { (raw) throws(JSONFault) in
            let scanner = unsafe Scanner(raw)
            let end = try Self.walk(scanner, scanner.skipSpace(0), bytes, path[...], &found)
            let rest = scanner.skipSpace(end)
            if rest < scanner.count { throw scanner.fault(rest, "nothing behind the value") }
        }
        rows = found.members(of: bytes)
        guard let place = found.place else {
            envelope = bytes
            return
        }
        let around = Buffer()
        guard around.append(bytes[0..<place.lowerBound + 1]),
            around.append(bytes[place.upperBound - 1..<bytes.count])
        else {
            throw JSONFault(reason: .noMemory, offset: 0, expected: "memory for the envelope")
        }
        envelope = around.bytes
    }

    private struct Rows {
        let table: FieldTable
        var rows: [Range<Int>] = []
        /// Those of all rows, one behind the other.
        var members = MemberPlaces()
        var place: Range<Int>?

        func members(of bytes: Bytes) -> [Members] {
            rows.enumerated().map { index, row in
                Members(Value(cut: bytes[row]), table, members.slice(index, table))
            }
        }
    }

    /// Goes down the path, and over everything else. A name that comes twice counts the last
    /// time, as it does for whoever reads the envelope.
    private static func walk(
        _ scanner: Scanner, _ start: Int, _ bytes: Bytes, _ path: ArraySlice<String>,
        _ found: inout Rows
    ) throws(JSONFault) -> Int {
        guard let name = path.first else { return try cutRows(scanner, start, bytes, &found) }
        guard scanner.byte(start) == UInt8(ascii: "{") else {
            return try scanner.skipValue(start)
        }
        var at = scanner.skipSpace(start + 1)
        if scanner.byte(at) == UInt8(ascii: "}") { return at + 1 }
        while true {
            let nameEnd = try scanner.skipString(at)
            let member = Value(cut: bytes[at..<nameEnd])
            let value = try scanner.skipName(at)
            if member.isName(name) {
                found = Rows(table: found.table)
                at = try walk(scanner, value, bytes, path.dropFirst(), &found)
            } else {
                at = try scanner.skipValue(value)
            }
            at = scanner.skipSpace(at)
            if scanner.byte(at) == UInt8(ascii: "}") { return at + 1 }
            guard scanner.byte(at) == UInt8(ascii: ",") else {
                throw scanner.fault(at, "',' or '}'")
            }
            at = scanner.skipSpace(at + 1)
        }
    }

    private static func cutRows(
        _ scanner: Scanner, _ start: Int, _ bytes: Bytes, _ found: inout Rows
    ) throws(JSONFault) -> Int {
        guard scanner.byte(start) == UInt8(ascii: "[") else { return try scanner.skipValue(start) }
        var at = scanner.skipSpace(start + 1)
        if scanner.byte(at) == UInt8(ascii: "]") {
            found.place = start..<at + 1
            return at + 1
        }
        while true {
            let end = try found.members.add(scanner, at, bytes, found.table)
            guard found.rows.count < maximumRows else {
                throw JSONFault(reason: .tooMany, offset: at, expected: "no more than 100000 rows")
            }
            found.rows.append(at..<end)
            at = scanner.skipSpace(end)
            if scanner.byte(at) == UInt8(ascii: "]") {
                found.place = start..<at + 1
                return at + 1
            }
            guard scanner.byte(at) == UInt8(ascii: ",") else {
                throw scanner.fault(at, "',' or ']'")
            }
            at = scanner.skipSpace(at + 1)
        }
    }
}
