/// A line of text, put together by calls. String's own interpolation is inlined where it is used,
/// which made a sixth of the library.
public struct Message: ExpressibleByStringInterpolation, Sendable {
    public private(set) var text: String

    @inline(never)
    public init(_ text: String) { self.text = text }

    @inline(never)
    public init(stringLiteral literal: StaticString) { text = literal.description }

    @inline(never)
    public init(stringInterpolation parts: StringInterpolation) { text = parts.text }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        @inline(never)
        public init(literalCapacity: Int, interpolationCount: Int) {}

        @inline(never)
        public mutating func appendLiteral(_ literal: StaticString) { text += literal.description }

        @inline(never)
        public mutating func appendInterpolation(_ value: StaticString) { text += value.description }

        @inline(never)
        public mutating func appendInterpolation(_ value: String) { text += value }

        @inline(never)
        public mutating func appendInterpolation(_ value: Int64) { text += String(value) }

        public mutating func appendInterpolation(_ value: Message) { appendInterpolation(value.text) }

        public mutating func appendInterpolation(_ value: Int) { appendInterpolation(Int64(value)) }

        public mutating func appendInterpolation(_ value: Int32) { appendInterpolation(Int64(value)) }

        public mutating func appendInterpolation(_ value: UInt8) { appendInterpolation(Int64(value)) }
    }
}

extension Message {
    @inline(never)
    public static func + (one: Message, other: Message) -> Message { Message(one.text + other.text) }

    @inline(never)
    public static func + (one: Message, other: String) -> Message { Message(one.text + other) }
}
