import BatchJobs
import BatchJobsJSON
import CCurl

/// Carries one request after another in libcurl's hands. What is the same for all of them is set
/// once, and libcurl keeps a pointer to this object; whoever holds it last destroys it.
@safe final class EasyHandle {
    /// For requests over TLS; their options differ.
    let isEncrypted: Bool
    /// Whose transfer it carries. Between two of them, what libcurl hands over is nobody's.
    var carried: Unmanaged<CurlExchange>?
    fileprivate let pointer: UnsafeMutableRawPointer
    private let errorText: Buffer
    private var headers: HeaderList?

    static func make(_ settings: TransportSettings, isEncrypted: Bool) throws(Failure) -> EasyHandle {
        let errorText = Buffer()
        let length = Int(CURL_ERROR_SIZE)
        let fits = unsafe errorText.fill(length) { room in
            unsafe room.initializeMemory(as: UInt8.self, repeating: 0)
            return length
        }
        guard fits, let pointer = unsafe curl_easy_init() else { throw .noMemory }
        let easy = unsafe EasyHandle(pointer, errorText, isEncrypted)
        do throws(Failure) {
            try easy.setWhatStays(settings)
        } catch {
            easy.destroy()
            throw error
        }
        return easy
    }

    private init(_ pointer: UnsafeMutableRawPointer, _ errorText: Buffer, _ isEncrypted: Bool) {
        unsafe self.pointer = pointer
        self.errorText = errorText
        self.isEncrypted = isEncrypted
        unsafe carried = nil
    }

    private func setWhatStays(_ settings: TransportSettings) throws(Failure) {
        var options = EasyOptions(self)
        // Without this libcurl switches the whole program's SIGPIPE handler off and on again, even
        // to destroy a handle that was never used.
        options.set(CURLOPT_NOSIGNAL, 1)
        options.keepOnShortLead(settings)
        options.verifyServer(settings)
        options.chooseRoute(settings)
        options.chooseVersion(settings)
        unsafe options.note(bjc_set_receiver(pointer, CURLOPT_HEADERFUNCTION, receiveHeader))
        unsafe options.note(bjc_set_receiver(pointer, CURLOPT_WRITEFUNCTION, receiveBody))
        let words = unsafe UnsafeMutableRawPointer(mutating: errorText.bytes.pointer)
        unsafe options.note(bjc_set_pointer(pointer, CURLOPT_ERRORBUFFER, words))
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA] {
            unsafe options.note(bjc_set_pointer(pointer, option, this))
        }
        try options.check()
    }

    /// Sets what belongs to one request. The headers of the one before stay where they are the
    /// same, and none of them stays where any differs.
    func prepare(_ request: Request, _ settings: TransportSettings) throws(Failure) {
        var options = EasyOptions(self)
        if headers?.carries(request.headers) != true {
            let list = try HeaderList(request.headers, settings)
            unsafe options.note(bjc_set_list(pointer, CURLOPT_HTTPHEADER, list.first))
            headers = list
        }
        options.set(CURLOPT_URL, request.url)
        try options.check()
    }

    func destroy() {
        withoutSigpipe { unsafe curl_easy_cleanup(pointer) }
    }

    static func behind(_ payload: UnsafeMutableRawPointer?) -> EasyHandle? {
        guard let payload = unsafe payload else { return nil }
        return unsafe Unmanaged<EasyHandle>.fromOpaque(payload).takeUnretainedValue()
    }

    var exchange: CurlExchange? { unsafe carried?.takeUnretainedValue() }

    /// What libcurl wrote about the transfer, in one line; nil when it wrote nothing.
    var words: String? {
        let all = errorText.bytes
        let words = all[0..<(all.firstIndex(of: 0) ?? 0)]
        guard !words.isEmpty else { return nil }
        return words.text.flatMap { isOneLine($0) ? $0 : nil }
    }

    /// Lets a transfer that the write callback paused go on; this may call the callback.
    func resume() { _ = withoutSigpipe { unsafe curl_easy_pause(pointer, CURLPAUSE_CONT) } }

    /// The status of the last header block; 0 before the first.
    var status: Int { unsafe bjc_response_code(pointer) }

    /// What a proxy answered to CONNECT; 0 when none was asked.
    var proxyStatus: Int { unsafe bjc_proxy_code(pointer) }

    /// Whether the connection stands, TLS included, and the request is on its way.
    var isConnected: Bool { unsafe bjc_is_connected(pointer) != 0 }

    func set(_ option: CURLoption, _ value: Int) -> CURLcode {
        unsafe bjc_set_long(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: String?) -> CURLcode {
        unsafe bjc_set_text(pointer, option, value)
    }

    func setProtocols() -> CURLcode { unsafe bjc_set_protocols(pointer) }

    func setQuickExit() { unsafe bjc_set_quick_exit(pointer) }
}

