import BatchJobsJSON

/// How a call ended, as the C surface numbers it. A test holds these against the header.
public struct Status: Equatable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let argument = Status(rawValue: -1)
    public static let busy = Status(rawValue: -2)
    public static let unsupported = Status(rawValue: -3)
    public static let state = Status(rawValue: -4)
    public static let noMemory = Status(rawValue: -5)
    public static let limit = Status(rawValue: -6)
    public static let cancelled = Status(rawValue: -7)
    public static let timeout = Status(rawValue: -8)
    public static let file = Status(rawValue: -9)

    public static let dns = Status(rawValue: -20)
    public static let connect = Status(rawValue: -21)
    public static let tls = Status(rawValue: -22)
    public static let proxy = Status(rawValue: -23)
    public static let transport = Status(rawValue: -24)

    public static let badRequest = Status(rawValue: -40)
    public static let unauthenticated = Status(rawValue: -41)
    public static let payment = Status(rawValue: -42)
    public static let forbidden = Status(rawValue: -43)
    public static let notFound = Status(rawValue: -44)
    public static let conflict = Status(rawValue: -45)
    public static let gone = Status(rawValue: -46)
    public static let unprocessable = Status(rawValue: -47)
    public static let rateLimited = Status(rawValue: -48)
    public static let server = Status(rawValue: -49)
    public static let refused = Status(rawValue: -50)
    public static let redirect = Status(rawValue: -51)

    public static let `protocol` = Status(rawValue: -60)
    public static let cursor = Status(rawValue: -61)
    public static let notReady = Status(rawValue: -62)
    public static let truncated = Status(rawValue: -63)
    public static let link = Status(rawValue: -64)
    public static let changed = Status(rawValue: -65)
}

/// What went wrong, on its way from where it was noticed up to the caller.
///
/// Written by one thread while it is thrown, read-only once the caller has it. No field may hold
/// a key, a token or the query of a link.
public final class Failure: Error, @unchecked Sendable {
    public let status: Status
    public var message: String
    public var httpStatus: Int32 = -1
    public var code: String?
    public var requestID: String?
    public var retryable = false
    public var retryAfterMS: Int64 = -1
    public var jobID: String?
    public var url: String?
    public private(set) var details: [(name: String, value: String)] = []

    @inline(never)
    public init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// Adds a detail and answers the failure, so that it can be thrown in one line.
    @inline(never)
    public func detail(_ name: String, _ value: String) -> Failure {
        details.append((name, value))
        return self
    }

    /// The same, about another job.
    func copy(about id: String) -> Failure {
        let copy = Failure(status, message)
        (copy.httpStatus, copy.code, copy.requestID) = (httpStatus, code, requestID)
        (copy.retryable, copy.retryAfterMS, copy.details) = (retryable, retryAfterMS, details)
        copy.jobID = id
        return copy
    }

    /// Passes every text that a service may have written through a filter. Of the details only
    /// "errors" is the service's own.
    func rewrite(_ filter: (String) -> String) {
        message = filter(message)
        code = code.map(filter)
        requestID = requestID.map(filter)
        details = details.map {
            (name: $0.name, value: $0.name.isExactly("errors") ? filter($0.value) : $0.value)
        }
    }

    public static var noMemory: Failure { Failure(.noMemory, "there is no memory left") }

    @inline(never)
    public static func argument(_ message: String) -> Failure { Failure(.argument, message) }
}
