/// The names of the members that a reader wants of one kind of object, best in the order in which
/// the service writes them.
public struct FieldTable: Sendable {
    public static let maximum = 16
    let names: [StaticString]
    private let keys: [Key]

    /// What tells most names apart without a look at the rest of them.
    private struct Key: Sendable {
        let length: Int
        let lastByte: UInt8
    }

    /// At most sixteen names; more are not read.
    public init(_ names: StaticString...) {
        self.names = names
        keys = names.prefix(Self.maximum).map { name in
            let length = name.utf8CodeUnitCount
            return Key(length: length, lastByte: unsafe length > 0 ? name.utf8Start[length - 1] : 0)
        }
    }

    /// The place of the name between two offsets. The search begins behind the name found last,
    /// where it mostly ends as well.
    @inline(__always)
    func place(of name: Range<Int>, in scanner: Scanner, after last: Int) -> Int? {
        let (length, lastByte) = (name.count, scanner.byte(name.upperBound - 1))
        var index = last
        for _ in 0..<keys.count {
            index = index + 1 < keys.count ? index + 1 : 0
            if keys[index].length == length, keys[index].lastByte == lastByte,
                scanner.matches(name, names[index])
            {
                return index
            }
        }
        return nil
    }
}

/// Those members of one object that a table names, found in one pass. The last of duplicates.
///
/// What stands at a place can be asked for without a value being made of it, which costs a count of
/// references: a list asks for ten members of each of a hundred thousand rows.
public struct Members: Sendable {
    public let object: Value
    private let names: [StaticString]
    public let outerName: StaticString
    /// By place of the table; empty where the object has no such member.
    private var places: [Range<Int>]

    /// `outerName` is that of the object itself where it stands inside another, for messages.
    public init(_ object: Value, _ table: FieldTable, within outerName: StaticString = "") {
        self.object = object
        self.outerName = outerName
        names = table.names
        places = Array(repeating: 0..<0, count: min(table.names.count, FieldTable.maximum))
        guard object.kind == .object else { return }
        unsafe object.bytes.withUnsafeBytes { raw in
            find(unsafe Scanner(raw), table)
        }
    }

    private mutating func find(_ scanner: Scanner, _ table: FieldTable) {
        var steps = Steps(of: scanner)
        var last = -1
        while let step = steps.nextMember() {
            let name = step.name.lowerBound + 1..<step.name.upperBound - 1
            guard
                let index = step.nameIsPlain
                    ? table.place(of: name, in: scanner, after: last)
                    : table.names.firstIndex(where: { isName(step.name, $0) })
            else { continue }
            last = index
            places[index] = step.value
        }
    }

    /// A name with escapes, which must be undone to be compared.
    private func isName(_ name: Range<Int>, _ wanted: StaticString) -> Bool {
        Value(cut: object.bytes[name]).text?.isExactly(wanted) == true
    }

    /// The name at a place of the table.
    public func name(_ index: Int) -> StaticString {
        names.indices.contains(index) ? names[index] : ""
    }

    /// What kind the member at a place is; nil where the object has none.
    public func kind(_ index: Int) -> Kind? {
        unsafe withBytes(index) { unsafe $0.first.map { Kind(firstByte: $0) } }
    }

    /// `Value.integer` of the member.
    public func integer(_ index: Int) -> Int64? {
        unsafe withBytes(index) { unsafe wholeNumber($0) }
    }

    /// `Value.milliseconds` of the member, which must be a string.
    public func milliseconds(_ index: Int) -> Int64? {
        unsafe withBytes(index) { unsafe stringMilliseconds($0) }
    }

    /// `Value.decode` of the member, which must be a string.
    public func decode(_ index: Int, into buffer: Buffer) throws(TextFault) -> Range<Int> {
        try unsafe withBytes(index) { (raw) throws(TextFault) in
            try unsafe decodeString(raw, into: buffer)
        }
    }

    /// The member's bytes; none at all where the object has none.
    @inline(__always)
    private func withBytes<Result, Fault: Error>(
        _ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        let place = places.indices.contains(index) ? places[index] : 0..<0
        return try unsafe object.bytes.withUnsafeBytes { (raw) throws(Fault) in
            let isWithin = place.upperBound <= raw.count
            return try unsafe body(UnsafeBufferPointer(rebasing: raw[isWithin ? place : 0..<0]))
        }
    }

    /// The member at a place of the table; nil where the object has none.
    public subscript(_ index: Int) -> Value? {
        guard places.indices.contains(index), !places[index].isEmpty else { return nil }
        return Value(cut: object.bytes[places[index]])
    }
}
