/// What kind a JSON value is.
public enum Kind: Int32, Sendable {
    case null = 1
    case bool = 2
    case number = 3
    case string = 4
    case array = 5
    case object = 6

    /// Of a value that is well-formed, the first byte tells.
    @inline(__always)
    init(firstByte: UInt8) {
        self =
            switch firstByte {
            case UInt8(ascii: "{"): .object
            case UInt8(ascii: "["): .array
            case UInt8(ascii: "\""): .string
            case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
            case UInt8(ascii: "n"): .null
            default: .number
            }
    }

    /// As in "expected a string, found …".
    public var name: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// One JSON value by its own bytes, known to be well-formed.
public struct Value: Sendable {
    public let bytes: Bytes

    /// For bytes that a scan has already cut out.
    public init(cut bytes: Bytes) { self.bytes = bytes }

    /// Reads a whole document: one value with nothing but white space around it.
    public init(document bytes: Bytes) throws(JSONFault) {
        let range = try unsafe bytes.withUnsafeBytes { (raw) throws(JSONFault) -> Range<Int> in
            let scanner = unsafe Scanner(raw)
            let start = scanner.skipSpace(0)
            let end = try scanner.skipValue(start)
            let rest = scanner.skipSpace(end)
            if rest < scanner.count { throw scanner.fault(rest, "nothing behind the value") }
            return start..<end
        }
        self.bytes = bytes[range]
    }

    public var kind: Kind { Kind(firstByte: bytes[0] ?? 0) }

    /// The same value in memory of its own, or nil when there is none.
    public func copy() -> Value? { bytes.copy().map { Value(cut: $0) } }

    public var bool: Bool? { kind == .bool ? bytes[0] == UInt8(ascii: "t") : nil }

    /// A member of an object; the last one where a name comes twice.
    public func member(_ name: String) -> Value? {
        var cursor = Cursor(self)
        var found: Value?
        while let (member, value) = cursor.nextMember() {
            if member.isName(name) { found = value }
        }
        return found
    }

    /// Where a JSON pointer (RFC 6901) leads; nil where it leads nowhere.
    public func at(pointer: String) -> Value? {
        if pointer.isEmpty { return self }
        guard pointer.utf8.first == UInt8(ascii: "/") else { return nil }
        var value = self
        for token in pointer.pieces(at: UInt8(ascii: "/")).dropFirst() {
            guard let name = unescape(token), let next = value.step(name) else { return nil }
            value = next
        }
        return value
    }

    private func step(_ name: String) -> Value? {
        switch kind {
        case .object: return member(name)
        case .array:
            guard let index = arrayIndex(name) else { return nil }
            var cursor = Cursor(self)
            for _ in 0..<index {
                guard cursor.nextElement() != nil else { return nil }
            }
            return cursor.nextElement()
        default: return nil
        }
    }
}

/// `~1` and `~0` of a JSON pointer's token; nil where a tilde stands alone.
private func unescape(_ token: String) -> String? {
    var name: [UInt8] = []
    var tilde = false
    for byte in token.utf8 {
        if tilde {
            guard byte == UInt8(ascii: "0") || byte == UInt8(ascii: "1") else { return nil }
            name.append(byte == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
            tilde = false
        } else if byte == UInt8(ascii: "~") {
            tilde = true
        } else {
            name.append(byte)
        }
    }
    return tilde ? nil : String(decoding: name, as: UTF8.self)
}

/// A pointer's array index: decimal, without leading zeros.
private func arrayIndex(_ text: String) -> Int? {
    guard text.utf8.allSatisfy(isDigit),
        text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0")
    else { return nil }
    return Int(text)
}
