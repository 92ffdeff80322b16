import Testing

@testable import BatchJobs
@testable import BatchJobsCurl

extension TransportTests {
    @Suite struct Addresses {
        private func check(_ address: String, allowHTTP: Bool = false) -> Failure? {
            do {
                var settings = TransportSettings()
                settings.allowHTTP = allowHTTP
                try CurlTransport.make(settings).check(address: address)
                return nil
            } catch {
                return error
            }
        }

        @Test(arguments: [
            "https://api.example.com", "https://api.example.com/v1/", "HTTPS://api.example.com:8443/a",
            "https://[2001:db8::1]/", "http://127.0.0.1:8080", "http://127.1.2.3/", "http://localhost/a",
            "http://LOCALHOST", "http://[::1]:80/",
        ])
        func goodAddresses(_ address: String) {
            #expect(check(address)?.message == nil)
        }

        @Test(arguments: [
            "", "api.example.com", "/v1", "https://", "https:///v1", "https:/example.com", "https:example.com", "https://a\\@example.com",
            "https://example.com\\@a", "ftp://example.com", "file:///etc/passwd",
            "https://user@example.com", "https://user:secret@example.com", "https://:secret@example.com",
            "https://@example.com", "https://example.com/?secret=1", "https://example.com/#secret",
            "https://example.com/?", "https://exa mple.com", "https://example.com/\r\nX: y",
            "http://example.com", "http://127.0.0.1.example.com/", "http://127.evil.com/",
            "http://localhost.example.com/", "http://[::2]/", "http://128.0.0.1/", "http://0.0.0.0/",
        ])
        func badAddressesAreArgumentFailures(_ address: String) throws {
            let failure = try #require(check(address))
            #expect(failure.status == .argument)
            #expect(failure.message.contains("https") || failure.message.contains("may not"))
            #expect(!failure.message.contains("secret"))
        }

        @Test func plainHTTPNeedsLeave() {
            #expect(check("http://example.com", allowHTTP: true) == nil)
            #expect(check("http://user@example.com", allowHTTP: true)?.status == .argument)
            #expect(check("ftp://example.com", allowHTTP: true)?.status == .argument)
        }

        @Test(arguments: [
            "http://example.com/results", "https://user:secret@example.com/", "ftp://example.com/", "nonsense",
        ])
        func linksAreCheckedBeforeAnythingIsSent(_ link: String) throws {
            let client = try Client()
            let failure = client.failure { _ = try client.start(link) }
            #expect(failure.status == .link)
            #expect(!failure.message.contains("secret"))
            #expect(failure.url?.contains("secret") != true)
        }

        @Test(arguments: ["nonsense", "http://", "ftp://proxy", "http://a b/"])
        func unusableProxiesAreRefused(_ proxy: String) {
            #expect(throws: Failure.self) { try Client { $0.proxy = .url(proxy) } }
        }
    }
}
