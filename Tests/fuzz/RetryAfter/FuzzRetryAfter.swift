@testable import BatchJobs
import BatchJobsJSON

/// Every header that can name a wait: never a trap, never a negative wait.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let raw = unsafe UnsafeBufferPointer(start: data, count: size)
    let text = unsafe String(decoding: raw, as: UTF8.self)
    let now: Int64 = 1_781_265_600_000
    let names = [
        "retry-after", "retry-after-ms", "x-ratelimit-reset", "ratelimit-reset", "ratelimit",
        "x-should-retry",
    ]
    for name in names {
        let hints = RetryHints(
            Head(status: 429, headers: [Header(name, text)]), bodySeconds: nil, wallMS: now)
        if let wait = hints.waitMS, wait < 0 { fatalError("a negative wait") }
    }
    if let wait = retryAfter(text, now), wait < 0 { fatalError("a negative wait") }
    return 0
}
