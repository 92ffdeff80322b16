import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// What several subjects share: bytes from literals, the failure of a call, seeded randomness and
/// the files of the repository.

func bytes(_ text: String) -> Bytes { bytes(Array(text.utf8)) }

func bytes(_ raw: [UInt8]) -> Bytes {
    let buffer = Buffer()
    for byte in raw { _ = buffer.append(byte) }
    return buffer.bytes
}

func document(_ text: String) throws -> Value { try Value(document: bytes(text)) }

extension Bytes {
    var array: [UInt8] { (0..<count).compactMap { self[$0] } }
    var shown: String { String(decoding: array, as: UTF8.self) }
}

/// The failure that a call ends with; nil when it succeeds.
func failure<Result>(_ body: () throws -> Result) -> Failure? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? Failure
    }
}

extension Failure {
    func value(_ name: String) -> String? { details.first { $0.name == name }?.value }
}

/// SplitMix64: the same numbers on every machine.
struct Dice: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func data(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: root.appendingPathComponent(path)))
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try data(path), as: UTF8.self)
    }
}
