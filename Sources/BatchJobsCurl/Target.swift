import BatchJobs
import BatchJobsJSON
import CCurl

/// Where a request would go, as libcurl itself reads the address.
struct Target {
    let scheme: String
    /// Without a port; IPv6 in brackets.
    let host: String

    let isEncrypted: Bool

    /// Nothing sent there leaves this machine.
    var isLoopback: Bool {
        if host.isExactly("[::1]") { return true }
        if host.utf8.count == 9, host.utf8.elementsEqual("localhost".utf8, by: { $0 | 0x20 == $1 }) {
            return true
        }
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy(Self.isOctet) && parts[0].elementsEqual("127".utf8)
    }

    private static func isOctet(_ digits: Substring.UTF8View) -> Bool {
        guard (1...3).contains(digits.count), let number = Int(Substring(digits)) else { return false }
        return (0...255).contains(number)
    }

    /// Nil where libcurl cannot read the address as an absolute one.
    static func read(_ text: String) throws(Failure) -> Target? {
        guard isOneLine(text) else { return nil }
        guard let url = unsafe curl_url() else { throw .noMemory }
        defer { unsafe curl_url_cleanup(url) }
        let flags = UInt32(CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME)
        let code = unsafe curl_url_set(url, CURLUPART_URL, text, flags)
        if code == CURLUE_OUT_OF_MEMORY { throw .noMemory }
        guard code == CURLUE_OK, let scheme = try unsafe part(CURLUPART_SCHEME, url),
            let host = try unsafe part(CURLUPART_HOST, url), !host.isEmpty
        else { return nil }
        return Target(scheme: scheme, host: host, isEncrypted: scheme.isExactly("https"))
    }

    private static func part(_ which: CURLUPart, _ url: OpaquePointer) throws(Failure) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        let code = unsafe curl_url_get(url, which, &text, 0)
        if code == CURLUE_OUT_OF_MEMORY { throw .noMemory }
        guard code == CURLUE_OK, let text = unsafe text else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }

    /// What is wrong with sending a request there, or nil. The address itself is never quoted:
    /// it may hold a password or be signed.
    static func objection(_ text: String, _ target: Target?, allowHTTP: Bool) -> String? {
        guard let target, let authority = authority(of: text) else {
            return "is not an absolute address; it should look like https://host/path"
        }
        if authority.contains(UInt8(ascii: "@")) {
            return "may not hold a user name or password"
        }
        if target.isEncrypted { return nil }
        if !target.scheme.isExactly("http") {
            return "must begin with https://, not \(target.scheme)://"
        }
        if allowHTTP || target.isLoopback { return nil }
        return "must begin with https://; http:// is for this machine only, unless allow_http is set"
    }

    /// What stands between :// and the path, or nil: libcurl takes one to three slashes, and so
    /// https:///path as https://path. A plain look at the text also finds empty user names.
    fileprivate static func authority(of text: String) -> ArraySlice<UInt8>? {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let rest = bytes[colon...]
        guard rest.starts(with: "://".utf8) else { return nil }
        let authority = rest.dropFirst(3).prefix { !"/?#".utf8.contains($0) }
        return authority.isEmpty ? nil : authority
    }

    static func check(base text: String, allowHTTP: Bool) throws(Failure) {
        if let objection = objection(text, try Target.read(text), allowHTTP: allowHTTP) {
            throw .argument("the address of the service " + objection)
        }
        if text.utf8.contains(UInt8(ascii: "?")) || text.utf8.contains(UInt8(ascii: "#")) {
            throw .argument("the address of the service may not hold ? or #; it should end with its path")
        }
    }

    static func check(proxy text: String) throws(Failure) {
        let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]
        guard let target = try Target.read(text), schemes.contains(where: target.scheme.isExactly) else {
            throw .argument("the proxy should look like http://host:port or socks5h://host:port")
        }
    }
}

/// Scheme, host and port of an address to which a request may go.
struct Origin {
    /// Beyond that it is always libcurl that is asked whether an address can be read.
    private static let lengthLimit = 4096

    let target: Target
    /// The address up to its path.
    private let beginning: [UInt8]

    init(_ url: String, allowHTTP: Bool) throws(Failure) {
        let target = try Target.read(url)
        if let objection = Target.objection(url, target, allowHTTP: allowHTTP) {
            // Not even the address without its query: it may hold a password.
            throw Failure(.link, "the link to \(target?.host ?? "nowhere") " + objection)
        }
        guard let target, let authority = Target.authority(of: url) else { throw .noMemory }
        self.target = target
        beginning = Array(url.utf8.prefix(authority.endIndex))
    }

    /// Whether an address begins with this origin, and behind it has nothing that libcurl could
    /// refuse. What ends the host is part of the question: `http://a.b` does not cover
    /// `http://a.bc` or `http://a.b@c`.
    func covers(_ url: String) -> Bool {
        var url = url
        return url.withUTF8 { bytes in
            guard bytes.count < Self.lengthLimit, unsafe bytes.starts(with: beginning) else {
                return false
            }
            let rest = unsafe bytes[beginning.count...]
            return unsafe endsHost(rest.first)
                && rest.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
    }

    private func endsHost(_ byte: UInt8?) -> Bool {
        switch byte {
        case nil, UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): true
        default: false
        }
    }
}
