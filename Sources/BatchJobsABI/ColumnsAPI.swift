import BatchJobs
import BatchJobsJSON
public import CBatchJobs

@c @implementation public func bj_page_columns(
    _ out: UnsafeMutablePointer<OpaquePointer?>!, _ page: OpaquePointer!,
    _ error: UnsafeMutablePointer<OpaquePointer?>!
) -> bj_status {
    unsafe boundary(error) { () throws(Failure) in
        let out = unsafe try output(out)
        let page = try unsafe required(page, Page.self, "page")
        unsafe out.pointee = owned(try Columns.of(page))
        return bj_status(BJ_OK)
    }
}

@c @implementation public func bj_columns_count(_ columns: OpaquePointer!) -> Int {
    unsafe object(columns, Columns.self)?.count ?? 0
}

@c @implementation public func bj_columns_text(
    _ columns: OpaquePointer!, _ which: Int32,
    _ offsets: UnsafeMutablePointer<UnsafePointer<Int64>?>!
) -> UnsafePointer<CChar>! {
    let column = unsafe object(columns, Columns.self)?.text(Int(which))
    if let offsets = unsafe offsets {
        unsafe offsets.pointee = numbers(column?.offsets)
    }
    return unsafe column?.data.pointer
}

@c @implementation public func bj_columns_phases(_ columns: OpaquePointer!)
    -> UnsafePointer<Int32>!
{
    unsafe numbers(object(columns, Columns.self)?.phases)
}

@c @implementation public func bj_columns_outcomes(_ columns: OpaquePointer!)
    -> UnsafePointer<Int32>!
{
    unsafe numbers(object(columns, Columns.self)?.outcomes)
}

@c @implementation public func bj_columns_counts(_ columns: OpaquePointer!, _ which: Int32)
    -> UnsafePointer<Int64>!
{
    unsafe numbers(object(columns, Columns.self)?.counts(Int(which)))
}

@c @implementation public func bj_columns_times(_ columns: OpaquePointer!, _ which: Int32)
    -> UnsafePointer<Int64>!
{
    unsafe numbers(object(columns, Columns.self)?.moments(Int(which)))
}

@c @implementation public func bj_columns_destroy(_ columns: OpaquePointer!) {
    unsafe destroy(columns, Columns.self)
}
