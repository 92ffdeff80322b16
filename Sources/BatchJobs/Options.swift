import BatchJobsJSON

/// The options there are, in the order of their table.
public enum Option: Int, CaseIterable, Sendable {
    case apiKey, baseURL, tenantID, project
    case pageSize, maxItems, maxPages, cursor, status, kind, sortBy, sortDirection
    case includePending, onlyPending
    case prefetch, maxAttempts
    case waitTimeoutMS, pollMinMS, pollMaxMS
    case maxRequests, maxRequestsIntervalMS, maxConcurrentRequests
    case timeoutMS, connectTimeoutMS, firstByteTimeoutMS, stallTimeoutMS
    case maxResponseBytes, maxRecordBytes, maxGzipRatio
    case parallelParts, readAheadBytes, resultHosts, resume, saveFormat, overwrite
    case userAgent, httpVersion, proxy, caFile, caDir, allowHTTP

    public var row: OptionRow { OptionTable.rows[rawValue] }
}

public enum OptionKind: Int32, Sendable {
    case text = 1
    case integer = 2
    case bool = 3
    case choice = 4
}

/// What is known of one option. Documentation, checks and enumeration all come from here.
public struct OptionRow: Sendable {
    public let name: StaticString
    public let kind: OptionKind
    /// `low..high` of an integer, `one|two` of a choice.
    public let range: StaticString?
    public let fallback: StaticString?
    public let help: StaticString
    /// Part of the client or its connections, so a single call cannot change it.
    public let clientOnly: Bool

    init(
        _ name: StaticString, _ kind: OptionKind, range: StaticString? = nil,
        fallback: StaticString? = nil, clientOnly: Bool = false, _ help: StaticString
    ) {
        self.name = name
        self.kind = kind
        self.range = range
        self.fallback = fallback
        self.help = help
        self.clientOnly = clientOnly
    }
}

