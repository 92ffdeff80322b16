public import BatchJobsJSON

/// What the core asks of the network, the clock and the decompressor. The core itself does no
/// I/O; BatchJobsCurl answers these over libcurl and ISA-L, unit tests over tables.
public protocol Transport: AnyObject, Sendable {
    /// Milliseconds on a clock that nobody sets.
    func monotonicMS() -> Int64

    /// Milliseconds since 1970, for what services say in dates.
    func wallMS() -> Int64

    /// Uniform over all values.
    func random() -> UInt64

    /// Runs under the client's lock. `body` neither waits nor calls the program.
    func locked(_ body: () -> Void)

    /// Throws an argument failure when no request could go to this address.
    func check(address: String) throws(Failure)

    /// Borrows connections for one call or one iterator; they go back when it is let go.
    func session() throws(Failure) -> any Session

    func inflater() throws(Failure) -> any Inflater

    /// Goes on with the CRC-64 (XZ's: ECMA-182, reflected) of the bytes before; 0 stands for none.
    func checksum(_ bytes: Bytes, after: UInt64) -> UInt64

    /// Ends every wait in progress, so that each call looks at its `Call` again. Any thread.
    func wake()
}

/// Connections in use by one thread at a time.
public protocol Session: AnyObject {
    /// Puts a request on the wire. Does not wait for the answer.
    func start(_ request: Request, _ call: Call) throws(Failure) -> any Exchange

    /// Throws when the call must end now, or this is another process than the session's.
    func check(_ call: Call) throws(Failure)

    /// Waits that long, or until the call must end. Transfers in progress move on meanwhile.
    func pause(_ milliseconds: Int64, _ call: Call) throws(Failure)
}

/// One request and its answer. Letting go of it ends the transfer.
public protocol Exchange: AnyObject {
    /// Waits for the status line and the headers.
    func head(_ call: Call) throws(Failure) -> Head

    /// Waits for the next bytes of the body; nil at its end, which the framing has confirmed.
    func read(_ call: Call) throws(Failure) -> Bytes?
}

/// Undoes gzip, member by member.
public protocol Inflater: AnyObject {
    /// Decompresses all of `input`, in steps: appends at most about 256 KiB to `output` and
    /// answers how many bytes of the input are used. Call again with the rest until all is used
    /// and nothing was appended.
    func inflate(_ input: Bytes, into output: Buffer) throws(Failure) -> Int

    /// Where the member in progress begins, in the bytes taken and in those given so far.
    var memberStart: (packed: Int64, unpacked: Int64) { get }

    /// Throws when the input ended anywhere but behind a complete, verified member.
    func finish() throws(Failure)
}

public struct Header: Sendable {
    public let name: String
    public let value: String
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

public struct Request: Sendable {
    /// The whole address, every part already percent-encoded.
    public var url: String
    /// All headers that go out besides Host and Accept; result hosts get none of the provider's.
    public var headers: [Header]
    /// Above this much unread body the transfer pauses, and the server feels it.
    public var bodyLimit: Int

    public init(url: String, headers: [Header], bodyLimit: Int = 512 * 1024) {
        self.url = url
        self.headers = headers
        self.bodyLimit = bodyLimit
    }

    /// The address without its query, which may be a signature: for errors and logs.
    public var publicURL: String { BatchJobs.publicURL(url) }
}

/// An address without its query and fragment, and without a user and password, however oddly it is
/// written.
func publicURL(_ url: String) -> String {
    let end = url.utf8.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
    let whole = String(url[..<(end ?? url.endIndex)])
    guard let mark = whole.utf8.lastIndex(of: UInt8(ascii: "@")) else { return whole }
    let steps = whole.pieces(at: UInt8(ascii: "/"), atMost: 4)
    let isOrdinary =
        steps.count > 2 && steps[1].isEmpty && !steps[2].isEmpty
        && !steps[0].utf8.contains(UInt8(ascii: "@"))
    guard isOrdinary else { return String(whole[whole.utf8.index(after: mark)...]) }
    let host = steps[2].pieces(at: UInt8(ascii: "@")).last ?? ""
    return (steps[..<2] + [host] + steps[3...]).joined(separator: "/")
}

/// Status and headers of an answer.
public struct Head: Sendable {
    private enum Source {
        /// Hardly any header is ever asked for, so lines are taken apart only then.
        case lines(Bytes)
        case headers([Header])
    }

    public let status: Int
    /// The protocol itself tells where a body ends, as HTTP/2 does and HTTP/1 does not.
    public let framesBodies: Bool
    /// When it came, on the transport's monotonic clock. It may be read much later.
    private(set) var at = Int64.max
    private let source: Source

    public init(status: Int, framesBodies: Bool = false, headers: [Header]) {
        self.status = status
        self.framesBodies = framesBodies
        source = .headers(headers)
    }

    /// `lines` as they came, each with its line feed; the status line is not among them.
    public init(status: Int, framesBodies: Bool, lines: Bytes, at: Int64) {
        self.status = status
        self.framesBodies = framesBodies
        self.at = at
        source = .lines(lines)
    }

    public var headers: [Header] {
        switch source {
        case .lines(let lines): takeApart(lines)
        case .headers(let headers): headers
        }
    }

    /// Asked of each answer, so without taking the lines apart where they do not.
    var speaksOfRateLimits: Bool {
        guard case .lines(let lines) = source else { return true }
        return lines.containsIgnoringCase("ratelimit")
    }

    private func takeApart(_ lines: Bytes) -> [Header] {
        var headers: [Header] = []
        var rest = lines
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count
            let line = rest[0..<end]
            rest = rest.dropFirst(end + 1)
            if isBlank(line[0]) {
                // It goes on with the header before it.
                guard let last = headers.popLast() else { continue }
                headers.append(Header(last.name, last.value + " " + text(line)))
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
                headers.append(Header(text(line[0..<colon]), text(line.dropFirst(colon + 1))))
            }
        }
        return headers
    }

    /// The last header of that name (given in lower case), or nil.
    public subscript(_ name: String) -> String? {
        headers.last { equalIgnoringCase($0.name, name) }?.value
    }

    /// Without blanks around it. Bytes that are not UTF-8 become replacement characters: older
    /// servers send Latin-1.
    private func text(_ bytes: Bytes) -> String {
        var bytes = bytes
        while isBlank(bytes[0]) { bytes = bytes.dropFirst(1) }
        while isBlank(bytes[bytes.count - 1]) { bytes = bytes[0..<bytes.count - 1] }
        return unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    private func isBlank(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}

/// ASCII letters compare without case; header names are ASCII.
public func equalIgnoringCase(_ one: String, _ other: String) -> Bool {
    func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }
    return one.utf8.elementsEqual(other.utf8) { lower($0) == lower($1) }
}
