/// A JSON document that tests can take apart and change. Its own small reader, so that it shares
/// no mistakes with the one under test; for documents known to be good.
indirect enum Tree {
    case object([(String, Tree)])
    case array([Tree])
    case scalar(String)

    init(_ text: String) {
        var rest = Array(text.unicodeScalars)[...]
        self = Tree.read(&rest)
    }

    private static func space(_ rest: inout ArraySlice<Unicode.Scalar>) {
        while let first = rest.first, first.properties.isWhitespace { rest.removeFirst() }
    }

    private static func read(_ rest: inout ArraySlice<Unicode.Scalar>) -> Tree {
        space(&rest)
        switch rest.first {
        case "{":
            var members: [(String, Tree)] = []
            repeat {
                rest.removeFirst()
                space(&rest)
                if rest.first == "}" { break }
                let name = string(&rest)
                space(&rest)
                rest.removeFirst()
                members.append((String(name.dropFirst().dropLast()), read(&rest)))
                space(&rest)
            } while rest.first == ","
            rest.removeFirst()
            return .object(members)
        case "[":
            var elements: [Tree] = []
            repeat {
                rest.removeFirst()
                space(&rest)
                if rest.first == "]" { break }
                elements.append(read(&rest))
                space(&rest)
            } while rest.first == ","
            rest.removeFirst()
            return .array(elements)
        case "\"": return .scalar(string(&rest))
        default:
            var word = ""
            while let first = rest.first, !",]} \n\r\t".unicodeScalars.contains(first) {
                word.unicodeScalars.append(rest.removeFirst())
            }
            return .scalar(word)
        }
    }

    /// A string as it is written, with quotes and escapes.
    private static func string(_ rest: inout ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView([rest.removeFirst()])
        while let next = rest.popFirst() {
            text.append(next)
            if next == "\\", let escaped = rest.popFirst() {
                text.append(escaped)
            } else if next == "\"" {
                break
            }
        }
        return String(text)
    }

    var text: String {
        switch self {
        case .object(let members):
            "{" + members.map { "\"\($0.0)\":\($0.1.text)" }.joined(separator: ",") + "}"
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .scalar(let text): text
        }
    }

    /// The pointers of all members, of arrays those of the first element.
    func pointers(_ prefix: String = "") -> [String] {
        switch self {
        case .object(let members):
            members.flatMap { name, value in
                let pointer =
                    prefix + "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
                return [pointer] + value.pointers(pointer)
            }
        case .array(let elements):
            elements.prefix(1).flatMap { [prefix + "/0"] + $0.pointers(prefix + "/0") }
        case .scalar: []
        }
    }

    /// The same with another value at a pointer, which need not have been there; none when nil.
    func setting(_ pointer: String, to value: String?) -> Tree {
        let names = pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let path = names.map { String($0.replacing("~1", with: "/").replacing("~0", with: "~")) }
        return setting(path[...], to: value.map(Tree.scalar))
    }

    private func setting(_ path: ArraySlice<String>, to value: Tree?) -> Tree {
        guard let name = path.first else { return value ?? .scalar("null") }
        let isLast = path.count == 1
        switch self {
        case .object(var members):
            let place = members.firstIndex { $0.0 == name }
            if isLast && value == nil {
                members.removeAll { $0.0 == name }
            } else if let place {
                members[place].1 = members[place].1.setting(path.dropFirst(), to: value)
            } else {
                members.append(
                    (
                        name,
                        isLast
                            ? value ?? .scalar("null")
                            : Tree.object([]).setting(path.dropFirst(), to: value)
                    ))
            }
            return .object(members)
        case .array(var elements):
            guard let index = Int(name), elements.indices.contains(index) else { return self }
            if isLast && value == nil {
                elements.remove(at: index)
            } else {
                elements[index] = elements[index].setting(path.dropFirst(), to: value)
            }
            return .array(elements)
        case .scalar: return Tree.object([]).setting(path, to: value)
        }
    }
}
