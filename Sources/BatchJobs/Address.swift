import BatchJobsJSON

/// An address under construction: base, path segments and query, each percent-encoded here, so
/// that nothing a caller or a service hands in can change the shape of it.
///
/// Its functions are never inlined: there are many calls, and each would become half a kilobyte.
struct Address {
    private(set) var text: String
    private var hasQuery = false

    init(base: String) { text = base }

    @inline(never)
    mutating func path(_ constant: StaticString) { text += constant.description }

    /// Adds one segment, whatever it holds.
    @inline(never)
    mutating func segment(_ value: String) {
        text += "/"
        text += percentEncoded(value)
    }

    @inline(never)
    mutating func query(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        text += hasQuery ? "&" : "?"
        hasQuery = true
        text += name.description
        text += "="
        text += percentEncoded(value)
    }
}

/// Everything but the unreserved characters of RFC 3986 as `%XX`.
func percentEncoded(_ value: String) -> String {
    // Most ids need nothing.
    if value.utf8.allSatisfy(isUnreserved) { return value }
    var encoded: [UInt8] = []
    for byte in value.utf8 {
        if isUnreserved(byte) {
            encoded.append(byte)
        } else {
            encoded.append(UInt8(ascii: "%"))
            encoded.append(hexDigit(byte >> 4))
            encoded.append(hexDigit(byte & 15))
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}

private func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        true
    default: false
    }
}

/// Undoes `percentEncoded`; nil where a `%` is not followed by two digits or the bytes are not
/// UTF-8.
func percentDecoded(_ value: String) -> String? {
    var decoded: [UInt8] = []
    var bytes = value.utf8.makeIterator()
    while let byte = bytes.next() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(byte)
            continue
        }
        guard let high = bytes.next().flatMap(hexValue), let low = bytes.next().flatMap(hexValue)
        else { return nil }
        decoded.append(high << 4 | low)
    }
    return String(validating: decoded, as: UTF8.self)
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
}

/// Refuses what no service has as an id, before it becomes part of an address. `.` and `..` stay
/// dangerous even when encoded: servers and proxies may fold them.
func checkID(_ id: String) throws(Failure) {
    let wrong: String? =
        if id.isEmpty {
            "the job id is empty"
        } else if id.isExactly(".") || id.isExactly("..") {
            "\"\(id)\" is no job id"
        } else if id.utf8.count > 1024 {
            "the job id is longer than 1024 bytes"
        } else if !isHeaderValue(id) {
            "the job id holds a control character"
        } else {
            nil
        }
    if let wrong {
        throw Failure.argument("\(wrong); give the id as the service's list shows it")
    }
}
