import BatchJobsJSON

/// Where a `Location` leads, seen from the address that was asked (RFC 3986, 5.2), without its
/// fragment. Nil where that is no address of http or https, or has a user name in it.
func resolve(_ location: String, from base: String) -> String? {
    let reference = cut(encodedLocation(location), before: "#").0
    guard let from = SplitAddress(base) else { return nil }
    if let scheme = schemeLength(reference) {
        let target = SplitAddress(lowerCased(reference, first: scheme))
        return target.map { $0.origin + withoutDots($0.path) + $0.query }
    }
    if reference.behind("//") != nil {
        let scheme = from.origin.pieces(at: UInt8(ascii: "/"), atMost: 2)[0]
        let target = SplitAddress(scheme + reference)
        return target.map { $0.origin + withoutDots($0.path) + $0.query }
    }
    let (path, query) = cut(reference, before: "?")
    if path.isEmpty { return from.origin + from.path + (query.isEmpty ? from.query : query) }
    if path.behind("/") != nil { return from.origin + withoutDots(path) + query }
    let folder = from.path.pieces(at: UInt8(ascii: "/")).dropLast().joined(separator: "/")
    return from.origin + withoutDots(folder + "/" + path) + query
}

/// An absolute address in parts that make it again when put together.
private struct SplitAddress {
    /// Scheme, host and port.
    let origin: String
    let path: String
    /// With its question mark.
    let query: String

    init?(_ url: String) {
        let scheme = ["https://", "http://"].first { url.behind($0) != nil }
        guard let scheme, let rest = url.behind(scheme) else { return nil }
        let whole = cut(rest, before: "#").0
        let (start, query) = cut(whole, before: "?")
        let (authority, path) = cut(start, before: "/")
        let hasUser = authority.utf8.contains(UInt8(ascii: "@"))
        if authority.isEmpty || hasUser { return nil }
        origin = scheme + authority
        self.path = path
        self.query = query
    }
}

/// The text before a character, and the rest beginning with it.
private func cut(_ text: String, before mark: Unicode.Scalar) -> (String, String) {
    let at = text.utf8.firstIndex(of: UInt8(ascii: mark)) ?? text.endIndex
    return (String(text[..<at]), String(text[at...]))
}

/// The length of a scheme at the beginning, its colon not counted.
private func schemeLength(_ text: String) -> Int? {
    let name = text.utf8.prefix { byte in
        (97...122).contains(byte | 0x20) || isDigit(byte) || "+-.".utf8.contains(byte)
    }
    let end = text.utf8.dropFirst(name.count).first
    guard let first = name.first, !isDigit(first), end == UInt8(ascii: ":") else { return nil }
    return name.count
}

private func lowerCased(_ text: String, first count: Int) -> String {
    let scheme = text.utf8.prefix(count).map { $0 | 0x20 }
    return String(decoding: scheme + Array(text.utf8.dropFirst(count)), as: UTF8.self)
}

/// What may not stand in an address becomes `%XX`: servers send blanks and letters of any language.
private func encodedLocation(_ text: String) -> String {
    let isClean = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    if isClean { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
        if scalar.value > 0x20, scalar.value < 0x7F {
            result.unicodeScalars.append(scalar)
        } else {
            result += percentEncoded(String(scalar))
        }
    }
}

/// Without `.` and `..` among the segments of a path.
private func withoutDots(_ path: String) -> String {
    var kept: [String] = []
    let segments = path.pieces(at: UInt8(ascii: "/")).dropFirst()
    for (index, segment) in segments.enumerated() {
        let isLast = index == segments.count - 1
        if segment.isExactly("..") {
            _ = kept.popLast()
        } else if !segment.isExactly(".") {
            kept.append(segment)
            continue
        }
        if isLast { kept.append("") }
    }
    return kept.isEmpty ? "" : "/" + kept.joined(separator: "/")
}
