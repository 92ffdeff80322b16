import BatchJobsJSON

/// Sends the requests of one call, and each of them again where that helps: after a wait, or with
/// a fresh token. What it counts belongs to the request in hand.
struct Attempts {
    private let client: Client
    private let settings: Settings
    private let session: any Session
    private let call: Call
    private let retry: Retry
    private var number: Int64 = 1
    private var hasRefreshed = false
    /// The number of the token that the last request carried.
    private(set) var usedToken = 0
    private var lastCost = 1
    /// When somebody began to wait for the answer.
    private var started: Int64 = 0

    init(_ client: Client, _ settings: Settings, _ session: any Session, _ call: Call) {
        self.client = client
        self.settings = settings
        self.session = session
        self.call = call
        retry = Retry(maxAttempts: settings.integer(.maxAttempts))
    }

    /// Puts a request to the service on the wire, once the client's limits let it; one that is
    /// sent `ahead` of need is refused where they do not.
    mutating func start(_ url: String, ahead: Bool = false) throws(Failure) -> any Exchange {
        try client.gate.enter(session, call, ahead: ahead)
        let credential = client.credentials.current
        usedToken = credential.generation
        do throws(Failure) {
            return CountedExchange(
                try session.start(client.request(url, credential.token, settings), call),
                client.gate)
        } catch {
            client.gate.leave()
            throw error
        }
    }

    /// The service's answer to an address. `prefetched` is a request for it that was sent before,
    /// with the token of that number; one that broke while the caller did something else costs no
    /// attempt.
    mutating func answer(_ url: String, prefetched: Prefetched? = nil) throws(Failure) -> Answer {
        begin()
        var prefetched = prefetched
        while true {
            started = client.transport.monotonicMS()
            do throws(Failure) {
                let exchange: any Exchange
                if let prefetched {
                    exchange = prefetched.exchange
                    usedToken = prefetched.token
                } else {
                    exchange = try start(url)
                }
                let answer = try read(exchange)
                succeeded(url, answer)
                return answer
            } catch {
                client.blame(error, url, settings)
                client.log(.debug) { "GET \(publicURL(url)) failed: \(error.message)" }
                let wasPrefetched = prefetched != nil
                prefetched = nil
                if wasPrefetched && error.status == .transport { continue }
                try recover(error)
            }
        }
    }

    /// The same, for an answer whose body the caller reads.
    mutating func open(_ url: String) throws(Failure) -> (exchange: any Exchange, head: Head) {
        while true {
            do throws(Failure) {
                let exchange = try start(url)
                return (exchange, try head(exchange))
            } catch {
                client.blame(error, url, settings)
                try recover(error)
            }
        }
    }

    private func head(_ exchange: any Exchange) throws(Failure) -> Head {
        let head = try exchange.head(call)
        if (200...299).contains(head.status) { return head }
        let body = try errorBody(exchange, call, client.transport)
        // One that was sent ahead may have been refused long ago: part of the wait has passed.
        let age = max(0, started - head.at)
        let failure = serviceFailure(
            head, body, from: client.name.description, wallMS: client.transport.wallMS() - age)
        if failure.retryAfterMS >= 0 {
            failure.retryAfterMS = max(0, failure.retryAfterMS - age)
        }
        throw failure
    }

    private func read(_ exchange: any Exchange) throws(Failure) -> Answer {
        let head = try head(exchange)
        let body = try wholeBody(exchange, call, settings.integer(.maxResponseBytes))
        return Answer(body: body, head: head, provider: client.name)
    }

    /// Forgets what was counted for the request before.
    mutating func begin() {
        number = 1
        lastCost = 1
    }

    /// Returns when the request may be sent again, or throws the failure of the call.
    mutating func recover(_ failure: Failure, fromService: Bool = true) throws(Failure) {
        if fromService, failure.status == .unauthenticated, try refresh(failure) { return }
        let transport = client.transport
        let now = transport.monotonicMS()
        let decision = retry.decide(
            failure, attempt: number, now: now, deadline: call.deadline,
            random: transport.random(), client.budget)
        guard case .wait(let pause) = decision else {
            if number > 1 {
                let total = number
                client.log(.warn) { "failed after \(total) attempts: \(failure.message)" }
            }
            throw failure
        }
        number += 1
        lastCost = RetryBudget.cost(failure)
        let (attempt, most) = (number, retry.maxAttempts)
        client.log(.warn) { "attempt \(attempt) of \(most) in \(pause) ms: \(failure.message)" }
        try session.pause(pause, call)
    }

    private mutating func refresh(_ failure: Failure) throws(Failure) -> Bool {
        do throws(Failure) {
            guard try client.credentials.refresh(refused: usedToken, &hasRefreshed) else {
                return false
            }
        } catch {
            error.httpStatus = failure.httpStatus
            error.requestID = failure.requestID
            error.url = failure.url
            throw error
        }
        client.log(.info) { "the token was refused and has been refreshed" }
        try call.check(now: client.transport.monotonicMS())
        return true
    }

    /// Gives back what a success repays.
    func repay() { client.budget.deposit(lastCost) }

    private func succeeded(_ url: String, _ answer: Answer) {
        repay()
        client.log(.debug) {
            let elapsed = client.transport.monotonicMS() - started
            return
                "GET \(publicURL(url)) \(answer.head.status), \(answer.body.count) bytes in \(elapsed) ms"
        }
    }
}

/// A request that is on the wire before anybody waits for it.
struct Prefetched {
    let state: String?
    let exchange: any Exchange
    /// The number of the token it carries.
    let token: Int
    /// Of one for a job: its place among those that are waited for.
    var index = 0
}
