public import BatchJobs
public import BatchJobsJSON
import CInflate
import CPlatform

/// How a client reaches the network. The defaults are those of the options' table.
public struct TransportSettings: Sendable {
    public enum Proxy: Sendable {
        case none
        /// What `HTTPS_PROXY`, `NO_PROXY` and their like say, as libcurl reads them.
        case environment
        case url(String)
    }

    public enum HTTPVersion: Sendable {
        /// 2 where the server offers it over TLS, else 1.1.
        case automatic
        case http1
        /// As `automatic` over TLS; over plain HTTP, 2 without asking.
        case http2
    }

    /// Certificates to trust instead of the system's: a file, a folder, or both.
    public var caFile: String?
    public var caDirectory: String?
    public var proxy = Proxy.none
    public var httpVersion = HTTPVersion.automatic
    public var userAgent = "libbatchjobs"
    /// Lets requests go out unencrypted to other hosts than this one.
    public var allowHTTP = false
    public var connectTimeoutMS: Int64 = 10_000
    public var firstByteTimeoutMS: Int64 = 60_000
    public var stallTimeoutMS: Int64 = 30_000

    public init() {}
}

/// The network over libcurl, and ISA-L for gzip. One for each client; any thread may use it.
public final class CurlTransport: Transport {
    private let pool: SessionPool

    /// Throws an argument failure where the settings could not work.
    public static func make(_ settings: TransportSettings) throws(Failure) -> CurlTransport {
        if case .url(let proxy) = settings.proxy { try Target.check(proxy: proxy) }
        for text in [settings.userAgent, settings.caFile ?? "", settings.caDirectory ?? ""]
        where !isOneLine(text) {
            throw .argument("user_agent, ca_file and ca_dir may not hold control characters")
        }
        try checkReadable(settings.caFile, "ca_file")
        try checkReadable(settings.caDirectory, "ca_dir")
        return CurlTransport(SessionPool(settings, try Lock.make()))
    }

    /// libcurl would tell only at the first connection.
    private static func checkReadable(_ path: String?, _ option: StaticString) throws(Failure) {
        guard let path else { return }
        if unsafe path.withCString({ unsafe access($0, R_OK) }) == 0 { return }
        throw Failure.argument("the option \(option) names what is not there or cannot be read")
            .detail("option", option.description)
    }

    private init(_ pool: SessionPool) {
        self.pool = pool
    }

    public func monotonicMS() -> Int64 { bjp_monotonic_ms() }

    public func wallMS() -> Int64 { bjp_wall_ms() }

    public func random() -> UInt64 { UInt64.random(in: .min ... .max) }

    public func locked(_ body: () -> Void) { pool.locked(body) }

    public func check(address: String) throws(Failure) {
        try Target.check(base: address, allowHTTP: pool.settings.allowHTTP)
    }

    public func session() throws(Failure) -> any Session {
        CurlSession(pool, try pool.borrow())
    }

    public func inflater() throws(Failure) -> any Inflater { try IsalInflater.make() }

    public func checksum(_ bytes: Bytes, after: UInt64) -> UInt64 {
        unsafe bytes.withUnsafeBytes {
            unsafe bji_checksum(after, $0.baseAddress, UInt64($0.count))
        }
    }

    public func wake() { pool.wake() }
}

/// Whether a text can stand in a header or an option without ending it early.
func isOneLine(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
}
