import BatchJobsJSON
import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsCurl

func milliseconds(_ body: () -> Void) -> Int64 {
    let clock = ContinuousClock()
    let took = clock.measure(body).components
    return took.seconds * 1000 + took.attoseconds / 1_000_000_000_000_000
}

/// A transport with what its calls need, in the fewest words.
struct Client {
    let transport: CurlTransport
    let interruption = Interruption()

    init(_ change: (inout TransportSettings) -> Void = { _ in }) throws {
        var settings = TransportSettings()
        change(&settings)
        transport = try CurlTransport.make(settings)
    }

    func call(_ timeoutMS: Int64 = 10_000, cancel: Cancel? = nil) -> Call {
        Call(
            now: transport.monotonicMS(), timeoutMS: timeoutMS, cancel: cancel,
            interruption: interruption)
    }

    func start(_ url: String, _ headers: [Header] = [], on session: (any Session)? = nil) throws
        -> any Exchange
    {
        try (session ?? transport.session()).start(Request(url: url, headers: headers), call())
    }

    /// The whole answer.
    func get(_ url: String, _ headers: [Header] = [], on session: (any Session)? = nil) throws
        -> (head: Head, body: String)
    {
        let exchange = try start(url, headers, on: session)
        let head = try exchange.head(call())
        return (head, try rest(of: exchange))
    }

    func rest(of exchange: any Exchange) throws -> String {
        let all = Buffer()
        while let bytes = try exchange.read(call()) { #expect(all.append(bytes)) }
        return all.bytes.text ?? "not UTF-8"
    }

    /// The failure of the whole exchange; an issue when there is none.
    func failure(_ url: String, _ call: Call? = nil) -> Failure {
        failure {
            let exchange = try start(url)
            let call = call ?? self.call()
            _ = try exchange.head(call)
            while try exchange.read(call) != nil {}
        }
    }

    func failure(_ body: () throws -> Void) -> Failure {
        do {
            try body()
        } catch let failure as Failure {
            return failure
        } catch {
            Issue.record(error)
        }
        Issue.record("nothing failed")
        return Failure(.state, "nothing failed")
    }
}

extension Failure: CustomTestStringConvertible {
    public var testDescription: String { "\(status.rawValue) \(message)" }

    var option: String? { details.last { $0.name == "option" }?.value }
}

/// One after another, because they measure time and count descriptors.
@Suite(.serialized) struct TransportTests {
    // MARK: Answers

