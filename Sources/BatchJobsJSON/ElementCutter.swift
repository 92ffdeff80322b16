/// Cuts the elements of one array out of a document of any size, as its bytes arrive. It holds the
/// envelope, which is what stands around the array, and the element in progress, never the
/// document.
///
/// It takes what `PageCut` takes, with one exception: that one lets the last of two members with
/// the array's name count, and here the elements of the first are gone when the second comes.
/// Elements, envelope and faults are the same however the document is cut into pieces.
public struct ElementCutter {
    public enum State: Sendable {
        /// Before the array, and in a document that has none.
        case head
        /// In the array: what stands before it is known.
        case elements
        case tail
        /// Behind the document, whether it had the array or not.
        case end
    }

    /// What must come next. `first…` may also be the end of what was opened.
    private enum Next {
        case value, firstName, name, colon, afterValue
        case firstElement, element, afterElement
    }

    public private(set) var state = State.head
    /// Elements cut so far: the index of the one in progress.
    public private(set) var count: Int64 = 0
    private let path: [String]
    private let maximumElement: Int64
    private let maximumEnvelope: Int64

    private var next = Next.value
    /// How many of the path's objects are open.
    private var depth = 0
    /// The value that comes next is one on the path.
    private var isOnPath = true

    /// Where the piece that is fed begins in the document.
    private var position: Int64 = 0
    /// How much of it is kept or need not be.
    private var kept = 0
    /// What is kept: the envelope, and the element in progress where it went over a piece's end.
    private let around = Buffer()
    private var partial = Buffer()
    /// How much of the envelope is whole: closing its objects behind that makes a document of it.
    private var whole = 0

    /// The value, name or element in progress: where it begins in what is kept and in the document,
    /// and what is known of its end once it went over the end of a piece.
    private var start = 0
    private var offset: Int64 = 0
    private var ending: Ending?

    /// `path` are the names of members from the outside in. The limits are lengths in bytes.
    public init(path: [String], maximumElement: Int64, maximumEnvelope: Int64) {
        self.path = path
        self.maximumElement = max(0, maximumElement)
        self.maximumEnvelope = max(0, maximumEnvelope)
    }

    /// Takes the document's next bytes. Each element that they complete is appended to `elements`,
    /// and where it ends there to `ends`, as an Int64: also those before a fault. After a fault
    /// nothing more can be fed.
    public mutating func feed(_ bytes: Bytes, elements: Buffer, ends: Buffer) throws(JSONFault) {
        kept = 0
        try unsafe bytes.withUnsafeBytes { (raw) throws(JSONFault) in
            let piece = Piece(bytes: bytes, scanner: unsafe Scanner(raw))
            var at = ending == nil ? 0 : try goOn(piece, 0, elements, ends)
            while true {
                at = piece.scanner.skipSpace(at)
                if at >= piece.scanner.count { break }
                at = try step(piece, at, elements, ends)
            }
            if state != .elements { try keep(piece, to: piece.scanner.count) }
        }
        position &+= Int64(bytes.count)
    }

    /// At the end of the bytes: throws unless the document ended with them.
    public mutating func finish() throws(JSONFault) {
        if ending != nil {
            ending = nil
            let length = try skipKept()
            next = state == .elements ? .afterElement : .afterValue
            if start + length < sink.count { throw fault(offset &+ Int64(length)) }
            if depth == 0 && state == .head { endValue(at: kept) }
        }
        if state != .end { throw fault(position) }
    }

    /// The document so far without the elements, as a document of its own: as far as its members
    /// are whole, and with its objects and the array closed. Empty while there is nothing to close;
    /// nil where there is no memory.
    public func envelope() -> Bytes? {
        if state == .end { return around.bytes }
        let closed = Buffer()
        guard whole <= around.count, closed.append(around.bytes(from: 0, count: whole)),
            state != .elements || closed.append(UInt8(ascii: "]"))
        else { return nil }
        for _ in 0..<depth where !closed.append(UInt8(ascii: "}")) { return nil }
        return closed.bytes
    }

    private struct Piece {
        let bytes: Bytes
        let scanner: Scanner
    }

    private var sink: Buffer { state == .elements ? partial : around }

