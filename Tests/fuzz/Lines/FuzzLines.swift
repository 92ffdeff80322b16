@testable import BatchJobs
@testable import BatchJobsJSON

/// A file in pieces through `Batch` and `LineCutter`, as `PartReader` drives them, against a naive
/// reading of the whole: the same records under the same numbers, the same end. And from wherever a
/// reader could be told to go on, the rest of them.
///
/// Input: the limit of a record (0: none), what else to try, how many sizes of pieces, these, the file.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard input.count >= 3 else { return 0 }
    // Not so little that the beginning of a mark is too long.
    let limit = input[0] == 0 ? Int64.max : max(Int64(input[0]) - 1, 2)
    let choice = Int(input[1])
    let sizes = input.dropFirst(3).prefix(Int(input[2] % 8)).map { Int($0) }
    let file = Array(input.dropFirst(3 + sizes.count))

    let expected = Expected(file, from: 0, limit)
    let whole = Reading(file, [], limit)
    whole.check(expected, base: 0)
    let cut = Reading(file, sizes, limit, inBatches: choice & 1 == 1)
    cut.check(expected, base: 0)
    if whole.isCut != cut.isCut { fatalError("pieces make another end") }

    let start = cut.starts[choice % cut.starts.count]
    let rest = Expected(file, from: start.offset, limit)
    if rest.records != Array(expected.records.dropFirst(Int(start.index))) { fatalError("another rest") }
    let base = start.index
    Reading(file, sizes, limit, base: base, from: start.offset).check(rest, base: base)
    Reading(file, sizes, limit, base: base, skipping: start.offset).check(rest, base: base)
    Reading(file, sizes, limit, base: base, passing: Int(base)).check(rest, base: base)
    return 0
}

/// What a file holds from a line on, and whether a record is too long. A last line that has no end
/// may be called cut: by its JSON, which has a fuzzer of its own.
private struct Expected {
    var records: [[UInt8]] = []
    var isTooLong = false
    var mayBeCut = false

    init(_ file: [UInt8], from start: Int, _ limit: Int64) {
        var lines = file[start...].split(separator: 10, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for line in lines {
            var record = line
            if line.startIndex == 0, line.starts(with: [0xEF, 0xBB, 0xBF]) { record = line.dropFirst(3) }
            if record.last == 13 { record = record.dropLast() }
            if record.count > limit {
                isTooLong = true
                return
            }
            mayBeCut = line.endIndex == file.count
            if record.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
            records.append(Array(record))
        }
    }
}

private struct Reading {
    private(set) var records: [[UInt8]] = []
    private var indices: [Int64] = []
    private var failure: Failure?
    /// Places in the file from which another could go on, and the records before them.
    private(set) var starts: [(offset: Int, index: Int64)] = []

    /// `sizes` come round again; without any the file comes at once. Of what comes, it begins with
    /// the byte at `from`, or passes over bytes or records.
    init(
        _ file: [UInt8], _ sizes: [Int], _ limit: Int64, base: Int64 = 0, from start: Int = 0,
        skipping: Int = 0, passing: Int = 0, inBatches: Bool = false
    ) {
        let batch = Batch(base: base, hasKeys: false)
        var cutter = LineCutter(limit: limit, isFirst: start == 0 && skipping == 0)
        var (at, turn, toSkip, toPass) = (start, 0, skipping, passing)
        do throws(Failure) {
            while true {
                cutter.restart(batch)
                if toSkip == 0, toPass == 0 { starts.append((at - batch.data.count, batch.next)) }
                let hasEnded = at == file.count
                if !hasEnded {
                    let size = sizes.isEmpty ? file.count : sizes[turn % sizes.count]
                    turn += 1
                    // No piece may be empty for ever.
                    let end = min(at + max(size, turn & 1), file.count)
                    let skipped = min(toSkip, end - at)
                    for byte in file[at..<end] where !batch.data.append(byte) { fatalError("no memory") }
                    at = end
                    if skipped > 0 { cutter.skip(skipped) }
                    toSkip -= skipped
                }
                cutter.repeated = Int64(toPass)
                do throws(Failure) {
                    try cutter.cut(batch)
                    if hasEnded { try cutter.finish(batch) }
                } catch {
                    failure = error
                }
                let passed = min(toPass, batch.held)
                batch.passOver(passed)
                toPass -= passed
                if inBatches { takeAll(batch) } else { takeEach(batch) }
                if hasEnded || failure != nil { break }
            }
        } catch {}
    }

    private mutating func takeEach(_ batch: Batch) {
        while batch.hasMore {
            indices.append(batch.next)
            records.append(batch.bytes(at: batch.giveOne()).array)
        }
    }

    private mutating func takeAll(_ batch: Batch) {
        if batch.hasMore, batch.held & 1 == 1 {
            indices.append(batch.next)
            records.append(batch.bytes(at: batch.giveOne()).array)
        }
        batch.giveAll()
        indices.append(contentsOf: batch.firstIndex..<batch.firstIndex + Int64(batch.count))
        let (data, offsets) = batch.records
        let places = (0...batch.count).map { position in
            (0..<8).reversed().reduce(0) { $0 << 8 | Int(offsets[position * 8 + $1] ?? 0) }
        }
        if batch.count > 0, places.last != data.count { fatalError("other columns") }
        if batch.outcomes.count != batch.count * 4 { fatalError("other outcomes") }
        for position in 0..<batch.count {
            records.append(data[places[position]..<places[position + 1]].array)
        }
    }

    func check(_ expected: Expected, base: Int64) {
        if isCut && !expected.mayBeCut { fatalError("cut at the end of a line") }
        let wanted = isCut ? expected.records.dropLast() : expected.records
        if records != wanted { fatalError("other records") }
        let next = base + Int64(records.count)
        if indices != Array(base..<next) { fatalError("other numbers") }
        if (failure != nil) != (expected.isTooLong || isCut) { fatalError("another end") }
        guard let failure else { return }
        let words = isCut ? "the result file ends within record \(next)" : "record \(next) is longer"
        let isNamed = failure.message.utf8.starts(with: words.utf8)
        if !isCut && failure.status != .limit || !isNamed { fatalError("another failure") }
    }

    var isCut: Bool { failure?.status == .truncated }
}

extension Bytes {
    fileprivate var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
