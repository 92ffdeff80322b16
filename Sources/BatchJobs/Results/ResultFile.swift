import BatchJobsJSON

/// Where reading goes on in a file of which the version is known. Without a strong validator there
/// is no such place: such a file is read from its start.
struct FilePosition {
    /// In the file as it is stored, compressed or not.
    let offset: Int64
    /// The strong ETag that the file must still have.
    let validator: String
    let total: Int64?
}

/// The bytes of one result file from a position to its end, whatever happens on the way: redirects
/// are followed, a transfer that breaks goes on at the same byte, a link that has expired is
/// replaced. Bytes of two versions of the file never come together.
///
/// Requests carry nothing of the provider's or the program's: no key, no header.
final class ResultFile {
    /// Of the byte that the next read gives first.
    private(set) var offset: Int64
    /// The length of the whole file as it is stored, once it is known.
    private(set) var total: Int64?
    /// The strong ETag of the file; nil where it has none.
    private(set) var validator: String?
    /// An answer said where the end is, so that a broken connection cannot pass for it.
    private(set) var endIsFramed = false
    /// Bytes from the network in all, those that had to be skipped included.
    private(set) var received: Int64 = 0
    /// Where reading began.
    private let start: Int64

    private static let mostRedirects = 5

    private let part: Int
    private let links: ResultLinks
    private let session: any Session
    private let client: Client
    private let settings: Settings
    private let bodyLimit: Int

    private var stage = Stage.closed
    /// Bytes of one version have been given: no other will do.
    private var isBound: Bool
    /// Of all bytes given, where no validator tells one version from another.
    private var checksum: UInt64 = 0

    /// The link in use and the redirects that it led to.
    private var route: [String] = []
    private var generation = 0

    /// Of the next byte of the answer in hand, and of the one behind its last where that is known.
    private var position: Int64 = 0
    private var bodyEnd: Int64?
    /// Of the bytes that came again.
    private var repeated: UInt64 = 0
    private var hasProgressed = false

    /// The call that put the first request on the wire, and what kept it from there.
    private let startedIn: Call
    private var unsent: Failure?
    private var brokeMeanwhile = false
    /// Requests begin at the byte before: one for `offset` did not tell whether the file ends there.
    private var stepsBack = false

    private enum Stage {
        case closed
        case asked(any Exchange)
        case open(any Exchange)
        case ended
    }

    private init(
        _ part: Int, _ links: ResultLinks, _ session: any Session, _ client: Client,
        _ settings: Settings, _ call: Call, _ from: FilePosition?, _ bodyLimit: Int
    ) {
        self.part = part
        self.links = links
        self.session = session
        self.client = client
        self.settings = settings
        self.bodyLimit = bodyLimit
        startedIn = call
        start = max(from?.offset ?? 0, 0)
        offset = start
        validator = from?.validator
        total = from?.total
        isBound = from != nil
    }

    /// Puts the first request on the wire and does not wait. What goes wrong with it is told by the
    /// first read, unless it is the end of the call.
    static func start(
        part: Int, links: ResultLinks, session: any Session, client: Client, settings: Settings,
        call: Call, from: FilePosition?, bufferLimit: Int
    ) throws(Failure) -> ResultFile {
        let file = ResultFile(part, links, session, client, settings, call, from, bufferLimit)
        let isStale = links.isStale(part, wallMS: client.transport.wallMS())
        if isStale || file.isComplete { return file }
        do throws(Failure) {
            try file.ask(call)
        } catch {
            if error.status == .cancelled || error.status == .timeout { throw error }
            file.unsent = error
        }
        return file
    }

    /// The next bytes in order, good until the next read; nil at the end of the file.
    func read(_ call: Call) throws(Failure) -> Bytes? {
        var attempts: Attempts?
        while true {
            do throws(Failure) {
                if case .ended = stage { return nil }
                if let bytes = try step(call) {
                    attempts?.repay()
                    return bytes
                }
            } catch {
                try recover(error, &attempts, call)
            }
        }
    }

