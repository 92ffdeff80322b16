import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// What goes out: addresses and headers as the services document them.
@Suite struct RequestTests {
    enum Ask: Sendable {
        case list
        case get(String)
        case results(String)
    }

    /// Asks against a service that refuses everything; what it was asked.
    static func requests(
        _ service: String, _ ask: Ask, _ ofClient: [String: String], _ ofCall: [String: String]?
    ) throws -> [Request] {
        let script = Script(otherwise: .init("", status: 500))
        let client = try client(service, script, ofClient)
        let call = try ofCall.map(settings)
        let failed = failure {
            switch ask {
            case .list: _ = try client.pages(call, nil).next()
            case .get(let id): _ = try client.job(id, call, nil)
            case .results(let id): _ = try client.results(id, call, nil)
            }
        }
        #expect(failed?.status == .server, "\(failed?.message ?? "")")
        return script.requests
    }

    /// Address and sorted query parameters: their order means nothing.
    static func parts(_ url: String) -> (String, [String]) {
        let pieces = url.split(separator: "?", maxSplits: 1)
        return (
            String(pieces[0]),
            pieces.count > 1
                ? pieces[1].split(separator: "&", omittingEmptySubsequences: false).map(String.init)
                    .sorted() : []
        )
    }

    static let addresses: [(String, Ask, [String: String], String)] = [
        ("crustdata", .list, [:], "https://api.crustdata.com/batch?limit=100"),
        ("crustdata", .list, ["page_size": "7"], "https://api.crustdata.com/batch?limit=7"),
        ("crustdata", .list, ["page_size": "1000"], "https://api.crustdata.com/batch?limit=100"),
        (
            "crustdata", .list, ["status": "succeeded", "cursor": "a b&c"],
            "https://api.crustdata.com/batch?limit=100&status=completed&cursor=a%20b%26c"
        ),
        (
            "crustdata", .list, ["status": "processing", "kind": "search", "max_items": "1"],
            "https://api.crustdata.com/batch?limit=100&status=processing"
        ),
        ("crustdata", .list, ["status": "done"], "https://api.crustdata.com/batch?limit=100"),
        (
            "crustdata", .get("../usage-stats?x="), [:],
            "https://api.crustdata.com/batch/..%2Fusage-stats%3Fx%3D"
        ),
        ("crustdata", .results("é/1"), [:], "https://api.crustdata.com/batch/%C3%A9%2F1"),
        ("spidra", .list, [:], "https://api.spidra.io/api/batch/scrape?page=1&limit=50"),
        (
            "spidra", .list, ["cursor": "3", "page_size": "51", "status": "failed"],
            "https://api.spidra.io/api/batch/scrape?page=3&limit=50"
        ),
        ("spidra", .get("a#b"), [:], "https://api.spidra.io/api/batch/scrape/a%23b"),
        ("spidra", .results("x"), [:], "https://api.spidra.io/api/batch/scrape/x"),
        ("reach", .list, [:], "https://api.embedreach.com/api/batches?limit=20"),
        (
            "reach", .list,
            [
                "page_size": "5", "cursor": "c=", "kind": "PARTNER_RESOURCE_BATCH_PATCH",
                "sort_by": "started", "sort_direction": "asc", "include_pending": "true",
                "only_pending": "false",
            ],
            "https://api.embedreach.com/api/batches?limit=5&cursor=c%3D&batchType=PARTNER_RESOURCE_BATCH_PATCH&sortBy=startedAt&sortDirection=asc&includePendingDetails=true&onlyBatchesWithPendingResources=false"
        ),
        (
            "reach", .list, ["sort_by": "finished", "status": "failed"],
            "https://api.embedreach.com/api/batches?limit=20&sortBy=completedAt"
        ),
        (
            "reach", .list, ["sort_by": "created", "sort_direction": "desc"],
            "https://api.embedreach.com/api/batches?limit=20&sortBy=createdAt&sortDirection=desc"
        ),
        ("reach", .get("r/1"), [:], "https://api.embedreach.com/api/batches/r%2F1"),
        (
            "reach", .get("r"), ["include_pending": "true"],
            "https://api.embedreach.com/api/batches/r?includePendingDetails=true"
        ),
        (
            "reach", .get("r"), ["include_pending": "false"],
            "https://api.embedreach.com/api/batches/r?includePendingDetails=false"
        ),
        (
            "reach", .results("r"), ["include_pending": "false"],
            "https://api.embedreach.com/api/batches/r?includePendingDetails=true"
        ),
        (
            "veryfront", .get("v"), ["project": "a/b?c"],
            "https://api.veryfront.com/projects/a%2Fb%3Fc/job-batches/v"
        ),
        (
            "veryfront", .results("v/w"), [:],
            "https://api.veryfront.com/projects/my%20project/job-batches/v%2Fw"
        ),
    ]

