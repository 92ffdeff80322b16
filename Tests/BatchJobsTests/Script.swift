import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// A network made of a table: the answer to each address is written down before. What was asked
/// is there to be looked at afterwards.
class Script: Transport, @unchecked Sendable {
    struct Reply {
        var status = 200
        var headers: [Header] = []
        var body: [UInt8] = []
        /// As an answer over HTTP/2.
        var framesBodies = false
        /// How many bytes each read brings.
        var chunk = Int.max
        /// What the read behind the last byte throws, in place of the end.
        var breaks: Failure?
        /// What comes in place of the head.
        var unanswered: Failure?
        /// What keeps the request off the wire.
        var unsent: Failure?

        init(
            _ body: String, status: Int = 200, headers: [Header] = [], chunk: Int = .max,
            breaks: Failure? = nil
        ) {
            self.init(
                Array(body.utf8), status: status, headers: headers, chunk: chunk, breaks: breaks)
        }

        init(
            _ body: [UInt8], status: Int = 200, headers: [Header] = [], chunk: Int = .max,
            breaks: Failure? = nil
        ) {
            (self.status, self.headers, self.body) = (status, headers, body)
            (self.chunk, self.breaks) = (chunk, breaks)
        }

        static func unanswered(_ failure: Failure) -> Reply {
            var reply = Reply("")
            reply.unanswered = failure
            return reply
        }

        static func unsent(_ failure: Failure) -> Reply {
            var reply = Reply("")
            reply.unsent = failure
            return reply
        }
    }

    private var replies: [String: [Reply]]
    /// For addresses that are not in the table.
    private let otherwise: Reply?
    /// Answers before the table does.
    var service: ((Request) -> Reply?)?
    func reply(to request: Request) -> Reply? { service?(request) }
    private(set) var requests: [Request] = []
    /// The addresses whose answers somebody has waited for.
    private(set) var awaited: [String] = []
    private(set) var checked: [String] = []
    private(set) var wakes = 0
    var now: Int64 = 0
    /// How long each read takes.
    var pace: Int64 = 0
    var inflaterStyle = ToyInflater.Style.byInput(.max)
    /// Makes inflaters in place of the toy's.
    var makeInflater: (() throws(Failure) -> any Inflater)?
    /// Answers that somebody holds, and the most there were at once.
    private(set) var transfers = 0
    private(set) var mostTransfers = 0

    init(_ replies: [String: [Reply]] = [:], otherwise: Reply? = nil) {
        self.replies = replies
        self.otherwise = otherwise
    }

    func monotonicMS() -> Int64 { now }

    /// The wall clock stands 2026-06-12T12:00:00Z ahead of the other.
    static let epoch: Int64 = 1_781_265_600_000
    func wallMS() -> Int64 { Self.epoch + now }

    /// What chance brings, again and again.
    var chance: UInt64 = 0
    func random() -> UInt64 { chance }

    func locked(_ body: () -> Void) { body() }

    /// How long each pause between attempts was meant to be.
    private(set) var pauses: [Int64] = []

    func check(address: String) throws(Failure) {
        checked.append(address)
        if !address.hasPrefix("http") {
            throw Failure.argument("base_url must begin with https://")
        }
    }

    func session() throws(Failure) -> any Session { Line(self) }

    func inflater() throws(Failure) -> any Inflater {
        try makeInflater?() ?? ToyInflater(inflaterStyle)
    }

    private static let crcTable: [UInt64] = (0..<256).map { index in
        var sum = UInt64(index)
        for _ in 0..<8 {
            let isOdd = sum & 1 == 1
            sum >>= 1
            if isOdd { sum ^= 0xC96C_5795_D787_0F42 }
        }
        return sum
    }

    func checksum(_ bytes: Bytes, after: UInt64) -> UInt64 {
        var sum = ~after
        for byte in bytes.array {
            sum = Self.crcTable[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8)
        }
        return ~sum
    }

    func wake() { wakes += 1 }

    /// The next answer of an address; its last one again and again.
    fileprivate func answer(_ request: Request) throws(Failure) -> Reply {
        requests.append(request)
        if let reply = reply(to: request) { return reply }
        guard var left = replies[request.url], let reply = left.first else {
            guard let otherwise else {
                Issue.record("nothing is written down for \(request.url)")
                throw Failure(.connect, "nobody is there")
            }
            return otherwise
        }
        if left.count > 1 { left.removeFirst() }
        replies[request.url] = left
        return reply
    }

    private final class Line: Session {
        let script: Script
        init(_ script: Script) { self.script = script }

        func start(_ request: Request, _ call: Call) throws(Failure) -> any Exchange {
            let reply = try script.answer(request)
            if let unsent = reply.unsent { throw unsent }
            return Talk(script, request.url, reply)
        }

