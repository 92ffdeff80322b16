import BatchJobsJSON

/// Makes a failure of an answer with an error status, whichever shape its body has.
///
/// The services' documented shapes, and those their frameworks produce besides:
/// `{"error": {"type", "message" | "reason"}}`, `{"error": text}`, `{"message", "code", "errors",
/// "retry_after"}`, `{"detail": text}`, `{"non_field_errors": [text]}`, plain text, HTML.
func serviceFailure(_ head: Head, _ body: Bytes, from name: String, wallMS: Int64) -> Failure {
    let reading = ErrorBody(body)
    let said = reading.message.map { ": " + printable($0) } ?? ""
    let failure = Failure(
        status(forHTTP: head.status), "\(name) answered \(head.status)\(meaning(head.status))\(said)")
    failure.httpStatus = Int32(clamping: head.status)
    failure.code = reading.code.map(printable)
    failure.requestID = requestID(head)
    let hints = RetryHints(head, bodySeconds: reading.retryAfter, wallMS: wallMS)
    failure.retryable =
        head.status >= 400 && (hints.shouldRetry ?? isTransient(head.status))
    if failure.retryable { failure.retryAfterMS = hints.waitMS ?? -1 }
    if let list = reading.validation { _ = failure.detail("errors", list) }
    return failure
}

private func status(forHTTP status: Int) -> Status {
    switch status {
    case 300...399: .redirect
    case 400: .badRequest
    case 401: .unauthenticated
    case 402: .payment
    case 403: .forbidden
    case 404: .notFound
    case 409: .conflict
    case 410: .gone
    case 422: .unprocessable
    case 429: .rateLimited
    case 500...599: .server
    default: .refused
    }
}

private func meaning(_ status: Int) -> String {
    switch status {
    case 300...399: " (a redirect, which is not followed)"
    case 400: " (bad request)"
    case 401: " (the credential is missing or not accepted)"
    case 402: " (payment required)"
    case 403: " (forbidden)"
    case 404: " (not found)"
    case 409: " (conflict)"
    case 410: " (gone)"
    case 422: " (not processable)"
    case 429: " (too many requests)"
    case 500...599: " (server error)"
    default: ""
    }
}

/// Statuses after which the same request may succeed by itself.
private func isTransient(_ status: Int) -> Bool {
    switch status {
    case 408, 425, 429, 500, 502, 503, 504: true
    default: false
    }
}

func requestID(_ head: Head) -> String? {
    for name in ["x-request-id", "request-id", "x-amz-request-id", "x-correlation-id", "cf-ray"] {
        if let id = head[name], !id.isEmpty { return printable(id) }
    }
    return nil
}

/// What an error body tells, as far as it tells it.
private struct ErrorBody {
    private(set) var message: String?
    private(set) var code: String?
    /// A list of what was invalid, as JSON.
    private(set) var validation: String?
    private(set) var retryAfter: Value?

    init(_ body: Bytes) {
        guard let document = try? Value(document: body), document.kind == .object else {
            message = plainText(body)
            return
        }
        let error = document.member("error")
        let inner = error?.kind == .object ? error : nil
        message =
            inner?.member("message")?.text ?? inner?.member("reason")?.text ?? error?.text
            ?? document.member("message")?.text ?? document.member("detail")?.text
            ?? document.at(pointer: "/non_field_errors/0")?.text ?? firstFieldError(document)
        code =
            inner?.member("type")?.text ?? inner?.member("code")?.text
            ?? document.member("code")?.text
        if let list = document.member("errors"), list.kind == .array { validation = list.bytes.text }
        retryAfter = document.member("retry_after")
    }
}

/// `{"<field>": ["what is wrong with it"]}`
private func firstFieldError(_ document: Value) -> String? {
    var cursor = Cursor(document)
    while let (name, value) = cursor.nextMember() {
        if let first = value.at(pointer: "/0")?.text, let field = name.text {
            return "\(field): \(first)"
        }
    }
    return nil
}

/// Short text as it is; of markup only what a storage service says in its `Message` and `Code`.
private func plainText(_ body: Bytes) -> String? {
    // Cut at a length, the last character may be half.
    let beginning = unsafe body[0..<2000].withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    let text = String(Substring(beginning.utf8.drop { $0 <= 0x20 }))
    guard let first = text.utf8.first else { return nil }
    guard first == UInt8(ascii: "<") else { return text.utf8.count <= 300 ? text : nil }
    guard let message = element("Message", of: text) else { return nil }
    return element("Code", of: text).map { "\($0): \(message)" } ?? message
}

/// The text between `<name>` and `</name>`.
private func element(_ name: String, of text: String) -> String? {
    let parts = split(text, at: "<\(name)>")
    guard let rest = parts?.after, let inner = split(rest, at: "</\(name)>")?.before else {
        return nil
    }
    return inner
}

private func split(_ text: String, at mark: String) -> (before: String, after: String)? {
    let bytes = Array(text.utf8)
    let wanted = Array(mark.utf8)
    guard bytes.count >= wanted.count else { return nil }
    for start in 0...(bytes.count - wanted.count)
    where bytes[start..<start + wanted.count].elementsEqual(wanted) {
        return (
            String(decoding: bytes[..<start], as: UTF8.self),
            String(decoding: bytes[(start + wanted.count)...], as: UTF8.self)
        )
    }
    return nil
}