    /// Takes one byte of the structure, or begins what stands there.
    private mutating func step(_ piece: Piece, _ at: Int, _ elements: Buffer, _ ends: Buffer)
        throws(JSONFault) -> Int
    {
        let byte = piece.scanner.byte(at)
        switch (next, byte) {
        case (.value, UInt8(ascii: "[")) where isOnPath && depth == path.count:
            whole = around.count + at + 1 - kept
            try keep(piece, to: at + 1)
            state = .elements
            next = .firstElement
        case (.value, UInt8(ascii: "{")) where isOnPath && depth < path.count:
            depth += 1
            whole = around.count + at + 1 - kept
            next = .firstName
        case (.colon, UInt8(ascii: ":")): next = .value
        case (.afterValue, UInt8(ascii: ",")) where depth > 0: next = .name
        case (.afterElement, UInt8(ascii: ",")): next = .element
        case (.firstElement, UInt8(ascii: "]")), (.afterElement, UInt8(ascii: "]")):
            kept = at
            state = .tail
            endValue(at: at + 1)
        case (.firstName, UInt8(ascii: "}")),
            (.afterValue, UInt8(ascii: "}")) where depth > 0:
            depth -= 1
            endValue(at: at + 1)
        case (.value, _), (.firstElement, _), (.element, _), (.firstName, UInt8(ascii: "\"")),
            (.name, UInt8(ascii: "\"")):
            return try begin(piece, at, elements, ends)
        default: throw fault(position &+ Int64(at))
        }
        return at + 1
    }

    /// Takes the value, name or element at an offset, as far as the piece holds it.
    private mutating func begin(_ piece: Piece, _ at: Int, _ elements: Buffer, _ ends: Buffer)
        throws(JSONFault) -> Int
    {
        if state == .elements { kept = at }
        start = sink.count + at - kept
        offset = position &+ Int64(at)
        let ending = Ending(firstByte: piece.scanner.byte(at))
        if let end = try piece.scanner.skipWhole(at, offset: position),
            end < piece.scanner.count || !ending.isScalar
        {
            try take(piece.bytes[at..<end], endsAt: end, elements, ends)
            return end
        }
        self.ending = ending
        return try goOn(piece, at, elements, ends)
    }

    /// Goes on with what went over the end of a piece, or is about to.
    private mutating func goOn(_ piece: Piece, _ at: Int, _ elements: Buffer, _ ends: Buffer)
        throws(JSONFault) -> Int
    {
        let end = ending?.find(in: piece.scanner, from: at)
        try keep(piece, to: end ?? piece.scanner.count)
        guard let end else { return piece.scanner.count }
        ending = nil
        let length = try skipKept()
        let isWhole = start + length == sink.count
        try take(sink.bytes(from: start, count: length), endsAt: end, elements, ends)
        if !isWhole { throw fault(offset &+ Int64(length)) }
        if state == .elements { partial = Buffer() }
        return end
    }

    /// What a scan of a value makes of its bytes, which are all kept.
    private func skipKept() throws(JSONFault) -> Int {
        let bytes = sink.bytes(from: start, count: sink.count)
        return try unsafe bytes.withUnsafeBytes { (raw) throws(JSONFault) in
            do throws(JSONFault) { return try unsafe Scanner(raw).skipValue(0) } catch {
                throw error.moved(by: offset)
            }
        }
    }

    /// Uses what was found to be whole.
    private mutating func take(
        _ bytes: Bytes, endsAt end: Int, _ elements: Buffer, _ ends: Buffer
    ) throws(JSONFault) {
        switch next {
        case .firstElement, .element:
            if Int64(bytes.count) > maximumElement { throw tooLong(offset &+ maximumElement) }
            let before = elements.count
            guard elements.append(bytes) else { throw noMemory }
            guard ends.append(number: Int64(elements.count)) else {
                elements.truncate(to: before)
                throw noMemory
            }
            count += 1
            next = .afterElement
        case .firstName, .name:
            isOnPath =
                path.indices.contains(depth - 1) && Value(cut: bytes).isName(path[depth - 1])
            if isOnPath && state == .tail {
                throw JSONFault(
                    reason: .malformed, offset: Int(clamping: offset),
                    expected: "no second member of the array's name")
            }
            next = .colon
        default: endValue(at: end)
        }
    }

    /// Behind a value of the envelope.
    private mutating func endValue(at end: Int) {
        whole = around.count + end - kept
        next = .afterValue
        if depth == 0 { state = .end }
    }

