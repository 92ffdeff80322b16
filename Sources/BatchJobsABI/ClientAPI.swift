import BatchJobs
import BatchJobsCurl
import BatchJobsJSON
public import CBatchJobs

@c @implementation public func bj_client_new(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ provider: UnsafePointer<CChar>!,
    _ options: OpaquePointer!, _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let name = try unsafe text(provider, "provider")
        guard let found = Providers.find(name) else {
            let known = Providers.all.map { $0.facts.name.description }.joined(separator: ", ")
            throw .argument("there is no provider \(quoted(name)); known are \(known)")
        }
        let settings = unsafe settings(options) ?? Settings()
        let transport = try CurlTransport.make(transportSettings(settings))
        unsafe out.pointee = owned(try Client(found, settings, transport))
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_client_destroy(_ client: OpaquePointer!) {
    unsafe destroy(client, Client.self)
}

@c @implementation public func bj_client_cancel(_ client: OpaquePointer!) {
    unsafe object(client, Client.self)?.cancel()
}

@c @implementation public func bj_client_set_interrupt(
    _ client: OpaquePointer!, _ fn: bj_interrupt_fn!, _ payload: UnsafeMutableRawPointer!
) {
    guard let client = unsafe object(client, Client.self) else { return }
    guard let fn = unsafe fn else {
        client.interruption.hook = nil
        return
    }
    client.interruption.hook = { unsafe fn(payload) != 0 }
}

/// Where a token provider puts its token; lives for one call of it.
final class TokenHandle {
    var token: String?
}

@c @implementation public func bj_client_set_token_provider(
    _ client: OpaquePointer!, _ fn: bj_token_fn!, _ payload: UnsafeMutableRawPointer!
) {
    guard let client = unsafe object(client, Client.self) else { return }
    guard let fn = unsafe fn else {
        client.setTokenProvider(nil)
        return
    }
    client.setTokenProvider {
        let sink = TokenHandle()
        return unsafe fn(borrowed(sink), payload) == 0 ? sink.token : nil
    }
}

@c @implementation public func bj_token_set(
    _ sink: OpaquePointer!, _ text: UnsafePointer<CChar>!, _ length: Int
) {
    guard let sink = unsafe object(sink, TokenHandle.self) else { return }
    sink.token = nil
    guard let text = unsafe text, length >= 0 else { return }
    let bytes = unsafe UnsafeRawBufferPointer(start: text, count: length)
    sink.token = unsafe String(validating: bytes, as: UTF8.self)
}

@c @implementation public func bj_client_set_log(
    _ client: OpaquePointer!, _ level: Int32, _ fn: bj_log_fn!,
    _ payload: UnsafeMutableRawPointer!
) {
    guard let client = unsafe object(client, Client.self) else { return }
    guard let fn = unsafe fn, let level = LogLevel(rawValue: min(max(level, 0), 3)) else {
        client.log.set(.off, nil)
        return
    }
    client.log.set(level) { level, line in
        // What the function itself does with the client makes no lines, or it would never end.
        guard enterLog() else { return }
        defer { leaveLog() }
        unsafe line.withCString { unsafe fn(level.rawValue, $0, payload) }
    }
}

@c @implementation public func bj_client_supports(
    _ client: OpaquePointer!, _ capability: Int32
) -> Int32 {
    guard let client = unsafe object(client, Client.self) else { return -1 }
    return supports(client.provider.facts, capability)
}

private func transportSettings(_ settings: Settings) -> TransportSettings {
    var transport = TransportSettings()
    transport.caFile = settings[.caFile]
    transport.caDirectory = settings[.caDir]
    transport.allowHTTP = settings.bool(.allowHTTP)
    transport.connectTimeoutMS = settings.integer(.connectTimeoutMS)
    transport.firstByteTimeoutMS = settings.integer(.firstByteTimeoutMS)
    transport.stallTimeoutMS = settings.integer(.stallTimeoutMS)
    let library = "libbatchjobs/\(BJ_VERSION_STRING)"
    transport.userAgent = settings[.userAgent].map { "\($0) \(library)" } ?? library
    transport.httpVersion = settings[.httpVersion].flatMap(httpVersion) ?? .automatic
    transport.proxy = settings[.proxy].map(proxy) ?? .none
    return transport
}

private func httpVersion(_ word: String) -> TransportSettings.HTTPVersion? {
    if word.isExactly("1.1") { return .http1 }
    return word.isExactly("2") ? .http2 : nil
}

private func proxy(_ text: String) -> TransportSettings.Proxy {
    if text.isExactly("none") { return .none }
    return text.isExactly("env") ? .environment : .url(text)
}
