import BatchJobsJSON

/// What a service says about trying again, in whichever dialect.
struct RetryHints {
    /// How long to wait, in milliseconds; nil where nothing usable was said.
    private(set) var waitMS: Int64?
    /// `x-should-retry`: the service's own decision.
    private(set) var shouldRetry: Bool?

    /// `bodySeconds` is the member `retry_after` of an error body.
    init(_ head: Head, bodySeconds: Value?, wallMS: Int64) {
        if let word = head["x-should-retry"] {
            if word.isExactly("true") { shouldRetry = true }
            if word.isExactly("false") { shouldRetry = false }
        }
        waitMS =
            Self.asked(head, wallMS) ?? bodySeconds.flatMap { $0.integer.map { String($0) } ?? $0.bytes.text }
            .flatMap { scaled($0, by: 1000) }
            ?? rateLimitReset(head, wallMS)
    }
}

extension RetryHints {
    /// What an answer says outright.
    static func asked(_ head: Head, _ wallMS: Int64) -> Int64? {
        head["retry-after-ms"].flatMap { scaled($0, by: 1) }
            ?? head["retry-after"].flatMap { retryAfter($0, wallMS) }
    }
}

/// `Retry-After`: seconds, with or without a fraction, or a date; one that has passed means now.
func retryAfter(_ text: String, _ wallMS: Int64) -> Int64? {
    if let wait = scaled(text, by: 1000) { return wait }
    guard let date = httpDate(text) else { return nil }
    return max(date - wallMS, 0)
}

/// A non-negative decimal number times a thousand or one, rounded up; what is beyond 64 bits
/// becomes their largest number.
private func scaled(_ text: String, by factor: Int64) -> Int64? {
    let parts = text.pieces(at: UInt8(ascii: "."), atMost: 2)
    guard let whole = parts.first, !whole.isEmpty, whole.utf8.allSatisfy(isDigit) else {
        return nil
    }
    var fraction: Int64 = 0
    if parts.count == 2 {
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy(isDigit) else { return nil }
        var weight = factor / 10
        var rest = Substring(parts[1]).utf8
        while weight > 0, let digit = rest.popFirst() {
            fraction += Int64(digit - UInt8(ascii: "0")) * weight
            weight /= 10
        }
        if rest.contains(where: { $0 != UInt8(ascii: "0") }) { fraction += 1 }
    }
    guard let number = Int64(whole) else { return .max }
    let (product, one) = number.multipliedReportingOverflow(by: factor)
    let (sum, two) = product.addingReportingOverflow(fraction)
    return one || two ? .max : sum
}

/// How long until there is more, where rate-limit headers say that nothing is left.
private func rateLimitReset(_ head: Head, _ wallMS: Int64) -> Int64? {
    rateLimit(head, wallMS).flatMap { ($0.left ?? 0) == 0 ? $0.resetMS : nil }
}

/// Rate-limit headers: `X-RateLimit-*`, `RateLimit-*` (draft 6), and `RateLimit: limit=…,
/// remaining=…, reset=…` or `"name";r=…;t=…` (drafts 7 and 8); of several the one that leaves least.
func rateLimit(_ head: Head, _ wallMS: Int64) -> (left: Int64?, resetMS: Int64)? {
    guard head.speaksOfRateLimits else { return nil }
    let headers = head.headers
    func value(_ name: String) -> String? {
        headers.last { equalIgnoringCase($0.name, name) }?.value
    }
    var least: (left: Int64?, resetMS: Int64)?
    func note(_ left: String?, _ reset: String?) {
        guard let reset = reset.flatMap({ untilReset($0, wallMS) }) else { return }
        let count = left.flatMap { scaled($0, by: 1) }
        // What is left in words nobody knows is not nothing.
        if left != nil && count == nil { return }
        if let known = least, (known.left ?? 0) <= (count ?? 0) { return }
        least = (count, reset)
    }
    for family in ["x-ratelimit-", "ratelimit-"] {
        note(value(family + "remaining"), value(family + "reset"))
    }
    if let combined = value("ratelimit"), let left = parameter(combined, ["remaining", "r"]) {
        note(left, parameter(combined, ["reset", "t"]))
    }
    return least
}

/// A reset is either seconds from now or a time since 1970, in seconds or milliseconds; only the
/// size tells which.
private func untilReset(_ text: String, _ wallMS: Int64) -> Int64? {
    guard let wait = scaled(text, by: 1000) else { return nil }
    let aBillionSeconds: Int64 = 1_000_000_000_000
    if wait < aBillionSeconds { return wait }
    let epochMS = wait / 1000 >= aBillionSeconds ? wait / 1000 : wait
    return max(epochMS - wallMS, 0)
}

/// The value of the first parameter with one of these names in `a=1, b=2` or `"x";a=1;b=2`.
private func parameter(_ text: String, _ names: [String]) -> String? {
    for list in text.pieces(at: UInt8(ascii: ",")) {
        for item in list.pieces(at: UInt8(ascii: ";")) {
            let pair = trimmed(item).pieces(at: UInt8(ascii: "="), atMost: 2)
            if pair.count == 2, names.contains(where: { equalIgnoringCase(pair[0], $0) }) {
                return trimmed(pair[1])
            }
        }
    }
    return nil
}

func trimmed(_ text: String) -> String {
    var bytes = Substring(text).utf8
    while bytes.first == UInt8(ascii: " ") { bytes = bytes.dropFirst() }
    while bytes.last == UInt8(ascii: " ") { bytes = bytes.dropLast() }
    return String(Substring(bytes))
}
