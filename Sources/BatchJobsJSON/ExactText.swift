// Text compared and cut by its bytes. Swift's own `==`, `split` and `dropFirst` on String go by
// Unicode's equivalences and graphemes: wrong for ids and words of a protocol, and the tables for
// it would double the library. The release link has none of those tables, so it fails where one
// is needed.

extension String {
    /// The same bytes.
    public func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    public func isExactly(_ constant: StaticString) -> Bool {
        guard utf8.count == constant.utf8CodeUnitCount else { return false }
        return unsafe utf8.elementsEqual(
            UnsafeBufferPointer(start: constant.utf8Start, count: constant.utf8CodeUnitCount))
    }

    /// The pieces between bytes of one value, empty ones included; the last holds the rest.
    public func pieces(at byte: UInt8, atMost count: Int = .max) -> [String] {
        utf8.split(separator: byte, maxSplits: count - 1, omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }

    /// What stands behind this beginning; nil where the text begins otherwise.
    public func behind(_ beginning: String) -> String? {
        guard utf8.starts(with: beginning.utf8) else { return nil }
        return String(Substring(utf8.dropFirst(beginning.utf8.count)))
    }

    /// Whether a text of ASCII letters stands somewhere in it, in either case.
    public func containsIgnoringCase(_ wanted: StaticString) -> Bool {
        let bytes = utf8.map { $0 | 0x20 }
        let length = wanted.utf8CodeUnitCount
        guard length > 0, bytes.count >= length else { return false }
        return (0...bytes.count - length).contains { start in
            (0..<length).allSatisfy { unsafe bytes[start + $0] == wanted.utf8Start[$0] }
        }
    }

    /// With every occurrence of a text replaced, and its beginning where this text is cut; one
    /// shorter than four bytes is no name for anything, and stays.
    public func replacing(_ wanted: String, by other: String) -> String {
        let bytes = Array(utf8)
        let wanted = Array(wanted.utf8)
        guard wanted.count >= 4 else { return self }
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let rest = bytes[at...]
            if rest.starts(with: wanted) || rest.count >= 4 && wanted.starts(with: rest) {
                result += Array(other.utf8)
                at += min(wanted.count, rest.count)
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
