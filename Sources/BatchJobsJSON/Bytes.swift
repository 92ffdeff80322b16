import CPlatform

/// Memory that grows with the data of others: allocated with a check, never with a trap.
///
/// Every body, row and record lives in one of these. It belongs to one thread until it is handed
/// on; after that nobody writes to it.
@safe public final class Buffer: @unchecked Sendable {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    public private(set) var count = 0

    public init() {
        unsafe base = nil
    }

    deinit {
        unsafe free(base)
    }

    /// Makes room for `extra` more bytes; false when there is no memory.
    public func reserve(_ extra: Int) -> Bool {
        let (needed, overflow) = count.addingReportingOverflow(extra)
        if overflow || extra < 0 { return false }
        if needed <= capacity { return true }
        let doubled = capacity.multipliedReportingOverflow(by: 2)
        let wanted = max(needed, doubled.overflow ? needed : doubled.partialValue, 64)
        guard let grown = unsafe realloc(base, wanted) else { return false }
        unsafe base = grown
        capacity = wanted
        return true
    }

    /// Appends bytes; false, and nothing appended, when there is no memory.
    public func append(_ source: UnsafeRawBufferPointer) -> Bool {
        guard let from = source.baseAddress, source.count > 0 else { return true }
        guard reserve(source.count), let base = unsafe base else { return false }
        unsafe memcpy(base + count, from, source.count)
        count += source.count
        return true
    }

    public func append(_ byte: UInt8) -> Bool {
        guard reserve(1), let base = unsafe base else { return false }
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
        return true
    }

    /// A number as the machine holds it.
    public func append<Number: FixedWidthInteger & BitwiseCopyable>(number: Number) -> Bool {
        unsafe withUnsafeBytes(of: number) { unsafe append($0) }
    }

    public func append(_ bytes: Bytes) -> Bool {
        unsafe bytes.withUnsafeBytes { source in unsafe append(UnsafeRawBufferPointer(source)) }
    }

    public func append(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { source in unsafe append(UnsafeRawBufferPointer(source)) }
    }

    /// Lets a writer fill `length` bytes in place; it answers how many it wrote.
    public func fill(_ length: Int, _ write: (UnsafeMutableRawBufferPointer) -> Int) -> Bool {
        guard reserve(length), let base = unsafe base else { return false }
        let written = unsafe write(UnsafeMutableRawBufferPointer(start: base + count, count: length))
        count += min(max(written, 0), length)
        return true
    }

    /// The number that `append(number:)` put in that place, among others of its size.
    public func number<Number: FixedWidthInteger & BitwiseCopyable>(
        at index: Int, as type: Number.Type
    ) -> Number? {
        guard let base = unsafe base, index >= 0, index < count / MemoryLayout<Number>.size
        else { return nil }
        return unsafe base.load(fromByteOffset: index * MemoryLayout<Number>.size, as: type)
    }

    /// The byte in that place, or nil.
    public subscript(_ index: Int) -> UInt8? {
        guard let base = unsafe base, index >= 0, index < count else { return nil }
        return unsafe base.load(fromByteOffset: index, as: UInt8.self)
    }

    public func overwrite(_ index: Int, _ byte: UInt8) {
        guard let base = unsafe base, index >= 0, index < count else { return }
        unsafe base.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }

    /// The offset of a byte at or after `from`, or nil.
    public func firstIndex(of byte: UInt8, from: Int) -> Int? {
        guard let base = unsafe base, from >= 0, from < count,
            let hit = unsafe memchr(base + from, Int32(byte), count - from)
        else { return nil }
        return unsafe hit - base
    }

    /// The offset behind a run of one byte that begins at `from`.
    public func endOfRun(of byte: UInt8, from: Int) -> Int {
        guard let base = unsafe base, from >= 0 else { return from }
        var at = from
        while at < count, unsafe base.load(fromByteOffset: at, as: UInt8.self) == byte { at += 1 }
        return at
    }

    /// Copies a part over another, which may overlap it. Both lie within what is there.
    public func move(_ range: Range<Int>, to target: Int) {
        guard let base = unsafe base, range.lowerBound >= 0, range.upperBound <= count, target >= 0,
            target <= count - range.count
        else { return }
        unsafe memmove(base + target, base + range.lowerBound, range.count)
    }

    /// Forgets what lies beyond `count` bytes and keeps the memory.
    public func truncate(to count: Int) {
        self.count = min(max(count, 0), self.count)
    }

    /// All that is in it now.
    public var bytes: Bytes { Bytes(owner: self, start: 0, count: count) }