    /// Given to the client or to the call, an option does the same.
    @Test(arguments: addresses) func address(
        _ service: String, _ ask: Ask, _ options: [String: String], _ url: String
    ) throws {
        for (ofClient, ofCall) in [(options, nil), ([:], options), (["page_size": "3"], options)]
            as [([String: String], [String: String]?)]
        {
            if ofClient["page_size"] == "3"
                && (options["page_size"] == nil || service == "veryfront")
            {
                continue
            }
            let asked = try Self.requests(service, ask, ofClient, ofCall)
            #expect(asked.count == 1)
            let (path, query) = Self.parts(try #require(asked.first?.url))
            let (wantedPath, wantedQuery) = Self.parts(url)
            #expect(path == wantedPath && query == wantedQuery)
        }
    }

    @Test(arguments: [
        ("crustdata", "http://127.0.0.1:8080", "http://127.0.0.1:8080/batch/x"),
        ("crustdata", "http://127.0.0.1:8080///", "http://127.0.0.1:8080/batch/x"),
        ("crustdata", "https://h/a/b/", "https://h/a/b/batch/x"),
        ("spidra", "https://h/api", "https://h/api/batch/scrape/x"),
        ("reach", "https://h/", "https://h/api/batches/x"),
        ("veryfront", "https://h/v1", "https://h/v1/projects/my%20project/job-batches/x"),
    ]) func anotherBase(_ service: String, _ base: String, _ url: String) throws {
        #expect(try Self.requests(service, .get("x"), ["base_url": base], nil).map(\.url) == [url])
    }

    @Test(
        arguments: [
            (
                "crustdata", [:], [:],
                ["Authorization: Bearer KEY-3f9a", "x-api-version: 2025-11-01"]
            ), ("spidra", [:], [:], ["x-api-key: KEY-3f9a"]),
            ("reach", [:], [:], ["Authorization: Bearer KEY-3f9a"]),
            (
                "reach", ["tenant_id": "t-1"], [:],
                ["Authorization: Bearer KEY-3f9a", "reach-tenant-id: t-1"]
            ),
            (
                "reach", ["tenant_id": "t-1"], ["tenant_id": "t-2"],
                ["Authorization: Bearer KEY-3f9a", "reach-tenant-id: t-2"]
            ),
            ("veryfront", [:], [:], ["Authorization: Bearer KEY-3f9a"]),
            // A header of the caller's takes the place of the service's.
            (
                "crustdata", ["header.authorization": "Token t", "header.X-Trace": "1"], [:],
                ["X-Trace: 1", "authorization: Token t", "x-api-version: 2025-11-01"]
            ),
            (
                "crustdata", ["header.X-Trace": "1"],
                ["header.x-trace": "2", "header.X-API-Version": "2026-01-01"],
                ["Authorization: Bearer KEY-3f9a", "X-API-Version: 2026-01-01", "x-trace: 2"]
            ),
        ] as [(String, [String: String], [String: String], [String])]) func headers(
            _ service: String, _ ofClient: [String: String], _ ofCall: [String: String],
            _ expected: [String]
        ) throws
    {
        for ask in [Ask.list, .get("x"), .results("x")] {
            if service == "veryfront", case .list = ask { continue }
            let asked = try Self.requests(service, ask, ofClient, ofCall)
            #expect(asked.first?.headers.map { $0.name + ": " + $0.value }.sorted() == expected)
        }
    }

    /// A result host gets the link as it is and nothing of the account's, also not what the caller
    /// adds to calls of the service.
    @Test func resultHostsGetNoCredential() throws {
        let job = try Repository.text("Tests/Vectors/crustdata/merged.json")
        let link = "https://storage.invalid/results?X-Amz-Signature=secret"
        let script = Script([
            "https://api.crustdata.com/batch/b-1": [.init(job)], link: [.init("{}\n{}\n")],
        ])
        let results = try client(
            "crustdata", script, ["header.X-Trace": "1", "header.Cookie": "c"]
        ).results("b-1", nil, nil)
        #expect(results.all().records.count == 2)
        #expect(script.requests.map(\.url) == ["https://api.crustdata.com/batch/b-1", link])
        #expect(script.requests[0].headers.count == 4 && script.requests[1].headers.isEmpty)
    }

    /// Wrong arguments are told before anything is sent.
    @Test(
        arguments: [
            ("crustdata", Ask.get(""), [:], nil), ("crustdata", .get("."), [:], nil),
            ("spidra", .results(".."), [:], nil), ("reach", .get("a\nb"), [:], nil),
            ("spidra", .list, ["cursor": "0"], "cursor"),
            ("spidra", .list, ["cursor": "-1"], "cursor"),
            ("spidra", .list, ["cursor": "x"], "cursor"),
            ("spidra", .list, ["cursor": "1.5"], "cursor"),
            ("spidra", .list, ["cursor": "99999999999999999999"], "cursor"),
            ("crustdata", .list, ["cursor": "bj1.spidra.50.x.0."], "cursor"),
            ("crustdata", .list, ["status": "sleeping"], "status"),
            ("crustdata", .list, ["tenant_id": "t"], "tenant_id"),
            ("crustdata", .get("x"), ["project": "p"], "project"),
            ("spidra", .list, ["kind": "k"], "kind"),
            ("veryfront", .get("x"), ["page_size": "1"], "page_size"),
            ("veryfront", .get("x"), ["project": ".."], "project"),
            ("veryfront", .results("x"), ["project": "."], "project"),
            ("crustdata", .list, ["api_key": "k"], "api_key"),
            ("crustdata", .list, ["base_url": "https://h"], "base_url"),
            ("reach", .get("x"), ["proxy": "none"], "proxy"),
        ] as [(String, Ask, [String: String], String?)]) func refusesBeforeSending(
            _ service: String, _ ask: Ask, _ options: [String: String], _ option: String?
        ) throws
    {
        let script = Script()
        let client = try client(service, script)
        let call = try settings(options)
        let wrong = failure {
            switch ask {
            case .list: _ = try client.pages(call, nil)
            case .get(let id): _ = try client.job(id, call, nil)
            case .results(let id): _ = try client.results(id, call, nil)
            }
        }
        #expect(
            wrong?.status == .argument && wrong?.value("option") == option,
            "\(wrong?.message ?? "")")
        #expect(script.requests.isEmpty)
    }

