import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Result files of gzip, through the decompressor itself.
@Suite struct PackedResultsTests {
    static let text = Array("{\"a\":1}\n{\"b\":22}\r\n\n{\"c\":333}\n".utf8)
    static let lines = ["{\"a\":1}", "{\"b\":22}", "{\"c\":333}"]

    static func read(_ data: [UInt8], count: Int = 3, chunk: Int = 7, _ headers: [Header] = []) throws
        -> Stage.Reading
    {
        let host = FileHost(data)
        host.chunk = chunk
        if !headers.isEmpty {
            host.instead[0] = { host, request in
                var reply = host.ordinary(request)
                reply.headers += headers
                return reply
            }
        }
        return try JobHost([host], count: count).read()
    }

    /// Told or not, by what a file begins with.
    @Test(arguments: [nil, "gzip", "identity", "br"]) func isKnownByItsContent(_ encoding: String?) throws {
        let headers = encoding.map { [Header("Content-Encoding", $0)] } ?? []
        for data in [Self.text, Gzip.member(Self.text), Gzip.members(Self.text, [4])] {
            for chunk in [1, 2, 3, .max] {
                let reading = try Self.read(data, chunk: chunk, headers)
                #expect(reading.failure == nil && reading.lines == Self.lines && reading.verdict == .verified)
            }
        }
    }

    @Test(arguments: [[1000], [10], [1], [3, 0, 0], [0, 7]]) func isCutAnywhere(_ lengths: [Int]) throws {
        let whole = Gzip.members(Self.text, lengths) + (lengths.contains(0) ? Gzip.member([]) : [])
        for length in 0..<whole.count {
            for chunk in [1, .max] {
                let reading = try Self.read(Array(whole[..<length]), chunk: chunk)
                // Between two members a line may seem to end, and the last one does.
                let given = reading.lines.count
                let isBetween = whole[length...].starts(with: [0x1F, 0x8B, 8])
                #expect(
                    reading.lines.dropLast(isBetween ? 1 : 0)
                        == Self.lines.prefix(isBetween ? max(given - 1, 0) : given), "\(length)")
                let failed = reading.failure
                if given == 3 && failed == nil {
                    // Only what gave nothing can be missing, or the last line's end.
                    #expect(lengths.contains(0) || lengths == [1], "\(length)")
                } else {
                    #expect(failed?.status == .truncated && reading.verdict == .short, "\(length)")
                }
            }
        }
    }

    /// The same where no count would tell: only between two members it cannot be seen.
    @Test func isCutAnywhereAndNothingElseTells() throws {
        let pieces = [Array(Self.text[..<10]), Array(Self.text[10...])]
        let whole = pieces.flatMap(Gzip.member)
        let between = Gzip.member(pieces[0]).count
        for length in 1..<whole.count where length != between {
            let stage = JobHost([FileHost(Array(whole[..<length]))], count: 3)
            stage.status = "failed"
            let reading = try stage.read()
            #expect(reading.failure?.status == .truncated && reading.verdict == .short, "\(length)")
        }
    }

    @Test(
        arguments: [
            [0], [10], [0x1F], [0x1F, 0x8B], [0x1F, 0x8B, 8], [0x1F, 0x00], [0x1F, 0x8B, 7, 0], [0x7B],
            Array(repeating: 0, count: 512), Array("{\"d\":4}\n".utf8),
        ] as [[UInt8]]) func junkBehindTheLastMember(_ junk: [UInt8]) throws {
            for lengths in [[1000], [5]] {
                for chunk in [1, 3, .max] {
                    let reading = try Self.read(
                        Gzip.members(Self.text, lengths) + junk, count: 3, chunk: chunk)
                    #expect(reading.lines == Self.lines)
                    // What may be the beginning of another member is one that ends early.
                    let isHeader = Gzip.member([]).starts(with: junk)
                    #expect(reading.failure?.status == (isHeader ? .truncated : .protocol))
                }
            }
        }

    /// A flipped bit anywhere is noticed, in the data by the checksum behind it. What stands in a
    /// header and serves nobody may be anything.
    @Test func aByteThatIsAnother() throws {
        let whole = Gzip.member(Self.text)
        for place in whole.indices where !(4..<10).contains(place) {
            for bit in [0x01, 0x80] as [UInt8] {
                // A flag that says "text", and bits that fill a byte up.
                if place == 3 && bit == 1 || place == 10 && bit == 0x80 { continue }
                var damaged = whole
                damaged[place] ^= bit
                let reading = try Self.read(damaged)
                #expect(reading.failure != nil && reading.verdict != .verified, "\(place)")
                #expect([.protocol, .truncated].contains(reading.failure?.status), "\(place)")
            }
        }
    }

    /// Packed twice is none of ours, and no record.
    @Test func packedTwice() throws {
        for chunk in [1, .max] {
            let reading = try Self.read(Gzip.member(Gzip.member(Self.text)), chunk: chunk)
            #expect(reading.failure?.status == .protocol && reading.lines.isEmpty)
            #expect(reading.failure?.message.contains("byte 31") == true)
        }
    }

    @Test func emptyFiles() throws {
        for data in [[], Gzip.member([]), Gzip.member([]) + Gzip.member([]), Gzip.member([10, 10]), [10]] {
            for chunk in [1, .max] {
                let reading = try Self.read(data, count: 1, chunk: chunk)
                #expect(reading.failure?.status == .truncated && reading.lines.isEmpty)
                #expect(reading.failure?.message.contains("0 records where the service counts 1") == true)
            }
        }
        for byte in [UInt8(ascii: "5"), UInt8(ascii: "7")] {
            #expect(try Self.read([byte], count: 1).lines == [String(UnicodeScalar(byte))])
        }
    }
}

