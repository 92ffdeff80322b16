import Testing

@testable import BatchJobs
@testable import BatchJobsJSON

/// Result files side by side on the wire, and one after the other for the reader.
@Suite struct PartsTests {
    /// So many files of three lines each.
    static func stage(_ number: Int, etag: String? = "\"v1\"", chunk: Int = 3) -> JobHost {
        let files = (0..<number).map { part in
            let host = FileHost((0..<3).map { "{\"\(part)\":\($0)}\n" }.joined(), etag: etag)
            host.chunk = chunk
            return host
        }
        return JobHost(files, count: number * 3)
    }

    static func lines(_ parts: Range<Int>) -> [String] {
        parts.flatMap { part in (0..<3).map { "{\"\(part)\":\($0)}" } }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 16], [1, 2, 6]) func areOnTheWireAtOnce(_ parallel: Int, _ number: Int)
        throws
    {
        let stage = Self.stage(number)
        let results = try stage.open(nil, ["parallel_parts": "\(parallel)"])
        #expect(stage.parts.isEmpty)
        var lines: [String] = []
        while let record = try results.next() {
            lines.append(record.data.shown)
            let part = (lines.count - 1) / 3
            // While a file is read, those behind it are on the wire, and no more.
            #expect(stage.parts == Array(0..<min(part + parallel, number)), "\(lines.count)")
            #expect(stage.script.transfers == min(parallel, number - part), "\(lines.count)")
            #expect(results.progress.partsDone == Int64(part) && results.currentPart == part)
        }
        #expect(lines == Self.lines(0..<number) && stage.script.mostTransfers <= parallel)
        #expect(results.progress.partsDone == Int64(number) && results.progress.parts == Int64(number))
        #expect(stage.script.transfers == 0)
    }

    /// The share of each in the memory for what waits.
    @Test(
        arguments: [
            ([:], 2 << 20), (["read_ahead_bytes": "1048576"], 256 << 10),
            (["read_ahead_bytes": "1048576", "parallel_parts": "16"], 64 << 10),
            (["read_ahead_bytes": "1048576", "parallel_parts": "1"], 1 << 20),
            (["read_ahead_bytes": "1073741824", "parallel_parts": "2"], 512 << 20),
            (["read_ahead_bytes": "65536", "parallel_parts": "1"], 64 << 10),
        ] as [([String: String], Int)]) func shareTheMemory(_ options: [String: String], _ limit: Int) throws {
            let stage = Self.stage(5)
            #expect(try stage.read(nil, options).failure == nil)
            let files = stage.script.requests.filter { $0.url != ResultsTests.job }
            #expect(files.count == 5 && files.allSatisfy { $0.bodyLimit == limit })
        }

    @Test(arguments: [0, 1, 2, 3]) func anErrorComesInItsTurn(_ bad: Int) throws {
        let errors: [(Status, (JobHost) -> Void)] = [
            (.link, { stage in stage.files[bad].instead = [0: { _, _ in .init("", status: 404) }] }),
            (.server, { stage in stage.files[bad].instead = [0: { _, _ in .init("", status: 503) }] }),
            (.truncated, { stage in stage.files[bad].breaks = Array(repeating: 4, count: 20) }),
            (.transport, { stage in stage.files[bad].breaks = Array(repeating: 0, count: 20) }),
            (.protocol, { stage in stage.files[bad].data = Gzip.member([0x7B, 10]) + [7] }),
            (.protocol, { stage in stage.files[bad].data = Array("<html>\n".utf8) }),
            (
                .connect,
                { stage in
                    stage.files[bad].instead = Dictionary(
                        uniqueKeysWithValues: (0..<9).map {
                            ($0, { _, _ in .unsent(Failure(.connect, "nobody is there")) })
                        })
                }
            ),
        ]
        for (status, spoil) in errors {
            let stage = Self.stage(4)
            spoil(stage)
            let reading = try stage.read()
            let failed = try #require(reading.failure)
            #expect(failed.status == status, "\(failed.message)")
            #expect(failed.url == "https://s.example/part-\(bad)" && failed.jobID == "b-1")
            let wanted = Self.lines(0..<bad)
            #expect(reading.lines.starts(with: wanted), "\(status.rawValue)")
            #expect(reading.lines.count - wanted.count <= 1)
            #expect(reading.verdict == (status == .truncated ? .short : .none))
            // Everything before it is good for going on.
            stage.files[bad] = Self.stage(4).files[bad]
            if status == .protocol { continue }
            let rest = try stage.read(reading.tokens.last)
            #expect(reading.lines + rest.lines == Self.lines(0..<4) && rest.failure == nil)
        }
    }

    /// What did not get onto the wire, or broke while nobody looked, is asked for in its turn.
    @Test(arguments: [1, 2]) func whatFailedAheadIsAskedForAgain(_ bad: Int) throws {
        for instead in [
            { () -> Script.Reply in .unsent(FileHost.broken) },
            { () -> Script.Reply in .unanswered(FileHost.broken) },
        ] {
            let stage = Self.stage(4)
            stage.files[bad].instead = [0: { _, _ in instead() }]
            let reading = try stage.read(nil, ["max_attempts": "2"])
            #expect(reading.lines == Self.lines(0..<4) && reading.failure == nil)
            #expect(stage.parts.sorted() == (Array(0..<4) + [bad]).sorted())
        }
    }

    @Test func noFiles() throws {
        let stage = JobHost([], count: 0)
        let reading = try stage.read()
        #expect(reading.lines.isEmpty && reading.failure == nil && reading.verdict == .verified)
        let again = try stage.read(reading.tokens[0])
        #expect(again.failure == nil && again.verdict == .verified)
    }

    /// What stands behind the last record of a file is no part of the next one's first.
    @Test(arguments: [" ", "\t ", "\r", "\n \t\r", "\u{FEFF}"]) func blanksAtTheEnd(_ blank: String) throws {
        for chunk in [1, 2, .max] {
            for etag in ["\"v1\"", nil] {
                let files = ["1\n2\n" + blank, blank, "\u{FEFF}[3]\n[4]", "\u{FEFF}5\n" + blank, "6"].map {
                    FileHost($0, etag: etag)
                }
                for file in files { file.chunk = chunk }
                // A mark is one only where a file begins.
                let isMark = blank == "\u{FEFF}"
                let wanted = ["1", "2"] + (isMark ? [blank] : []) + ["[3]", "[4]", "5"] + (isMark ? [blank] : []) + ["6"]
                let stage = JobHost(files, count: wanted.count)
                let reading = try stage.read()
                #expect(reading.lines == wanted && reading.failure == nil, "\(chunk)")
                for (place, token) in reading.tokens.enumerated() {
                    let rest = try stage.read(token)
                    #expect(rest.lines == Array(wanted[place...]) && rest.failure == nil, "\(place)")
                }
            }
        }
    }

    @Test func bytesAreCounted() throws {
        for chunk in [1, 4, .max] {
            let stage = Self.stage(5, chunk: chunk)
            let size = Int64(stage.files.map(\.data.count).reduce(0, +))
            let results = try stage.open(nil, ["parallel_parts": "2"])
            #expect(results.progress.bytes == 0 && results.progress.parts == 5)
            #expect(results.progress.total == -1)
            var last: Int64 = 0
            while try results.next() != nil {
                let bytes = results.progress.bytes
                #expect(bytes >= last && bytes <= size)
                last = bytes
            }
            #expect(results.progress.bytes == size && results.progress.total == size)
        }
    }

    /// Their number in all, as soon as each file has told its length.
    @Test func bytesInAll() throws {
        let stage = Self.stage(3)
        let size = Int64(stage.files.map(\.data.count).reduce(0, +))
        let results = try stage.open(nil, ["parallel_parts": "2"])
        for index in 0..<9 {
            _ = try results.next()
            // The length of a file that waits for its turn is not looked at.
            #expect(results.progress.total == (index < 6 ? -1 : size), "\(index)")
        }
        // Of a file whose host tells none, the length is known at its end.
        let silent = Self.stage(2)
        silent.files[1].tellsLength = false
        let other = try silent.open()
        for _ in 0..<6 { _ = try other.next() }
        #expect(other.progress.total == -1)
        #expect(try other.next() == nil && other.progress.total == other.progress.bytes)
    }
}

