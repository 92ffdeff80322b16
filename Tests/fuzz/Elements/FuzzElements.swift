@testable import BatchJobsJSON

/// The cutter against `PageCut`, which has the whole document before it: the same elements,
/// envelope and fault in pieces of every kind. Only where the array's name comes again does the
/// cutter refuse what the other takes. With narrow limits it delivers the same elements or fewer.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let buffer = Buffer()
    guard unsafe buffer.append(UnsafeRawBufferPointer(start: data, count: size)) else { return 0 }
    let all = buffer.bytes
    for path in [["items"], ["data", "items"], []] {
        for sizes in [[1], [7], [size + 1], [3, 64, 1], [Int(all[size / 2] ?? 0) + 1, 2]] {
            check(all, path, sizes)
        }
    }
    return 0
}

private struct Cut {
    var elements: [Bytes] = []
    var envelope: Bytes?
    var fault: JSONFault?

    /// In pieces of these sizes, which come round again. Each in memory of its own, so that a step
    /// beyond its end is seen.
    init(_ all: Bytes, _ path: [String], _ sizes: [Int], limit: Int64 = .max) {
        var cutter = ElementCutter(path: path, maximumElement: limit, maximumEnvelope: limit)
        do throws(JSONFault) {
            var at = 0
            var turn = 0
            while at < all.count {
                let size = sizes[turn % sizes.count]
                let (elements, ends) = (Buffer(), Buffer())
                defer { take(elements.bytes, ends.bytes) }
                try cutter.feed(
                    all[at..<at + size].copy() ?? .empty, elements: elements, ends: ends)
                if cutter.envelope() == nil { fatalError("no envelope") }
                at += size
                turn += 1
            }
            try cutter.finish()
            envelope = cutter.envelope()
        } catch {
            fault = error
        }
        if cutter.count != Int64(elements.count) { fatalError("another count") }
    }

    private mutating func take(_ bytes: Bytes, _ ends: Bytes) {
        var from = 0
        for place in stride(from: 0, to: ends.count, by: 8) {
            let end = (0..<8).reversed().reduce(0) { $0 << 8 | Int(ends[place + $1] ?? 0) }
            elements.append(bytes[from..<end])
            from = end
        }
        if from != bytes.count { fatalError("bytes of no element") }
    }
}

private func check(_ all: Bytes, _ path: [String], _ sizes: [Int]) {
    let cut = Cut(all, path, sizes)
    let limit = Int64(all.count / 4)
    let narrow = Cut(all, path, sizes, limit: limit)
    if narrow.elements.count > cut.elements.count { fatalError("more with limits") }
    for (one, other) in zip(narrow.elements, cut.elements) {
        if one.count > limit || one.array != other.array { fatalError("others with limits") }
    }
    if narrow.fault == nil && cut.fault != nil { fatalError("only limits make it a document") }
    if cut.fault?.expected.description == "no second member of the array's name" { return }
    do throws(JSONFault) {
        let page = try PageCut(all, rowsAt: path)
        if cut.fault != nil { fatalError("it refuses what the other takes") }
        if cut.elements.map(\.array) != page.rows.map(\.object.bytes.array) {
            fatalError("other elements")
        }
        if cut.envelope?.array != page.envelope.array { fatalError("another envelope") }
    } catch  where error.reason != .tooMany {
        guard let fault = cut.fault else { fatalError("it takes what the other refuses") }
        if fault.offset != error.offset || fault.reason != error.reason {
            fatalError("another fault")
        }
    } catch {}
}

extension Bytes {
    fileprivate var array: [UInt8] { (0..<count).compactMap { self[$0] } }
}
