import BatchJobs
import BatchJobsJSON
import CFiles
import CPlatform

/// A descriptor of the program's: a file, a pipe, a socket. It stays the program's.
struct Descriptor {
    private let number: Int32
    private let isFile: Bool

    /// A pipe that is said to take bytes takes this many without blocking.
    private static let piece = 4_096
    private static let lookUpMS: Int32 = 100

    static func of(_ number: Int32) throws(Failure) -> Descriptor {
        guard number >= 0, bjf_length(number) >= 0 else {
            throw .argument("the argument fd is no open file descriptor")
        }
        return Descriptor(number: number, isFile: bjf_is_file(number) == 1)
    }

    /// Writes all of it, and waits where the reader is slow, as long as the call may.
    func write(_ bytes: Bytes, _ call: Call) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            if !isFile {
                try call.check(now: bjp_monotonic_ms())
                if bjf_wait(number, Self.lookUpMS) == 0 { continue }
            }
            let piece = isFile ? rest : rest[0..<Self.piece]
            let (written, reason) = put(piece)
            guard written > 0 else {
                if reason == EAGAIN { continue }
                throw fileFailure("cannot write to the descriptor \(number)", reason)
            }
            rest = rest.dropFirst(written)
        }
    }

    /// A reader that went away raises no signal.
    private func put(_ bytes: Bytes) -> (written: Int, reason: Int32) {
        var held = bjp_sigpipe()
        unsafe bjp_sigpipe_hold(&held)
        let written = unsafe bytes.withUnsafeBytes { source in
            unsafe bjf_write(number, source.baseAddress, source.count)
        }
        let reason = bjf_errno()
        unsafe bjp_sigpipe_release(&held)
        return (written, reason)
    }
}