// MARK: A file that changes

extension PartsTests {
    struct Version: CustomTestStringConvertible, Sendable {
        let etag: String?
        var testDescription: String { etag ?? "no ETag" }
    }

    /// The first answer breaks off, and what is there then is another file.
    static func breakAndChange(_ host: FileHost, at cut: Int) {
        host.breaks = [cut]
        host.instead[1] = { host, request in
            host.data = Array("{\"x\":7}\n{\"x\":8}\n{\"x\":9}\n".utf8)
            if host.etag != nil { host.etag = "\"v2\"" }
            return host.ordinary(request)
        }
    }

    /// Before anything of it was given, another version is as good: from its start.
    @Test(arguments: [Version(etag: "\"v1\""), Version(etag: nil)], 0..<4)
    func beforeARecordWasGiven(_ version: Version, _ bad: Int) throws {
        for parallel in [1, 2, 4] {
            for cut in 1..<8 {
                let stage = Self.stage(4, etag: version.etag)
                let host = stage.files[bad]
                Self.breakAndChange(host, at: cut)
                let reading = try stage.read(
                    nil, ["max_attempts": "2", "parallel_parts": "\(parallel)"])
                var wanted = Self.lines(0..<4)
                wanted.replaceSubrange(
                    bad * 3..<bad * 3 + 3, with: ["{\"x\":7}", "{\"x\":8}", "{\"x\":9}"])
                #expect(reading.lines == wanted, "\(cut)")
                #expect(reading.failure == nil && reading.verdict == .verified, "\(cut)")
                #expect(reading.indices == Array(0..<12))
                #expect(stage.script.mostTransfers <= parallel)
            }
        }
    }