        func check(_ call: Call) throws(Failure) { try call.check(now: script.now) }

        func pause(_ milliseconds: Int64, _ call: Call) throws(Failure) {
            script.pauses.append(milliseconds)
            script.now += milliseconds
            try call.check(now: script.now)
        }
    }

    private final class Talk: Exchange {
        let script: Script
        let url: String
        let reply: Reply
        var at = 0

        init(_ script: Script, _ url: String, _ reply: Reply) {
            (self.script, self.url, self.reply) = (script, url, reply)
            script.transfers += 1
            script.mostTransfers = max(script.mostTransfers, script.transfers)
        }

        deinit { script.transfers -= 1 }

        func head(_ call: Call) throws(Failure) -> Head {
            script.awaited.append(url)
            if let unanswered = reply.unanswered { throw unanswered }
            return Head(
                status: reply.status, framesBodies: reply.framesBodies, headers: reply.headers)
        }

        func read(_ call: Call) throws(Failure) -> Bytes? {
            script.now += script.pace
            try call.check(now: script.now)
            if at == reply.body.count {
                if let breaks = reply.breaks { throw breaks }
                return nil
            }
            let length = min(reply.chunk, reply.body.count - at)
            let piece = bytes(Array(reply.body[at..<at + length]))
            at += length
            return piece
        }
    }
}

/// Stands in for gzip: its two first bytes, then the text with every bit of 0x55 turned, then the
/// same for a 0, which only the whole has. It obeys the letter of the protocol in different ways.
final class ToyInflater: Inflater {
    let memberStart: (packed: Int64, unpacked: Int64) = (0, 0)
    enum Style: Sendable {
        /// Uses so many bytes of the input at a time.
        case byInput(Int)
        /// Takes all input at once and gives its output in pieces of so many bytes.
        case byOutput(Int)
    }

    private let style: Style
    private var skipped = 0
    private var waiting: [UInt8] = []
    private var last: UInt8 = 1

    init(_ style: Style) { self.style = style }

    static func deflate(_ text: String) -> [UInt8] {
        [0x1F, 0x8B] + (Array(text.utf8) + [0]).map { $0 ^ 0x55 }
    }

    func inflate(_ input: Bytes, into output: Buffer) throws(Failure) -> Int {
        var used = input.count
        var given = Int.max
        switch style {
        case .byInput(let most): used = min(used, most)
        case .byOutput(let most): given = most
        }
        for byte in input[0..<used].array {
            if skipped < 2 {
                skipped += 1
                continue
            }
            last = byte ^ 0x55
            if last != 0 { waiting.append(last) }
        }
        for byte in waiting.prefix(given) { _ = output.append(byte) }
        waiting.removeFirst(min(given, waiting.count))
        return used
    }

    func finish() throws(Failure) {
        if last != 0 || !waiting.isEmpty {
            throw Failure(.truncated, "the file ends within its compressed data")
        }
    }
}

let key = "KEY-3f9a"

/// Settings by name.
func settings(_ options: [String: String]) throws -> Settings {
    var settings = Settings()
    for (name, value) in options { try settings.set(name, value) }
    return settings
}

/// A client that sends each request once and only when its answer is wanted, unless told otherwise.
func client(_ service: String, _ script: Script, _ options: [String: String] = [:]) throws -> BatchJobs.Client
{
    let provider = try #require(Providers.find(service))
    var all = ["api_key": key, "max_attempts": "1"]
    if provider.facts.accepts(.prefetch) { all["prefetch"] = "0" }
    if service == "veryfront" { all["project"] = "my project" }
    all.merge(options) { $1 }
    return try BatchJobs.Client(provider, try settings(all), script)
}

extension JobPages {
    /// All pages up to the end or a failure.
    func all() -> (pages: [Page], failure: Failure?) {
        var pages: [Page] = []
        let failed = failure { while let page = try next() { pages.append(page) } }
        return (pages, failed)
    }
}

extension JobResults {
    /// All records up to the end or a failure, copied: a record lives until the next.
    func all() -> (
        records: [(key: String?, outcome: RecordOutcome, data: [UInt8], index: Int64)],
        failure: Failure?
    ) {
        var records: [(key: String?, outcome: RecordOutcome, data: [UInt8], index: Int64)] = []
        let failed = failure {
            while let record = try next() {
                records.append(
                    (record.keyText, record.outcome, record.data.array, record.index))
            }
        }
        return (records, failed)
    }
}

extension Record {
    /// Without the NUL that follows it.
    var keyText: String? {
        guard let key else { return nil }
        #expect(key[key.count - 1] == 0)
        return key[0..<key.count - 1].shown
    }
}
