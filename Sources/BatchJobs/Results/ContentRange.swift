import BatchJobsJSON

/// What a `Content-Range` says: `bytes 0-499/1234`, `bytes 0-499/*` or `bytes */1234`.
struct ContentRange {
    /// From the first byte to the one behind the last; nil where no byte was sent.
    let span: (start: Int64, end: Int64)?
    let total: Int64?

    /// Nil where it says nothing of use, or contradicts itself.
    init?(_ text: String) {
        let parts = text.pieces(at: UInt8(ascii: " "))
        guard parts.count == 2, equalIgnoringCase(parts[0], "bytes") else { return nil }
        let sides = parts[1].pieces(at: UInt8(ascii: "/"))
        guard sides.count == 2 else { return nil }
        total = wholeNumber(sides[1])
        if total == nil && !sides[1].isExactly("*") { return nil }
        if sides[0].isExactly("*") {
            span = nil
            return
        }
        let ends = sides[0].pieces(at: UInt8(ascii: "-"))
        guard ends.count == 2, let first = wholeNumber(ends[0]), let last = wholeNumber(ends[1]),
            first <= last, last < total ?? .max
        else { return nil }
        span = (first, last + 1)
    }
}

/// A number of digits only; nil where there are none, or too many.
func wholeNumber(_ text: String) -> Int64? {
    text.utf8.allSatisfy(isDigit) ? Int64(text) : nil
}

/// An entity tag that promises the same bytes; nil where it is a weak one, none, or no tag by its
/// form: then it could not be sent back either.
func strongValidator(_ text: String?) -> String? {
    guard let text, (2...256).contains(text.utf8.count), text.utf8.last == UInt8(ascii: "\"") else {
        return nil
    }
    let inner = text.utf8.dropFirst().dropLast()
    let isTag = text.utf8.first == UInt8(ascii: "\"")
        && inner.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7F }
    return isTag ? text : nil
}