// MARK: Swelling

extension PackedResultsTests {
    /// Makes so much of each byte, in lines of 1 MiB.
    final class Swelling: Inflater {
        private let factor: Int
        private var waiting = 0
        private var given = 0
        let memberStart: (packed: Int64, unpacked: Int64) = (0, 0)

        init(_ factor: Int) { self.factor = factor }

        func inflate(_ input: Bytes, into output: Buffer) throws(Failure) -> Int {
            waiting += input.count * factor
            let step = min(waiting, 256 << 10)
            _ = output.fill(step) { target in
                target.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "7"))
                return step
            }
            waiting -= step
            given += step
            if given.isMultiple(of: 1 << 20), step > 0 {
                output.overwrite(output.count - 1, UInt8(ascii: "\n"))
            }
            return input.count
        }

        func finish() throws(Failure) {}
    }

    /// A file that swells so many times, to so many MiB.
    static func swell(_ factor: Int, to size: Int, _ options: [String: String], token: String? = nil) throws
        -> Stage.Reading
    {
        let length = (size << 20) / factor
        let host = FileHost([0x1F, 0x8B] + Array(repeating: 0, count: length - 2))
        host.chunk = 64 << 10
        let stage = JobHost([host], count: size)
        stage.script.makeInflater = { () throws(Failure) in Swelling(factor) }
        var reading = Stage.Reading()
        reading.failure = failure {
            let results = try stage.open(token, options)
            while let batch = try results.nextBatch() {
                reading.records = results.records
                #expect(batch.given(0).count == 1 << 20 - 1)
            }
            reading.verdict = results.verdict
        }
        return reading
    }

    @Test(
        arguments: [
            // Beyond 64 MiB the ratio is looked at, 1000 where nothing is said.
            (1 << 14, 80, [:], 64), (1 << 14, 64, [:], nil), (512, 80, [:], nil),
            (512, 80, ["max_gzip_ratio": "512"], nil), (512, 80, ["max_gzip_ratio": "511"], 79),
            (512, 60, ["max_gzip_ratio": "2"], nil), (64, 80, ["max_gzip_ratio": "50"], 64),
            (1 << 14, 80, ["max_gzip_ratio": "1000000"], nil),
        ] as [(Int, Int, [String: String], Int64?)])
    func swellsNoFurther(_ factor: Int, _ size: Int, _ options: [String: String], _ most: Int64?) throws {
        let reading = try Self.swell(factor, to: size, options)
        guard let most else {
            #expect(reading.failure == nil && reading.records == Int64(size))
            return
        }
        #expect(reading.failure?.status == .limit && reading.failure?.value("option") == "max_gzip_ratio")
        // All that came before is given, and not much more.
        #expect(reading.records >= most && reading.records <= most + 1)
    }
}
