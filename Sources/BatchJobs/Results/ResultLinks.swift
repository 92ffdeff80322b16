import BatchJobsJSON

/// Where the files of one job's results lie, and the way to fresh links when these have expired.
final class ResultLinks {
    private var urls: [String]
    private let ask: (Call) throws(Failure) -> [String]
    /// How often the links were replaced.
    private(set) var generation = 0
    private var mayRefresh = true

    /// `refresh` asks the service for the job again and gives its links in the same order.
    init(urls: [String], refresh: @escaping (Call) throws(Failure) -> [String]) {
        self.urls = urls
        ask = refresh
    }

    var count: Int { urls.count }

    subscript(_ part: Int) -> String { urls.indices.contains(part) ? urls[part] : "" }

    /// Whether a link has expired by the date in it, and none was refreshed so far. Fresh ones are
    /// used whatever they say: the clock here may be wrong.
    func isStale(_ part: Int, wallMS: Int64) -> Bool {
        generation == 0 && mayRefresh && expiry(of: self[part]).map { $0 <= wallMS } == true
    }

    /// Sees to it that there are fresher links than those of that generation; false where the last
    /// ones have brought nothing, and fresh ones would not either.
    func refresh(since seen: Int, _ call: Call) throws(Failure) -> Bool {
        if generation != seen { return true }
        if !mayRefresh { return false }
        mayRefresh = false
        let fresh: [String]
        do throws(Failure) {
            fresh = try ask(call)
        } catch {
            error.message = "the result link has expired, and no fresh one came: " + error.message
            throw error
        }
        guard fresh.count == urls.count else {
            throw Failure(
                .changed,
                "the results changed while they were read: of \(urls.count) files the service now names \(fresh.count)"
            )
        }
        urls = fresh
        generation += 1
        return true
    }

    /// The links work: when they no longer do, they may be refreshed again.
    func bytesCame() { mayRefresh = true }
}

/// When a signed link ends, in milliseconds since 1970, as it says itself: `X-Amz-Date` or
/// `X-Goog-Date` with the seconds of `X-Amz-Expires` or `X-Goog-Expires`, or `Expires` since 1970.
func expiry(of url: String) -> Int64? {
    var start: Int64?
    var length: Int64?
    for pair in query(of: url)?.pieces(at: UInt8(ascii: "&")) ?? [] {
        let sides = pair.pieces(at: UInt8(ascii: "="), atMost: 2)
        guard sides.count == 2 else { continue }
        let (name, value) = (sides[0], sides[1])
        func isNamed(_ names: String...) -> Bool { names.contains { equalIgnoringCase(name, $0) } }
        if isNamed("X-Amz-Date", "X-Goog-Date") { start = basicTime(value) }
        if isNamed("X-Amz-Expires", "X-Goog-Expires") { length = wholeNumber(value) }
        if isNamed("Expires") { (start, length) = (0, wholeNumber(value)) }
    }
    guard let start, let length else { return nil }
    let (ms, one) = length.multipliedReportingOverflow(by: 1000)
    let (end, two) = start.addingReportingOverflow(ms)
    return one || two ? nil : end
}

/// What is sent of it: the fragment behind stays here.
private func query(of url: String) -> String? {
    url.pieces(at: UInt8(ascii: "#"), atMost: 2)[0]
        .pieces(at: UInt8(ascii: "?"), atMost: 2).dropFirst().first
}

/// `20260612T120000Z`
private func basicTime(_ text: String) -> Int64? {
    guard text.utf8.count == 16 else { return nil }
    var readable: [UInt8] = []
    for (index, byte) in text.utf8.enumerated() {
        if index == 4 || index == 6 { readable.append(UInt8(ascii: "-")) }
        if index == 11 || index == 13 { readable.append(UInt8(ascii: ":")) }
        readable.append(byte)
    }
    return milliseconds(String(decoding: readable, as: UTF8.self))
}

/// Takes out of a failure what gives links their power: their queries, and each value in one that
/// is long enough to be a signature, as it stands and decoded.
func hideSecrets(of urls: [String], in failure: Failure) {
    let queries = urls.compactMap(query)
    let values = queries.flatMap { $0.pieces(at: UInt8(ascii: "&")) }
        .compactMap { $0.pieces(at: UInt8(ascii: "="), atMost: 2).last }
    let secrets = queries + (values + values.compactMap(percentDecoded)).filter { $0.utf8.count >= 16 }
    failure.rewrite { text in
        secrets.reduce(text) { $0.replacing($1, by: "[redacted]") }
    }
}
