import BatchJobsJSON

/// Scheme, host and port of a link, as far as they can be told beyond doubt.
struct LinkPlace {
    let isEncrypted: Bool
    /// In lower case; IPv6 in brackets.
    let host: String
    let port: Int64

    /// Nil where there is room for two opinions: a user name, an encoded or foreign host, no port
    /// behind the colon.
    init?(_ url: String) {
        let parts = url.pieces(at: UInt8(ascii: "/"), atMost: 4)
        guard parts.count > 2, parts[1].isEmpty, let scheme = parts.first else { return nil }
        isEncrypted = equalIgnoringCase(scheme, "https:")
        guard isEncrypted || equalIgnoringCase(scheme, "http:") else { return nil }
        let end = parts[2].utf8.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let authority = String(parts[2][..<(end ?? parts[2].endIndex)])
        guard let place = hostAndPort(authority) else { return nil }
        host = place.host
        port = place.port ?? (isEncrypted ? 443 : 80)
    }
}

/// The hosts that result files may come from.
struct ResultHosts {
    private struct Rule {
        let host: String
        /// Names below `host` instead of itself.
        let below: Bool
        let port: Int64?
    }

    private var rules: [Rule] = []

    /// Of the option `result_hosts`.
    init(_ list: String) throws(Failure) {
        for item in list.pieces(at: UInt8(ascii: ",")) {
            let name = trimmed(item)
            let parent = name.behind("*.")
            guard let place = hostAndPort(parent ?? name) else {
                throw Failure.argument(
                    "the option result_hosts takes hosts separated by commas, such as files.example.com, *.example.com or 127.0.0.1:8080"
                ).detail("option", "result_hosts")
            }
            rules.append(Rule(host: place.host, below: parent != nil, port: place.port))
        }
    }

    func allow(_ place: LinkPlace) -> Bool {
        rules.contains { rule in
            if let port = rule.port, port != place.port { return false }
            if !rule.below { return place.host.isExactly(rule.host) }
            let (all, end) = (place.host.utf8, rule.host.utf8)
            return all.count > end.count + 1
                && all.dropFirst(all.count - end.count - 1).elementsEqual(("." + rule.host).utf8)
        }
    }
}

/// A name of letters, digits, dots, hyphens and underscores, or an IPv6 address in brackets, and a
/// port where one is given.
private func hostAndPort(_ text: String) -> (host: String, port: Int64?)? {
    let isBracketed = text.utf8.first == UInt8(ascii: "[")
    let hostEnd =
        isBracketed
        ? text.utf8.firstIndex(of: UInt8(ascii: "]")).map { text.utf8.index(after: $0) }
        : text.utf8.firstIndex(of: UInt8(ascii: ":")) ?? text.utf8.endIndex
    guard let hostEnd else { return nil }
    let host = text.utf8[..<hostEnd].map { (65...90).contains($0) ? $0 + 32 : $0 }
    let inner = isBracketed ? host.dropFirst().dropLast() : host[...]
    let isHost = !inner.isEmpty && inner.allSatisfy { byte in
        isDigit(byte) || (97...122).contains(byte)
            || (isBracketed ? ":." : ".-_").utf8.contains(byte)
    }
    guard isHost else { return nil }
    let name = String(decoding: host, as: UTF8.self)
    if !isBracketed, !hasOneSpelling(name) { return nil }
    let rest = String(text[hostEnd...])
    if rest.isEmpty { return (name, nil) }
    guard let port = rest.behind(":").flatMap(wholeNumber), (1...65_535).contains(port) else {
        return nil
    }
    return (name, port)
}

/// False for an IPv4 address in another form than `127.0.0.1`: libcurl and the system's resolver
/// also take `127.1`, `0x7f.0.0.1` and `2130706433` for it.
private func hasOneSpelling(_ host: String) -> Bool {
    let labels = host.pieces(at: UInt8(ascii: "."))
    let last = labels.last { !$0.isEmpty } ?? ""
    let isHexadecimal =
        last.behind("0x")?.utf8.allSatisfy { isDigit($0) || (97...102).contains($0) } == true
    guard isHexadecimal || last.utf8.allSatisfy(isDigit) else { return true }
    return labels.count == 4
        && labels.allSatisfy { label in
            guard let number = wholeNumber(label) else { return false }
            return number < 256 && label.isExactly(String(number))
        }
}
