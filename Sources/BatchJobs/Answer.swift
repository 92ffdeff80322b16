public import BatchJobsJSON

/// A whole answer of a service with a success status, and how to read its envelope.
public struct Answer {
    public let body: Bytes
    let head: Head
    let provider: StaticString

    init(body: Bytes, head: Head, provider: StaticString) {
        self.body = body
        self.head = head
        self.provider = provider
    }

    /// The answer as one value, cut out but not taken apart.
    func whole() throws(Failure) -> Value {
        do throws(JSONFault) { return try Value(document: body) } catch { throw failure(error) }
    }

    /// The same as an object with the members that a table names.
    func members(_ table: FieldTable) throws(Failure) -> Members {
        do throws(JSONFault) {
            return try Members(document: body, table)
        } catch {
            throw failure(error)
        }
    }

    /// The rows at a path, and the envelope around them.
    func cut(
        _ path: [String], _ table: FieldTable
    ) throws(Failure) -> (rows: [Members], envelope: Envelope) {
        do throws(JSONFault) {
            let cut = try PageCut(body, rowsAt: path, table)
            return (cut.rows, Envelope(try Document(cut.envelope).value, self))
        } catch {
            throw failure(error)
        }
    }

    func failure(_ fault: JSONFault) -> Failure {
        switch fault.reason {
        case .noMemory: return .noMemory
        case .malformed, .tooDeep, .tooMany, .elementTooLong, .envelopeTooLong: break
        }
        let type = head["content-type"].map { ", content type \(printable($0))" } ?? ""
        return protocolFailure(
            "\(provider)'s answer is not JSON: expected \(fault.expected) at byte \(fault.offset)\(type)",
            path: "/")
    }
}

/// The part of an answer around its rows. Every reader names the path it could not follow.
struct Envelope {
    private let node: Node
    private let path: String
    private let provider: StaticString

    init(_ node: Node, _ answer: Answer) {
        self.node = node
        path = ""
        provider = answer.provider
    }

    private init(_ node: Node, path: String, provider: StaticString) {
        self.node = node
        self.path = path
        self.provider = provider
    }

    func object(_ name: String) throws(Failure) -> Envelope {
        let member = try member(name, .object)
        return Envelope(member, path: path + "/" + name, provider: provider)
    }

    /// Checks that the rows are where they should be.
    func array(_ name: String) throws(Failure) { _ = try member(name, .array) }

    func bool(_ name: String) throws(Failure) -> Bool {
        try member(name, .bool).bool ?? false
    }

    /// A text that may be absent or null.
    func optionalText(_ name: String) throws(Failure) -> String? {
        guard let found = try optional(name) else { return nil }
        guard let text = found.text else { throw wrong(name, "a string below 64 KiB", found) }
        return text
    }

    /// A whole number of at least 0.
    func count(_ name: String) throws(Failure) -> Int64 {
        let found = try member(name, .number)
        guard let number = found.integer, number >= 0 else {
            throw wrong(name, "a whole number of 0 or more", found)
        }
        return number
    }

    private func member(_ name: String, _ kind: Kind) throws(Failure) -> Node {
        guard let found = try optional(name) ?? node[name] else {
            throw protocolFailure(
                "\(provider)'s answer lacks \(path)/\(name)", path: "\(path)/\(name)")
        }
        guard found.kind == kind else { throw wrong(name, kind.name, found) }
        return found
    }

    private func optional(_ name: String) throws(Failure) -> Node? {
        guard node.kind == .object else {
            throw protocolFailure(
                "\(provider)'s answer: \(path.isEmpty ? "/" : path) should be an object, not \(node.kind.name)",
                path: path.isEmpty ? "/" : path)
        }
        guard let found = node[name], found.kind != .null else { return nil }
        return found
    }

    private func wrong(_ name: String, _ expected: String, _ found: Node) -> Failure {
        protocolFailure(
            "\(provider)'s answer: \(path)/\(name) should be \(expected), not \(found.kind.name)",
            path: "\(path)/\(name)")
    }
}

/// Text of a service, fit for one line of a message: no control characters, not too long.
func printable(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars.prefix(500) {
        line.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
    }
    return line
}
