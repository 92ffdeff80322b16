import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// What ends a call from outside: time, cancellation, the interrupt hook.
@Suite struct CallTests {
    final class Flag: Cancellation, @unchecked Sendable {
        var isFired = false
        let descriptor: Int32 = -1
    }

    static let url = "https://api.crustdata.com/batch/b-1"

    static func slow(_ pace: Int64) throws -> Script {
        let script = Script([
            url: [.init(try Repository.data("Tests/Vectors/crustdata/pending.json"), chunk: 1)]
        ])
        script.pace = pace
        return script
    }

    /// The answer has 289 bytes, and each takes its time.
    @Test(
        arguments: [(1, "1000", true), (10, "1000", false), (1, "1", false), (0, "1", true)]
            as [(Int64, String, Bool)]) func aCallHasADeadline(
            _ pace: Int64, _ limit: String, _ ends: Bool
        ) throws
    {
        let client = try client("crustdata", try Self.slow(pace), ["timeout_ms": limit])
        let failed = failure { try client.job("b-1", nil, nil) }
        #expect(failed?.status == (ends ? nil : .timeout))
        if !ends {
            #expect(
                failed?.value("option") == "timeout_ms" && failed?.message.contains(limit) == true
                    && failed?.retryable == true && failed?.jobID == "b-1")
        }
    }

    @Test func anIteratorPaysForItsOwnTimeOnly() throws {
        let script = PagesTests.three()
        let pages = try client("crustdata", script, ["timeout_ms": "100"]).pages(nil, nil)
        #expect(try pages.next()?.jobs.count == 3)
        script.now += 1_000_000  // the caller does something else
        #expect(try pages.next()?.jobs.count == 2)
    }

    @Test func aDeadlineBeyondTheClockIsNone() {
        let call = Call(
            now: .max - 5, timeoutMS: 86_400_000, cancel: nil, interruption: Interruption())
        #expect(call.deadline == .max && failure { try call.check(now: .max - 1) } == nil)
    }

    @Test func aFiredCancelIsSticky() throws {
        let flag = Flag()
        let script = PagesTests.three()
        let client = try client("crustdata", script)
        let pages = try client.pages(nil, flag)
        #expect(try pages.next() != nil)
        flag.isFired = true
        for _ in 0..<2 { #expect(failure { try pages.next() }?.status == .cancelled) }
        #expect(failure { try client.job("b-1", nil, flag) }?.status == .cancelled)
        #expect(failure { try client.results("b-1", nil, flag) }?.status == .cancelled)
        // Nothing was sent for them, and calls without it go on.
        #expect(script.requests.count == 1)
        #expect(try client.pages(nil, nil).next() != nil)
    }

    @Test func cancellingAClientEndsWhatIsInProgress() throws {
        let script = PagesTests.three()
        let client = try client("crustdata", script)
        let call = Call(now: 0, timeoutMS: 1000, cancel: nil, interruption: client.interruption)
        #expect(failure { try call.check(now: 0) } == nil)
        client.cancel()
        #expect(failure { try call.check(now: 0) }?.status == .cancelled && script.wakes == 1)
        #expect(try client.pages(nil, nil).next() != nil)
    }

    @Test func theInterruptHookEndsTheCallThatAsks() throws {
        let script = PagesTests.three()
        let client = try client("crustdata", script)
        nonisolated(unsafe) var answers = [false, false, true]
        client.interruption.hook = { answers.isEmpty ? false : answers.removeFirst() }
        let pages = try client.pages(nil, nil)
        #expect(failure { try pages.next() }?.status == .cancelled && answers.isEmpty)
        #expect(try pages.next()?.jobs.count == 3)
    }

    /// What cancels wins over what has run out.
    @Test func theReasonIsTheCallers() {
        let flag = Flag()
        flag.isFired = true
        let call = Call(now: 0, timeoutMS: 1, cancel: flag, interruption: Interruption())
        #expect(failure { try call.check(now: 5) }?.status == .cancelled)
    }
}
