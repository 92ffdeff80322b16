import BatchJobs
import CCurl

/// Whom a transfer spoke to, as far as it helps to say what went wrong.
struct Route {
    let host: String
    let usesProxy: Bool
    /// What a proxy answered when it was asked for a tunnel; 0 when none was.
    let proxyStatus: Int
}

/// libcurl's codes in our terms.
enum CurlFailure {
    private struct Meaning {
        let status: Status
        let retryable: Bool
        /// Whether libcurl's own words may be quoted: they name hosts, certificates and system
        /// errors there, but elsewhere they could hold parts of an address or an option.
        let quotes: Bool
    }

    static func make(_ code: CURLcode, libcurlsWords words: String?, _ route: Route) -> Failure {
        if code == CURLE_OUT_OF_MEMORY { return .noMemory }
        if route.usesProxy, code == CURLE_COULDNT_CONNECT {
            return failure(.proxy, true, "the proxy could not be reached", route)
        }
        if route.proxyStatus >= 300 {
            return failure(.proxy, false, "the proxy answered \(route.proxyStatus) to CONNECT", route)
        }
        let meaning = meaning(of: code)
        let text = meaning.quotes ? words ?? explain(code) : explain(code)
        return failure(meaning.status, meaning.retryable, text, route)
    }

    private static func failure(
        _ status: Status, _ retryable: Bool, _ text: String, _ route: Route
    ) -> Failure {
        let failure = Failure(status, "\(route.host): \(text)")
        failure.retryable = retryable
        return failure
    }

    private static func meaning(of code: CURLcode) -> Meaning {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            Meaning(status: .dns, retryable: true, quotes: true)
        case CURLE_COULDNT_CONNECT:
            Meaning(status: .connect, retryable: true, quotes: true)
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY:
            Meaning(status: .proxy, retryable: false, quotes: false)
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING,
            CURLE_HTTP2, CURLE_HTTP2_STREAM:
            Meaning(status: .transport, retryable: true, quotes: true)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL:
            Meaning(status: .protocol, retryable: false, quotes: false)
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED:
            Meaning(status: .link, retryable: false, quotes: false)
        case _ where isTLS(code):
            // A handshake that fails is never tried again: what guards the key would be asked
            // until it says yes.
            Meaning(status: .tls, retryable: false, quotes: true)
        default:
            Meaning(status: .transport, retryable: false, quotes: false)
        }
    }

    private static func isTLS(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_CRL_BADFILE, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_USE_SSL_FAILED:
            true
        default:
            false
        }
    }
}

/// libcurl's general words for a code; they hold nothing of the request.
func explain(_ code: CURLcode) -> String {
    unsafe String(cString: curl_easy_strerror(code))
}
