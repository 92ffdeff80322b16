import BatchJobs
import BatchJobsJSON
import CCurl
import CPlatform

/// One transfer. It moves when its own `head` or `read` runs, or those of its neighbours in the
/// session; only its own count as waiting.
final class CurlExchange: Exchange {
    private enum End {
        case whole
        case broken(Failure)
    }

    /// How long a call goes on before it looks up.
    static let lookUpMS: Int64 = 100

    private let session: CurlSession
    private let request: Request
    private let target: Target

    private var easy: EasyHandle?
    private var end: End?
    private var answer = AnswerHead()
    private var body = Buffer()
    private var handedOut: Buffer?
    private var isPaused = false

    /// Milliseconds spent waiting inside calls: for the connection, and since the last byte.
    private var connectingMS: Int64 = 0
    private var quietMS: Int64 = 0
    private var isConnected = false
    /// Something of the answer has come.
    private var hasBegun = false

    static func make(_ request: Request, _ session: CurlSession) throws(Failure) -> CurlExchange {
        let allowHTTP = session.pool.settings.allowHTTP
        let target = try session.multi.target(of: request.url, allowHTTP: allowHTTP)
        return CurlExchange(request, target, session)
    }

    private init(_ request: Request, _ target: Target, _ session: CurlSession) {
        self.session = session
        self.request = request
        self.target = target
    }

    deinit {
        release(clean: false)
    }
}

// MARK: Starting and ending

extension CurlExchange {
    /// Puts the transfer into the session's multi handle.
    func begin() throws(Failure) {
        let settings = session.pool.settings
        let easy = try session.multi.takeEasy(settings, isEncrypted: target.isEncrypted)
        self.easy = easy
        try easy.prepare(request, settings)
        unsafe easy.carried = Unmanaged.passUnretained(self)
        try session.add(easy)
    }

    /// libcurl is done with the transfer.
    func ended(_ code: CURLcode) {
        guard let easy else { return }
        if code == CURLE_OPERATION_TIMEDOUT, !isConnected, mayConnectAgain(easy) { return }
        if end == nil {
            end = code == CURLE_OK ? .whole : .broken(failure(code, easy))
        }
        release(clean: code == CURLE_OK)
    }

    /// libcurl's own connect limit also runs while the caller does something else between two
    /// calls. Such a connection gets the rest of the time that is due to it.
    private func mayConnectAgain(_ easy: EasyHandle) -> Bool {
        let left = session.pool.settings.connectTimeoutMS - connectingMS
        return left > Self.lookUpMS && session.restart(easy)
    }

    /// Gives the easy handle back. It forgets this exchange first: from `deinit` on, no callback
    /// may find its way here.
    private func release(clean: Bool) {
        guard let easy else { return }
        self.easy = nil
        unsafe easy.carried = nil
        if session.pool.isHome { session.multi.giveBack(easy, clean: clean) }
    }

    /// Ends the transfer from our side, unless it has ended otherwise.
    private func stop(_ failure: Failure) {
        if end == nil { end = .broken(failure) }
    }
}

// MARK: What libcurl hands over

extension CurlExchange {
    func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let easy else { return false }
        noteProgress()
        switch unsafe answer.add(line, status: { easy.status }) {
        case .taken: return true
        case .tooLong: stop(headersTooLong())
        case .noMemory: stop(.noMemory)
        }
        return false
    }

    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        noteProgress()
        if answer.complete == nil {
            stop(describe(Failure(.protocol, "\(target.host): the answer has a body and no status")))
            return 0
        }
        if body.count > 0, body.count + bytes.count > request.bodyLimit {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        if unsafe body.append(bytes) { return bytes.count }
        stop(.noMemory)
        return 0
    }

    private func noteProgress() {
        isConnected = true
        hasBegun = true
        quietMS = 0
    }
}

// MARK: Waiting

extension CurlExchange {
    func head(_ call: Call) throws(Failure) -> Head {
        try drive(call) { $0.answer.complete != nil }
        guard let head = answer.complete else { throw failureAtEnd() }
        if head.status == 407, mayUseProxy {
            throw describe(Failure(.proxy, "\(target.host): the proxy wants another name or password"))
        }
        return head
    }

    func read(_ call: Call) throws(Failure) -> Bytes? {
        if body.count == 0, isPaused, let easy {
            isPaused = false
            session.resume(easy)
        }
        try drive(call) { $0.body.count > 0 }
        if body.count > 0 { return takeOut() }
        if case .whole = end { return nil }
        throw failureAtEnd()
    }

