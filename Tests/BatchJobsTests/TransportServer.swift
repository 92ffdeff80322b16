import Foundation

/// A server over real sockets that says exactly what a test wants, one thread for each connection.
final class Server: @unchecked Sendable {
    let port: UInt16
    private let listener: Int32
    private let lock = NSLock()
    private var connections = 0
    private var requests: [String] = []

    /// Runs `script` for each connection, which is closed when it returns.
    init(_ script: @escaping @Sendable (Peer) -> Void) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, $0, &size) == 0
            }
        }
        precondition(bound)
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in acceptAll(script) }
    }

    /// Ends the accepting; connections end with their scripts.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    var accepted: Int { lock.withLock { connections } }
    var received: [String] { lock.withLock { requests } }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    private func acceptAll(_ script: @escaping @Sendable (Peer) -> Void) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            let number = lock.withLock {
                connections += 1
                return connections
            }
            Thread.detachNewThread { [self] in
                let peer = Peer(descriptor, number) { [self] request in
                    lock.withLock { requests.append(request) }
                }
                script(peer)
                close(descriptor)
            }
        }
        close(listener)
    }

    /// Answers every request on every connection alike.
    static func answering(_ answer: String) -> Server {
        Server { peer in
            while peer.request() != nil, peer.send(answer) {}
        }
    }

    static func ok(_ body: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// One connection, from the server's side.
final class Peer: @unchecked Sendable {
    let number: Int
    private let descriptor: Int32
    private let note: (String) -> Void
    private let lock = NSLock()
    private var total = 0

    init(_ descriptor: Int32, _ number: Int, _ note: @escaping (String) -> Void) {
        self.descriptor = descriptor
        self.number = number
        self.note = note
    }

    var sent: Int { lock.withLock { total } }

    /// The next request with its headers, or nil when the client has closed.
    func request() -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) == 1 {
            bytes.append(byte)
            if bytes.suffix(4) == [13, 10, 13, 10] {
                let text = String(decoding: bytes, as: UTF8.self)
                note(text)
                return text
            }
        }
        return nil
    }

    @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, min($0.count, 65536), Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            lock.withLock { total += count }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Waits until the client closes, at most ten seconds.
    func holdOpen() {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&wait, 1, 10_000)
    }

    func pause(_ milliseconds: UInt32) { usleep(milliseconds * 1000) }

    func limitSendBuffer(_ bytes: Int32) {
        var bytes = bytes
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Makes the close a reset.
    func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
}
