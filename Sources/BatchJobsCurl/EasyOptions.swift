import BatchJobs
import CCurl

/// Sets options of one easy handle, and remembers the first option that libcurl did not take.
struct EasyOptions {
    private let easy: EasyHandle
    private var refusal = CURLE_OK

    init(_ easy: EasyHandle) {
        self.easy = easy
    }

    mutating func set(_ option: CURLoption, _ value: Int) { note(easy.set(option, value)) }

    mutating func set(_ option: CURLoption, _ value: String?) { note(easy.set(option, value)) }

    mutating func note(_ code: CURLcode) {
        if refusal == CURLE_OK { refusal = code }
    }

    /// An option that was not taken could be one that guards the key: then nothing is sent.
    func check() throws(Failure) {
        if refusal == CURLE_OK { return }
        if refusal == CURLE_OUT_OF_MEMORY { throw .noMemory }
        throw Failure(.unsupported, "this libcurl lacks what is needed: " + explain(refusal))
    }

    /// What holds for every request.
    mutating func keepOnShortLead(_ settings: TransportSettings) {
        note(easy.setProtocols())
        easy.setQuickExit()
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_NETRC, 0)
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_BUFFERSIZE, 128 * 1024)
        // libcurl divides this limit between the addresses of a host, so that a dead one does not
        // use up all of it. It also counts the caller's pauses, which the exchange makes up for.
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(clamping: min(settings.connectTimeoutMS, 1 << 31 - 1)))
    }

    mutating func verifyServer(_ settings: TransportSettings) {
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // Given one of the two, the other must not add the system's certificates.
        if settings.caFile != nil || settings.caDirectory != nil {
            set(CURLOPT_CAINFO, settings.caFile)
            set(CURLOPT_CAPATH, settings.caDirectory)
        }
    }

    /// Plain HTTP to this machine is allowed because it does not leave it: it never takes a proxy.
    mutating func chooseRoute(_ settings: TransportSettings) {
        if easy.isEncrypted || settings.allowHTTP {
            switch settings.proxy {
            case .none: break
            case .environment: return
            case .url(let proxy):
                set(CURLOPT_PROXY, proxy)
                set(CURLOPT_NOPROXY, "")
                return
            }
        }
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "*")
    }

    mutating func chooseVersion(_ settings: TransportSettings) {
        switch settings.httpVersion {
        case .http1:
            set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        case .http2 where !easy.isEncrypted:
            set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
            // 7.88 fails at once on a plain HTTP/2 connection that it uses again.
            set(CURLOPT_FORBID_REUSE, 1)
        case .automatic, .http2:
            // A libcurl without HTTP/2 refuses the wish and speaks 1.1.
            _ = easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        }
    }
}
