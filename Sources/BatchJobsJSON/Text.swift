/// How a JSON string failed to become text that C can hold.
public enum TextFault: Error, Sendable { case notText, noMemory }

extension Value {
    /// Decodes a string into `buffer`, adds a NUL, and answers where it stands there.
    ///
    /// `notText`: not a string, not UTF-8, half of a surrogate pair, or a NUL inside, which a C
    /// string cannot carry.
    public func decode(into buffer: Buffer) throws(TextFault) -> Range<Int> {
        try unsafe bytes.withUnsafeBytes { (raw) throws(TextFault) in
            try unsafe decodeString(raw, into: buffer)
        }
    }

    /// A string as text; nil where `decode` would throw, or where it is too long for a String.
    public var text: String? {
        guard kind == .string, bytes.count <= Bytes.maximumText else { return nil }
        // Without memory that could be refused, which would look as if there were no text.
        let inner = bytes[1..<bytes.count - 1]
        if inner.firstIndex(of: UInt8(ascii: "\\")) == nil, inner.firstIndex(of: 0) == nil { return inner.text }
        let buffer = Buffer()
        guard let range = try? decode(into: buffer) else { return nil }
        return buffer.bytes[range].text
    }

    /// Whether a member's name is this one, escapes undone.
    func isName(_ name: String) -> Bool {
        let inner = bytes[1..<bytes.count - 1]
        if inner.firstIndex(of: UInt8(ascii: "\\")) != nil { return text?.isExactly(name) == true }
        return inner.elementsEqual(name)
    }
}

extension Bytes {
    public func elementsEqual(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { wanted in
            guard wanted.count == count else { return false }
            return unsafe withUnsafeBytes { unsafe $0.elementsEqual(wanted) }
        }
    }

    var isUTF8: Bool {
        unsafe withUnsafeBytes { raw in
            var at = 0
            while at < raw.count {
                if unsafe raw[at] < 0x80 {
                    at += 1
                } else {
                    let length = unsafe sequenceLength(raw, at)
                    if length == 0 { return false }
                    at += length
                }
            }
            return true
        }
    }
}

/// Of the bytes of a value: `Value.decode`.
func decodeString(_ raw: UnsafeBufferPointer<UInt8>, into buffer: Buffer) throws(TextFault)
    -> Range<Int>
{
    guard raw.count >= 2, unsafe raw[0] == UInt8(ascii: "\"") else { throw .notText }
    let start = buffer.count
    guard buffer.reserve(raw.count) else { throw .noMemory }
    let inner = unsafe UnsafeBufferPointer(rebasing: raw[1..<raw.count - 1])
    if unsafe isPlainASCII(inner) {
        guard unsafe buffer.append(UnsafeRawBufferPointer(inner)) else { throw .noMemory }
    } else {
        try unsafe unescape(inner, into: buffer)
        let text = buffer.bytes(from: start, count: buffer.count - start)
        if text.firstIndex(of: 0) != nil || !text.isUTF8 { throw .notText }
    }
    guard buffer.append(0) else { throw .noMemory }
    return start..<buffer.count - 1
}

/// Neither escapes nor anything beyond ASCII: bytes that are their own text. (Control characters a
/// scan has ruled out.)
private func isPlainASCII(_ raw: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = raw.baseAddress else { return true }
    let ones: UInt64 = 0x0101_0101_0101_0101
    var at = 0
    while at + 8 <= raw.count {
        let eight = unsafe UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self)
        let escape = eight ^ (ones &* UInt64(UInt8(ascii: "\\")))
        if (eight | (escape &- ones) & ~escape) & (ones &* 0x80) != 0 { return false }
        at += 8
    }
    while at < raw.count {
        if unsafe raw[at] >= 0x80 || raw[at] == UInt8(ascii: "\\") { return false }
        at += 1
    }
    return true
}

/// The length of the UTF-8 sequence of two to four bytes at an offset; 0 where it is none.
private func sequenceLength(_ raw: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
    func next(_ ahead: Int, _ allowed: ClosedRange<UInt8>) -> Bool {
        unsafe at + ahead < raw.count && allowed.contains(raw[at + ahead])
    }
    let any: ClosedRange<UInt8> = 0x80...0xBF
    switch unsafe raw[at] {
    case 0xC2...0xDF: return next(1, any) ? 2 : 0
    case 0xE0: return next(1, 0xA0...0xBF) && next(2, any) ? 3 : 0
    case 0xED: return next(1, 0x80...0x9F) && next(2, any) ? 3 : 0
    case 0xE1...0xEF: return next(1, any) && next(2, any) ? 3 : 0
    case 0xF0: return next(1, 0x90...0xBF) && next(2, any) && next(3, any) ? 4 : 0
    case 0xF4: return next(1, 0x80...0x8F) && next(2, any) && next(3, any) ? 4 : 0
    case 0xF1...0xF3: return next(1, any) && next(2, any) && next(3, any) ? 4 : 0
    default: return 0
    }
}

/// Undoes escapes. The bytes were scanned, so every escape is whole.
private func unescape(_ raw: UnsafeBufferPointer<UInt8>, into buffer: Buffer) throws(TextFault) {
    var at = 0
    func put(_ byte: UInt8) throws(TextFault) {
        guard buffer.append(byte) else { throw .noMemory }
    }
    while at < raw.count {
        let byte = unsafe raw[at]
        guard byte == UInt8(ascii: "\\"), at + 1 < raw.count else {
            try put(byte)
            at += 1
            continue
        }
        let escape = unsafe raw[at + 1]
        if escape == UInt8(ascii: "u") {
            let scalar = try unsafe escapedScalar(raw, &at)
            for byte in String(scalar).utf8 { try put(byte) }
        } else {
            try put(plain(escape))
            at += 2
        }
    }
}

private func plain(_ escape: UInt8) -> UInt8 {
    switch escape {
    case UInt8(ascii: "b"): 8
    case UInt8(ascii: "f"): 12
    case UInt8(ascii: "n"): 10
    case UInt8(ascii: "r"): 13
    case UInt8(ascii: "t"): 9
    default: escape
    }
}

/// The scalar of a `\uXXXX` or a surrogate pair of them at an offset, which moves behind it.
private func escapedScalar(_ raw: UnsafeBufferPointer<UInt8>, _ at: inout Int) throws(TextFault)
    -> Unicode.Scalar
{
    func unit(_ start: Int) -> UInt32? {
        guard start + 6 <= raw.count, unsafe raw[start] == UInt8(ascii: "\\"),
            unsafe raw[start + 1] == UInt8(ascii: "u")
        else { return nil }
        var value: UInt32 = 0
        for index in start + 2..<start + 6 {
            guard let digit = unsafe hexValue(raw[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
    guard let first = unit(at) else { throw .notText }
    if let scalar = Unicode.Scalar(first) {
        at += 6
        return scalar
    }
    guard first < 0xDC00, let second = unit(at + 6), (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw .notText }
    at += 12
    return scalar
}
