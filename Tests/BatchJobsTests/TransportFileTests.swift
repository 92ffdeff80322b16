import BatchJobsJSON
import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsCurl

extension TransportTests {
    /// What result files need of the transport, over real sockets.
    @Suite struct Files {
        /// XZ's CRC-64, in one piece and in any two.
        @Test func checksums() throws {
            let transport = try Client().transport
            #expect(transport.checksum(bytes("123456789"), after: 0) == 0x995D_C9BB_DF19_39FA)
            #expect(transport.checksum(.empty, after: 0) == 0 && transport.checksum(.empty, after: 7) == 7)
            var dice = Dice(5)
            let data = (0..<5000).map { _ in UInt8(dice.below(256)) }
            let whole = transport.checksum(bytes(data), after: 0)
            #expect(whole == Script().checksum(bytes(data), after: 0))
            for _ in 0..<50 {
                let cut = dice.below(data.count + 1)
                let first = transport.checksum(bytes(Array(data[..<cut])), after: 0)
                #expect(transport.checksum(bytes(Array(data[cut...])), after: first) == whole)
            }
        }

        /// A request that may buffer more takes more before it pauses.
        @Test(arguments: [64 << 10, 4 << 20]) func theLimitOfABody(_ limit: Int) throws {
            let total = 20 << 20
            nonisolated(unsafe) var big: Peer?
            let server = Server { peer in
                if peer.request()?.hasPrefix("GET /big") == true {
                    big = peer
                    peer.limitSendBuffer(1 << 17)
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
                    let block = [UInt8](repeating: 7, count: 1 << 16)
                    for _ in 0..<(total / block.count) where !peer.send(block) { return }
                } else {
                    peer.pause(400)
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
                }
            }
            let client = try Client()
            let session = try client.transport.session()
            let exchange = try session.start(
                Request(url: server.url("/big"), headers: [], bodyLimit: limit), client.call())
            _ = try client.get(server.url("/wait"), on: session)
            // Within what libcurl hands over at once.
            let first = try #require(try exchange.read(client.call())).count
            #expect(first <= max(limit, 128 << 10) && first > limit - (128 << 10))
            #expect(try #require(big).sent >= limit)
            var count = first
            while let bytes = try exchange.read(client.call()) { count += bytes.count }
            #expect(count == total)
            server.stop()
        }

        @Test func oneDotOneFramesNothingByItself() throws {
            let server = Server.answering("HTTP/1.1 200 2\r\nContent-Length: 1\r\n\r\nx")
            #expect(try !Client().get(server.url()).head.framesBodies)
            server.stop()
        }

        /// A server that drops the connection after some bytes of each answer, with an ETag and
        /// without; the link of each is a redirect.
        @Test(arguments: [true, false]) func aFileOverBreakingConnections(_ hasETag: Bool) throws {
            let data = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
            nonisolated(unsafe) var answers = 0
            let server = Server { peer in
                guard let request = peer.request() else { return }
                if request.hasPrefix("GET /link") {
                    peer.send("HTTP/1.1 302 Found\r\nLocation: file?sig=0123456789abcdef\r\nContent-Length: 0\r\n\r\n")
                    return
                }
                answers += 1
                let lines = request.components(separatedBy: "\r\n")
                let range = lines.first { $0.hasPrefix("Range: bytes=") }?.dropFirst(13).dropLast()
                let first = range.flatMap { Int($0) } ?? 0
                #expect((first > 0) == lines.contains("If-Match: \"v1\""))
                #expect(!request.lowercased().contains("authorization") && !request.contains(key))
                peer.send(
                    "HTTP/1.1 \(first > 0 ? 206 : 200) OK\r\nContent-Length: \(data.count - first)\r\n"
                        + (hasETag ? "ETag: \"v1\"\r\n" : "")
                        + (first > 0 ? "Content-Range: bytes \(first)-\(data.count - 1)/\(data.count)\r\n" : "")
                        + "\r\n")
                let length = hasETag ? 70_000 : 70_000 * answers
                peer.send(Array(data[first..<min(first + length, data.count)]))
            }
            let own = ["api_key": key, "max_attempts": "4", "base_url": server.url()]
            let settings = try settings(own)
            let transport = try Client().transport
            let client = try BatchJobs.Client(
                try #require(Providers.find("crustdata")), settings, transport)
            let call = client.call(settings, nil)
            let file = try ResultFile.start(
                part: 0, links: ResultLinks(urls: [server.url("/link?sig=0123456789abcdef")]) { _ in [] },
                session: try transport.session(), client: client, settings: settings, call: call,
                from: nil, bufferLimit: 512 * 1024)
            var read: [UInt8] = []
            while let bytes = try file.read(call) { read += bytes.array }
            #expect(read == data && file.total == 300_000 && file.endIsFramed && answers == 5)
            #expect(file.received == (hasETag ? 300_000 : 1_000_000))
            server.stop()
        }
    }
}
