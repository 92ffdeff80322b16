@testable import BatchJobs

/// Ids and query values: whatever they hold, the address keeps its shape, and what was encoded
/// decodes to itself. Cursors: damaged ones are refused, never a trap.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let raw = unsafe UnsafeBufferPointer(start: data, count: size)
    let text = unsafe String(decoding: raw, as: UTF8.self)
    var address = Address(base: "https://host")
    address.segment(text)
    address.query("q", text)
    let structure = address.text.utf8.filter { $0 == 0x2F || $0 == 0x3F || $0 == 0x26 || $0 == 0x23 }
    if structure != Array("///?".utf8) { fatalError("another shape") }
    if !address.text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { fatalError("raw bytes") }
    if percentDecoded(percentEncoded(text)) != text { fatalError("not what went in") }
    let facts = Spidra().facts
    if let cursor = try? ListCursor(text, facts, filter: "0123456789abcdef", pageSize: 50),
        let again = try? ListCursor(
            cursor.text(facts.name), facts, filter: "0123456789abcdef", pageSize: 50)
    {
        if again.state != cursor.state || again.offset != cursor.offset {
            fatalError("a cursor that changes")
        }
    }
    return 0
}
