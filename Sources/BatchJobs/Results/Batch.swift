public import BatchJobsJSON

/// Records that came together: their bytes one behind the other in one buffer, and for each where
/// it ends, how it ended and what it is called. One batch serves a whole stream, filled again and
/// again.
///
/// `data` may hold more than records: behind `end` stands what a source has not cut yet.
public final class Batch {
    let data = Buffer()
    /// Where the records end in `data`.
    private(set) var end = 0
    /// Records in it, those the caller has had included.
    private(set) var held = 0
    /// The place in the stream of the first record held.
    private(set) var base: Int64
    /// How many of them the caller has had.
    private var taken = 0
    /// Those it was given together, last.
    private var given = 0..<0

    private let ends = Buffer()
    private let outcomeNumbers = Buffer()
    private let keyBytes = Buffer()
    private let keyEnds = Buffer()
    private let hasKeys: Bool

    /// `base` is the place in the stream of the first record to come.
    init(base: Int64, hasKeys: Bool) {
        self.base = base
        self.hasKeys = hasKeys
    }

    // MARK: Filling

    /// Empties it of records. What `data` holds behind `start` is kept, at its front.
    func restart(keepingFrom start: Int) {
        base += Int64(held)
        if start > 0 { data.move(start..<data.count, to: 0) }
        data.truncate(to: data.count - start)
        for column in [ends, outcomeNumbers, keyBytes, keyEnds] { column.truncate(to: 0) }
        end = 0
        held = 0
        taken = 0
        given = 0..<0
    }

    /// Forgets what the caller has not had, for good.
    func discard() {
        base = next
        taken = 0
        held = 0
        end = 0
        data.truncate(to: 0)
    }

    /// Makes a record of bytes that `data` holds at or behind `end`.
    func take(_ range: Range<Int>, _ outcome: RecordOutcome, key: Bytes? = nil) throws(Failure) {
        if held == 0 { try startColumns() }
        if range.lowerBound != end { data.move(range, to: end) }
        end += range.count
        guard ends.append(number: Int64(end)), outcomeNumbers.append(number: outcome.rawValue)
        else { throw .noMemory }
        held += 1
        if hasKeys { try add(key: key) }
    }

    /// Makes a record of bytes from elsewhere.
    func add(_ bytes: Bytes, _ outcome: RecordOutcome, key: Bytes?) throws(Failure) {
        let start = data.count
        guard data.append(bytes) else { throw .noMemory }
        try take(start..<data.count, outcome, key: key)
    }

    private func startColumns() throws(Failure) {
        guard ends.append(number: Int64(0)), !hasKeys || keyEnds.append(number: Int64(0))
        else { throw .noMemory }
    }

    private func add(key: Bytes?) throws(Failure) {
        guard keyBytes.append(key ?? .empty), keyEnds.append(number: Int64(keyBytes.count))
        else { throw .noMemory }
    }

    /// Records that were delivered in an earlier stream: they keep their place and are not given.
    func passOver(_ number: Int) {
        base -= Int64(number)
        taken += number
    }

    // MARK: Giving

    /// Whether there are records that the caller has not had.
    var hasMore: Bool { taken < held }

    /// The place in the stream of the next record to give.
    var next: Int64 { base + Int64(taken) }

    /// Marks the next record as given, and answers its position.
    func giveOne() -> Int {
        taken += 1
        return taken - 1
    }

    /// Marks all that are left as given together.
    func giveAll() {
        given = taken..<held
        taken = held
    }

    // MARK: Reading single records, by their position among those held

    func bytes(at position: Int) -> Bytes {
        let from = offset(ends, position)
        return data.bytes(from: from, count: offset(ends, position + 1) - from)
    }

    /// Nil where the record has none.
    func key(at position: Int) -> Bytes? {
        let from = offset(keyEnds, position)
        let length = offset(keyEnds, position + 1) - from
        return length > 0 ? keyBytes.bytes(from: from, count: length) : nil
    }

    func outcome(at position: Int) -> RecordOutcome {
        outcomeNumbers.number(at: position, as: Int32.self)
            .flatMap(RecordOutcome.init(rawValue:)) ?? .unknown
    }

    /// Those of the first `number` records, one behind the other.
    func bytes(ofFirst number: Int) -> Bytes {
        data.bytes(from: 0, count: offset(ends, number))
    }

    private func offset(_ column: Buffer, _ position: Int) -> Int {
        Int(clamping: column.number(at: position, as: Int64.self) ?? 0)
    }

    // MARK: Reading the columns of those that were given together

    public var count: Int { given.count }

    public var firstIndex: Int64 { base + Int64(given.lowerBound) }

    public var records: (data: Bytes, offsets: Bytes) {
        (data.bytes(from: 0, count: end), ends.bytes.dropFirst(given.lowerBound * 8))
    }

    /// One of them, by its position among them.
    public func given(_ position: Int) -> Bytes { bytes(at: given.lowerBound + position) }

    public var outcomes: Bytes { outcomeNumbers.bytes.dropFirst(given.lowerBound * 4) }

    /// Nil where the service names no record outside of it.
    public var keys: (data: Bytes, offsets: Bytes)? {
        hasKeys ? (keyBytes.bytes, keyEnds.bytes.dropFirst(given.lowerBound * 8)) : nil
    }
}
