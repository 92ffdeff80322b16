import BatchJobsJSON

/// Reads the records of one result file, as its bytes arrive: sniffs and undoes gzip, cuts lines.
/// Holds a chunk and a line, never the file.
final class PartReader {
    private let url: String
    private let exchange: any Exchange
    private let transport: any Transport
    private var lines: LineCutter
    private var encoding = Encoding.unknown
    private var input = Bytes.empty
    private let output = Buffer()
    /// Found behind what `output` holds.
    private var damage: Failure?
    private var ended = false
    private var isChecked = false

    private enum Encoding {
        case unknown
        case plain
        case gzip(any Inflater)
    }

    private init(
        _ url: String, _ exchange: any Exchange, _ transport: any Transport, _ lines: LineCutter
    ) {
        self.url = url
        self.exchange = exchange
        self.transport = transport
        self.lines = lines
    }

    /// Asks for the file, again where that helps. The request carries nothing of the provider's:
    /// no key, no header.
    static func open(
        _ url: String, _ session: any Session, _ client: Client, _ settings: Settings, _ call: Call
    ) throws(Failure) -> PartReader {
        try checkScheme(url, client, settings)
        var attempts = Attempts(client, settings, session, call)
        while true {
            do throws(Failure) {
                let exchange = try answer(url, session, call, client.transport)
                attempts.repay()
                return PartReader(
                    url, exchange, client.transport,
                    LineCutter(limit: settings.integer(.maxRecordBytes)))
            } catch {
                error.url = publicURL(url)
                error.rewrite { text in
                    secrets(url).reduce(text) { $0.replacing($1, by: "[redacted]") }
                }
                try attempts.recover(error, fromService: false)
            }
        }
    }

    /// Plain http is for this machine only, and then only where the service itself is asked so: an
    /// answer from elsewhere must not make the program read what listens here.
    private static func checkScheme(_ url: String, _ client: Client, _ settings: Settings)
        throws(Failure)
    {
        guard url.behind("https://") == nil, client.base.behind("https://") != nil,
            !settings.bool(.allowHTTP)
        else { return }
        let failure = Failure(.link, "the result link does not begin with https://")
        failure.url = publicURL(url)
        throw failure
    }

    private static func answer(
        _ url: String, _ session: any Session, _ call: Call, _ transport: any Transport
    ) throws(Failure) -> any Exchange {
        let exchange = try session.start(Request(url: url, headers: []), call)
        let head = try exchange.head(call)
        if head.status == 200 { return exchange }
        throw refusal(head, try errorBody(exchange, call, transport), wallMS: transport.wallMS())
    }

    /// The next record's bytes, good until the next call; nil at the end of the file.
    func next(_ call: Call) throws(Failure) -> Bytes? {
        do throws(Failure) {
            while !ended {
                if let line = try lines.next() { return try record(line) }
                guard try more(call) else {
                    ended = true
                    return try lines.finish().map(record)
                }
            }
            return nil
        } catch {
            let failure = error.status == .transport ? cut(error) : error
            failure.url = publicURL(url)
            throw failure
        }
    }

    /// A file whose first line begins like no JSON holds something else: a page of a proxy, another
    /// compression. Later lines are the service's own business.
    private func record(_ line: Bytes) throws(Failure) -> Bytes {
        if isChecked { return line }
        isChecked = true
        let start = line.firstIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } ?? 0
        guard let first = line[start], !"{[\"-0123456789tfn".utf8.contains(first) else { return line }
        throw Failure(
            .protocol, "the result file does not hold JSON lines: its first begins with the byte \(first)")
    }

    /// A file that breaks off is a stream that ended early, whoever cut it.
    private func cut(_ failure: Failure) -> Failure {
        let cut = Failure(.truncated, "the result file broke off: " + failure.message)
        cut.retryable = true
        return cut
    }

    /// Gives the line cutter more bytes; false at the verified end.
    ///
    /// What was decompressed before a fault still holds records: they are given first. The call is
    /// asked at each step, because a little gzip can hold very much.
    private func more(_ call: Call) throws(Failure) -> Bool {
        while true {
            if let damage { throw damage }
            try call.check(now: transport.monotonicMS())
            if case .gzip(let inflater) = encoding {
                output.truncate(to: 0)
                let used = try inflate(inflater)
                input = input.dropFirst(used)
                if output.count > 0 {
                    lines.feed(output.bytes)
                    return true
                }
                if used > 0 && !input.isEmpty { continue }
            }
            guard let chunk = try exchange.read(call) else { return try finish() }
            if try sniff(chunk), case .plain = encoding {
                lines.feed(input)
                input = .empty
                return true
            }
        }
    }

    private func inflate(_ inflater: any Inflater) throws(Failure) -> Int {
        do throws(Failure) {
            return try inflater.inflate(input, into: output)
        } catch {
            if output.count == 0 { throw error }
            damage = error
            return input.count
        }
    }

    /// Puts a chunk behind what is left of the one before; false while the first two bytes, which
    /// tell gzip from text, have not both come.
    private func sniff(_ chunk: Bytes) throws(Failure) -> Bool {
        if input.isEmpty {
            input = chunk
        } else {
            let joined = Buffer()
            guard joined.append(input), joined.append(chunk) else { throw .noMemory }
            input = joined.bytes
        }
        guard case .unknown = encoding else { return true }
        if input.count < 2 { return false }
        encoding = input[0] == 0x1F && input[1] == 0x8B ? .gzip(try transport.inflater()) : .plain
        return true
    }

    private func finish() throws(Failure) -> Bool {
        switch encoding {
        case .gzip(let inflater):
            try inflater.finish()
        case .plain:
            break
        case .unknown:
            // One byte or none. This one begins gzip and no record.
            if input[0] == 0x1F { throw Failure(.truncated, "the result file ends in its first bytes") }
            encoding = .plain
            lines.feed(input)
            input = .empty
            return true
        }
        return false
    }
}

/// What gives a link its power: its query, and each value in it that is long enough to be a
/// signature, as it stands and decoded.
private func secrets(_ url: String) -> [String] {
    let parts = url.pieces(at: UInt8(ascii: "?"), atMost: 2)
    guard parts.count == 2 else { return [] }
    let values = parts[1].pieces(at: UInt8(ascii: "&"))
        .compactMap { $0.pieces(at: UInt8(ascii: "="), atMost: 2).last }
    return [parts[1]] + (values + values.compactMap(percentDecoded)).filter { $0.utf8.count >= 16 }
}

/// A result host's refusal. 400 and 403 are what storage hosts answer to an expired link, 404 and
/// 410 to one whose file is gone: the job itself is there.
private func refusal(_ head: Head, _ body: Bytes, wallMS: Int64) -> Failure {
    let failure = serviceFailure(head, body, from: "the result host", wallMS: wallMS)
    guard [400, 403, 404, 410].contains(head.status) else { return failure }
    let link = Failure(
        .link, failure.message + "; open the results again to get a fresh link")
    link.httpStatus = failure.httpStatus
    link.requestID = failure.requestID
    return link
}
