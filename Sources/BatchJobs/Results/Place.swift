import BatchJobsJSON

/// A place between two records, from which a stream can go on: how to come near it in the source,
/// and how many records to pass over from there.
struct Place {
    /// Records of the whole stream before it.
    var index: Int64 = 0
    /// The result file; 0 where the records stand in the job itself.
    var part = 0
    /// Where to begin in the file as it is stored, and how many bytes to skip once unpacked.
    var offset: Int64 = 0
    var skip: Int64 = 0
    /// Records from there to the place.
    var records: Int64 = 0
    var isPacked = false
    /// The version of the file that this holds for. Without one `offset` is 0, and the records
    /// passed over must have `checksum`.
    var validator: String?
    var checksum: UInt64 = 0

    /// Nothing of its file has been given: any version of it will do.
    var isFileStart: Bool { offset == 0 && skip == 0 && records == 0 }

    /// The place behind the record of that index, which the batch holds.
    func behind(_ index: Int64, _ batch: Batch, _ transport: any Transport) -> Place {
        var place = self
        place.move(behind: index, batch, transport)
        return place
    }

    /// Moves over all records of a batch.
    mutating func move(over batch: Batch, _ transport: any Transport) {
        move(behind: batch.base + Int64(batch.held) - 1, batch, transport)
    }

    private mutating func move(behind last: Int64, _ batch: Batch, _ transport: any Transport) {
        let (from, to) = (index - batch.base, last + 1 - batch.base)
        guard to > from else { return }
        if validator == nil {
            let before = batch.bytes(ofFirst: Int(clamping: from)).count
            let bytes = batch.bytes(ofFirst: Int(clamping: to)).dropFirst(before)
            checksum = transport.checksum(bytes, after: checksum)
        }
        records += to - from
        index = last + 1
    }
}

/// Records at the beginning of a stream that an earlier one has delivered. They are passed over,
/// and where nothing else tells, compared by their checksum.
struct PassedRecords {
    private(set) var left: Int64
    private let expected: UInt64?
    private var checksum: UInt64 = 0

    init(_ place: Place) {
        left = place.records
        expected = place.validator == nil ? place.checksum : nil
    }

    /// Takes those that the batch holds; throws when they were others.
    mutating func pass(_ batch: Batch, _ transport: any Transport) throws(Failure) {
        guard left > 0, batch.held > 0 else { return }
        let number = Int(clamping: min(left, Int64(batch.held)))
        left -= Int64(number)
        batch.passOver(number)
        guard let expected else { return }
        checksum = transport.checksum(batch.bytes(ofFirst: number), after: checksum)
        if left == 0 && checksum != expected { throw changed("the records before the place are others") }
    }

    /// The source has ended.
    func finish() throws(Failure) {
        if left > 0 { throw changed("they end before it") }
    }
}

func changed(_ how: String) -> Failure {
    Failure(.changed, "the results are not those that the place in them was taken from: " + how)
}
