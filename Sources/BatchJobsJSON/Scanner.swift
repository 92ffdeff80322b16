import CPlatform

/// Why bytes could not be read as JSON.
public struct JSONFault: Error, Sendable {
    public enum Reason: Sendable {
        case malformed, tooDeep, tooMany, noMemory
        /// Beyond what an `ElementCutter` may hold.
        case elementTooLong, envelopeTooLong
    }
    public let reason: Reason
    /// Where in the bytes, from 0.
    public let offset: Int
    /// What was expected there.
    public let expected: StaticString
}

/// Walks JSON where it lies, and accepts exactly its grammar (RFC 8259).
///
/// It finds where values begin and end and decodes nothing, so bytes pass through untouched:
/// numbers of any size, `\u0000`, lone surrogates. Depth is bounded by a bit for each open
/// container, not by the stack.
@safe struct Scanner {
    static let maximumDepth = 512

    private let base: UnsafePointer<UInt8>?
    let count: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe base = bytes.baseAddress
        count = bytes.count
    }

    /// The byte at an offset; 0, which no JSON begins with, beyond the end.
    @inline(__always)
    func byte(_ at: Int) -> UInt8 {
        guard at < count, let base = unsafe base else { return 0 }
        return unsafe base[at]
    }

    @inline(__always)
    func skipSpace(_ start: Int) -> Int {
        var at = start
        while at < count {
            switch byte(at) {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                at += 1
            default: return at
            }
        }
        return at
    }

    func fault(_ at: Int, _ expected: StaticString) -> JSONFault {
        JSONFault(reason: .malformed, offset: at, expected: expected)
    }

    /// The offset behind a string that begins, with its quote, at `start`.
    @inline(__always)
    func skipString(_ start: Int) throws(JSONFault) -> Int { try skipText(start).end }

    /// The same, and whether there are escapes in it.
    func skipText(_ start: Int) throws(JSONFault) -> (end: Int, hasEscapes: Bool) {
        guard byte(start) == UInt8(ascii: "\"") else { throw fault(start, "a string") }
        var at = start + 1
        var hasEscapes = false
        while true {
            at = skipPlain(at)
            guard at < count else { throw fault(count, "the end of a string") }
            switch byte(at) {
            case UInt8(ascii: "\""):
                return (at + 1, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                at = try skipEscape(at)
            default:
                throw fault(at, "no control character in a string")
            }
        }
    }

    /// The offset of the next quote, backslash or control character; eight bytes at a time, each
    /// test setting the top bit of the bytes it finds. A test may also set bits above the first
    /// one it finds, so only the lowest counts.
    @inline(__always)
    func skipPlain(_ start: Int) -> Int {
        guard let base = unsafe base else { return count }
        var at = start
        let ones: UInt64 = 0x0101_0101_0101_0101
        while at + 8 <= count {
            let eight = unsafe UInt64(
                littleEndian: UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self))
            let quote = eight ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let escape = eight ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let found =
                ((eight &- ones &* 0x20) & ~eight
                    | (quote &- ones) & ~quote
                    | (escape &- ones) & ~escape) & (ones &* 0x80)
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < count {
            let byte = byte(at)
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            at += 1
        }
        return at
    }

    /// Whether these bytes are those of a constant.
    @inline(__always)
    func matches(_ range: Range<Int>, _ constant: StaticString) -> Bool {
        guard range.count == constant.utf8CodeUnitCount, range.upperBound <= count,
            let base = unsafe base
        else { return false }
        return unsafe memcmp(base + range.lowerBound, constant.utf8Start, range.count) == 0
    }

    /// Whether what begins at an offset is the same as what stands in a place.
    @inline(__always)
    func matches(_ at: Int, _ place: Range<Int>) -> Bool {
        guard place.count <= count - at, let base = unsafe base else { return false }
        return unsafe memcmp(base + at, base + place.lowerBound, place.count) == 0
    }

    private func skipEscape(_ start: Int) throws(JSONFault) -> Int {
        switch byte(start + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            for at in start + 2..<start + 6 where hexValue(byte(at)) == nil {
                throw fault(at, "four hexadecimal digits")
            }
            return start + 6
        default:
            throw fault(start + 1, "an escape that JSON knows")
        }
    }

    private func skipDigits(_ start: Int) throws(JSONFault) -> Int {
        var at = start
        while isDigit(byte(at)) { at += 1 }
        if at == start { throw fault(at, "a digit") }
        return at
    }

    private func skipNumber(_ start: Int) throws(JSONFault) -> Int {
        var at = byte(start) == UInt8(ascii: "-") ? start + 1 : start
        at = byte(at) == UInt8(ascii: "0") ? at + 1 : try skipDigits(at)
        if byte(at) == UInt8(ascii: ".") { at = try skipDigits(at + 1) }
        if byte(at) | 0x20 == UInt8(ascii: "e") {
            at += 1
            if byte(at) == UInt8(ascii: "+") || byte(at) == UInt8(ascii: "-") { at += 1 }
            at = try skipDigits(at)
        }
        return at
    }

    private func skipWord(_ start: Int, _ word: StaticString) throws(JSONFault) -> Int {
        for index in 0..<word.utf8CodeUnitCount
        where unsafe byte(start + index) != word.utf8Start[index] {
            throw fault(start + index, "a value")
        }
        return start + word.utf8CodeUnitCount
    }

    private func skipScalar(_ start: Int) throws(JSONFault) -> Int {
        switch byte(start) {
        case UInt8(ascii: "\""): return try skipString(start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try skipNumber(start)
        case UInt8(ascii: "t"): return try skipWord(start, "true")
        case UInt8(ascii: "f"): return try skipWord(start, "false")
        case UInt8(ascii: "n"): return try skipWord(start, "null")
        default: throw fault(start, "a value")
        }
    }

    /// The offset of a member's value, when its name begins at `start`.
    func skipName(_ start: Int) throws(JSONFault) -> Int {
        try skipColon(try skipString(start))
    }

    /// The offset of a member's value, when its name ends at `end`.
    @inline(__always)
    func skipColon(_ end: Int) throws(JSONFault) -> Int {
        let colon = skipSpace(end)
        guard byte(colon) == UInt8(ascii: ":") else { throw fault(colon, "':'") }
        return skipSpace(colon + 1)
    }

    /// The offset behind the value that begins at `start`, `outer` levels deep.
    @inline(__always)
    func skipValue(_ start: Int, within outer: Int = 0) throws(JSONFault) -> Int {
        let first = byte(start)
        let isContainer = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        return isContainer ? try skipContainer(start, outer) : try skipScalar(start)
    }

    private func skipContainer(_ start: Int, _ outer: Int) throws(JSONFault) -> Int {
        var open = OpenContainers(most: Self.maximumDepth - outer)
        var at = start
        while true {
            switch byte(at) {
            case UInt8(ascii: "{"):
                at = skipSpace(at + 1)
                if byte(at) != UInt8(ascii: "}") {
                    guard open.push(isObject: true) else { throw tooDeep(at) }
                    at = try skipName(at)
                    continue
                }
                at += 1
            case UInt8(ascii: "["):
                at = skipSpace(at + 1)
                if byte(at) != UInt8(ascii: "]") {
                    guard open.push(isObject: false) else { throw tooDeep(at) }
                    continue
                }
                at += 1
            default:
                at = try skipScalar(at)
            }
            guard let next = try closeContainers(at, &open) else { return at }
            if open.depth == 0 { return next }
            at = next
        }
    }

    private func tooDeep(_ at: Int) -> JSONFault {
        JSONFault(reason: .tooDeep, offset: at, expected: "no more than 512 levels")
    }

    /// Behind a value: closes what ends here. Answers where the next value begins, or, once
    /// nothing is open, where the outermost ended; nil when nothing was open to begin with.
    @inline(__always)
    private func closeContainers(_ start: Int, _ open: inout OpenContainers) throws(JSONFault)
        -> Int?
    {
        if open.depth == 0 { return nil }
        var at = start
        while open.depth > 0 {
            at = skipSpace(at)
            if byte(at) == UInt8(ascii: ",") {
                at = skipSpace(at + 1)
                return open.topIsObject ? try skipName(at) : at
            }
            guard byte(at) == (open.topIsObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw fault(at, open.topIsObject ? "',' or '}'" : "',' or ']'")
            }
            open.pop()
            at += 1
        }
        return at
    }
}

/// Which containers are open around a place: one bit each, set for an object.
private struct OpenContainers {
    private var bits = InlineArray<8, UInt64>(repeating: 0)
    private(set) var depth = 0
    let most: Int

    init(most: Int) { self.most = most }

    var topIsObject: Bool { bits[(depth - 1) >> 6] >> UInt64((depth - 1) & 63) & 1 == 1 }

    mutating func push(isObject: Bool) -> Bool {
        guard depth < most else { return false }
        let mask = UInt64(1) << UInt64(depth & 63)
        if isObject { bits[depth >> 6] |= mask } else { bits[depth >> 6] &= ~mask }
        depth += 1
        return true
    }

    mutating func pop() { depth -= 1 }
}
