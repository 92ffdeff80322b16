@testable import BatchJobsJSON

/// The scan against jansson: whatever jansson takes, the scan takes, with the same members, the
/// same texts and the same numbers. (The scan also takes what jansson refuses although it is JSON:
/// numbers beyond its range, half surrogate pairs in texts that nobody asks for.)
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let buffer = Buffer()
    guard unsafe buffer.append(UnsafeRawBufferPointer(start: data, count: size)) else { return 0 }
    let bytes = buffer.bytes
    let scanned = try? Value(document: bytes)
    _ = try? PageCut(bytes, rowsAt: ["jobs"])
    if let scanned { walk(scanned, depth: 0) }
    guard let document = try? Document(bytes) else { return 0 }
    guard let scanned else {
        // jansson passes over a NUL byte behind a number, which is no JSON.
        if bytes.firstIndex(of: 0) != nil { return 0 }
        fail("jansson takes it and the scan does not")
    }
    compare(scanned, document.value, depth: 0)
    return 0
}

private func walk(_ value: Value, depth: Int) {
    _ = value.text
    _ = value.integer
    guard depth < 8 else { return }
    var cursor = Cursor(value)
    if value.kind == .object {
        while let (name, member) = cursor.nextMember() {
            _ = name.text
            walk(member, depth: depth + 1)
        }
    } else {
        while let element = cursor.nextElement() { walk(element, depth: depth + 1) }
    }
}

private func compare(_ scanned: Value, _ node: Node, depth: Int) {
    guard scanned.kind == node.kind else { fail("another kind") }
    if scanned.bool != node.bool { fail("another boolean") }
    if let text = node.text, !text.utf8.contains(0), scanned.text != text { fail("another text") }
    // jansson holds what has a point or an exponent as a double, and may round it to a whole one.
    if let whole = scanned.integer, node.double != Double(whole) { fail("another number") }
    guard depth < 8 else { return }
    var cursor = Cursor(scanned)
    if scanned.kind == .array {
        var index = 0
        while let element = cursor.nextElement() {
            guard let other = node[index] else { fail("more elements") }
            compare(element, other, depth: depth + 1)
            index += 1
        }
        if node[index] != nil { fail("fewer elements") }
    } else if scanned.kind == .object {
        while let (name, _) = cursor.nextMember() {
            // jansson keys end at a NUL.
            guard let name = name.text, !name.utf8.contains(0) else { continue }
            guard let member = scanned.member(name), let other = node[name] else {
                fail("a member that is not there")
            }
            compare(member, other, depth: depth + 1)
        }
    }
}

private func fail(_ what: StaticString) -> Never { fatalError("\(what)") }
