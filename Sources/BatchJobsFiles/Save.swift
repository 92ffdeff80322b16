public import BatchJobs
import BatchJobsJSON
import CPlatform

/// Told now and then how far it is: bytes, their number in all or -1, records. True stops.
public typealias SaveProgress = (Int64, Int64, Int64) -> Bool

public enum Save {
    /// Saves a job's results under a name; false when `progress` stopped it.
    public static func results(
        of client: Client, _ id: String, to path: String, _ options: Settings?,
        _ cancel: (any Cancellation)?, _ progress: SaveProgress?
    ) throws(Failure) -> Bool {
        let settings = try client.settings(for: options)
        let overwrite = settings.bool(.overwrite)
        let isPacked = settings[.saveFormat]?.isExactly("gzip") == true
        if isPacked, settings.isSet(.resume) {
            throw Failure.argument(
                "save_format gzip takes no option resume: compressed files are saved whole"
            ).detail("option", "resume")
        }
        let file = try PartialFile.open(
            path, format: isPacked ? "gzip" : "jsonl", origin: settings[.resume] ?? "",
            overwrite: overwrite)
        var start = file.checkpoint()
        while true {
            do throws(Failure) {
                let saving = Saving(file, isPacked: isPacked, progress)
                guard try saving.run(client, id, options, cancel, from: start) else { return false }
                try file.finish(overwrite: overwrite)
                return true
            } catch where start != nil && isOutdated(error) {
                // Nothing has its name yet, so nothing is lost by beginning anew.
                start = nil
            }
        }
    }

    /// What an earlier call left is of another job, or of results that changed since.
    private static func isOutdated(_ failure: Failure) -> Bool {
        failure.status == .changed
            || failure.details.contains { $0.value.isExactly("resume") }
    }

    /// Writes what is left of a stream; false when `progress` stopped it.
    public static func rest(
        of results: JobResults, to descriptor: Int32, _ progress: SaveProgress?
    ) throws(Failure) -> Bool {
        let descriptor = try Descriptor.of(descriptor)
        var pace = Pace(progress)
        let lines = Buffer()
        while let batch = try results.nextBatch() {
            do throws(Failure) {
                try joinLines(batch, lines)
                try descriptor.write(lines.bytes, results.newCall())
            } catch {
                // Nobody knows how much of the batch is out: nothing may come behind it.
                results.end(with: error)
                throw error
            }
            if pace.isStopped(results, isEnd: false) { return false }
        }
        _ = pace.isStopped(results, isEnd: true)
        return true
    }
}

/// One attempt to bring a stream into a file.
private final class Saving {
    private let file: PartialFile
    private let isPacked: Bool
    private var pace: Pace
    private let lines = Buffer()
    private var noted: Int64 = 0
    /// Where in the file each result file begins, the last of them.
    private var part = -1
    private var partStart: Int64 = 0

    /// How much may have to be read again after a crash.
    private static let noteEvery: Int64 = 64 << 20

    init(_ file: PartialFile, isPacked: Bool, _ progress: SaveProgress?) {
        self.file = file
        self.isPacked = isPacked
        pace = Pace(progress)
    }

    func run(
        _ client: Client, _ id: String, _ options: Settings?, _ cancel: (any Cancellation)?,
        from start: PartialFile.Checkpoint?
    ) throws(Failure) -> Bool {
        var settings = options ?? Settings()
        if let start { try settings.set("resume", start.token) }
        let results = try client.results(id, settings, cancel)
        if isPacked { try results.tap { (part, bytes) throws(Failure) in try self.take(part, bytes) } }
        if let start { try file.keep(start.length) } else { try file.beginAnew() }
        noted = file.length
        do throws(Failure) {
            while let batch = try results.nextBatch() {
                if !isPacked {
                    try joinLines(batch, lines)
                    try file.write(lines.bytes)
                }
                if file.length - noted > Self.noteEvery { try note(results) }
                if pace.isStopped(results, isEnd: false) {
                    try note(results)
                    return false
                }
            }
        } catch {
            // What stopped it counts, not whether the place could be noted. Records that found no
            // way into the file have no place to be noted.
            if error.status != .file && error.status != .noMemory { try? note(results) }
            throw error
        }
        _ = pace.isStopped(results, isEnd: true)
        return true
    }

    /// Packed bytes go to the file as they come; whether they were sound shows at the end.
    private func take(_ part: Int, _ bytes: Bytes) throws(Failure) {
        if part != self.part {
            self.part = part
            partStart = file.length
        }
        try file.write(bytes)
    }

    /// Lines can go on behind any record, packed files only where one begins.
    private func note(_ results: JobResults) throws(Failure) {
        let hasBegun = isPacked && part == results.currentPart
        try file.note(
            .init(
                length: hasBegun ? partStart : file.length,
                token: isPacked ? results.partToken : try results.token(at: results.records - 1)))
        noted = file.length
    }
}

/// Asks the program now and then.
private struct Pace {
    private let progress: SaveProgress?
    private var next = bjp_monotonic_ms() + everyMS
    private static let everyMS: Int64 = 250

    init(_ progress: SaveProgress?) { self.progress = progress }

    mutating func isStopped(_ results: JobResults, isEnd: Bool) -> Bool {
        guard let progress else { return false }
        let now = bjp_monotonic_ms()
        guard isEnd || now >= next else { return false }
        next = now + Self.everyMS
        let reached = results.progress
        return progress(reached.bytes, reached.total, results.records)
    }
}

/// One record a line. A record that stood inside a JSON document may hold line feeds between its
/// members, where a space means the same.
private func joinLines(_ batch: Batch, _ lines: Buffer) throws(Failure) {
    lines.truncate(to: 0)
    for position in 0..<batch.count {
        let start = lines.count
        guard lines.append(batch.given(position)), lines.append(UInt8(ascii: "\n")) else {
            throw .noMemory
        }
        var at = start
        while let feed = lines.firstIndex(of: UInt8(ascii: "\n"), from: at), feed < lines.count - 1 {
            lines.overwrite(feed, UInt8(ascii: " "))
            at = feed + 1
        }
    }
}