    private mutating func keep(_ piece: Piece, to end: Int) throws(JSONFault) {
        let (sink, limit) =
            state == .elements ? (partial, maximumElement) : (around, maximumEnvelope)
        let room = limit - Int64(sink.count)
        if Int64(end - kept) > room {
            // What is no JSON at all is better called so.
            if state == .elements, partial.append(piece.bytes[kept..<kept + Int(room)]) {
                _ = try unsafe partial.bytes.withUnsafeBytes { (raw) throws(JSONFault) in
                    try unsafe Scanner(raw).skipWhole(0, offset: offset)
                }
            }
            throw tooLong(position &+ Int64(kept) &+ room)
        }
        guard sink.append(piece.bytes[kept..<end]) else { throw noMemory }
        kept = end
    }

    private func fault(_ at: Int64) -> JSONFault {
        let expected: StaticString =
            switch next {
            case .value, .firstElement, .element: "a value"
            case .firstName, .name: "a string"
            case .colon: "':'"
            case .afterValue: depth == 0 ? "nothing behind the value" : "',' or '}'"
            case .afterElement: "',' or ']'"
            }
        return JSONFault(reason: .malformed, offset: Int(clamping: at), expected: expected)
    }

    private func tooLong(_ at: Int64) -> JSONFault {
        state == .elements
            ? JSONFault(
                reason: .elementTooLong, offset: Int(clamping: at), expected: "a shorter element")
            : JSONFault(
                reason: .envelopeTooLong, offset: Int(clamping: at),
                expected: "less around the array")
    }

    private var noMemory: JSONFault {
        JSONFault(
            reason: .noMemory, offset: Int(clamping: position), expected: "memory for the document")
    }
}

/// Finds where a value ends that comes in pieces. It looks at quotes and brackets only: what it
/// finds is still to be scanned.
private struct Ending {
    /// A number or a word, which ends before a byte that is none of it.
    let isScalar: Bool
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    init(firstByte: UInt8) {
        isScalar =
            firstByte != UInt8(ascii: "\"") && firstByte != UInt8(ascii: "{")
            && firstByte != UInt8(ascii: "[")
    }

    mutating func find(in scanner: Scanner, from start: Int) -> Int? {
        if isScalar { return endOfScalar(scanner, start) }
        var at = start
        while at < scanner.count {
            if isEscaped {
                isEscaped = false
                at += 1
            } else if isInString {
                at = scanner.skipPlain(at)
                switch scanner.byte(at) {
                case UInt8(ascii: "\""):
                    isInString = false
                    if depth == 0 { return at + 1 }
                case UInt8(ascii: "\\"): isEscaped = true
                default: break
                }
                at += 1
            } else {
                at = skipStructure(scanner, at)
                if depth == 0 && !isInString { return at }
            }
        }
        return nil
    }

    private func endOfScalar(_ scanner: Scanner, _ start: Int) -> Int? {
        var at = start
        while at < scanner.count {
            switch scanner.byte(at) {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: " "),
                UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                return at
            default: at += 1
            }
        }
        return nil
    }

    /// Behind the next quote or the bracket that closes all. Brackets and braces differ from each
    /// other in one bit.
    @inline(__always)
    private mutating func skipStructure(_ scanner: Scanner, _ start: Int) -> Int {
        var at = start
        var depth = depth
        defer { self.depth = depth }
        while at < scanner.count {
            let byte = scanner.byte(at)
            at += 1
            if byte == UInt8(ascii: "\"") {
                isInString = true
                break
            }
            let bracket = byte | 0x20
            if bracket == UInt8(ascii: "{") {
                depth += 1
            } else if bracket == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { break }
            }
        }
        return at
    }
}

extension Scanner {
    /// The offset behind the value at `start`, or nil where more bytes might complete it. The
    /// longest piece of a value that is wrong until it is whole is a word.
    fileprivate func skipWhole(_ start: Int, offset: Int64) throws(JSONFault) -> Int? {
        do throws(JSONFault) { return try skipValue(start) } catch {
            if error.offset + 5 > count { return nil }
            throw error.moved(by: offset)
        }
    }
}

extension JSONFault {
    fileprivate func moved(by distance: Int64) -> JSONFault {
        JSONFault(
            reason: reason, offset: Int(clamping: Int64(offset) &+ distance), expected: expected)
    }
}
