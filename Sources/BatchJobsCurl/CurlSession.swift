import BatchJobs
import CCurl
import CPlatform

/// A borrowed multi handle: its transfers move only while a call of one of them runs.
final class CurlSession: Session {
    let pool: SessionPool
    let multi: MultiHandle
    private var broken = false
    /// Nothing can move before something comes or a time has passed.
    private var isSettled = false

    /// The handle goes back to the pool with the session.
    init(_ pool: SessionPool, _ multi: MultiHandle) {
        self.pool = pool
        self.multi = multi
    }

    /// Every exchange holds its session, so none is left in the multi handle here.
    deinit {
        guard pool.isHome else { return }
        pool.giveBack(multi, broken: broken)
    }

    func start(_ request: Request, _ call: Call) throws(Failure) -> any Exchange {
        try pool.checkProcess()
        try call.check(now: bjp_monotonic_ms())
        let exchange = try CurlExchange.make(request, self)
        try exchange.begin()
        try perform()
        return exchange
    }

    func add(_ easy: EasyHandle) throws(Failure) {
        isSettled = false
        try check(multi.add(easy))
    }

    /// Begins a transfer anew; it was in the multi handle before.
    func restart(_ easy: EasyHandle) -> Bool {
        isSettled = false
        multi.remove(easy)
        return multi.add(easy) == CURLM_OK
    }

    /// Lets a transfer go on that was paused.
    func resume(_ easy: EasyHandle) {
        isSettled = false
        easy.resume()
    }

    /// Moves all transfers on as far as they go without waiting, and tells those that ended.
    func perform() throws(Failure) {
        if isSettled { return }
        isSettled = true
        let code = multi.holdingSigpipe {
            let code = multi.perform()
            while code == CURLM_OK, let ended = multi.nextEnded() {
                ended.easy?.exchange?.ended(ended.code)
            }
            return code
        }
        try check(code)
    }

    func wait(atMostMS limit: Int64, _ call: Call) throws(Failure) {
        isSettled = false
        try check(multi.wait(call.cancel?.descriptor ?? -1, atMostMS: limit))
    }

    func check(_ call: Call) throws(Failure) {
        try pool.checkProcess()
        try call.check(now: bjp_monotonic_ms())
    }

    func pause(_ milliseconds: Int64, _ call: Call) throws(Failure) {
        try pool.checkProcess()
        let (end, overflow) = bjp_monotonic_ms().addingReportingOverflow(milliseconds)
        while true {
            let now = bjp_monotonic_ms()
            try call.check(now: now)
            if !overflow && now >= end { return }
            try perform()
            let left = min(overflow ? .max : end - now, call.deadline - now)
            try wait(atMostMS: min(CurlExchange.lookUpMS, left), call)
        }
    }

    private func check(_ code: CURLMcode) throws(Failure) {
        if code == CURLM_OK { return }
        broken = true
        if code == CURLM_OUT_OF_MEMORY { throw .noMemory }
        let failure = Failure(
            .transport, "libcurl: \(unsafe String(cString: curl_multi_strerror(code)))")
        failure.retryable = true
        throw failure
    }
}
