@testable import BatchJobs
@testable import BatchJobsCurl
@testable import BatchJobsJSON

/// Bytes through `IsalInflater`, as `PartReader` drives it: in pieces of every kind the same output
/// and the same verdict, which are zlib's. Where it says that a member begins, a fresh inflater
/// gives the rest.
///
/// Input: how to read it (1: the rest is the insides of members, which get headers and trailers),
/// how many sizes of pieces, these, the file.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard input.count >= 2 else { return 0 }
    let sizes = input.dropFirst(2).prefix(Int(input[1] % 8)).map { Int($0) }
    let rest = input.dropFirst(2 + sizes.count)
    let file = input[0] & 1 == 1 ? members(rest, input[0]) : Array(rest)

    let whole = Unpacked(file, [], from: 0)
    guard let whole, let cut = Unpacked(file, sizes, from: 0) else { return 0 }
    expect(cut, whole)
    if let single = Unpacked(file, [1], from: 0) { expect(single, whole) }
    compareWithZlib(file, whole)

    let start = cut.starts[Int(input[1] >> 3) % cut.starts.count]
    // A resumed stream asks for nothing where nothing is left.
    if start.packed == file.count { return 0 }
    guard let again = Unpacked(file, sizes, from: start.packed) else { return 0 }
    let isSame =
        again.failure?.status == whole.failure?.status
        && (whole.failure == nil
            ? again.bytes == Array(whole.bytes[start.unpacked...])
            : beginAlike(again.bytes, whole.bytes.dropFirst(start.unpacked)))
    if !isSame { fatalError("another rest") }
    return 0
}

/// Beyond that, nothing new happens.
private let most = 1 << 20

private struct Unpacked {
    private(set) var bytes: [UInt8] = []
    private(set) var failure: Failure?
    private(set) var starts: [(packed: Int, unpacked: Int)] = [(0, 0)]

    /// In pieces of these sizes, which come round again; without any at once. Nil where it is too much.
    init?(_ file: [UInt8], _ sizes: [Int], from start: Int) {
        guard let inflater = try? IsalInflater.make() else { fatalError("no memory") }
        let output = Buffer()
        var (at, turn) = (start, 0)
        do throws(Failure) {
            while at < file.count {
                let size = sizes.isEmpty ? file.count : sizes[turn % sizes.count]
                turn += 1
                let end = min(at + max(size, turn & 1), file.count)
                try Self.feed(Self.piece(file[at..<end]), inflater, output)
                at = end
                try note(inflater.memberStart, packed: at - start, unpacked: output.count)
                if output.count > most { return nil }
            }
            try inflater.finish()
        } catch {
            failure = error
        }
        if output.count > most { return nil }
        bytes = unsafe output.bytes.withUnsafeBytes { unsafe Array($0) }
    }

    /// In memory of its own, so that a step beyond its end is seen.
    private static func piece(_ bytes: ArraySlice<UInt8>) -> Bytes {
        let buffer = Buffer()
        let isCopied = unsafe bytes.withUnsafeBytes { unsafe buffer.append($0) }
        if !isCopied { fatalError("no memory") }
        return buffer.bytes
    }

    private static func feed(_ piece: Bytes, _ inflater: IsalInflater, _ output: Buffer) throws(Failure) {
        var input = piece
        while true {
            let before = output.count
            let used = try inflater.inflate(input, into: output)
            input = input.dropFirst(used)
            let appended = output.count - before
            if appended > 256 * 1024 { fatalError("too large a step") }
            if appended == 0, input.isEmpty { return }
            if appended == 0, used == 0 { fatalError("it stands still") }
            if output.count > most { return }
        }
    }

    private mutating func note(_ place: (packed: Int64, unpacked: Int64), packed: Int, unpacked: Int)
        throws(Failure)
    {
        guard let last = starts.last else { return }
        let new = (packed: Int(place.packed), unpacked: Int(place.unpacked))
        if new == last { return }
        if new.packed <= last.packed || new.unpacked < last.unpacked { fatalError("a step back") }
        if new.packed > packed || new.unpacked > unpacked { fatalError("a step ahead") }
        starts.append(new)
    }
}

private func expect(_ one: Unpacked, _ other: Unpacked) {
    if one.failure?.message != other.failure?.message { fatalError("another verdict") }
    // What is damaged may show at another byte.
    let isSame = one.failure == nil ? one.bytes == other.bytes : beginAlike(one.bytes, other.bytes[...])
    if !isSame { fatalError("other bytes") }
}

private func beginAlike(_ one: [UInt8], _ other: ArraySlice<UInt8>) -> Bool {
    let length = min(one.count, other.count)
    return one.prefix(length) == other.prefix(length)
}

private func compareWithZlib(_ file: [UInt8], _ ours: Unpacked) {
    var rest = file[...]
    var bytes: [UInt8] = []
    var isSound = !file.isEmpty
    while isSound, !rest.isEmpty {
        if let member = Zlib.shared.inflate(rest, limit: most) {
            bytes += member.bytes
            rest = rest.dropFirst(member.used)
        } else {
            isSound = false
        }
    }
    if isSound != (ours.failure == nil) { fatalError("zlib sees it otherwise") }
    if isSound, bytes != ours.bytes { fatalError("zlib reads otherwise") }
}

/// Members with these insides, one behind the other, each with a right trailer.
private func members(_ insides: ArraySlice<UInt8>, _ choice: UInt8) -> [UInt8] {
    var file: [UInt8] = []
    var rest = insides
    var count: UInt8 = 0
    while !rest.isEmpty, count < 8 {
        count += 1
        let head = header(choice >> 1 &+ count)
        let inside = Zlib.shared.inflate(rest, isRaw: true, limit: most) ?? (unpacked(head, rest), rest.count)
        let trailer = [Zlib.shared.crc32(inside.bytes), UInt32(truncatingIfNeeded: inside.bytes.count)]
        file += head + rest.prefix(inside.used)
        file += trailer.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
        rest = rest.dropFirst(inside.used)
    }
    return file + rest
}

/// What ours makes of insides that zlib does not take, as if they ended here.
private func unpacked(_ header: [UInt8], _ insides: ArraySlice<UInt8>) -> [UInt8] {
    Unpacked(header + insides + Array(repeating: 0, count: 8), [], from: 0)?.bytes ?? []
}

/// With some of the fields that a header may have.
private func header(_ choice: UInt8) -> [UInt8] {
    let flags = choice & 0x1F
    var bytes: [UInt8] = [0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 0xFF]
    if flags & 4 != 0 { bytes += [choice & 3, 0] + Array(repeating: 0x1F, count: Int(choice & 3)) }
    if flags & 8 != 0 { bytes += Array("name".utf8) + [0] }
    if flags & 16 != 0 { bytes += [0] }
    if flags & 2 != 0 {
        let check = Zlib.shared.crc32(bytes)
        bytes += [UInt8(truncatingIfNeeded: check), UInt8(truncatingIfNeeded: check >> 8)]
    }
    return bytes
}