    @Test func aGetReturnsStatusHeadersAndBody() throws {
        let server = Server.answering(
            "HTTP/1.1 201 Made\r\nContent-Length: 5\r\nX-Name:  a value \r\nx-empty:\r\n\r\nhello")
        let client = try Client { $0.userAgent = "tester/1" }
        let answer = try client.get(server.url("/a?b=c"), [Header("X-Key", "k"), Header("X-None", "")])
        #expect(answer.head.status == 201)
        #expect(answer.head["x-name"] == "a value")
        #expect(answer.head["x-empty"] == "")
        #expect(answer.head["x-other"] == nil)
        #expect(answer.body == "hello")
        let lines = Set(try #require(server.received.first).components(separatedBy: "\r\n"))
        #expect(lines.isSuperset(of: [
            "GET /a?b=c HTTP/1.1", "Host: 127.0.0.1:\(server.port)", "Accept: application/json, */*",
            "User-Agent: tester/1", "X-Key: k", "X-None:",
        ]))
        #expect(!lines.contains { $0.hasPrefix("Accept-Encoding") || $0.hasPrefix("Expect") })
        server.stop()
    }

    @Test func theRequestsOwnHeadersReplaceOurs() throws {
        let server = Server.answering(Server.ok("x"))
        let client = try Client()
        _ = try client.get(server.url(), [Header("accept", "text/plain"), Header("USER-AGENT", "me")])
        let request = try #require(server.received.first).lowercased()
        #expect(request.components(separatedBy: "accept:").count == 2)
        #expect(request.contains("accept: text/plain\r\n"))
        #expect(request.components(separatedBy: "user-agent:").count == 2)
        server.stop()
    }

    @Test func aHeaderThatWouldAddLinesIsRefused() throws {
        let server = Server.answering(Server.ok("x"))
        let client = try Client()
        for header in [Header("X", "a\r\nY: b"), Header("X: Y", "a"), Header("", "a"), Header("X\n", "a")] {
            #expect(client.failure { _ = try client.get(server.url(), [header]) }.status == .argument)
        }
        #expect(server.received.isEmpty)
        server.stop()
    }

    @Test func earlyAnswersAreSkippedAndRepeatedHeadersKept() throws {
        let server = Server.answering(
            "HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B: folded\r\n  on\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nok")
        let answer = try Client().get(server.url())
        #expect(answer.head.status == 200)
        #expect(answer.head["link"] == nil)
        #expect(answer.head.headers.filter { $0.name == "X-A" }.map(\.value) == ["1", "2"])
        #expect(answer.head["x-b"] == "folded on")
        #expect(answer.body == "ok")
        server.stop()
    }

    @Test func chunksAreJoinedAndTrailersAreNoHeaders() throws {
        let server = Server.answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n"
                + "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-A: late\r\n\r\n")
        let client = try Client()
        let exchange = try client.start(server.url())
        #expect(try client.rest(of: exchange) == "abcdefg")
        #expect(try exchange.head(client.call())["x-a"] == "1")
        #expect(try exchange.read(client.call()) == nil)
        server.stop()
    }

    @Test func aBodyWithoutLengthEndsWithTheConnection() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send("HTTP/1.0 200 OK\r\n\r\nall of it")
        }
        #expect(try Client().get(server.url()).body == "all of it")
        server.stop()
    }

    @Test func compressedContentArrivesAsItWasSent() throws {
        let server = Server.answering(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip")
        #expect(try Client().get(server.url()).body == "not gzip")
        server.stop()
    }

    @Test func redirectsAreHandedUp() throws {
        let target = Server.answering(Server.ok("should not be asked"))
        let server = Server.answering(
            "HTTP/1.1 302 Found\r\nLocation: \(target.url())\r\nContent-Length: 0\r\n\r\n")
        let answer = try Client().get(server.url(), [Header("X-Key", "secret")])
        #expect(answer.head.status == 302)
        #expect(answer.head["location"] == target.url())
        #expect(target.accepted == 0)
        server.stop()
        target.stop()
    }

    @Test func cookiesAreNotKept() throws {
        let server = Server.answering(
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
        let client = try Client()
        let session = try client.transport.session()
        for _ in 0..<2 { _ = try client.get(server.url(), on: session) }
        #expect(server.received.count == 2)
        #expect(!server.received.contains { $0.lowercased().contains("cookie") })
        server.stop()
    }

    @Test func dotsInPathsAreSentAsTheyAre() throws {
        let server = Server.answering(Server.ok("x"))
        _ = try Client().get(server.url("/batch/../a/./b"))
        #expect(try #require(server.received.first).hasPrefix("GET /batch/../a/./b HTTP/1.1\r\n"))
        server.stop()
    }

    // MARK: Connections

    @Test func connectionsAreReusedAcrossSessions() throws {
        let server = Server.answering(Server.ok("x"))
        let client = try Client()
        for _ in 0..<5 { _ = try client.get(server.url()) }
        #expect(server.received.count == 5)
        #expect(server.accepted == 1)
        server.stop()
    }

    @Test func sessionsInUseAtOnceHaveConnectionsOfTheirOwn() throws {
        let server = Server.answering(Server.ok("x"))
        let client = try Client()
        let sessions = try (0..<3).map { _ in try client.transport.session() }
        for session in sessions { _ = try client.get(server.url(), on: session) }
        #expect(server.accepted == 3)
        server.stop()
    }

    @Test func aHandleUsedAgainSendsOnlyWhatTheRequestHas() throws {
        let server = Server.answering(Server.ok("x"))
        let client = try Client()
        let session = try client.transport.session()
        let lists = [
            [Header("X-Key", "secret")], [Header("X-Key", "secret")], [], [Header("X-Key", "secreT")],
            [Header("x-key", "secret"), Header("X-More", "1")], [Header("X-More", "1")],
        ]
        for (number, list) in lists.enumerated() {
            _ = try client.get(server.url("/\(number)"), list, on: session)
        }
        #expect(server.accepted == 1)
        for (number, (request, list)) in zip(server.received, lists).enumerated() {
            let lines = request.components(separatedBy: "\r\n").filter { $0.lowercased().hasPrefix("x-") }
            #expect(lines == list.map { "\($0.name): \($0.value)" })
            #expect(request.hasPrefix("GET /\(number) HTTP/1.1\r\n"))
        }
        #expect(server.received.count == lists.count)
        server.stop()
    }

    @Test func oneAddressAllowedAllowsNoOther() throws {
        let server = Server.answering(Server.ok("x"))
        let client = try Client()
        let session = try client.transport.session()
        _ = try client.get(server.url("/a"), on: session)
        let origin = String(server.url("/").dropLast())
        for end in [".example/a", "0/a", "@example.org/a", ":1/a", "\\@example.org/", "/a b", "/\u{1}"] {
            let failure = client.failure { _ = try client.get(origin + end, on: session) }
            #expect(failure.status == .link || failure.status == .connect, "\(end)")
        }
        for end in ["", "/", "?a", "#b", "/x@y:z"] {
            #expect(try client.get(origin + end, on: session).body == "x")
        }
        #expect(server.received.count == 6)
        server.stop()
    }

    @Test func onlyTransfersThatEndedWellLeaveTheirHandle() throws {
        let server = Server { peer in
            while let request = peer.request() {
                if request.hasPrefix("GET /cut") {
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                    return
                }
                peer.send(Server.ok("fine"))
            }
        }
        let client = try Client()
        let session = try client.transport.session()
        for _ in 0..<3 {
            #expect(try client.get(server.url("/"), on: session).body == "fine")
            let failure = client.failure { _ = try client.get(server.url("/cut"), on: session) }
            #expect(failure.status == .transport && failure.message.contains("6 bytes"))
        }
        server.stop()
    }

    @Test func aConnectionThatDiedMeanwhileIsReplaced() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send(Server.ok("x"))
        }
        let client = try Client()
        for _ in 0..<3 {
            #expect(try client.get(server.url()).body == "x")
            usleep(20_000)
        }
        #expect(server.accepted == 3)
        server.stop()
    }

    @Test func twoExchangesOnOneSessionDoNotMix() throws {
        let server = Server { peer in
            guard let request = peer.request() else { return }
            let name = request.hasPrefix("GET /a") ? "a" : "b"
            peer.send("HTTP/1.1 200 OK\r\nX-Name: \(name)\r\nContent-Length: 2000\r\n\r\n")
            for _ in 0..<20 {
                peer.send(String(repeating: name, count: 100))
                peer.pause(5)
            }
        }
        let client = try Client()
        let session = try client.transport.session()
        let one = try client.start(server.url("/a"), on: session)
        let other = try client.start(server.url("/b"), on: session)
        #expect(try other.head(client.call())["x-name"] == "b")
        #expect(try one.head(client.call())["x-name"] == "a")
        #expect(try client.rest(of: one) == String(repeating: "a", count: 2000))
        #expect(try client.rest(of: other) == String(repeating: "b", count: 2000))
        server.stop()
    }

    @Test func anExchangeLetGoOfLeavesTheSessionUsable() throws {
        let server = Server { peer in
            while let request = peer.request() {
                if request.hasPrefix("GET /slow") {
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
                    return peer.holdOpen()
                }
                peer.send(Server.ok("fine"))
            }
        }
        let client = try Client()
        let session = try client.transport.session()
        for _ in 0..<3 {
            var dropped: (any Exchange)? = try client.start(server.url("/slow"), on: session)
            #expect(try dropped?.head(client.call()).status == 200)
            let neighbour = try client.start(server.url("/"), on: session)
            dropped = nil
            #expect(try client.rest(of: neighbour) == "fine")
        }
        server.stop()
    }

    @Test func idleSessionsAreCappedAndGoWithTheClient() throws {
        func openDescriptors() -> Int {
            (0..<1024).count { descriptor in
                let path = "/proc/self/fd/\(descriptor)"
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
                return target?.hasPrefix("socket:") == true || target?.contains("eventfd") == true
            }
        }
        let server = Server { peer in
            _ = peer.request()
            peer.send(Server.ok("x"))
        }
        // What libcurl and OpenSSL open once for the process is open from here on.
        _ = try Client().get(server.url())
        usleep(50_000)
        let before = openDescriptors()
        var client: Client? = try Client()
        if let client {
            let sessions = try (0..<20).map { _ in try client.transport.session() }
            for session in sessions { _ = try client.get(server.url(), on: session) }
            #expect(sessions.count == 20)
        }
        usleep(50_000)
        // Each idle session holds two descriptors for waking and at most one connection.
        #expect(openDescriptors() - before <= 8 * 3)
        client = nil
        #expect(openDescriptors() - before <= 0)
        server.stop()
    }

    // MARK: Answers that break

    @Test func aBodyShorterThanPromisedIsATransportFailure() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        }
        let client = try Client()
        let exchange = try client.start(server.url("/x?signature=abc"))
        var delivered = ""
        let failure = client.failure {
            while let bytes = try exchange.read(client.call()) { delivered += bytes.text ?? "" }
        }
        #expect(delivered == "half")
        #expect(failure.status == .transport)
        #expect(failure.retryable)
        #expect(failure.url == server.url("/x"))
        #expect(failure.message.hasPrefix("127.0.0.1: "))
        #expect(!failure.message.contains("signature"))
        #expect(client.failure { _ = try exchange.read(client.call()) }.status == .transport)
        server.stop()
    }

    @Test(arguments: [
        "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nX-A: 1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    ])
    func anAnswerCutShortIsATransportFailure(_ start: String) throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send(start)
        }
        let failure = try Client().failure(server.url())
        #expect(failure.status == .transport)
        #expect(failure.retryable)
        server.stop()
    }

    @Test func aResetIsATransportFailure() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            peer.pause(100)
            peer.resetOnClose()
        }
        let failure = try Client().failure(server.url())
        #expect(failure.status == .transport)
        #expect(failure.retryable)
        server.stop()
    }

    @Test func whatIsNotHTTPIsAProtocolFailure() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send("SSH-2.0-OpenSSH_9.2\r\n")
            peer.holdOpen()
        }
        #expect(try Client().failure(server.url()).status == .protocol)
        server.stop()
    }

    @Test func aRefusedConnectionIsAConnectFailure() throws {
        let server = Server { _ in }
        server.stop()
        usleep(50_000)
        let failure = try Client().failure(server.url())
        #expect(failure.status == .connect)
        #expect(failure.retryable)
    }

    @Test func anUnknownHostIsADNSFailure() throws {
        let failure = try Client().failure("https://nobody.invalid/x?y=z")
        #expect(failure.status == .dns)
        #expect(failure.message.contains("nobody.invalid"))
        #expect(failure.url == "https://nobody.invalid/x")
    }

    @Test(arguments: [1, 3000]) func headersBeyondTheCapAreALimitFailure(_ lines: Int) throws {
        let line = "X-A: " + String(repeating: "a", count: 150_000 / lines) + "\r\n"
        let server = Server { peer in
            _ = peer.request()
            peer.send("HTTP/1.1 200 OK\r\n")
            for _ in 0..<lines where !peer.send(line) { return }
            peer.send("Content-Length: 0\r\n\r\n")
            peer.holdOpen()
        }
        let failure = try Client().failure(server.url())
        #expect(failure.status == .limit)
        #expect(failure.message.contains("headers"))
        server.stop()
    }

    @Test func headersBelowTheCapAreNot() throws {
        let line = "X-A: " + String(repeating: "a", count: 90_000) + "\r\n"
        let server = Server.answering("HTTP/1.1 200 OK\r\n\(line)Content-Length: 0\r\n\r\n")
        #expect(try Client().get(server.url()).head["x-a"]?.utf8.count == 90_000)
        server.stop()
    }

    // MARK: Limits of time

    @Test func aSilentServerMeetsTheStallLimit() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            peer.holdOpen()
        }
        let client = try Client { $0.stallTimeoutMS = 300 }
        var failure = Failure(.state, "")
        let took = milliseconds { failure = client.failure(server.url()) }
        #expect(failure.status == .timeout)
        #expect(failure.option == "stall_timeout_ms")
        #expect(failure.message.contains("stall_timeout_ms"))
        #expect(failure.retryable)
        #expect(took >= 290 && took < 2000)
        server.stop()
    }

    @Test func bytesThatKeepComingAreNoStall() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
            for _ in 0..<8 {
                peer.pause(150)
                peer.send("x")
            }
        }
        let answer = try Client { $0.stallTimeoutMS = 600 }.get(server.url())
        #expect(answer.body == "xxxxxxxx")
        server.stop()
    }

    @Test func theCallersPausesAreNoStall() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")
            peer.pause(700)
            peer.send("y")
        }
        let client = try Client { $0.stallTimeoutMS = 400 }
        let exchange = try client.start(server.url())
        #expect(try exchange.read(client.call())?.text == "x")
        usleep(600_000)
        #expect(try exchange.read(client.call())?.text == "y")
        server.stop()
    }

    @Test func aHandshakeWithoutAnEndMeetsTheConnectLimit() throws {
        let server = Server { $0.holdOpen(); $0.holdOpen(); $0.pause(3000) }
        let client = try Client { $0.connectTimeoutMS = 300 }
        let url = "https://127.0.0.1:\(server.port)/"
        var failure = Failure(.state, "")
        let took = milliseconds { failure = client.failure(url) }
        #expect(failure.status == .timeout)
        #expect(failure.option == "connect_timeout_ms")
        #expect(took >= 290 && took < 2000)
        server.stop()
    }

    @Test func theDeadlineEndsTheCallAndNotTheExchange() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.pause(600)
            peer.send(Server.ok("late"))
        }
        let client = try Client()
        let exchange = try client.start(server.url())
        var failure = Failure(.state, "")
        let took = milliseconds { failure = client.failure { _ = try exchange.head(client.call(200)) } }
        #expect(failure.status == .timeout)
        #expect(failure.option == "timeout_ms")
        #expect(took >= 190 && took < 550)
        #expect(try client.rest(of: exchange) == "late")
        server.stop()
    }

    // MARK: Ends from outside

    private func silentServer() -> Server {
        Server { peer in
            _ = peer.request()
            peer.holdOpen()
        }
    }

    @Test func aCancelEndsTheCallAtOnce() throws {
        let server = silentServer()
        let client = try Client()
        let cancel = try Cancel()
        let exchange = try client.start(server.url())
        var failure = Failure(.state, "")
        let took = milliseconds {
            Thread.detachNewThread {
                usleep(200_000)
                cancel.fire()
            }
            failure = client.failure { _ = try exchange.head(client.call(cancel: cancel)) }
        }
        #expect(failure.status == .cancelled)
        #expect(took >= 190 && took < 700)
        #expect(client.failure { _ = try exchange.head(client.call(cancel: cancel)) }.status == .cancelled)
        #expect(client.failure(server.url(), client.call(cancel: cancel)).status == .cancelled)
        server.stop()
    }

    @Test func aCancelEndsANameLookupAndLeavesTheSessionUsable() throws {
        let server = Server.answering(Server.ok("x"))
        let client = try Client()
        let session = try client.transport.session()
        let cancel = try Cancel()
        cancel.fire()
        let took = milliseconds {
            for number in 0..<5 {
                let exchange = try? client.start("https://slow\(number).invalid/", on: session)
                #expect(exchange != nil)
                let failure = client.failure { _ = try exchange?.head(client.call(cancel: cancel)) }
                #expect(failure.status == .cancelled)
            }
        }
        #expect(took < 1000)
        #expect(try client.get(server.url(), on: session).body == "x")
        server.stop()
    }

    /// How fast three waits end together at best. Calls look up every 100 ms anyway; the best of
    /// several tries shows whether they are woken, however busy the machine is.
    private func fastestEnd(_ client: Client, _ cancel: () throws -> Cancel?, by end: (Cancel?) -> Void)
        throws -> Int64
    {
        let server = silentServer()
        defer { server.stop() }
        var best = Int64.max
        for _ in 0..<6 where best > 20 {
            let cancel = try cancel()
            let done = DispatchGroup()
            for _ in 0..<3 {
                done.enter()
                Thread.detachNewThread {
                    let failure = client.failure(server.url(), client.call(cancel: cancel))
                    #expect(failure.status == .cancelled)
                    done.leave()
                }
            }
            usleep(150_000)
            let took = milliseconds {
                end(cancel)
                #expect(done.wait(timeout: .now() + 5) == .success)
            }
            best = min(best, took)
        }
        return best
    }

    @Test func wakeEndsEveryWaitOfTheClientAtOnce() throws {
        let client = try Client()
        let took = try fastestEnd(client, { nil }) { _ in
            client.interruption.cancelAll()
            client.transport.wake()
        }
        #expect(took <= 20)
        let server = Server.answering(Server.ok("x"))
        #expect(try client.get(server.url()).body == "x")
        server.stop()
    }

    @Test func aCancelEndsEveryCallThatCarriesItAtOnce() throws {
        let took = try fastestEnd(try Client(), { try Cancel() }) { $0?.fire() }
        #expect(took <= 20)
    }

    @Test func wakeMeetsSessionsThatComeAndGo() throws {
        let server = Server.answering(Server.ok("x"))
        let client = try Client()
        let done = DispatchGroup()
        for _ in 0..<4 {
            done.enter()
            Thread.detachNewThread {
                for _ in 0..<25 {
                    let sessions = (0..<3).compactMap { _ in try? client.transport.session() }
                    #expect((try? client.get(server.url(), on: sessions.last))?.body == "x")
                }
                done.leave()
            }
        }
        while done.wait(timeout: .now() + .milliseconds(1)) != .success { client.transport.wake() }
        #expect(server.received.count == 100)
        server.stop()
    }

    @Test func theInterruptHookIsAskedOftenAndEndsTheCall() throws {
        let server = silentServer()
        let client = try Client()
        let exchange = try client.start(server.url())
        nonisolated(unsafe) var asked = 0
        client.interruption.hook = {
            asked += 1
            return asked == 4
        }
        var failure = Failure(.state, "")
        let took = milliseconds { failure = client.failure { _ = try exchange.head(client.call()) } }
        #expect(failure.status == .cancelled)
        #expect(asked == 4)
        #expect(took < 1000)
        server.stop()
    }

    @Test func aBrokenPipeDoesNotKill() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        let result = withoutSigpipe { write(ends[1], "x", 1) }
        #expect(result == -1 && errno == EPIPE)
        close(ends[1])
    }

    // MARK: Large bodies

    @Test func anUnreadBodyHoldsTheServerBack() throws {
        let total = 20 << 20
        let block = (0..<(1 << 16)).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        nonisolated(unsafe) var big: Peer?
        let server = Server { peer in
            if peer.request()?.hasPrefix("GET /big") == true {
                big = peer
                peer.limitSendBuffer(1 << 17)
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
                for _ in 0..<(total / block.count) where !peer.send(block) { return }
            } else {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
                for _ in 0..<20 {
                    peer.pause(25)
                    peer.send("x")
                }
            }
        }
        let client = try Client()
        let session = try client.transport.session()
        let exchange = try client.start(server.url("/big"), on: session)
        #expect(try exchange.head(client.call()).status == 200)
        _ = try client.get(server.url("/drip"), on: session)
        #expect(try #require(big).sent < total / 2)
        var count = 0
        while let bytes = try exchange.read(client.call()) {
            #expect(bytes.count <= 512 * 1024)
            #expect(bytes[0] == block[count % block.count])
            count += bytes.count
            #expect(bytes[bytes.count - 1] == block[(count - 1) % block.count])
            if count % 7 == 0 { usleep(1000) }
        }
        #expect(count == total)
        server.stop()
    }

    @Test func bytesHandedOutStayAsTheyAre() throws {
        let server = Server { peer in
            _ = peer.request()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
            for letter in "abcde" {
                peer.send(String(repeating: letter, count: 10))
                peer.pause(30)
            }
        }
        let client = try Client()
        let exchange = try client.start(server.url())
        var kept: [Bytes] = []
        while let bytes = try exchange.read(client.call()) { kept.append(bytes) }
        #expect(kept.count > 1)
        #expect(kept.compactMap(\.text).joined() == "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee")
        server.stop()
    }
}