    private func step(_ call: Call) throws(Failure) -> Bytes? {
        if let unsent {
            self.unsent = nil
            throw unsent
        }
        switch stage {
        case .closed where isComplete: stage = .ended
        case .closed: try ask(call)
        case .asked(let exchange): try take(exchange, call)
        case .open(let exchange): return try advance(exchange, call)
        case .ended: break
        }
        return nil
    }

    /// Bytes given so far, and how many there are to give; nil while that is not known.
    var given: Int64 { offset - start }
    var length: Int64? { total.map { max($0 - start, 0) } }

    private var isComplete: Bool { isBound && total.map { offset >= $0 } == true }
}

// MARK: Asking

extension ResultFile {
    private func ask(_ call: Call) throws(Failure) {
        if links.isStale(part, wallMS: client.transport.wallMS()) {
            generation = links.generation
            _ = try renew(call)
        }
        generation = links.generation
        route = []
        try send(links[part], call)
    }

    private func send(_ url: String, _ call: Call) throws(Failure) {
        route.append(url)
        try checkPlace(url)
        var headers: [Header] = []
        if sendsCondition, let validator { headers.append(Header("If-Match", validator)) }
        if asksRange { headers.append(Header("Range", "bytes=\(stepsBack ? offset - 1 : offset)-")) }
        let request = Request(url: url, headers: headers, bodyLimit: bodyLimit)
        stage = .asked(try session.start(request, call))
    }

    private var sendsCondition: Bool { isBound && validator != nil }

    private var asksRange: Bool { sendsCondition && offset > 0 }

    /// Plain http is for this machine only, and then only where the service itself is asked so: an
    /// answer from elsewhere must not make the program read what listens here.
    private func checkPlace(_ url: String) throws(Failure) {
        let isAllowedScheme =
            url.behind("https://") != nil || client.base.behind("https://") == nil
            || settings.bool(.allowHTTP)
        if !isAllowedScheme { throw misled("does not begin with https://") }
        guard let list = settings[.resultHosts] else { return }
        let place = LinkPlace(url)
        if let place, try ResultHosts(list).allow(place) { return }
        throw misled(
            "leads to \(place.map { printable($0.host) } ?? "an unclear host"), which the option result_hosts does not allow"
        ).detail("option", "result_hosts")
    }

    /// What is wrong with the last address of the route.
    private func misled(_ what: String) -> Failure {
        let redirects = route.count - 1
        if redirects < 1 { return Failure(.link, "the result link " + what) }
        return Failure(.redirect, "redirect \(redirects) of the result link " + what)
    }

    private func redirect(_ head: Head, _ call: Call) throws(Failure) {
        let isOneTooMany = route.count > Self.mostRedirects
        let location = head["location"] ?? ""
        let target = location.isEmpty ? nil : resolve(location, from: route.last ?? "")
        if let target, !isOneTooMany { return try send(target, call) }
        let failure = Failure(
            .redirect,
            isOneTooMany
                ? "the result link was redirected more than \(Self.mostRedirects) times"
                : "redirect \(route.count) of the result link leads to no address of https")
        failure.httpStatus = Int32(clamping: head.status)
        failure.requestID = requestID(head)
        throw failure
    }

    private func renew(_ call: Call) throws(Failure) -> Bool {
        let before = links.generation
        guard try links.refresh(since: generation, call) else { return false }
        if links.generation != before {
            client.log(.info) { "the link of result file \(part + 1) had expired and is refreshed" }
        }
        return true
    }
}

// MARK: The answer

extension ResultFile {
    private func take(_ exchange: any Exchange, _ call: Call) throws(Failure) {
        let head = try exchange.head(call)
        client.log(.debug) {
            "GET \(publicURL(route.last ?? "")) \(head.status)" + (offset > 0 ? " for byte \(offset)" : "")
        }
        switch head.status {
        case 200, 204, 206:
            try begin(head)
            stage = .open(exchange)
        case 301, 302, 303, 307, 308:
            try redirect(head, call)
        case 412 where sendsCondition:
            throw changed("its version is another")
        case 416 where asksRange:
            try takeEnd(head)
        default:
            let failure = refusal(
                head, try errorBody(exchange, call, client.transport),
                wallMS: client.transport.wallMS())
            let mayHaveExpired = head.status == 400 || head.status == 403
            guard mayHaveExpired, try renew(call) else { throw failure }
            stage = .closed
        }
    }

