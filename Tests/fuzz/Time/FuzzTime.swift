@testable import BatchJobs
import BatchJobsJSON

/// Timestamps: never a trap, and never a time outside the years that four digits can write.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let raw = unsafe UnsafeBufferPointer(start: data, count: size)
    let text = unsafe String(decoding: raw, as: UTF8.self)
    let years: ClosedRange<Int64> = -62_168_000_000_000_000...253_403_000_000_000_000
    for time in [BatchJobsJSON.milliseconds(text), httpDate(text)] {
        if let time, !years.contains(time) { fatalError("a time beyond all years") }
    }
    return 0
}