    /// A part of it, cut down to what is there.
    public func bytes(from start: Int, count length: Int) -> Bytes {
        let start = min(max(start, 0), count)
        return Bytes(owner: self, start: start, count: min(max(length, 0), count - start))
    }

    fileprivate var address: UnsafeMutableRawPointer? { unsafe base }
}

/// A part of a buffer, kept alive by it. Reading past its end answers nil; it never traps.
@safe public struct Bytes: Sendable {
    public let owner: Buffer
    public let start: Int
    public let count: Int

    fileprivate init(owner: Buffer, start: Int, count: Int) {
        self.owner = owner
        self.start = start
        self.count = count
    }

    public static let empty = Buffer().bytes

    public var isEmpty: Bool { count == 0 }

    public subscript(_ index: Int) -> UInt8? {
        guard index >= 0, index < count else { return nil }
        return unsafe withUnsafeBytes { unsafe index < $0.count ? $0[index] : nil }
    }

    /// The part from one offset up to another, cut down to what is there.
    public subscript(_ range: Range<Int>) -> Bytes {
        let lower = min(max(range.lowerBound, 0), count)
        let upper = min(max(range.upperBound, lower), count)
        return Bytes(owner: owner, start: start + lower, count: upper - lower)
    }

    public func dropFirst(_ length: Int) -> Bytes {
        let length = min(max(length, 0), count)
        return Bytes(owner: owner, start: start + length, count: count - length)
    }

    /// The offset of a byte at or after `from`, or nil.
    public func firstIndex(of byte: UInt8, from: Int = 0) -> Int? {
        unsafe withUnsafeBytes { (all) -> Int? in
            guard let base = all.baseAddress, from >= 0, from < all.count,
                let hit = unsafe memchr(base + from, Int32(byte), all.count - from)
            else { return nil }
            return unsafe UnsafeRawPointer(hit) - UnsafeRawPointer(base)
        }
    }

    /// The offset of the first byte that passes a test.
    public func firstIndex(where test: (UInt8) -> Bool) -> Int? {
        unsafe withUnsafeBytes { unsafe $0.firstIndex(where: test) }
    }

    /// Runs `body` on the bytes where they lie. The pointer dies with the closure.
    public func withUnsafeBytes<Result, Fault: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        guard let base = unsafe owner.address, start + count <= owner.count else {
            return try unsafe body(UnsafeBufferPointer(start: nil, count: 0))
        }
        let from = unsafe base.assumingMemoryBound(to: UInt8.self) + start
        let result = try unsafe body(UnsafeBufferPointer(start: from, count: count))
        return result
    }

    /// The address of the first byte, good while the owner lives unchanged.
    @unsafe public var pointer: UnsafePointer<CChar>? {
        guard let base = unsafe owner.address, start + count <= owner.count else { return nil }
        return unsafe UnsafePointer((base + start).assumingMemoryBound(to: CChar.self))
    }

    /// A copy in memory of its own, or nil when there is none.
    public func copy() -> Bytes? {
        let target = Buffer()
        return target.append(self) ? target.bytes : nil
    }

    public func elementsEqual(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return unsafe withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, bytes.count == text.utf8CodeUnitCount else {
                return count == 0
            }
            return unsafe memcmp(base, text.utf8Start, bytes.count) == 0
        }
    }

    /// What becomes a String: names, messages, links. Strings are allocated without a check, so
    /// foreign bytes beyond this stay bytes.
    public static let maximumText = 65_536

    /// The bytes as text; nil where they are not UTF-8 or longer than `maximumText`.
    public var text: String? {
        guard count <= Self.maximumText else { return nil }
        return unsafe withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
    }

    /// Whether a word of ASCII letters stands somewhere in it, in either case.
    public func containsIgnoringCase(_ word: StaticString) -> Bool {
        unsafe withUnsafeBytes { all in
            let length = word.utf8CodeUnitCount
            guard length > 0, all.count >= length else { return false }
            let first = unsafe word.utf8Start[0]
            for start in 0...all.count - length where unsafe all[start] | 0x20 == first {
                if (1..<length).allSatisfy({
                    unsafe all[start + $0] | 0x20 == word.utf8Start[$0]
                }) { return true }
            }
            return false
        }
    }

    /// The same bytes but for the case of ASCII letters.
    public func equalsIgnoringCase(_ text: String) -> Bool {
        func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }
        return unsafe withUnsafeBytes { bytes in
            unsafe bytes.elementsEqual(text.utf8) { lower($0) == lower($1) }
        }
    }
}