    /// Which bytes of the file an answer brings.
    private struct Extent {
        var start: Int64 = 0
        var end: Int64?
        var total: Int64?
    }

    private func begin(_ head: Head) throws(Failure) {
        let isChunked = head["transfer-encoding"]?.containsIgnoringCase("chunked") == true
        let length = isChunked ? nil : head["content-length"].flatMap(wholeNumber)
        let extent = try extent(head, length)
        try identify(head, extent.total)
        let isPastEnd = extent.end.map { $0 <= offset && $0 != extent.total && extent.start > 0 }
        guard extent.start <= offset, isPastEnd != true else {
            throw refused("brings other bytes than the ones asked for")
        }
        position = extent.start
        bodyEnd = extent.end ?? total
        endIsFramed = bodyEnd != nil || isChunked || head.framesBodies
        repeated = 0
        hasProgressed = false
        client.budget.deposit(1)
        if offset > 0 {
            client.log(.info) { "result file \(part + 1) goes on at byte \(offset)" }
        }
    }

    private func extent(_ head: Head, _ length: Int64?) throws(Failure) -> Extent {
        if head.status == 204 { return Extent(end: 0, total: 0) }
        guard let text = head["content-range"] else {
            if head.status == 200 { return Extent(end: length, total: length) }
            throw refused("is a part of the file and lacks Content-Range")
        }
        guard let range = ContentRange(text), let span = range.span else {
            throw refused("has an unusable Content-Range")
        }
        // Some send 200 and a range, others a range and the whole: the length decides.
        if head.status == 200, length == nil || length == range.total {
            guard length != nil else { throw refused("is the whole file and names a range of it") }
            return Extent(end: length, total: length)
        }
        if let length, length != span.end - span.start {
            throw refused("has a Content-Length and a Content-Range that disagree")
        }
        if !asksRange, span.start > 0 || range.total != span.end {
            throw refused("is a part of the file where the whole was asked for")
        }
        return Extent(start: span.start, end: span.end, total: range.total)
    }

    /// The version of the file must stay the same once bytes of it were given.
    private func identify(_ head: Head, _ newTotal: Int64?) throws(Failure) {
        let tag = strongValidator(head["etag"])
        if !isBound {
            (validator, total, checksum) = (tag, newTotal, 0)
            return
        }
        // HTTP wants the ETag in every 200 and 206 of a file that has one. Where it is missing,
        // nothing shows that the host has looked at If-Match.
        if let validator, tag?.isExactly(validator) != true { throw changed("its ETag is another") }
        if let newTotal, newTotal != total ?? newTotal || newTotal < offset {
            throw changed("its length is another")
        }
        total = total ?? newTotal
    }

    /// Nothing begins at `offset`: the end of the file when that is its length. Not all hosts tell
    /// that here.
    private func takeEnd(_ head: Head) throws(Failure) {
        let length = head["content-range"].flatMap { ContentRange($0) }?.total
        if length == nil, total == nil, !stepsBack {
            stepsBack = true
            stage = .closed
            return
        }
        guard let length, length == offset, total == nil || total == length else {
            throw changed("it ends before byte \(offset)")
        }
        total = length
        endIsFramed = true
        stage = .ended
    }

    private func advance(_ exchange: any Exchange, _ call: Call) throws(Failure) -> Bytes? {
        guard var bytes = try exchange.read(call) else {
            try endBody()
            return nil
        }
        let count = Int64(bytes.count)
        received += count
        let (end, overflow) = position.addingReportingOverflow(count)
        if overflow || end > bodyEnd ?? .max { throw refused("is longer than it says") }
        if position < offset { bytes = try skip(bytes) }
        position = end
        if bytes.isEmpty { return nil }
        if validator == nil { checksum = client.transport.checksum(bytes, after: checksum) }
        offset = end
        isBound = true
        hasProgressed = true
        links.bytesCame()
        return bytes
    }

