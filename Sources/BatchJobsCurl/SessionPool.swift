import BatchJobs
import CCurl
import CPlatform

/// The curl multi handles of one client, each with its open connections.
///
/// A session borrows one. Those in use are listed so that `wake` reaches them; the lock makes sure
/// that none is destroyed while it is woken. Sessions keep the pool alive, not the transport.
final class SessionPool: @unchecked Sendable {
    /// More would only hold sockets that hardly anybody comes back for.
    private static let idleLimit = 8

    let settings: TransportSettings
    private let lock: Lock
    private let process = bjp_process()
    private var idle: [MultiHandle] = []
    private var used: [MultiHandle] = []

    init(_ settings: TransportSettings, _ lock: Lock) {
        self.settings = settings
        self.lock = lock
    }

    deinit {
        guard isHome else { return }
        for multi in idle { multi.destroy() }
    }

    /// False in a forked child: there the sockets are the parent's, and nothing may touch them,
    /// not even to close them, because TLS would say goodbye in the parent's name.
    var isHome: Bool { bjp_process() == process }

    func checkProcess() throws(Failure) {
        if !isHome {
            throw Failure(.state, "the client was made before fork(); make one in this process")
        }
    }

    /// The handle given back last, whose connections are the most likely to be alive.
    func borrow() throws(Failure) -> MultiHandle {
        try checkProcess()
        guard bjc_global_init() == CURLE_OK else {
            throw Failure(.noMemory, "libcurl could not be initialised")
        }
        let kept = lock.locked { () -> MultiHandle? in
            let multi = idle.popLast()
            if let multi { used.append(multi) }
            return multi
        }
        if let kept { return kept }
        let multi = try MultiHandle.make()
        lock.locked { used.append(multi) }
        return multi
    }

    func giveBack(_ multi: MultiHandle, broken: Bool) {
        let kept = lock.locked { () -> Bool in
            if let index = used.firstIndex(where: { $0 === multi }) { used.remove(at: index) }
            if broken || idle.count >= Self.idleLimit { return false }
            idle.append(multi)
            return true
        }
        if !kept { multi.destroy() }
    }

    /// What a client's threads share besides its connections is under the same lock.
    func locked(_ body: () -> Void) { lock.locked(body) }

    func wake() {
        guard isHome else { return }
        lock.locked {
            for multi in used { multi.wakeUp() }
        }
    }
}
