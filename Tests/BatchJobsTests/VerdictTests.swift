import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// What the end of a stream proves, by the counts of each service.
@Suite struct VerdictTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let stage: @Sendable () -> Stage
        let records: Int
        let expected: Int64
        let verdict: Verdict
        let status: Status?

        init(
            _ name: String, _ records: Int, of expected: Int64, _ verdict: Verdict,
            error status: Status? = nil, _ stage: @escaping @Sendable () -> Stage
        ) {
            (testDescription, self.records, self.expected) = (name, records, expected)
            (self.verdict, self.status, self.stage) = (verdict, status, stage)
        }
    }

    private static func crustdata(_ count: Int, _ status: String = "completed") -> @Sendable () -> Stage {
        {
            let stage = JobHost([FileHost("1\n2\n"), FileHost("3\n")], count: count)
            stage.status = status
            return stage
        }
    }

    private static func reach(_ failed: Int, _ lines: Int) -> @Sendable () -> Stage {
        { InlineHost("reach", "b-1", Source.reach(lines: Array(Source.lines[..<lines]), failed: failed)) }
    }

    private static func reach(_ edit: @escaping @Sendable (Tree) -> Tree) -> @Sendable () -> Stage {
        { InlineHost("reach", "b-1", edit(Tree(Source.reach(lines: ["1", "2", "3", "4", "5"]))).text) }
    }

    private static func veryfront(_ total: String) -> @Sendable () -> Stage {
        { InlineHost("veryfront", "b-1", Source.veryfront(lines: Source.lines, total: total)) }
    }

    private static func veryfront(_ edit: @escaping @Sendable (Tree) -> Tree) -> @Sendable () -> Stage {
        { InlineHost("veryfront", "b-1", edit(Tree(Source.veryfront(lines: Source.lines))).text) }
    }

    private static func spidra(_ total: Int, _ status: String = "completed") -> @Sendable () -> Stage {
        { InlineHost("spidra", "b-1", Source.spidra(lines: Source.lines, total: total, status: status)) }
    }

    static let cases = [
        Case("crustdata", 3, of: 3, .verified, crustdata(3)),
        Case("crustdata, short", 3, of: 4, .short, error: .truncated, crustdata(4)),
        Case("crustdata, long", 3, of: 2, .long, error: .protocol, crustdata(2)),
        Case("crustdata, nothing", 0, of: 0, .verified, crustdata(0)),
        // Of a job that failed the count is no promise.
        Case("crustdata, failed", 3, of: -1, .unverified, crustdata(5, "failed")),
        Case("reach", 9, of: 9, .verified, reach(4, 9)),
        Case("reach, short", 9, of: 12, .short, reach(7, 9)),
        Case("reach, long", 9, of: 6, .long, reach(1, 9)),
        Case("reach, none waits", 3, of: 3, .verified, reach(3, 3)),
        Case("reach, none failed", 0, of: 0, .verified, reach(0, 0)),
        Case("reach, no details", 1, of: 5, .short, reach { $0.setting("/data/errors", to: nil) }),
        Case(
            "reach, pending null", 4, of: 4, .verified,
            reach { $0.setting("/data/pendingResources", to: "null") }),
        Case(
            "reach without a count", 5, of: -1, .unverified,
            reach { $0.setting("/data/progress/failedRecords", to: nil) }),
        Case(
            "reach, far too many", 5, of: -1, .unverified,
            reach { $0.setting("/data/progress/failedRecords", to: "9223372036854775807") }),
        Case(
            "reach, running", 5, of: 5, .verified,
            reach { $0.setting("/data/status", to: "\"processing\"") }),
        Case("veryfront", 9, of: 9, .verified, veryfront("9")),
        Case("veryfront, short", 9, of: 10, .short, veryfront("10")),
        Case("veryfront, long", 9, of: 0, .long, veryfront("0")),
        Case("veryfront without a count", 9, of: -1, .unverified, veryfront("null")),
        Case("veryfront, a count that is none", 9, of: -1, .unverified, veryfront("\"9\"")),
        Case("veryfront, a count below none", 9, of: -1, .unverified, veryfront("-9")),
        Case("veryfront, half a count", 9, of: -1, .unverified, veryfront("9.5")),
        Case(
            "veryfront, done without a result", 0, of: -1, .unverified,
            veryfront { $0.setting("/result", to: "null") }),
        Case(
            "veryfront, running", 9, of: 9, .verified,
            veryfront { $0.setting("/status_counts/working", to: "1") }),
        Case("spidra", 9, of: 9, .verified, spidra(9)),
        Case("spidra, short", 9, of: 10, .short, error: .truncated, spidra(10)),
        Case("spidra, long", 9, of: 8, .long, error: .protocol, spidra(8)),
        Case("spidra, failed and short", 9, of: 10, .short, error: .truncated, spidra(10, "failed")),
        Case("spidra, cancelled", 9, of: 9, .verified, spidra(9, "cancelled")),
        Case("spidra, running", 9, of: -1, .unverified, spidra(20, "running")),
        Case("spidra, pending", 9, of: -1, .unverified, spidra(20, "pending")),
        Case("spidra, an unknown word", 9, of: -1, .unverified, spidra(20, "odd")),
    ]

    @Test(arguments: cases) func atTheEnd(_ test: Case) throws {
        let results = try test.stage().open()
        var records = 0
        #expect(results.expected == test.expected && results.verdict == .none && results.records == 0)
        let failed = failure {
            while try results.next() != nil {
                records += 1
                #expect(results.verdict == .none && results.records == Int64(records))
            }
        }
        #expect(records == test.records && results.records == Int64(records))
        #expect(results.verdict == test.verdict && failed?.status == test.status)
        #expect(results.expected == test.expected)
        guard let failed else { return }
        // Both numbers are told.
        #expect(failed.message.contains("\(records) records where the service counts \(test.expected)"))
        #expect(failed.jobID == "b-1" && failed.retryable == false)
        #expect(failure { try results.next() } === failed && results.verdict == test.verdict)
    }

    /// Records of before count, wherever a stream began.
    @Test(arguments: cases) func ofAResumedStream(_ test: Case) throws {
        for token in try test.stage().read().tokens {
            let reading = try test.stage().read(token)
            #expect(reading.verdict == test.verdict && reading.failure?.status == test.status)
            #expect(reading.records == Int64(test.records))
        }
    }

    /// Results that come only when the job is done.
    @Test(
        arguments: [
            { @Sendable () -> Stage in
                let stage = JobHost([FileHost("1\n")], count: 1)
                stage.status = "processing"
                return stage
            },
            veryfront {
                $0.setting("/result", to: "null").setting("/status_counts/working", to: "1")
            },
        ]) func notReady(_ stage: @Sendable () -> Stage) throws {
            let stage = stage()
            let failed = failure { try stage.open() }
            #expect(failed?.status == .notReady && failed?.retryable == true)
            #expect(failed?.jobID == "b-1" && stage.script.requests.count == 1)
        }

    /// A broken transfer shows too little whatever the count; other errors show nothing.
    @Test func ofAStreamThatFailed() throws {
        for (breaks, verdict) in [([3, 0, 0], Verdict.short), ([0, 0, 0], .none)] {
            let host = FileHost("1\n2\n3\n")
            host.breaks = breaks
            let stage = JobHost([host], count: 3)
            stage.status = "failed"
            #expect(try stage.read().verdict == verdict)
        }
        let host = FileHost("1\n2\n3\n")
        let cancelled = try JobHost([host], count: 3).open()
        _ = try cancelled.next()
        #expect(cancelled.verdict == .none && cancelled.records == 1)
    }
}
