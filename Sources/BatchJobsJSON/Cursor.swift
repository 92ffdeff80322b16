/// Steps through the elements of an array or the members of an object, in document order,
/// without a list of them: a hundred megabytes of items cost no memory of their own.
public struct Cursor: Sendable {
    private let container: Bytes
    private var at: Int

    /// A value that is neither array nor object has nothing to step through.
    public init(_ value: Value) {
        container = value.bytes
        at = value.kind == .array || value.kind == .object ? 1 : value.bytes.count
    }

    public mutating func nextElement() -> Value? {
        let start = at
        let step = unsafe container.withUnsafeBytes { (raw) -> Range<Int>? in
            var steps = unsafe Steps(of: Scanner(raw), from: start)
            return steps.nextElement()
        }
        at = step?.upperBound ?? container.count
        return step.map { Value(cut: container[$0]) }
    }

    /// A member's name, as its own bytes with quotes, and its value.
    public mutating func nextMember() -> (name: Value, value: Value)? {
        let start = at
        let step = unsafe container.withUnsafeBytes { (raw) -> Steps.Member? in
            var steps = unsafe Steps(of: Scanner(raw), from: start)
            return steps.nextMember()
        }
        at = step?.value.upperBound ?? container.count
        return step.map { (Value(cut: container[$0.name]), Value(cut: container[$0.value])) }
    }
}

/// The same steps, as offsets. The bytes were scanned before, so a fault cannot happen; it would
/// read as the end.
struct Steps {
    struct Member {
        /// With its quotes.
        let name: Range<Int>
        let value: Range<Int>
    }

    private let scanner: Scanner
    private var at: Int

    init(of scanner: Scanner, from start: Int = 1) {
        self.scanner = scanner
        at = start
    }

    mutating func nextElement() -> Range<Int>? {
        guard moveToNext() else { return nil }
        guard let end = try? scanner.skipValue(at) else { return nil }
        defer { at = end }
        return at..<end
    }

    mutating func nextMember() -> Member? {
        guard moveToNext() else { return nil }
        let start = at
        guard let nameEnd = try? scanner.skipString(start),
            let value = try? scanner.skipColon(nameEnd),
            let end = try? scanner.skipValue(value)
        else { return nil }
        at = end
        return Member(name: start..<nameEnd, value: value..<end)
    }

    /// To where the next name or value begins; false at the closing bracket.
    private mutating func moveToNext() -> Bool {
        at = scanner.skipSpace(at)
        if scanner.byte(at) == UInt8(ascii: ",") { at = scanner.skipSpace(at + 1) }
        return at < scanner.count - 1
    }
}
