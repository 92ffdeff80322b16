import BatchJobsJSON

/// Where a list goes on: in one string, whatever way the service pages.
///
/// `bj1.<service>.<page size>.<filter>.<rows to skip>.<the service's own state>`
struct ListCursor {
    var pageSize: Int64
    /// A hash of the filter and the order, which must be the same when the list goes on.
    var filter: String
    /// Rows of the page that were delivered already.
    var offset: Int
    /// What the service gave for this page; nil for its first.
    var state: String?

    private static let mark = "bj1."

    func text(_ service: StaticString) -> String {
        let state = state.map { "s" + percentEncoded($0) } ?? ""
        return "\(Self.mark)\(service).\(pageSize).\(filter).\(offset).\(state)"
    }

    /// Reads one of ours; anything else is the service's own and stands for its state.
    init(
        _ text: String, _ facts: Facts, filter expected: String, pageSize size: Int64
    ) throws(Failure) {
        guard text.utf8.starts(with: Self.mark.utf8) else {
            self.init(pageSize: size, filter: expected, offset: 0, state: text)
            return
        }
        let parts = text.pieces(at: UInt8(ascii: "."), atMost: 6)
        guard parts.count == 6, let size = Int64(parts[2]), size >= 1, size <= 1000,
            let offset = Int(parts[4]), offset >= 0, offset <= 1_000_000
        else {
            throw Self.wrong("is damaged; pass on what bj_page_next_cursor gave, unchanged")
        }
        guard parts[1].isExactly(facts.name) else {
            throw Self.wrong("belongs to the service \(parts[1]), not to \(facts.name)")
        }
        guard parts[3].isExactly(expected) else {
            throw Self.wrong(
                "belongs to a list with other filters; give the status, kind, order, tenant and project it was made with"
            )
        }
        var state: String?
        if let encoded = parts[5].behind("s") {
            guard let decoded = percentDecoded(encoded) else {
                throw Self.wrong("is damaged; pass on what bj_page_next_cursor gave, unchanged")
            }
            state = decoded
        } else if !parts[5].isEmpty {
            throw Self.wrong("is damaged; pass on what bj_page_next_cursor gave, unchanged")
        }
        self.init(pageSize: size, filter: expected, offset: offset, state: state)
    }

    init(pageSize: Int64, filter: String, offset: Int, state: String?) {
        self.pageSize = pageSize
        self.filter = filter
        self.offset = offset
        self.state = state
    }

    private static func wrong(_ why: String) -> Failure {
        Failure.argument("the cursor " + why).detail("option", "cursor")
    }
}

/// The options that decide which rows a list has and in what order, as 16 hexadecimal digits
/// (FNV-1a): enough to notice a mistake, and no secret.
func filterHash(_ settings: Settings) -> String {
    let deciding: [Option] = [
        .status, .kind, .sortBy, .sortDirection, .onlyPending, .tenantID, .project,
    ]
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for option in deciding {
        for byte in (settings[option] ?? "").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}
