/// The names of the members that a reader wants of one kind of object.
public struct FieldTable: Sendable {
    let names: [StaticString]

    public init(_ names: StaticString...) { self.names = names }

    /// The place of the name between two offsets.
    func place(of name: Range<Int>, in scanner: Scanner) -> Int? {
        names.firstIndex { scanner.matches(name, $0) }
    }

    /// The same for a name with escapes, which must be undone to be compared.
    func place(ofEscaped name: Bytes) -> Int? {
        guard let text = Value(cut: name).text else { return nil }
        return names.firstIndex { text.isExactly($0) }
    }
}

/// Where the members of objects stand that a table names, from the objects' own starts; empty where
/// an object has no such member.
struct MemberPlaces {
    private var all: [Range<Int>] = []
    /// The names of the object before, in their order and with their quotes. A service writes all its
    /// rows alike: a name that is the same there again needs neither a scan nor a search.
    private var known: [KnownName] = []

    private struct KnownName {
        let place: Range<Int>
        /// Where the table has it; -1 where it does not.
        let index: Int
    }

    /// Passes over a value, and notes its members if it is an object; the last of duplicates.
    /// Answers where the value ends.
    mutating func add(
        _ scanner: Scanner, _ start: Int, _ bytes: Bytes, _ table: FieldTable
    ) throws(JSONFault) -> Int {
        let base = all.count
        all.append(contentsOf: repeatElement(0..<0, count: table.names.count))
        guard scanner.byte(start) == UInt8(ascii: "{") else { return try scanner.skipValue(start) }
        var at = scanner.skipSpace(start + 1)
        if scanner.byte(at) == UInt8(ascii: "}") { return at + 1 }
        var number = 0
        while true {
            let name: KnownName
            if number < known.count, scanner.matches(at, known[number].place) {
                name = KnownName(place: at..<at + known[number].place.count, index: known[number].index)
            } else {
                name = try learn(number, scanner, at, bytes, table)
            }
            let value = try scanner.skipColon(name.place.upperBound)
            let end = try scanner.skipValue(value, within: 1)
            if name.index >= 0 { all[base + name.index] = value - start..<end - start }
            number += 1
            at = scanner.skipSpace(end)
            if scanner.byte(at) == UInt8(ascii: "}") { return at + 1 }
            guard scanner.byte(at) == UInt8(ascii: ",") else {
                throw scanner.fault(at, "',' or '}'")
            }
            at = scanner.skipSpace(at + 1)
        }
    }

    private mutating func learn(
        _ number: Int, _ scanner: Scanner, _ start: Int, _ bytes: Bytes, _ table: FieldTable
    ) throws(JSONFault) -> KnownName {
        let (end, hasEscapes) = try scanner.skipText(start)
        let index =
            hasEscapes
            ? table.place(ofEscaped: bytes[start..<end])
            : table.place(of: start + 1..<end - 1, in: scanner)
        let name = KnownName(place: start..<end, index: index ?? -1)
        if number < known.count {
            known[number] = name
        } else if number < Self.mostKnown {
            known.append(name)
        }
        return name
    }

    /// No service has rows of so many members.
    private static let mostKnown = 64

    /// Those of one object.
    func slice(_ object: Int, _ table: FieldTable) -> ArraySlice<Range<Int>> {
        let count = table.names.count
        return all[object * count..<(object + 1) * count]
    }
}

/// Those members of one object that a table names, found in one pass.
///
/// What stands at a place can be asked for without a value being made of it, which costs a count of
/// references: a list asks for ten members of each of a hundred thousand rows.
public struct Members: Sendable {
    public let object: Value
    private let names: [StaticString]
    public let outerName: StaticString
    private let places: ArraySlice<Range<Int>>

    /// `outerName` is that of the object itself where it stands inside another, for messages.
    public init(_ object: Value, _ table: FieldTable, within outerName: StaticString = "") {
        var places = MemberPlaces()
        unsafe object.bytes.withUnsafeBytes { raw in
            // It was scanned before, so a fault cannot happen.
            _ = try? places.add(unsafe Scanner(raw), 0, object.bytes, table)
        }
        self.object = object
        self.outerName = outerName
        names = table.names
        self.places = places.slice(0, table)
    }

    /// Reads a whole document: one value, whose members are found while it is checked.
    public init(document bytes: Bytes, _ table: FieldTable) throws(JSONFault) {
        var places = MemberPlaces()
        let range = try unsafe bytes.withUnsafeBytes { (raw) throws(JSONFault) -> Range<Int> in
            let scanner = unsafe Scanner(raw)
            let start = scanner.skipSpace(0)
            let end = try places.add(scanner, start, bytes, table)
            let rest = scanner.skipSpace(end)
            if rest < scanner.count { throw scanner.fault(rest, "nothing behind the value") }
            return start..<end
        }
        self.init(Value(cut: bytes[range]), table, places.slice(0, table))
    }

    init(_ object: Value, _ table: FieldTable, _ places: ArraySlice<Range<Int>>) {
        self.object = object
        outerName = ""
        names = table.names
        self.places = places
    }

    /// The name at a place of the table.
    public func name(_ index: Int) -> StaticString {
        names.indices.contains(index) ? names[index] : ""
    }

    /// Whether the object has no such member, or one that is null.
    public func isAbsent(_ index: Int) -> Bool {
        unsafe withBytes(index) { unsafe isNone($0) }
    }

    /// `Value.integer` of the member; `none` where it is absent.
    public func integer(_ index: Int, none: Int64) -> Int64? {
        unsafe withBytes(index) { unsafe isNone($0) ? none : wholeNumber($0) }
    }

    /// `Value.milliseconds` of the member, which must be a string.
    public func milliseconds(_ index: Int) -> Int64? {
        unsafe withBytes(index) { unsafe stringMilliseconds($0) }
    }

    /// `Value.decode` of the member; nil where it is absent.
    public func text(_ index: Int, into buffer: Buffer) throws(TextFault) -> Range<Int>? {
        try unsafe withBytes(index) { (raw) throws(TextFault) in
            unsafe isNone(raw) ? nil : try unsafe decodeString(raw, into: buffer)
        }
    }

    @inline(__always)
    private func isNone(_ raw: UnsafeBufferPointer<UInt8>) -> Bool {
        unsafe raw.isEmpty || raw[0] == UInt8(ascii: "n")
    }

    /// The member's bytes; none at all where the object has none.
    @inline(__always)
    private func withBytes<Result, Fault: Error>(
        _ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        let place = place(index)
        return try unsafe object.bytes.withUnsafeBytes { (raw) throws(Fault) in
            let isWithin = place.upperBound <= raw.count
            return try unsafe body(UnsafeBufferPointer(rebasing: raw[isWithin ? place : 0..<0]))
        }
    }

    /// The member at a place of the table; nil where the object has none.
    public subscript(_ index: Int) -> Value? {
        let place = place(index)
        return place.isEmpty ? nil : Value(cut: object.bytes[place])
    }

    @inline(__always)
    private func place(_ index: Int) -> Range<Int> {
        index >= 0 && index < places.count ? places[places.startIndex + index] : 0..<0
    }
}
