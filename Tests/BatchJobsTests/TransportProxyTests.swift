import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsCurl

extension TransportTests {
    /// Proxies that refuse; one that works is the simulator's.
    @Suite struct Proxies {
        @Test func aRefusedTunnelIsAProxyFailure() throws {
            let proxy = Server { peer in
                _ = peer.request()
                peer.send("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n\r\n")
            }
            let client = try Client { $0.proxy = .url(proxy.url()) }
            let failure = client.failure {
                _ = try client.get("https://example.invalid/", [Header("X-Key", "secret")])
            }
            #expect(failure.status == .proxy)
            #expect(failure.message.contains("407"))
            let request = try #require(proxy.received.first)
            #expect(request.hasPrefix("CONNECT example.invalid:443"))
            #expect(!request.contains("secret"))
            proxy.stop()
        }

        @Test func aDeadProxyIsAProxyFailure() throws {
            let proxy = Server { _ in }
            proxy.stop()
            usleep(50_000)
            let failure = try Client { $0.proxy = .url(proxy.url()) }.failure("https://example.invalid/")
            #expect(failure.status == .proxy)
        }

        @Test func aProxyThatWantsAPasswordForPlainHTTPIsAProxyFailure() throws {
            let proxy = Server.answering("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
            let client = try Client { $0.proxy = .url(proxy.url()); $0.allowHTTP = true }
            #expect(client.failure("http://example.invalid/").status == .proxy)
            proxy.stop()
        }

        @Test func plainHTTPToThisMachineTakesNoProxy() throws {
            let proxy = Server.answering(Server.ok("from the proxy"))
            let server = Server.answering(Server.ok("direct"))
            #expect(try Client { $0.proxy = .url(proxy.url()) }.get(server.url()).body == "direct")
            #expect(proxy.accepted == 0)
            server.stop()
            proxy.stop()
        }

        @Test func theEnvironmentCountsOnlyWhenAsked() throws {
            let proxy = Server { peer in
                _ = peer.request()
                peer.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            }
            setenv("https_proxy", proxy.url(), 1)
            defer { unsetenv("https_proxy") }
            #expect(try Client().failure("https://example.invalid/").status == .dns)
            #expect(proxy.accepted == 0)
            let failure = try Client { $0.proxy = .environment }.failure("https://example.invalid/")
            #expect(failure.status == .proxy)
            #expect(proxy.accepted == 1)
            proxy.stop()
        }
    }
}