    /// Afterwards it is not: nothing of two versions comes together.
    @Test(arguments: [Version(etag: "\"v1\""), Version(etag: nil)], 0..<4)
    func afterARecordWasGiven(_ version: Version, _ bad: Int) throws {
        for cut in 9..<24 {
            let stage = Self.stage(4, etag: version.etag)
            let host = stage.files[bad]
            Self.breakAndChange(host, at: cut)
            let reading = try stage.read(nil, ["max_attempts": "2"])
            #expect(reading.failure?.status == .changed, "\(cut)")
            #expect(reading.lines == Array(Self.lines(0..<4).prefix(bad * 3 + cut / 8)), "\(cut)")
            #expect(reading.failure?.url == "https://s.example/part-\(bad)")
        }
    }

    /// A stream that goes on in a file has had records of it.
    @Test func beforeARecordOfAResumedStream() throws {
        for (place, packed) in [(1, false), (2, true), (4, false), (5, true)] {
            let stage = Self.stage(2)
            let host = stage.files[place / 3]
            if packed { host.data = Gzip.member(host.data) }
            let results = try stage.open()
            for _ in 0...place { _ = try results.next() }
            let token = try results.token(at: Int64(place) - 1)
            host.etag = "\"v2\""
            let before = stage.parts.count
            let reading = try stage.read(token)
            #expect(reading.failure?.status == .changed && reading.lines.isEmpty)
            #expect(stage.parts.dropFirst(before).filter { $0 == place / 3 }.count == 1, "\(place)")
        }
    }

    @Test func oneThatNeverStaysTheSame() throws {
        let stage = Self.stage(2)
        let host = stage.files[1]
        for number in 0..<100 {
            host.instead[number] = { host, request in
                host.etag = "\"v\(number)\""
                return host.ordinary(request)
            }
        }
        host.breaks = Array(repeating: 2, count: 100)
        let reading = try stage.read(nil, ["max_attempts": "2"])
        #expect(reading.failure?.status == .changed && reading.lines == Self.lines(0..<1))
        // Three times anew; each time it breaks off and is asked for again.
        #expect(stage.parts.count { $0 == 1 } == 8 && stage.parts.count == 9)
    }

    /// Bytes that went elsewhere cannot be taken back.
    @Test func packedBytesAreNotMixed() throws {
        let old = Gzip.member(Array("{\"old\":1}\n".utf8))
        let new = Gzip.member(Array("{\"new\":1}\n".utf8))
        for cut in 1..<15 {
            let host = FileHost(old)
            host.breaks = [cut]
            host.instead[1] = { host, request in
                (host.data, host.etag) = (new, "\"v2\"")
                return host.ordinary(request)
            }
            let results = try JobHost([host], count: 1).open(nil, ["max_attempts": "2"])
            var packed: [UInt8] = []
            try results.tap { (_, bytes) throws(Failure) in packed += bytes.array }
            let (records, failed) = results.all()
            if failed == nil {
                #expect(packed == new && records.count == 1, "\(cut)")
            } else {
                #expect(failed?.status == .changed && old.starts(with: packed), "\(cut)")
            }
        }
    }
}
