import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// The text of a token: what is refused, and that nothing in it can do harm.
@Suite struct ResumeTokenTests {
    static let sources = [Source.all[0], Source.all[5], Source.all[7], Source.all[8]] + Source.all[10...12]

    private func expectRefused(_ token: String, _ stage: Stage, _ comment: Comment) {
        let failed = failure { try stage.open(token) }
        #expect(failed?.status == .argument && failed?.value("option") == "resume", comment)
        #expect(stage.script.requests.isEmpty, comment)
    }

    @Test(arguments: sources) func damagedAnywhere(_ source: Source) throws {
        let token = try source.stage(7).read().tokens[5]
        let raw = Array(token.utf8)
        let stage = source.stage(7)
        for place in raw.indices {
            var damaged: [[UInt8]] = [Array(raw[..<place]), Array(raw[..<place]) + Array(raw[(place + 1)...])]
            for byte in [raw[place] ^ 1, raw[place] ^ 0x20, 0x30, 0x3A, 0x25, 0x7E] where byte != raw[place] {
                damaged.append(raw)
                damaged[damaged.count - 1][place] = byte
            }
            if place > 0 {
                damaged.append(raw)
                damaged[damaged.count - 1].swapAt(place, place - 1)
            }
            for text in damaged where text != raw && !text.isEmpty {
                expectRefused(String(decoding: text, as: UTF8.self), stage, "\(place)")
            }
        }
        for text in [
            "x", ":", "bjr1", "bjr1:", "bjr2" + token.dropFirst(4), token + ":", token + "0",
            " " + token, token + " ", token + token, String(repeating: ":", count: 11),
            "bjr1" + String(repeating: ":", count: 11), String(repeating: "x", count: 100_000),
        ] { expectRefused(text, stage, "\(text.prefix(100))") }
    }

    @Test func ofAnother() throws {
        let stages: [(Stage, String)] = try Self.sources.map { ($0.stage(7), try $0.stage(7).read().tokens[3]) }
        for (stage, token) in stages {
            for (other, _) in stages where other.provider != stage.provider {
                let failed = failure { try other.open(token) }
                #expect(failed?.status == .argument && failed?.value("option") == "resume")
                #expect(failed?.message.contains("to the service \(stage.provider), not to") == true)
                #expect(other.script.requests.isEmpty)
            }
            let client = try client(stage.provider, stage.script)
            let failed = failure { try client.results("b-2", try settings(["resume": token]), nil) }
            #expect(failed?.status == .argument && failed?.message.contains("to the job b-1,") == true)
            #expect(failed?.jobID == "b-2" && stage.script.requests.isEmpty)
        }
    }

    /// Ids may hold anything; what the token is made of stays the token's.
    @Test(arguments: [":", "a:b", "%3A", "é 😀", "a/b?c#d", String(repeating: "ü", count: 512)])
    func ofAnyID(_ id: String) throws {
        let stage = InlineHost("spidra", id, Source.spidra(lines: Source.lines))
        let tokens = try stage.read().tokens
        for (place, token) in tokens.enumerated() {
            #expect(try stage.read(token).lines == Array(Source.lines[place...]))
        }
    }

    /// A token with other fields and a check that fits them: whoever can write tokens can write that.
    static func forged(_ token: String, _ fields: [Int: String]) -> String {
        var all = token.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        for (index, text) in fields { all[index] = text }
        let body = all.dropLast().joined(separator: ":") + ":"
        var hash: UInt32 = 2_166_136_261
        for byte in body.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return body + String(hash, radix: 16)
    }

    @Test(arguments: sources) func forgedUnchanged(_ source: Source) throws {
        let token = try source.stage(7).read().tokens[5]
        #expect(Self.forged(token, [:]) == token)
    }

    static let numbers = [
        "0", "1", "4", "5", "6", "9", "10", "1000", "1152921504606846975", "1152921504606846976",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "-1", "-5",
        "-9223372036854775808", "99999999999999999999999", "", "x", " 5", "0x5", "5.0", "1e3",
    ]

    /// Numbers of any size neither trap nor bring a record out of its turn.
    @Test(arguments: sources) func anyNumbers(_ source: Source) throws {
        let token = try source.stage(7).read().tokens[5]
        var dice = Dice(7)
        var forgeries: [[Int: String]] = []
        for field in 3...8 {
            for number in Self.numbers { forgeries.append([field: number]) }
        }
        for _ in 0..<300 {
            var fields: [Int: String] = [:]
            for field in 3...8 where dice.chance(50) {
                fields[field] = Self.numbers[dice.below(Self.numbers.count)]
            }
            forgeries.append(fields)
        }
        for fields in forgeries {
            for (packed, version) in [(nil, nil), ("p", "v%22v1%22"), ("-", "v%22v1%22"), ("x", "c0")] {
                var all = fields
                if let packed { all[9] = packed }
                if let version { all[10] = version }
                let reading = try source.stage(7).read(Self.forged(token, all))
                // Places are within what a stream may reach, and go up by one.
                if let first = reading.indices.first {
                    #expect(first < 1 << 60)
                    #expect(reading.indices == (0..<Int64(reading.indices.count)).map { first + $0 })
                }
                // Where the service counts records, none is missed and none is one too many.
                if reading.failure == nil && !["reach", "veryfront"].contains(source.name) {
                    #expect(reading.verdict == .verified, "\(all)")
                }
            }
        }
    }

    /// The version goes into a header.
    @Test(
        arguments: [
            "v", "v%22", "vW/%22a%22", "v%22a%22%0D%0AX-Evil%3A%201", "v%22a%0D%0AX-Evil%3A%201%22",
            "v%22a b%22", "v%22%00%22", "v%", "v%2", "v%zz", "v%FF", "c", "c-1", "cx",
            "c10000000000000000", "x", "", "d5",
        ]) func versionsThatAreNone(_ version: String) throws {
            let source = Source.files[0]
            let token = try source.stage(7).read().tokens[5]
            expectRefused(Self.forged(token, [10: version, 6: "0", 7: "0"]), source.stage(7), "\(version)")
        }

    @Test func aChecksumNeedsTheStart() throws {
        let source = Source.files[0]
        let token = try source.stage(7).read().tokens[5]
        for fields in [[6: "1", 7: "0"], [6: "0", 7: "1"]] {
            expectRefused(
                Self.forged(token, fields.merging([10: "c0"]) { $1 }), source.stage(7), "\(fields)")
        }
    }
}
