import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsCurl

/// Writes `key` and `cert` for a name in OpenSSL's form.
func makeCertificate(in folder: URL, name: String) -> Bool {
    system(
        """
        cd '\(folder.path)' && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert \
        -days 2 -subj /CN=test -addext 'subjectAltName=\(name)' 2>/dev/null
        """) == 0
}

/// `openssl s_server` with a certificate of its own, for a counted number of connections.
private final class TLSServer {
    private(set) var port = 0
    private let folder: URL
    private let pipe: UnsafeMutablePointer<FILE>

    init?(name: String, connections: Int) {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard makeCertificate(in: folder, name: name) else { return nil }
        let command = """
            cd '\(folder.path)' && exec timeout -s KILL 20 openssl s_server -accept 127.0.0.1:0 -naccept \(connections) -www \
            -cert cert -key key 2>/dev/null
            """
        guard let pipe = popen(command, "r") else { return nil }
        self.pipe = pipe
        var line = [CChar](repeating: 0, count: 200)
        while fgets(&line, 200, pipe) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            guard text.hasPrefix("ACCEPT"), let colon = text.lastIndex(of: ":") else { continue }
            port = Int(text[text.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
            return
        }
    }

    deinit {
        pclose(pipe)
        try? FileManager.default.removeItem(at: folder)
    }

    var url: String { "https://127.0.0.1:\(port)/" }
    var certificate: String { folder.appendingPathComponent("cert").path }

    static var isAvailable: Bool { system("command -v openssl >/dev/null") == 0 }
}

extension TransportTests {
    @Suite(.enabled(if: TLSServer.isAvailable)) struct TLS {
        @Test func aCertificateIsTrustedWhereTheCallerSaysSo() throws {
            let server = try #require(TLSServer(name: "IP:127.0.0.1", connections: 2))
            let client = try Client { $0.caFile = server.certificate }
            let answer = try client.get(server.url)
            #expect(answer.head.status == 200)
            #expect(answer.body.contains("TLSv1.3"))
            #expect(try Client { $0.caFile = server.certificate; $0.httpVersion = .http1 }
                .get(server.url).head.status == 200)
        }

        @Test func anUnknownCertificateIsRefusedAndPoisonsNothing() throws {
            let server = try #require(TLSServer(name: "IP:127.0.0.1", connections: 1))
            let plain = Server.answering(Server.ok("x"))
            let client = try Client()
            let session = try client.transport.session()
            let failure = client.failure { _ = try client.get(server.url + "?secret=1", on: session) }
            #expect(failure.status == .tls)
            #expect(!failure.retryable)
            #expect(failure.message.contains("certificate"))
            #expect(!failure.message.contains("secret"))
            #expect(try client.get(plain.url(), on: session).body == "x")
            plain.stop()
        }

        @Test func aCertificateForAnotherHostIsRefused() throws {
            let server = try #require(TLSServer(name: "DNS:other.example", connections: 1))
            let failure = try Client { $0.caFile = server.certificate }.failure(server.url)
            #expect(failure.status == .tls)
            #expect(!failure.retryable)
        }

        @Test func theCallersPauseDoesNotUseUpTheConnectLimit() throws {
            let server = try #require(TLSServer(name: "IP:127.0.0.1", connections: 2))
            let client = try Client {
                $0.caFile = server.certificate
                $0.connectTimeoutMS = 500
            }
            let exchange = try client.start(server.url)
            usleep(900_000)
            #expect(try exchange.head(client.call()).status == 200)
            #expect(try client.rest(of: exchange).contains("TLSv1.3"))
        }

        @Test func aCertificateFileMustBeReadable() throws {
            var settings = TransportSettings()
            settings.caFile = "/nowhere/at-all.pem"
            let failure = #expect(throws: Failure.self) { try CurlTransport.make(settings) }
            #expect(failure?.status == .argument)
            #expect(failure?.details.first?.value == "ca_file")
        }

        @Test func aHandshakeCutShortIsATLSFailure() throws {
            let server = Server { $0.pause(50) }
            let failure = try Client().failure("https://127.0.0.1:\(server.port)/")
            #expect(failure.status == .tls)
            #expect(server.accepted == 1)
            server.stop()
        }
    }
}
