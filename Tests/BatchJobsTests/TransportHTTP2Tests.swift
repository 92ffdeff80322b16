import BatchJobsJSON
import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsCurl

/// `nghttpd` with a certificate and files of its own.
private final class HTTP2Server {
    static let fileSize = 20 << 20
    let port: UInt16
    private let scheme: String
    private let folder: URL
    private var process: pid_t = 0

    init?(encrypted: Bool = true) {
        scheme = encrypted ? "https" : "http"
        // The program cannot choose a free port; this one was free a moment ago.
        let probe = Server { _ in }
        port = probe.port
        probe.stop()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let block = (0..<(1 << 16)).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        var big = Data(capacity: Self.fileSize)
        while big.count < Self.fileSize { big.append(contentsOf: block) }
        try? big.write(to: folder.appendingPathComponent("big"))
        try? Data("small".utf8).write(to: folder.appendingPathComponent("small"))
        usleep(50_000)
        guard makeCertificate(in: folder, name: "IP:127.0.0.1") else { return nil }
        let words = ["nghttpd", "-a", "127.0.0.1", "-d", folder.path]
            + (encrypted ? ["\(port)", folder.path + "/key", certificate] : ["--no-tls", "\(port)"])
        let arguments = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        guard posix_spawnp(&process, "nghttpd", nil, nil, arguments, environ) == 0 else { return nil }
        usleep(300_000)
    }

    deinit {
        if process > 0 {
            // Threads of Dispatch block every other signal, and the child takes that over.
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    func url(_ path: String) -> String { "\(scheme)://127.0.0.1:\(port)\(path)" }
    var certificate: String { folder.appendingPathComponent("cert").path }

    static var isAvailable: Bool { system("command -v nghttpd openssl >/dev/null") == 0 }
}

extension TransportTests {
    @Suite(.enabled(if: HTTP2Server.isAvailable)) struct HTTP2 {
        private func count(_ exchange: any Exchange, _ client: Client, pauses: Bool) throws -> Int {
            var count = 0
            while let bytes = try exchange.read(client.call()) {
                let first = UInt8(truncatingIfNeeded: (count & 0xFFFF) ^ (count & 0xFFFF) >> 8)
                #expect(bytes[0] == first)
                count += bytes.count
                if pauses { usleep(500) }
            }
            return count
        }

        @Test func bodiesSideBySideOnOneConnectionStayWhole() throws {
            let server = try #require(HTTP2Server())
            let client = try Client { $0.caFile = server.certificate }
            let session = try client.transport.session()
            let small = try client.get(server.url("/small"), on: session)
            #expect(small.body == "small" && small.head.framesBodies)
            let exchanges = try (0..<3).map { _ in try client.start(server.url("/big"), on: session) }
            for exchange in exchanges.reversed() {
                #expect(try exchange.head(client.call()).status == 200)
                #expect(try count(exchange, client, pauses: true) == HTTP2Server.fileSize)
            }
            #expect(try client.get(server.url("/small"), on: session).body == "small")
        }

        @Test func aStreamLetGoOfLeavesTheOthersAlone() throws {
            let server = try #require(HTTP2Server())
            let client = try Client { $0.caFile = server.certificate }
            let session = try client.transport.session()
            for _ in 0..<3 {
                var dropped: (any Exchange)? = try client.start(server.url("/big"), on: session)
                let kept = try client.start(server.url("/big"), on: session)
                #expect(try dropped?.read(client.call()) != nil)
                dropped = nil
                #expect(try count(kept, client, pauses: false) == HTTP2Server.fileSize)
            }
            #expect(try client.get(server.url("/none"), on: session).head.status == 404)
        }

        @Test func plainHTTP2OnlyWhereAskedFor() throws {
            let server = try #require(HTTP2Server(encrypted: false))
            let client = try Client { $0.httpVersion = .http2 }
            let session = try client.transport.session()
            for _ in 0..<3 {
                #expect(try client.get(server.url("/small"), on: session).body == "small")
            }
            #expect(try Client().failure(server.url("/small")).status == .protocol)
        }
    }
}
