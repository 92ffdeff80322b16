public import BatchJobsJSON

/// What the rows of one answer have in common. A class, so that a reader of a row is small: it is
/// copied for every call of its functions.
final class RowOrigin {
    let provider: StaticString
    /// JSON pointer of the rows.
    let path: StaticString
    /// The id that was asked for; nil in a list.
    let askedID: String?
    /// Takes the texts of all the rows.
    let texts: Buffer

    init(provider: StaticString, path: StaticString, askedID: String?, texts: Buffer) {
        self.provider = provider
        self.path = path
        self.askedID = askedID
        self.texts = texts
    }
}

/// Reads the members of one job row, and knows how to name what is wrong with it.
public struct RowReader {
    public let row: Value
    private let index: Int?
    private let origin: RowOrigin

    var askedID: String? { origin.askedID }
    var provider: StaticString { origin.provider }
    private var texts: Buffer { origin.texts }

    init(_ row: Value, index: Int?, of origin: RowOrigin) {
        self.row = row
        self.index = index
        self.origin = origin
    }

    /// Throws where the row is none.
    func requireObject() throws(Failure) {
        guard row.kind == .object else { throw wrong("", "an object", row) }
    }

    func members(of value: Value, _ table: FieldTable, _ name: StaticString) throws(Failure)
        -> Members
    {
        guard value.kind == .object else { throw wrong(name, "an object", value) }
        return Members(value, table, within: name)
    }

    /// A member that must be there, and not null.
    func required(_ value: Value?, _ name: StaticString) throws(Failure) -> Value {
        guard let value else { throw wrong(name, "a value", nil) }
        guard value.kind != .null else { throw wrong(name, "a value", value) }
        return value
    }

    /// A text; null reads as absent.
    func text(_ members: Members, _ index: Int) throws(Failure) -> Range<Int>? {
        do throws(TextFault) {
            return try members.text(index, into: texts)
        } catch {
            if error == .noMemory { throw .noMemory }
            guard members[index]?.kind == .string else { throw wrong(members, index, "a string") }
            let place = place(name(members, index))
            throw protocolFailure(
                "\(provider)'s answer: \(place) is no text: not UTF-8, or a NUL or half a surrogate pair inside",
                path: place)
        }
    }

    func requiredText(_ members: Members, _ index: Int) throws(Failure) -> Range<Int> {
        guard let range = try text(members, index), !range.isEmpty else {
            try require(members, index)
            let place = place(name(members, index))
            throw protocolFailure("\(provider)'s answer: \(place) is empty", path: place)
        }
        return range
    }

    /// Puts a text that does not stand in the row among the job's texts.
    func text(adding value: String) throws(Failure) -> Range<Int> {
        let start = texts.count
        guard texts.append(value), texts.append(0) else { throw .noMemory }
        return start..<texts.count - 1
    }

    /// A count; absent and null read as -1.
    func count(_ members: Members, _ index: Int) throws(Failure) -> Int64 {
        guard let number = members.integer(index, none: -1), number >= 0 || members.isAbsent(index)
        else { throw wrong(members, index, "a whole number of 0 or more") }
        return number
    }

    func requiredCount(_ members: Members, _ index: Int) throws(Failure) -> Int64 {
        let number = try count(members, index)
        if number < 0 { try require(members, index) }
        return number
    }

    /// A time; absent, null and text that is no timestamp read as none.
    func time(_ members: Members, _ index: Int) throws(Failure) -> Int64 {
        if let time = members.milliseconds(index) { return time }
        guard members.isAbsent(index) || members[index]?.kind == .string else {
            throw wrong(members, index, "a timestamp")
        }
        return .min
    }

    /// Throws where a member is absent or null.
    func require(_ members: Members, _ index: Int) throws(Failure) {
        if members.isAbsent(index) { throw wrong(members, index, "a value") }
    }

    /// Looks a status word up; one that nobody knows is not done, and unknown.
    func status(_ range: Range<Int>, _ words: [StatusWord]) -> (Phase, Outcome) {
        let bytes = texts.bytes[range]
        for known in words where bytes.elementsEqual(known.word) {
            return (known.phase, known.outcome)
        }
        return (.running, .unknown)
    }

    func wrong(_ name: StaticString, _ expected: String, _ found: Value?) -> Failure {
        wrong(name.description, expected, found)
    }

    private func wrong(_ members: Members, _ index: Int, _ expected: String) -> Failure {
        wrong(name(members, index), expected, members[index])
    }

    /// `a/b` for a member that stands one further in.
    private func name(_ members: Members, _ index: Int) -> String {
        let name = members.name(index).description
        let outer = members.outerName.description
        return outer.isEmpty ? name : outer + "/" + name
    }

    private func wrong(_ name: String, _ expected: String, _ found: Value?) -> Failure {
        let place = place(name)
        guard let found else {
            return protocolFailure("\(provider)'s answer lacks \(place)", path: place)
        }
        return protocolFailure(
            "\(provider)'s answer: \(place) should be \(expected), not \(found.kind.name)",
            path: place)
    }

    /// The JSON pointer of a member, within the whole answer.
    private func place(_ name: String) -> String {
        var place = origin.path.description
        if let index { place += "/\(index)" }
        if !name.isEmpty { place += "/" + name }
        return place.isEmpty ? "/" : place
    }
}

func protocolFailure(_ message: String, path: String) -> Failure {
    Failure(.protocol, message).detail("path", path)
}
