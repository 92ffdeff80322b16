import BatchJobsJSON

/// Options that were set, each checked against its row when it was.
public struct Settings: Sendable {
    private var values: [String?] = Array(repeating: nil, count: Option.allCases.count)
    public private(set) var headers: [Header] = []

    public init() {}

    /// Sets an option by name; a value of nil takes it back.
    public mutating func set(_ name: String, _ value: String?) throws(Failure) {
        if let header = name.behind("header.") {
            try setHeader(header, value)
            return
        }
        guard let option = OptionTable.find(name) else {
            let failure = Failure.argument("there is no option \(quoted(name)); \(knownOptions())")
            throw isShort(name) ? failure.detail("option", name) : failure
        }
        if let value {
            try check(option.row, value)
            if option == .resultHosts { _ = try ResultHosts(value) }
        }
        values[option.rawValue] = value
    }

    /// Values of own headers that must not be repeated: what names itself a secret, and whatever is
    /// too long to be a mere word.
    var secretHeaderValues: [String] {
        headers.filter { header in
            header.value.utf8.count >= 12
                || ["auth", "cookie", "key", "token", "secret"].contains {
                    header.name.containsIgnoringCase($0)
                }
        }.map { $0.value }
    }

    public subscript(_ option: Option) -> String? {
        values[option.rawValue] ?? option.row.fallback?.description
    }

    /// Set by the caller, not by default.
    public func isSet(_ option: Option) -> Bool { values[option.rawValue] != nil }

    /// An integer option that has a default or is set; 0 else.
    public func integer(_ option: Option) -> Int64 { self[option].flatMap { Int64($0) } ?? 0 }

    public func bool(_ option: Option) -> Bool { self[option]?.isExactly("true") == true }

    /// These settings as if those options had not been set.
    func without(_ options: [Option]) -> Settings {
        var rest = self
        for option in options { rest.values[option.rawValue] = nil }
        return rest
    }

    /// These settings with those of one call on top.
    public func overlaid(by call: Settings?) -> Settings {
        guard let call else { return self }
        var merged = self
        for option in Option.allCases where call.isSet(option) {
            merged.values[option.rawValue] = call.values[option.rawValue]
        }
        for header in call.headers { merged.replace(header) }
        return merged
    }

    private mutating func setHeader(_ name: String, _ value: String?) throws(Failure) {
        guard isToken(name) else {
            throw Failure.argument(
                "\"header.\" must be followed by a header name of letters, digits and hyphens"
            ).detail("option", "header.\(name)")
        }
        guard !ownHeaders.contains(where: { equalIgnoringCase($0, name) }) else {
            throw Failure.argument("the header \(name) is the library's own and cannot be set")
                .detail("option", "header.\(name)")
        }
        headers.removeAll { equalIgnoringCase($0.name, name) }
        guard let value else { return }
        guard isHeaderValue(value) else {
            throw Failure.argument(
                "the value of header.\(name) holds a control character (CR, LF or another)"
            ).detail("option", "header.\(name)")
        }
        headers.append(Header(name, value))
    }

    private mutating func replace(_ header: Header) {
        headers.removeAll { equalIgnoringCase($0.name, header.name) }
        headers.append(header)
    }
}

/// Headers that frame the message or that the library must choose itself.
private let ownHeaders = [
    "Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Expect", "TE",
    "Trailer", "Range", "If-Range", "If-Match", "Accept-Encoding", "Proxy-Authorization",
]

private func isToken(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 256
        && name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
}

/// Anything but control characters; a tab is none that could end the header.
func isHeaderValue(_ value: String) -> Bool {
    var value = value
    return value.withUTF8 { unsafe $0.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 } }
}

private func knownOptions() -> String {
    "known are " + listed(OptionTable.rows.map { $0.name.description }) + " and header.<Name>"
}

func listed(_ names: [String]) -> String { names.joined(separator: ", ") }

private func check(_ row: OptionRow, _ value: String) throws(Failure) {
    let right: String?
    switch row.kind {
    case .text:
        right = value.isEmpty || !isHeaderValue(value) ? "text without control characters" : nil
    case .bool:
        right = value.isExactly("true") || value.isExactly("false") ? nil : "true or false"
    case .choice:
        let words = range(row).pieces(at: UInt8(ascii: "|"))
        right = words.contains(where: value.isExactly) ? nil : "one of " + listed(words)
    case .integer:
        right = isWithin(range(row), value) ? nil : "a whole number in \(range(row))"
    }
    if let right {
        // The value is not repeated: it may be a key that landed under the wrong name.
        throw Failure.argument("the option \(row.name) takes \(right)")
            .detail("option", row.name.description)
    }
}

private func range(_ row: OptionRow) -> String { row.range?.description ?? "" }

/// Of a range `low..high`, cut at its points.
private func isWithin(_ range: String, _ value: String) -> Bool {
    let bounds = range.pieces(at: UInt8(ascii: "."))
    guard value.utf8.count <= 19, value.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
        let number = Int64(value), bounds.count == 3, let low = Int64(bounds[0]),
        let high = Int64(bounds[2])
    else { return false }
    return number >= low && number <= high
}

private func isShort(_ name: String) -> Bool { name.utf8.count <= 24 }

/// A name as a message may repeat it. Longer ones are not: a key may have landed in their place.
public func quoted(_ name: String) -> String {
    isShort(name) ? "\"\(printable(name))\"" : "of that name (of \(name.utf8.count) bytes)"
}
