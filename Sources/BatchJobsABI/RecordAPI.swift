import BatchJobs
import BatchJobsJSON
import CBatchJobs

@c @implementation public func bj_record_data(
    _ record: OpaquePointer!, _ length: UnsafeMutablePointer<Int>!
) -> UnsafePointer<CChar>! {
    unsafe length?.pointee = 0
    return unsafe look(record, Record.self, none: nil) { unsafe span($0.data, length) }
}

@c @implementation public func bj_record_key(_ record: OpaquePointer!) -> UnsafePointer<CChar>! {
    unsafe look(record, Record.self, none: nil) { unsafe $0.key?.pointer }
}

@c @implementation public func bj_record_outcome(_ record: OpaquePointer!) -> Int32 {
    unsafe look(record, Record.self, none: -1) { $0.outcome.rawValue }
}

@c @implementation public func bj_record_index(_ record: OpaquePointer!) -> Int64 {
    unsafe look(record, Record.self, none: -1) { $0.index }
}

@c @implementation public func bj_batch_count(_ batch: OpaquePointer!) -> Int {
    unsafe object(batch, Batch.self)?.count ?? 0
}

@c @implementation public func bj_batch_data(
    _ batch: OpaquePointer!, _ length: UnsafeMutablePointer<Int>!
) -> UnsafePointer<CChar>! {
    unsafe span(object(batch, Batch.self)?.records.data, length)
}

@c @implementation public func bj_batch_offsets(_ batch: OpaquePointer!) -> UnsafePointer<Int64>! {
    unsafe numbers(object(batch, Batch.self)?.records.offsets)
}

@c @implementation public func bj_batch_first_index(_ batch: OpaquePointer!) -> Int64 {
    unsafe object(batch, Batch.self)?.firstIndex ?? -1
}

@c @implementation public func bj_batch_outcomes(_ batch: OpaquePointer!) -> UnsafePointer<Int32>! {
    unsafe numbers(object(batch, Batch.self)?.outcomes)
}

@c @implementation public func bj_batch_keys(
    _ batch: OpaquePointer!, _ offsets: UnsafeMutablePointer<UnsafePointer<Int64>?>!
) -> UnsafePointer<CChar>! {
    let keys = unsafe object(batch, Batch.self)?.keys
    if let offsets = unsafe offsets { unsafe offsets.pointee = numbers(keys?.offsets) }
    // Keys of no bytes at all are keys all the same.
    return unsafe keys.flatMap { unsafe $0.data.pointer ?? constant("") }
}
