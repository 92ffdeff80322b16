import BatchJobsJSON

/// A secret as a service may repeat it: as it is, and as JSON, XML and addresses write it.
func spellings(of text: String) -> [String] {
    let quotes: [(Unicode.Scalar, String)] = [("\\", "\\\\"), ("\"", "\\\"")]
    let markup: [(Unicode.Scalar, String)] = [
        ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"),
    ]
    let query = percentEncoded(text)
    let path = escaped(text, keeping: UInt8(ascii: "/"))
    let all = [
        text, escaped(text, quotes), escaped(text, quotes + [("/", "\\/")]),
        escaped(text, markup), query, path, lowerHex(query), lowerHex(path),
    ]
    var different: [String] = []
    for spelling in all where !different.contains(where: spelling.isExactly) {
        different.append(spelling)
    }
    return different
}

/// With some characters written otherwise.
private func escaped(_ text: String, _ table: [(Unicode.Scalar, String)]) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        if let (_, escape) = table.first(where: { $0.0 == scalar }) {
            result += escape
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

/// Percent-encoded but for one byte.
private func escaped(_ text: String, keeping byte: UInt8) -> String {
    text.pieces(at: byte).map(percentEncoded)
        .joined(separator: String(Unicode.Scalar(byte)))
}

/// The digits behind each `%` in lower case.
private func lowerHex(_ text: String) -> String {
    var digits = 0
    let bytes = text.utf8.map { byte in
        digits = byte == UInt8(ascii: "%") ? 2 : max(digits - 1, -1)
        return digits >= 0 && byte >= 65 && byte <= 90 ? byte + 32 : byte
    }
    return String(decoding: bytes, as: UTF8.self)
}
