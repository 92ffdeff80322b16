@testable import BatchJobs
@testable import BatchJobsCurl
@testable import BatchJobsJSON
import CCurl

/// Addresses of others. Where a redirect leads, and which host a list allows, is what libcurl makes
/// of the same text; what is shown or told of a link gives nothing of its powers away.
///
/// Input: lines; a link, a `Location`, a list of hosts, a `Content-Range`, an ETag.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = unsafe String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    let lines = input.pieces(at: 10, atMost: 5)
    func line(_ index: Int) -> String { index < lines.count ? lines[index] : "" }
    let (link, location) = (line(0), line(1))
    for url in [link, location] {
        checkPlace(url, line(2))
        checkSecrets(url)
        _ = expiry(of: url)
    }
    checkRedirect(location, from: link, line(2))
    checkOrigin(link, covers: location)
    checkRange(line(3))
    checkTag(line(4))
    return 0
}

// MARK: Hosts

/// What libcurl sees in an address.
private struct Seen {
    var scheme = "", host = "", port = ""
    var hasUser = false

    /// With `location`, where that leads from there.
    init?(_ text: String, _ location: String? = nil) {
        // A NUL would end the text.
        guard !(text + (location ?? "")).utf8.contains(0), let url = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(url) }
        let flags = UInt32(CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME)
        for part in [text, location] {
            guard let part else { continue }
            guard unsafe curl_url_set(url, CURLUPART_URL, part, flags) == CURLUE_OK else { return nil }
        }
        func get(_ part: CURLUPart) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            let code = unsafe curl_url_get(url, part, &value, UInt32(CURLU_DEFAULT_PORT))
            guard code == CURLUE_OK, let value = unsafe value else { return nil }
            defer { unsafe curl_free(value) }
            return unsafe String(cString: value)
        }
        guard let scheme = get(CURLUPART_SCHEME), let host = get(CURLUPART_HOST) else { return nil }
        self.scheme = scheme
        self.host = String(decoding: host.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
        port = get(CURLUPART_PORT) ?? ""
        hasUser = get(CURLUPART_USER) != nil || get(CURLUPART_PASSWORD) != nil
    }

    func isAt(_ other: Seen) -> Bool {
        scheme.isExactly(other.scheme) && host.isExactly(other.host) && port.isExactly(other.port)
    }
}

private func checkPlace(_ url: String, _ list: String) {
    guard let place = LinkPlace(url), let seen = Seen(url) else { return }
    let scheme = place.isEncrypted ? "https" : "http"
    // libcurl may write an IPv6 address shorter.
    let written = Seen("\(scheme)://\(place.host):\(place.port)")
    if seen.hasUser || written?.isAt(seen) != true { fatalError("another place than libcurl's") }
    let isBracketed = place.host.utf8.first == UInt8(ascii: "[")
    if !isBracketed, !place.host.isExactly(seen.host) { fatalError("another host than libcurl's") }
    guard let hosts = try? ResultHosts(list), hosts.allow(place) else { return }
    let isListed = list.pieces(at: UInt8(ascii: ",")).contains { isRule(trimmed($0), for: seen) }
    if !isListed { fatalError("allowed, and not in the list") }
}

private func isRule(_ rule: String, for seen: Seen) -> Bool {
    if let parent = rule.behind("*.") {
        guard let above = Seen("\(seen.scheme)://" + parent) else { return false }
        let isBelow = seen.host.utf8.reversed().starts(with: ("." + above.host).utf8.reversed())
        return isBelow && seen.host.utf8.count > above.host.utf8.count + 1
    }
    return Seen("\(seen.scheme)://" + rule)?.host.isExactly(seen.host) == true
}

