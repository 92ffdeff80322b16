import BatchJobs
import BatchJobsJSON
import CInflate

/// gzip over ISA-L: any number of members, each with its checksum and length verified.
@safe final class IsalInflater: Inflater {
    /// How much one step gives at most, so that a bomb is noticed between two of them.
    private static let stepLimit = 256 * 1024

    private let state: UnsafeMutablePointer<bji_state>
    private var header = GzipHeader()
    private var members = 0
    private(set) var memberStart: (packed: Int64, unpacked: Int64) = (0, 0)
    private var packed: Int64 = 0
    private var unpacked: Int64 = 0

    static func make() throws(Failure) -> IsalInflater {
        guard let state = unsafe bji_new() else { throw .noMemory }
        return unsafe IsalInflater(state)
    }

    private init(_ state: UnsafeMutablePointer<bji_state>) {
        unsafe self.state = state
    }

    deinit {
        unsafe bji_free(state)
    }

    func inflate(_ input: Bytes, into output: Buffer) throws(Failure) -> Int {
        var used = 0
        var room = Self.stepLimit
        while room > 0 {
            used += try takeHeader(input.dropFirst(used))
            if !header.isComplete { break }
            let step = try feed(input.dropFirst(used), into: output, atMost: room)
            used += step.used
            room -= step.written
            unpacked += Int64(step.written)
            if step.ended {
                members += 1
                memberStart = (packed + Int64(used), unpacked)
                header = GzipHeader()
                unsafe bji_restart(state)
            } else if step.used == 0, step.written == 0 {
                // Without input there is nothing to do; with input, standing still is no state of
                // sound data, and the caller would come back for ever.
                if used < input.count { throw Failure(.protocol, "the gzip data is damaged") }
                break
            }
        }
        packed += Int64(used)
        return used
    }

    func finish() throws(Failure) {
        if members == 0 || header.hasBegun {
            throw Failure(.truncated, "the gzip data ended before its last member was complete")
        }
    }

    private func takeHeader(_ input: Bytes) throws(Failure) -> Int {
        let taken = header.take(input)
        if taken.isValid { return taken.used }
        throw Failure(
            .protocol, members == 0 ? "the data is not gzip" : "the gzip data is followed by other data")
    }

    private struct Step {
        var used = 0
        var written = 0
        var ended = false
    }

    private func feed(_ input: Bytes, into output: Buffer, atMost room: Int) throws(Failure) -> Step {
        var step = Step()
        var code: Int32 = 0
        let fits = unsafe input.withUnsafeBytes { source in
            unsafe output.fill(room) { target in
                var used: UInt32 = 0
                var written: UInt32 = 0
                unsafe code = bji_feed(
                    state, source.baseAddress, UInt32(clamping: source.count),
                    target.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    UInt32(clamping: target.count), &used, &written)
                step.used = Int(used)
                step.written = Int(written)
                return Int(written)
            }
        }
        if !fits { throw .noMemory }
        if code == ISAL_INCORRECT_CHECKSUM {
            throw Failure(.protocol, "the checksum or length in the gzip data is wrong")
        }
        if code < 0 { throw Failure(.protocol, "the gzip data is damaged") }
        step.ended = code == Int32(BJI_END)
        return step
    }
}
