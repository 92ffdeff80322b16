import BatchJobsJSON

/// Result files, one after the other; those that come next are on the wire before their turn.
final class PartWalk: RecordSource {
    private let links: ResultLinks
    private let session: any Session
    private let client: Client
    private let settings: Settings
    private var resting: Place
    private var reader: PartReader?
    /// Files on the wire, in the order of the parts behind the current one; nil where one did not
    /// begin: its turn will tell why.
    private var ahead: ArraySlice<ResultFile?> = []
    private var done = SourceProgress()
    private var restarts = 0
    private var tapping: PackedBytes?

    init(
        _ links: ResultLinks, from place: Place, _ session: any Session, _ client: Client,
        _ settings: Settings
    ) {
        self.links = links
        self.session = session
        self.client = client
        self.settings = settings
        resting = place
        done.partsDone = Int64(place.part)
    }

    var place: Place { reader?.place ?? resting }

    /// Holds for the version of the file of which something was given.
    var partStart: Place {
        var start = resting
        start.validator = start.validator ?? reader?.file.validator
        return start
    }

    func tap(_ take: @escaping PackedBytes) { tapping = take }

    func fill(_ batch: Batch, _ call: Call) throws(Failure) -> Bool {
        while place.part < links.count {
            let reader = try currentReader(call)
            do throws(Failure) {
                if try reader.fill(batch, call) { return true }
            } catch {
                error.url = error.url ?? publicURL(links[resting.part])
                try startAnew(batch, error, call)
                continue
            }
            try close(reader, batch)
        }
        batch.restart(keepingFrom: batch.data.count)
        return false
    }

    private func currentReader(_ call: Call) throws(Failure) -> PartReader {
        if let reader { return reader }
        let reader = newReader(try currentFile(call))
        self.reader = reader
        try openAhead(call)
        return reader
    }

    private func newReader(_ file: ResultFile) -> PartReader {
        PartReader(file, resting, client, settings, tapping)
    }

    private func currentFile(_ call: Call) throws(Failure) -> ResultFile {
        if let begun = ahead.popFirst(), let file = begun { return file }
        return try open(resting.part, from: resting, call)
    }

    private func open(_ part: Int, from place: Place?, _ call: Call) throws(Failure) -> ResultFile {
        try ResultFile.start(
            part: part, links: links, session: session, client: client, settings: settings,
            call: call, from: place.flatMap(FilePosition.init), bufferLimit: bufferLimit)
    }

    private var parallel: Int64 { settings.integer(.parallelParts) }

    /// What has arrived and waits for its turn shares the budget.
    private var bufferLimit: Int {
        Int(clamping: max(settings.integer(.readAheadBytes) / parallel, 64 * 1024))
    }

    private func openAhead(_ call: Call) throws(Failure) {
        while ahead.count < Int(clamping: parallel - 1),
            resting.part + 1 + ahead.count < links.count
        {
            do throws(Failure) {
                ahead.append(try open(resting.part + 1 + ahead.count, from: nil, call))
            } catch {
                if error.status == .cancelled { throw error }
                ahead.append(nil)
            }
        }
    }

    /// The current file is whole: the next begins where it ends.
    private func close(_ reader: PartReader, _ batch: Batch) throws(Failure) {
        if let tapping, reader.endsInLine, resting.part + 1 < links.count {
            try tapping(resting.part, try packedLineEnd())
        }
        done.bytes += reader.file.given
        done.partsDone += 1
        // Blanks behind the last line are still there, and no part of the next file's first.
        batch.restart(keepingFrom: batch.data.count)
        var next = Place()
        next.index = batch.next
        next.part = resting.part + 1
        resting = next
        self.reader = nil
    }

    /// A file that changed before anything of it was given can begin anew: nothing is mixed. Who
    /// taps it has been given something.
    ///
    /// The file is opened here, because those ahead are of the parts behind it.
    private func startAnew(_ batch: Batch, _ failure: Failure, _ call: Call) throws(Failure) {
        let isUntouched = resting.isFileStart && batch.next == resting.index && tapping == nil
        guard failure.status == .changed, isUntouched, restarts < 3 else { throw failure }
        restarts += 1
        batch.restart(keepingFrom: batch.data.count)
        self.reader = newReader(try open(resting.part, from: resting, call))
    }

    var progress: SourceProgress {
        var progress = done
        progress.parts = Int64(links.count)
        var files = Array(ahead)
        if let reader { files.insert(reader.file, at: 0) }
        var total: Int64? = files.count < links.count - resting.part ? nil : done.bytes
        for file in files {
            progress.bytes += file?.given ?? 0
            total = sum(total, file?.length)
        }
        progress.total = total ?? -1
        return progress
    }
}

/// A gzip member that holds a line feed and nothing else.
private func packedLineEnd() throws(Failure) -> Bytes {
    let member = Buffer()
    let head: [UInt8] = [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0x03]
    for byte in head + [0xE3, 0x02, 0, 0x93, 0x06, 0xD7, 0x32, 0x01, 0, 0, 0] {
        guard member.append(byte) else { throw .noMemory }
    }
    return member.bytes
}

/// Nil where one of them is not known, or hosts claim more than there can be.
private func sum(_ one: Int64?, _ other: Int64?) -> Int64? {
    guard let one, let other else { return nil }
    let (sum, overflow) = one.addingReportingOverflow(other)
    return overflow ? nil : sum
}

extension FilePosition {
    /// Nil where the file is read from its start, whichever version it is. Behind other files a token
    /// may name one all the same, so that not two versions of the results come together.
    init?(_ place: Place) {
        guard !(place.isFileStart && place.part == 0), let validator = place.validator else { return nil }
        self.init(offset: place.offset, validator: validator, total: nil)
    }
}
