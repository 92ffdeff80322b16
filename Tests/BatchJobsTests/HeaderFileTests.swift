import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// The numbers in batchjobs.h are the only published ones; the core's must be the same.
@Suite struct HeaderFileTests {
    /// Every `BJ_… = number` of the header.
    static let constants: [String: Int32] = {
        var found: [String: Int32] = [:]
        let text = (try? Repository.text("include/batchjobs.h")) ?? ""
        for match in text.matches(of: /(BJ_[A-Z_]+) = (-?[0-9]+)/) {
            found[String(match.1)] = Int32(match.2)
        }
        return found
    }()

    static func named(_ prefix: String) -> [String: Int32] {
        constants.filter { $0.key.hasPrefix(prefix) }
    }

    @Test func statuses() {
        let core: [(String, Status)] = [
            ("ARGUMENT", .argument), ("BUSY", .busy), ("UNSUPPORTED", .unsupported),
            ("STATE", .state), ("NO_MEMORY", .noMemory), ("LIMIT", .limit),
            ("CANCELLED", .cancelled), ("TIMEOUT", .timeout), ("FILE", .file),
            ("DNS", .dns), ("CONNECT", .connect), ("TLS", .tls), ("PROXY", .proxy),
            ("TRANSPORT", .transport), ("BAD_REQUEST", .badRequest),
            ("UNAUTHENTICATED", .unauthenticated), ("PAYMENT", .payment),
            ("FORBIDDEN", .forbidden), ("NOT_FOUND", .notFound), ("CONFLICT", .conflict),
            ("GONE", .gone), ("UNPROCESSABLE", .unprocessable), ("RATE_LIMITED", .rateLimited),
            ("SERVER", .server),
            ("REFUSED", .refused), ("REDIRECT", .redirect), ("PROTOCOL", .protocol),
            ("CURSOR", .cursor), ("NOT_READY", .notReady), ("TRUNCATED", .truncated),
            ("LINK", .link), ("CHANGED", .changed),
        ]
        #expect(
            Dictionary(uniqueKeysWithValues: core.map { ("BJ_E_" + $0.0, $0.1.rawValue) })
                == Self.named("BJ_E_"))
    }

    @Test func phasesAndOutcomes() {
        func numbers<Case: CaseIterable & RawRepresentable<Int32>>(
            _ prefix: String, _: Case.Type, _ name: (Case) -> StaticString
        ) -> [String: Int32] {
            Dictionary(
                uniqueKeysWithValues: Case.allCases.map {
                    (prefix + name($0).description.uppercased(), $0.rawValue)
                })
        }
        #expect(numbers("BJ_PHASE_", Phase.self) { $0.name } == Self.named("BJ_PHASE_"))
        #expect(numbers("BJ_OUTCOME_", Outcome.self) { $0.name } == Self.named("BJ_OUTCOME_"))
        #expect(numbers("BJ_RECORD_", RecordOutcome.self) { $0.name } == Self.named("BJ_RECORD_"))
    }

    @Test func countsTimesAndKinds() {
        let counts: [(String, Count)] = [
            ("TOTAL", .total), ("PROCESSED", .processed), ("SUCCEEDED", .succeeded),
            ("FAILED", .failed), ("CANCELLED", .cancelled), ("QUEUED", .queued),
            ("RUNNING", .running), ("PENDING", .pending),
            ("RESULTS", .results),
        ]
        #expect(
            Dictionary(
                uniqueKeysWithValues: counts.map { ("BJ_COUNT_" + $0.0, Int32($0.1.rawValue)) })
                == Self.named("BJ_COUNT_"))
        let times: [(String, Moment)] = [
            ("CREATED", .created), ("STARTED", .started), ("FINISHED", .finished),
            ("UPDATED", .updated),
        ]
        #expect(
            Dictionary(
                uniqueKeysWithValues: times.map { ("BJ_TIME_" + $0.0, Int32($0.1.rawValue)) })
                == Self.named("BJ_TIME_"))
        let verdicts: [(String, Verdict)] = [
            ("NONE", .none), ("VERIFIED", .verified), ("UNVERIFIED", .unverified),
            ("SHORT", .short), ("LONG", .long),
        ]
        #expect(
            Dictionary(uniqueKeysWithValues: verdicts.map { ("BJ_VERDICT_" + $0.0, $0.1.rawValue) })
                == Self.named("BJ_VERDICT_"))
        let kinds: [(String, Kind)] = [
            ("NULL", .null), ("BOOL", .bool), ("NUMBER", .number), ("STRING", .string),
            ("ARRAY", .array), ("OBJECT", .object),
        ]
        let published = Self.named("BJ_JSON_").filter { $0.key != "BJ_JSON_ABSENT" }
        #expect(
            Dictionary(uniqueKeysWithValues: kinds.map { ("BJ_JSON_" + $0.0, $0.1.rawValue) })
                == published)
        let options: [(String, OptionKind)] = [
            ("TEXT", .text), ("INTEGER", .integer), ("BOOL", .bool), ("CHOICE", .choice),
        ]
        #expect(
            Dictionary(uniqueKeysWithValues: options.map { ("BJ_OPTION_" + $0.0, $0.1.rawValue) })
                == Self.named("BJ_OPTION_"))
    }
}