private let receiveHeader: bjc_receive_fn = { data, size, count, payload in
    guard let data = unsafe data, let exchange = unsafe EasyHandle.behind(payload)?.exchange
    else { return 0 }
    let line = unsafe UnsafeRawBufferPointer(start: data, count: size &* count)
    return unsafe exchange.takeHeader(line) ? line.count : 0
}

private let receiveBody: bjc_receive_fn = { data, size, count, payload in
    guard let data = unsafe data, let exchange = unsafe EasyHandle.behind(payload)?.exchange
    else { return 0 }
    return unsafe exchange.takeBody(UnsafeRawBufferPointer(start: data, count: size &* count))
}

/// Requests that share connections, in libcurl's hands, and what is kept for those to come.
/// Whoever borrows it uses it alone, but for `wakeUp`.
@safe final class MultiHandle {
    private static let spareLimit = 4

    private let pointer: UnsafeMutableRawPointer
    private var spare: [EasyHandle] = []
    private var lastOrigin: Origin?
    private var mayWriteTLS = false
    private var holdsSigpipe = false

    static func make() throws(Failure) -> MultiHandle {
        guard let pointer = unsafe curl_multi_init() else { throw .noMemory }
        return unsafe MultiHandle(pointer)
    }

    private init(_ pointer: UnsafeMutableRawPointer) {
        unsafe self.pointer = pointer
    }

    func destroy() {
        for easy in spare { easy.destroy() }
        spare = []
        _ = holdingSigpipe { unsafe curl_multi_cleanup(pointer) }
    }

    /// Runs what may write to a socket. libcurl's own writes never raise SIGPIPE, but those of a
    /// TLS library may; where none is in use, the system need not be asked.
    func holdingSigpipe<Result>(_ body: () -> Result) -> Result {
        if !mayWriteTLS || holdsSigpipe { return body() }
        holdsSigpipe = true
        defer { holdsSigpipe = false }
        return withoutSigpipe(body)
    }

    /// Where a request goes, checked. Asking libcurl costs, so the place asked last is known.
    func target(of url: String, allowHTTP: Bool) throws(Failure) -> Target {
        if let lastOrigin, lastOrigin.covers(url) { return lastOrigin.target }
        let origin = try Origin(url, allowHTTP: allowHTTP)
        lastOrigin = origin
        return origin.target
    }

    /// An easy handle, a used one where there is one.
    func takeEasy(_ settings: TransportSettings, isEncrypted: Bool) throws(Failure) -> EasyHandle {
        if isEncrypted { mayWriteTLS = true }
        if case .none = settings.proxy {} else { mayWriteTLS = true }
        if let index = spare.lastIndex(where: { $0.isEncrypted == isEncrypted }) {
            return spare.remove(at: index)
        }
        return try EasyHandle.make(settings, isEncrypted: isEncrypted)
    }

    /// Takes an easy handle back. Only one whose transfer ended well is used again: what a broken
    /// handshake left behind must not meet the next request.
    func giveBack(_ easy: EasyHandle, clean: Bool) {
        remove(easy)
        if !clean { return easy.destroy() }
        if spare.count == Self.spareLimit { spare.removeFirst().destroy() }
        spare.append(easy)
    }

    func add(_ easy: EasyHandle) -> CURLMcode { unsafe curl_multi_add_handle(pointer, easy.pointer) }

    func remove(_ easy: EasyHandle) {
        _ = holdingSigpipe { unsafe curl_multi_remove_handle(pointer, easy.pointer) }
    }

    func perform() -> CURLMcode {
        var running: Int32 = 0
        return holdingSigpipe { unsafe curl_multi_perform(pointer, &running) }
    }

    /// A transfer that has ended since the last time, and how.
    func nextEnded() -> (easy: EasyHandle?, code: CURLcode)? {
        var code = CURLE_OK
        guard let easy = unsafe bjc_next_ended(pointer, &code) else { return nil }
        return (unsafe EasyHandle.behind(bjc_private(easy)), code)
    }

    /// Until a transfer can go on, `wakeUp`, or the extra descriptor (-1: none) is readable.
    func wait(_ descriptor: Int32, atMostMS limit: Int64) -> CURLMcode {
        unsafe bjc_wait(pointer, descriptor, Int32(clamping: max(limit, 0)))
    }

    /// The only one that another thread may call.
    func wakeUp() { unsafe curl_multi_wakeup(pointer) }
}