private func checkRedirect(_ location: String, from base: String, _ list: String) {
    guard let target = resolve(location, from: base) else { return }
    let scheme = ["https", "http"].first { target.behind($0 + "://") != nil }
    guard let scheme else { fatalError("a relative address") }
    if target.utf8.contains(UInt8(ascii: "#")) { fatalError("a fragment") }
    if let seen = Seen(target) {
        if seen.hasUser || !seen.scheme.isExactly(scheme) { fatalError("another way there") }
        // libcurl says the same of what neither has to change. Old ones know schemes such as 1x.
        let isPlain = (base + location).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        let other = isPlain ? Seen(base, location) : nil
        let isWeb = other?.scheme.behind("http") != nil
        if let other, isWeb, !other.isAt(seen) { fatalError("another target") }
    }
    checkPlace(target, list)
    // An absolute address leads to itself.
    let isAbsolute = (location.utf8.first { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }) != nil
    if isAbsolute, let again = resolve(target, from: base), let last = resolve(again, from: base),
        !again.isExactly(last)
    {
        fatalError("it goes on and on")
    }
}

/// Checked once, an origin vouches for other addresses.
private func checkOrigin(_ base: String, covers url: String) {
    guard let origin = try? Origin(base, allowHTTP: true) else { return }
    guard let seen = Seen(base), !seen.hasUser else { fatalError("no origin") }
    for url in [url, base + url, base.pieces(at: UInt8(ascii: "?"))[0] + url] {
        if origin.covers(url), Seen(url)?.isAt(seen) != true { fatalError("an address of elsewhere") }
    }
}

// MARK: Secrets

private func checkSecrets(_ url: String) {
    let shown = publicURL(url)
    let marks = "?#".utf8
    if shown.utf8.contains(where: marks.contains) { fatalError("a query is shown") }
    if Seen(shown)?.hasUser == true { fatalError("a user is shown") }
    let beginning = shown.pieces(at: UInt8(ascii: "/"), atMost: 4).prefix(3).joined(separator: "/")
    if beginning.utf8.contains(UInt8(ascii: "@")) { fatalError("a user may be shown") }

    // What the host was asked for: the fragment stays here.
    let sent = url.pieces(at: UInt8(ascii: "#"), atMost: 2)[0]
    guard let query = sent.pieces(at: UInt8(ascii: "?"), atMost: 2).dropFirst().first else { return }
    // Nothing that the placeholder could make whole again.
    if url.utf8.contains(where: "[]".utf8.contains) { return }
    let values = query.pieces(at: UInt8(ascii: "&")).compactMap { $0.pieces(at: UInt8(ascii: "="), atMost: 2).last }
    let secrets =
        [query].filter { $0.utf8.count >= 4 }
        + (values + values.compactMap(percentDecoded)).filter { $0.utf8.count >= 16 }
    for secret in secrets {
        let failure = Failure(.link, "no \(sent), and no \(secret)").detail("errors", secret + "!")
        (failure.code, failure.requestID) = (secret, "<" + secret + ">")
        hideSecrets(of: [url], in: failure)
        let texts = [failure.message, failure.code, failure.requestID, failure.details.first?.value]
        for text in texts where contains(text ?? "", secret) { fatalError("a secret is told") }
    }
}

private func contains(_ text: String, _ wanted: String) -> Bool {
    let (bytes, wanted) = (Array(text.utf8), Array(wanted.utf8))
    guard bytes.count >= wanted.count else { return false }
    return (0...bytes.count - wanted.count).contains { bytes[$0...].starts(with: wanted) }
}

// MARK: Headers

private func checkRange(_ text: String) {
    guard let range = ContentRange(text) else { return }
    let total = range.total.map { String($0) } ?? "*"
    guard let span = range.span else {
        if ContentRange("bytes */" + total)?.total != range.total { fatalError("another length") }
        return
    }
    if span.start < 0 || span.start >= span.end || span.end > range.total ?? .max { fatalError("no range") }
    let again = ContentRange("bytes \(span.start)-\(span.end - 1)/" + total)
    let isSame = again?.span?.start == span.start && again?.span?.end == span.end && again?.total == range.total
    if !isSame { fatalError("another range") }
}

private func checkTag(_ text: String) {
    guard let tag = strongValidator(text) else { return }
    let inner = tag.utf8.dropFirst().dropLast()
    if !tag.isExactly(text) || tag.utf8.first != 0x22 || tag.utf8.last != 0x22 || inner.contains(0x22) {
        fatalError("no tag")
    }
    if !isHeaderValue(tag) { fatalError("no header") }
}