    /// Moves the session on until there is something to answer, or the transfer has ended.
    private func drive(_ call: Call, until ready: (CurlExchange) -> Bool) throws(Failure) {
        try session.pool.checkProcess()
        var now = bjp_monotonic_ms()
        count(0)
        while true {
            try call.check(now: now)
            if ready(self) || end != nil { return }
            try session.perform()
            if ready(self) || end != nil { return }
            let left = try timeLeft()
            try session.wait(atMostMS: min(Self.lookUpMS, left, call.deadline - now), call)
            let before = now
            now = bjp_monotonic_ms()
            count(now - before)
        }
    }

    /// Charges waited time to the limit it belongs to.
    private func count(_ elapsed: Int64) {
        if !isConnected, let easy { isConnected = easy.isConnected }
        if isConnected { quietMS += elapsed } else { connectingMS += elapsed }
    }

    /// Until the next of our own limits; past it the transfer has failed for good.
    private func timeLeft() throws(Failure) -> Int64 {
        let settings = session.pool.settings
        let limit =
            !isConnected
            ? settings.connectTimeoutMS
            : hasBegun ? settings.stallTimeoutMS : settings.firstByteTimeoutMS
        let left = limit - (isConnected ? quietMS : connectingMS)
        if left > 0 { return left }
        let failure = describe(
            !isConnected ? connectTimedOut() : hasBegun ? stalled() : noFirstByte())
        stop(failure)
        release(clean: false)
        throw failure
    }

    /// The bytes that have come, in a buffer that is the caller's from now on. Once the caller has
    /// let go of the one before, that one takes its place.
    private func takeOut() -> Bytes {
        let full = body
        if handedOut != nil, isKnownUniquelyReferenced(&handedOut), let empty = handedOut {
            empty.truncate(to: 0)
            body = empty
        } else {
            body = Buffer()
        }
        handedOut = full
        return full.bytes
    }
}

// MARK: Failures

extension CurlExchange {
    private func failureAtEnd() -> Failure {
        if case .broken(let failure) = end { return failure }
        // For libcurl an answer that ends amid its headers is complete.
        let failure = Failure(.transport, "\(target.host): the connection ended before the headers did")
        failure.retryable = true
        return describe(failure)
    }

    private func describe(_ failure: Failure) -> Failure {
        failure.url = request.publicURL
        return failure
    }

    private func stalled() -> Failure {
        let limit = session.pool.settings.stallTimeoutMS
        let failure = Failure(
            .timeout, "\(target.host): no byte came for stall_timeout_ms (\(limit))")
        failure.retryable = true
        return failure.detail("option", "stall_timeout_ms")
    }

    private func noFirstByte() -> Failure {
        let limit = session.pool.settings.firstByteTimeoutMS
        let failure = Failure(
            .timeout, "\(target.host): no answer began within first_byte_timeout_ms (\(limit))")
        failure.retryable = true
        return failure.detail("option", "first_byte_timeout_ms")
    }

    private func connectTimedOut() -> Failure {
        let limit = session.pool.settings.connectTimeoutMS
        let failure = Failure(
            .timeout, "\(target.host): no connection within connect_timeout_ms (\(limit))")
        failure.retryable = true
        return failure.detail("option", "connect_timeout_ms")
    }

    private func headersTooLong() -> Failure {
        describe(
            Failure(.limit, "\(target.host): the headers of the answer exceed \(AnswerHead.limit) bytes"))
    }

    private func failure(_ code: CURLcode, _ easy: EasyHandle) -> Failure {
        if code == CURLE_OPERATION_TIMEDOUT { return describe(connectTimedOut()) }
        if isHeaderLineTooLong(code) { return headersTooLong() }
        let route = Route(
            host: target.host, usesProxy: hasProxyAddress, proxyStatus: easy.proxyStatus)
        return describe(CurlFailure.make(code, libcurlsWords: easy.words, route))
    }

    private var mayUseProxy: Bool {
        if case .none = session.pool.settings.proxy { return false }
        return target.isEncrypted || session.pool.settings.allowHTTP
    }

    private var hasProxyAddress: Bool {
        if case .url = session.pool.settings.proxy { return mayUseProxy }
        return false
    }

    /// libcurl says "out of memory" too when a single header line outgrows its own limit of 100
    /// KiB. Where memory of that size can be had, it was the line.
    private func isHeaderLineTooLong(_ code: CURLcode) -> Bool {
        code == CURLE_OUT_OF_MEMORY && isConnected && answer.complete == nil
            && Buffer().reserve(2 * AnswerHead.limit)
    }
}