    /// Takes off what was given before. Where no validator vouches for it, it must be the same.
    private func skip(_ bytes: Bytes) throws(Failure) -> Bytes {
        let known = Int(clamping: min(offset - position, Int64(bytes.count)))
        guard validator == nil else { return bytes.dropFirst(known) }
        repeated = client.transport.checksum(bytes[0..<known], after: repeated)
        if position + Int64(known) == offset, repeated != checksum {
            throw changed("it begins otherwise")
        }
        return bytes.dropFirst(known)
    }

    /// The answer has ended; the file only where nothing is missing.
    private func endBody() throws(Failure) {
        let wanted = max(bodyEnd ?? 0, offset)
        if position < wanted {
            if bodyEnd == nil && endIsFramed { throw changed("it ends before byte \(offset)") }
            throw brokenOff("the answer ended at byte \(position) of \(wanted)")
        }
        if bodyEnd == nil || total == offset {
            if endIsFramed { total = offset }
            stage = .ended
        } else if hasProgressed {
            stage = .closed
        } else {
            throw brokenOff("the answer brought nothing new")
        }
    }
}

// MARK: What goes wrong

extension ResultFile {
    /// Returns where reading goes on, with the next request; throws where it cannot.
    private func recover(_ failure: Failure, _ attempts: inout Attempts?, _ call: Call)
        throws(Failure)
    {
        stage = .closed
        failure.url = failure.url ?? publicURL(route.last ?? links[part])
        hideSecrets(of: route, in: failure)
        client.log(.debug) { "GET \(failure.url ?? "") failed: \(failure.message)" }
        if failure.status == .transport && isComplete { return }
        if wasReadAhead(call), failure.status == .transport, !brokeMeanwhile {
            brokeMeanwhile = true
            return
        }
        var current = attempts ?? Attempts(client, settings, session, call)
        defer { attempts = current }
        do throws(Failure) {
            try current.recover(failure, fromService: false)
        } catch {
            throw final(error, call)
        }
    }

    /// Whether the transfer in hand may have ended while the program did something else.
    private func wasReadAhead(_ call: Call) -> Bool {
        call !== startedIn && received <= Int64(bodyLimit)
    }

    /// A file that breaks off for good is a stream that ended early, whoever cut it.
    private func final(_ failure: Failure, _ call: Call) -> Failure {
        let isOverTime = call.hasEnded(failure, now: client.transport.monotonicMS())
        let isBroken = failure.retryable || failure.status == .transport || failure.status == .protocol
        guard received > 0, isBroken, !isOverTime else { return failure }
        let cut = Failure(
            .truncated, "the result file broke off at byte \(offset): " + failure.message)
        cut.retryable = failure.status != .protocol
        cut.retryAfterMS = failure.retryAfterMS
        cut.httpStatus = failure.httpStatus
        cut.code = failure.code
        cut.requestID = failure.requestID
        cut.url = failure.url
        return failure.details.reduce(cut) { $0.detail($1.name, $1.value) }
    }

    private func changed(_ how: String) -> Failure {
        Failure(.changed, "the result file changed while it was read: " + how)
    }

    private func refused(_ what: String) -> Failure {
        Failure(.protocol, "the answer of the result host " + what)
    }

    private func brokenOff(_ how: String) -> Failure {
        let failure = Failure(.transport, how)
        failure.retryable = true
        return failure
    }
}

/// A result host's refusal. 400 and 403 are what storage hosts answer to an expired link, 404 and
/// 410 to one whose file is gone: the job itself is there.
private func refusal(_ head: Head, _ body: Bytes, wallMS: Int64) -> Failure {
    let failure = serviceFailure(head, body, from: "the result host", wallMS: wallMS)
    guard [400, 403, 404, 410].contains(head.status) else { return failure }
    let link = Failure(
        .link, "\(failure.message); open the results again to get a fresh link")
    link.httpStatus = failure.httpStatus
    link.requestID = failure.requestID
    return link
}
