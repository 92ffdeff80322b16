import BatchJobsJSON

/// The key or token of a client, and the program's way to a fresh one.
///
/// Shared by all threads of the client; what changes is read and written under the transport's
/// lock, which is never held while the provider runs.
final class Credentials: @unchecked Sendable {
    /// Set before the client is shared: gives a token, or nil.
    var provider: (() -> String?)?

    private let transport: any Transport
    private var token: String
    private var generation = 0
    /// Tokens that requests still under way may carry, and no message may.
    private var replaced: [String] = []

    init(_ token: String, _ transport: any Transport) {
        self.token = token
        self.transport = transport
    }

    /// The token to use now, and a number that tells it from later ones.
    var current: (token: String, generation: Int) {
        var found = (token, 0)
        transport.locked { found = (token, generation) }
        return found
    }

    /// The token and those before it, as far as anybody may still repeat them.
    var known: [String] {
        var found: [String] = []
        transport.locked { found = replaced + [token] }
        return found
    }

    /// After a refusal of the token with that number: true when there is another one now. Where a
    /// second thread has fetched one meanwhile, that one serves. The provider is asked once.
    func refresh(refused: Int, _ hasAsked: inout Bool) throws(Failure) -> Bool {
        guard let provider else { return false }
        if current.generation != refused { return true }
        if hasAsked { return false }
        hasAsked = true
        guard let fresh = provider() else {
            throw Failure(.unauthenticated, "the token provider gave no token")
        }
        guard !fresh.isEmpty, fresh.utf8.count <= 16_384, isHeaderValue(fresh) else {
            throw Failure(
                .unauthenticated,
                "the token provider gave what cannot be a token: it must be 1 to 16384 bytes without control characters"
            )
        }
        transport.locked {
            replaced = (replaced + [token]).suffix(8)
            token = fresh
            generation += 1
        }
        return true
    }
}