public enum OptionTable {
    /// One row for each case of `Option`, in the same order; a test compares the two.
    public static let rows: [OptionRow] = [
        OptionRow(
            "api_key", .text, clientOnly: true,
            "The key or token of the account. Required."),
        OptionRow(
            "base_url", .text, clientOnly: true,
            "Where the service is, when not at its own address: scheme, host, port and path prefix."
        ),
        OptionRow(
            "tenant_id", .text,
            "The tenant to act as, for a token that spans several (reach)."),
        OptionRow(
            "project", .text,
            "The id or slug of the project whose jobs are meant (veryfront). Required there."),
        OptionRow(
            "page_size", .integer, range: "1..1000",
            "Jobs to ask for at once. Above the service's maximum it is lowered to that; by default it is that. A cursor brings its own."
        ),
        OptionRow(
            "max_items", .integer, range: "1..9007199254740991",
            "The list ends after this many jobs. By default it does not."),
        OptionRow(
            "max_pages", .integer, range: "1..1000000", fallback: "100000",
            "The list fails with BJ_E_LIMIT when the service still has more after this many requests."
        ),
        OptionRow(
            "cursor", .text,
            "Where the list begins: bj_page_next_cursor of an earlier one, or the service's own cursor or page number."
        ),
        OptionRow(
            "status", .text,
            "Only jobs that stand so: queued, running, done, succeeded, partial, failed, cancelled, expired, unknown, or a word of the service."
        ),
        OptionRow(
            "kind", .text,
            "Only jobs of this kind, in the service's word, as bj_job_kind gives it."),
        OptionRow(
            "sort_by", .choice, range: "created|started|finished",
            "Which time orders the list (reach)."),
        OptionRow(
            "sort_direction", .choice, range: "asc|desc",
            "Oldest or newest first (reach)."),
        OptionRow(
            "include_pending", .bool,
            "Ask for the details of records that wait for others (reach)."),
        OptionRow(
            "only_pending", .bool,
            "Only jobs that hold records which wait for others (reach)."),
        OptionRow(
            "prefetch", .integer, range: "0..16", fallback: "4",
            "Pages to have on the wire while one is handed over; a list with cursors can only know one."
        ),
        OptionRow(
            "max_attempts", .integer, range: "1..10", fallback: "4",
            "How often a request is sent before its failure is reported; 1 means no retry."),
        OptionRow(
            "wait_timeout_ms", .integer, range: "1..2592000000", fallback: "86400000",
            "How long a wait may take in all, in milliseconds; timeout_ms bounds each of its requests."
        ),
        OptionRow(
            "poll_min_ms", .integer, range: "50..3600000", fallback: "1000",
            "A wait asks for a job no more often than this, in milliseconds, and that often at first."
        ),
        OptionRow(
            "poll_max_ms", .integer, range: "50..86400000", fallback: "60000",
            "The longest a wait leaves a job alone of its own accord, in milliseconds; poll_min_ms where that is more."
        ),
        OptionRow(
            "max_requests", .integer, range: "1..100000", clientOnly: true,
            "No more requests than these go to the service in any max_requests_interval_ms, from all threads together. By default there is no such limit."
        ),
        OptionRow(
            "max_requests_interval_ms", .integer, range: "1..86400000", fallback: "1000",
            clientOnly: true,
            "The interval of max_requests, in milliseconds."),
        OptionRow(
            "max_concurrent_requests", .integer, range: "1..1000", clientOnly: true,
            "No more requests than these are under way to the service at once, from all threads together. By default there is no such limit."
        ),
        OptionRow(
            "timeout_ms", .integer, range: "1..86400000", fallback: "120000",
            "How long one call may take in all, retries and waits included, in milliseconds; for an iterator, each next."),
        OptionRow(
            "connect_timeout_ms", .integer, range: "1..600000", fallback: "10000",
            clientOnly: true,
            "How long a connection may take to stand, TLS included, in milliseconds."),
        OptionRow(
            "first_byte_timeout_ms", .integer, range: "1..86400000", fallback: "60000",
            clientOnly: true,
            "How long the first byte of an answer may take once the request is sent, in milliseconds."
        ),
        OptionRow(
            "stall_timeout_ms", .integer, range: "1..86400000", fallback: "30000",
            clientOnly: true,
            "How long nothing may come once an answer has begun, in milliseconds."),
        OptionRow(
            "max_response_bytes", .integer, range: "1024..17179869184", fallback: "67108864",
            "The largest answer of the service to hold in memory. Result files are streamed and not bounded by it."
        ),
        OptionRow(
            "max_record_bytes", .integer, range: "1024..17179869184", fallback: "67108864",
            "The longest record of a result file."),
        OptionRow(
            "max_gzip_ratio", .integer, range: "1..1000000", fallback: "1000",
            "How many times its size a result file may unpack to, once that is more than 64 MiB."),
        OptionRow(
            "parallel_parts", .integer, range: "1..16", fallback: "4",
            "Result files to have on the wire at once; their records come in order all the same."),
        OptionRow(
            "read_ahead_bytes", .integer, range: "65536..1073741824", fallback: "8388608",
            "How much of the result files to hold in memory before it is their turn, in all."),
        OptionRow(
            "result_hosts", .text,
            "The only hosts to fetch result files from, redirects included: names separated by commas, *.example.com for all below a name, :port for one port. By default any."
        ),
        OptionRow(
            "resume", .text,
            "Where results go on: a token of bj_results_token_at for the same job."),
        OptionRow(
            "save_format", .choice, range: "jsonl|gzip", fallback: "jsonl",
            "What bj_client_save writes: a record a line, or the service's compressed bytes."),
        OptionRow(
            "overwrite", .bool, fallback: "false",
            "Let bj_client_save replace a file that exists."),
        OptionRow(
            "user_agent", .text, clientOnly: true,
            "Sent in front of the library's own name."),
        OptionRow(
            "http_version", .choice, range: "auto|1.1|2", fallback: "auto", clientOnly: true,
            "auto: HTTP/2 where a TLS server offers it."),
        OptionRow(
            "proxy", .text, fallback: "none", clientOnly: true,
            "none, the URL of a proxy, or env: what https_proxy and no_proxy of the environment say."
        ),
        OptionRow(
            "ca_file", .text, clientOnly: true,
            "A file of certificates (PEM) to trust instead of the system's."),
        OptionRow(
            "ca_dir", .text, clientOnly: true,
            "A directory of hashed certificates to trust."),
        OptionRow(
            "allow_http", .bool, fallback: "false", clientOnly: true,
            "Let requests go over plain http to hosts beyond this machine. The key is then readable on the way."
        ),
    ]

    /// What each service takes; the rest stands in its facts.
    static let common: [Option] = [
        .apiKey, .baseURL, .maxAttempts, .waitTimeoutMS, .pollMinMS, .pollMaxMS, .maxRequests,
        .maxRequestsIntervalMS, .maxConcurrentRequests, .timeoutMS, .connectTimeoutMS,
        .firstByteTimeoutMS,
        .stallTimeoutMS, .maxResponseBytes, .maxRecordBytes, .maxGzipRatio, .parallelParts,
        .readAheadBytes, .resultHosts, .resume, .saveFormat, .overwrite, .userAgent, .httpVersion,
        .proxy, .caFile, .caDir, .allowHTTP,
    ]

    public static func find(_ name: String) -> Option? {
        Option.allCases.first { name.isExactly($0.row.name) }
    }
}
