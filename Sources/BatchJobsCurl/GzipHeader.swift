import BatchJobs
import BatchJobsJSON

/// The header of one gzip member (RFC 1952), read byte by byte so that it may come in any pieces.
///
/// Ours, because ISA-L 2.30 loses its way in a header with optional fields that comes in pieces.
struct GzipHeader {
    private enum Part { case fixed, extraLength, extra, name, comment, checksum, complete }

    private static let hasChecksum: UInt8 = 0x02
    private static let hasExtra: UInt8 = 0x04
    private static let hasName: UInt8 = 0x08
    private static let hasComment: UInt8 = 0x10
    private static let reserved: UInt8 = 0xE0

    private var part = Part.fixed
    private var flags: UInt8 = 0
    /// The byte's place within its part, and the number that its part spells, low byte first.
    private var place = 0
    private var number = 0
    private var crc: UInt32 = 0xFFFF_FFFF

    private(set) var hasBegun = false
    var isComplete: Bool { part == .complete }

    /// Takes what belongs to the header and answers how much that was; false for what cannot be
    /// the header of a member.
    mutating func take(_ input: Bytes) -> (used: Int, isValid: Bool) {
        var used = 0
        while !isComplete, let byte = input[used] {
            used += 1
            hasBegun = true
            if !take(byte) { return (used, false) }
        }
        return (used, true)
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        if part == .checksum { return takeChecksum(byte) }
        addToChecksum(byte)
        switch part {
        case .fixed:
            if !isExpected(byte) { return false }
            if place == 3 { flags = byte }
            move(on: place == 9)
        case .extraLength:
            number += Int(byte) << (8 * place)
            move(on: place == 1)
        case .extra:
            number -= 1
            move(on: number == 0)
        case .name, .comment:
            move(on: byte == 0)
        case .checksum, .complete:
            break
        }
        return true
    }

    /// The first ten bytes: a mark of two, the method, flags, and six that do not matter here.
    private func isExpected(_ byte: UInt8) -> Bool {
        switch place {
        case 0: byte == 0x1F
        case 1: byte == 0x8B
        case 2: byte == 8
        case 3: byte & Self.reserved == 0
        default: true
        }
    }

    private mutating func move(on isLast: Bool) {
        place += 1
        if isLast {
            place = 0
            part = next()
        }
    }

    private func next() -> Part {
        switch part {
        case .fixed where flags & Self.hasExtra != 0: .extraLength
        case .extraLength where number > 0: .extra
        case .fixed, .extraLength, .extra:
            flags & Self.hasName != 0 ? .name : afterName()
        case .name: afterName()
        case .comment: afterComment()
        case .checksum, .complete: .complete
        }
    }

    private func afterName() -> Part { flags & Self.hasComment != 0 ? .comment : afterComment() }

    private func afterComment() -> Part { flags & Self.hasChecksum != 0 ? .checksum : .complete }

    /// The low half of the CRC-32 of all bytes before it.
    private mutating func takeChecksum(_ byte: UInt8) -> Bool {
        let expected = UInt8(truncatingIfNeeded: ~crc >> (8 * UInt32(place)))
        move(on: place == 1)
        return byte == expected
    }

    private mutating func addToChecksum(_ byte: UInt8) {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
    }
}