    @Test(
        arguments: [
            ("crustdata", ["api_key": nil], "api_key"), ("veryfront", ["project": nil], "project"),
            ("veryfront", ["project": ".."], "project"),
            ("spidra", ["tenant_id": "t"], "tenant_id"),
            ("veryfront", ["status": "done"], "status"),
            ("crustdata", ["base_url": "ftp://h"], "base_url"),
            ("crustdata", ["base_url": "///"], "base_url"),
        ] as [(String, [String: String?], String?)]) func aClientMustBeWhole(
            _ service: String, _ options: [String: String?], _ option: String?
        ) throws
    {
        var all: [String: String?] = [
            "api_key": key, "project": service == "veryfront" ? "p" : nil,
        ]
        all.merge(options) { $1 }
        let settings = try settings(all.compactMapValues { $0 })
        let wrong = failure {
            try BatchJobs.Client(try #require(Providers.find(service)), settings, Script())
        }
        #expect(wrong?.status == .argument && wrong?.value("option") == option)
        if option == "tenant_id" { #expect(wrong?.message.contains("page_size") == true) }
    }

    @Test func veryfrontCannotList() throws {
        let client = try client("veryfront", Script())
        #expect(failure { try client.pages(nil, nil) }?.status == .unsupported)
    }

    @Test func servicesAreFoundByName() {
        #expect(
            Providers.all.map { $0.facts.name.description } == [
                "crustdata", "spidra", "reach", "veryfront",
            ])
        #expect(
            Providers.find("spidra")?.facts.name.description == "spidra"
                && Providers.find("Spidra") == nil && Providers.find("") == nil)
    }
}
