import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// A storage host that keeps to HTTP: it knows ranges and If-Match, and breaks off where it is told.
final class FileHost: @unchecked Sendable {
    var data: [UInt8]
    var etag: String?
    /// After how many bytes of its body each answer breaks off; the ones behind the last do not.
    var breaks: [Int] = []
    var breakage = FileHost.broken
    var tellsLength = true
    var chunk = 5
    /// In place of the answer to a request of that number.
    var instead: [Int: (FileHost, Request) -> Script.Reply] = [:]
    private(set) var requests: [Request] = []

    static var broken: Failure {
        let failure = Failure(.transport, "the connection was reset")
        failure.retryable = true
        return failure
    }

    init(_ text: String, etag: String? = "\"v1\"") { (data, self.etag) = (Array(text.utf8), etag) }

    func answer(_ request: Request) -> Script.Reply {
        requests.append(request)
        var reply = instead[requests.count - 1]?(self, request) ?? ordinary(request)
        reply.chunk = chunk
        if breaks.isEmpty || reply.status >= 300 { return reply }
        let length = min(breaks.removeFirst(), reply.body.count)
        reply.body.removeLast(reply.body.count - length)
        reply.breaks = breakage
        return reply
    }

    func ordinary(_ request: Request) -> Script.Reply {
        if let wanted = request["If-Match"], wanted != etag { return .init("", status: 412) }
        let first = request["Range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
        guard let first else { return whole() }
        return first < data.count
            ? part(first, data.count)
            : .init("", status: 416, headers: [Header("Content-Range", "bytes */\(data.count)")])
    }

    func whole(_ status: Int = 200) -> Script.Reply {
        .init(data, status: status, headers: headers(data.count))
    }

    func part(_ first: Int, _ end: Int, status: Int = 206, range: String? = nil) -> Script.Reply {
        let range = range ?? "bytes \(first)-\(end - 1)/\(data.count)"
        return .init(
            Array(data[first..<end]), status: status,
            headers: headers(end - first) + (range.isEmpty ? [] : [Header("Content-Range", range)]))
    }

    private func headers(_ length: Int) -> [Header] {
        (tellsLength ? [Header("Content-Length", "\(length)")] : [Header("Transfer-Encoding", "chunked")])
            + (etag.map { [Header("ETag", $0)] } ?? [])
    }
}

extension Request {
    /// A header as it was sent.
    subscript(_ name: String) -> String? {
        headers.first { equalIgnoringCase($0.name, name) }?.value
    }
}

/// A result file, and everything around it that a test may look at.
final class FileReading {
    let script: Script
    let client: BatchJobs.Client
    let settings: Settings
    let session: any Session
    let links: ResultLinks
    let lines = SecretTests.Lines()
    private(set) var bytes: [UInt8] = []
    var file: ResultFile?

    /// Gives the fresh links in turn, or the failures.
    final class Service {
        var answers: [Result<[String], Failure>] = []
        var asked = 0
    }

    let service = Service()

    static let url = "https://s.example/f?X-Amz-Signature=0123456789abcdef"

    init(
        _ script: Script, url: String = FileReading.url,
        fresh: [Result<[String], Failure>] = [], _ options: [String: String] = [:]
    ) throws {
        self.script = script
        let all = ["max_attempts": "4"].merging(options) { $1 }
        client = try BatchJobsTests.client("crustdata", script, all)
        settings = try BatchJobsTests.settings(all.merging(["api_key": key]) { $1 })
        session = try script.session()
        service.answers = fresh
        links = ResultLinks(urls: [url]) { [service] _ throws(Failure) in
            service.asked += 1
            if service.answers.isEmpty { throw Failure(.server, "nothing fresh is written down") }
            return try service.answers.removeFirst().get()
        }
        lines.listen(client)
    }

    convenience init(
        _ host: FileHost, url: String = FileReading.url,
        fresh: [Result<[String], Failure>] = [], _ options: [String: String] = [:]
    ) throws {
        let script = Script()
        script.service = host.answer
        try self.init(script, url: url, fresh: fresh, options)
    }

    func call(_ timeoutMS: Int64 = 120_000) -> Call {
        Call(
            now: script.now, timeoutMS: timeoutMS, cancel: nil, interruption: client.interruption)
    }

    @discardableResult
    func start(_ from: FilePosition? = nil, _ call: Call? = nil, limit: Int = 512 * 1024) throws
        -> ResultFile
    {
        let file = try ResultFile.start(
            part: 0, links: links, session: session, client: client, settings: settings,
            call: call ?? self.call(), from: from, bufferLimit: limit)
        self.file = file
        return file
    }

    /// All bytes up to the end or a failure, in one call unless `calls` asks for one for each read.
    func all(_ from: FilePosition? = nil, oneCall: Bool = true) -> Failure? {
        let first = call()
        let failed = failure {
            let file = try start(from, first)
            while let more = try file.read(oneCall ? first : call()) { bytes += more.array }
            #expect(try file.read(first) == nil)
        }
        noSecretIsTold(failed)
        return failed
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// No key goes to a result host; no signature into an error or a log line.
    private func noSecretIsTold(_ failed: Failure?) {
        for request in script.requests {
            #expect(request.headers.allSatisfy { ["Range", "If-Match"].contains($0.name) })
        }
        let texts = lines.texts + [failed?.message ?? "", failed?.url ?? "", failed?.code ?? ""]
        for text in texts + (failed?.details.map(\.value) ?? []) {
            #expect(!text.contains("0123456789abcdef") && !text.contains(key), "\(text)")
        }
    }
}
