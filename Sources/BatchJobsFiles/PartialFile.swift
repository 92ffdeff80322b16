import BatchJobs
import BatchJobsJSON
import CFiles

/// A file on its way: written under another name, and given its own once it is whole and on the
/// disk. Beside it lies the place reached, so that a later process can go on.
@safe final class PartialFile {
    /// What a later process goes on from: so many bytes are good, and the stream goes on there.
    struct Checkpoint {
        var length: Int64
        var token: String
    }

    private let path: String
    private let partial: String
    private let note: String
    private let format: String
    /// The token in the option `resume`: what the file begins with.
    private let origin: String
    private let descriptor: Int32
    private(set) var length: Int64 = 0

    private init(_ path: String, _ format: String, _ origin: String, _ descriptor: Int32) {
        self.path = path
        self.format = format
        self.origin = origin
        self.descriptor = descriptor
        partial = path + ".partial"
        note = path + ".partial.json"
    }

    deinit {
        close(descriptor)
    }

    /// Throws where nothing could be saved under that name, before any request is sent.
    static func open(_ path: String, format: String, origin: String, overwrite: Bool)
        throws(Failure) -> PartialFile
    {
        guard !path.isEmpty, path.utf8.last != UInt8(ascii: "/") else {
            throw .argument("the argument path takes the name of a file")
        }
        let kind = unsafe path.withCString { unsafe bjf_kind($0) }
        if kind == Int32(BJF_DIRECTORY) {
            throw .argument("the argument path names a directory; it takes the name of a file")
        }
        if kind != Int32(BJF_NOTHING) && !overwrite {
            throw .argument("the file in path exists; set the option overwrite to replace it")
                .detail("option", "overwrite")
        }
        let descriptor = unsafe (path + ".partial").withCString { unsafe bjf_open($0) }
        guard descriptor >= 0 else { throw fileFailure("cannot open \(path).partial") }
        return PartialFile(path, format, origin, descriptor)
    }

    /// What an earlier call reached, where it was of this format, began at the same place and its
    /// bytes are there.
    func checkpoint() -> Checkpoint? {
        let bytes = Buffer()
        let isRead = unsafe bytes.fill(16_384) { target in
            unsafe note.withCString { unsafe bjf_read($0, target.baseAddress, target.count) }
        }
        guard isRead, bytes.count > 0, let found = try? Value(document: bytes.bytes),
            found.member("format")?.text?.isExactly(format) == true,
            found.member("origin")?.text?.isExactly(origin) == true,
            let length = found.member("length")?.integer, length >= 0,
            length <= bjf_length(descriptor), let token = found.member("resume")?.text
        else { return nil }
        return Checkpoint(length: length, token: token)
    }

    /// Empties the file. The place that is noted goes first: it must not be taken for one in the
    /// bytes that come now.
    func beginAnew() throws(Failure) {
        let isGone = unsafe note.withCString { unsafe unlink($0) == 0 } || bjf_errno() == ENOENT
        guard isGone else { throw fileFailure("cannot remove \(note)") }
        unsafe directory(of: path).withCString { unsafe bjf_sync_directory($0) }
        try keep(0)
    }

    /// Keeps that many of the bytes that are there.
    func keep(_ length: Int64) throws(Failure) {
        guard bjf_cut(descriptor, length) == 0 else { throw fileFailure("cannot shorten \(partial)") }
        self.length = length
    }

    func write(_ bytes: Bytes) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { source in
                unsafe bjf_write(descriptor, source.baseAddress, source.count)
            }
            guard written > 0 else { throw fileFailure("cannot write \(partial)") }
            rest = rest.dropFirst(written)
            length += Int64(written)
        }
    }

    /// Notes a place, once the bytes before it are on the disk.
    func note(_ checkpoint: Checkpoint) throws(Failure) {
        guard bjf_sync(descriptor) == 0 else { throw fileFailure("cannot write \(partial)") }
        // A token holds nothing that JSON would escape.
        let text =
            "{\"format\":\"\(format)\",\"origin\":\"\(origin)\",\"length\":\(checkpoint.length),"
            + "\"resume\":\"\(checkpoint.token)\"}\n"
        let fresh = note + ".new"
        let out = unsafe fresh.withCString { unsafe bjf_open($0) }
        guard out >= 0 else { throw fileFailure("cannot open \(fresh)") }
        defer { close(out) }
        var copy = text
        let length = copy.utf8.count
        let written = copy.withUTF8 { unsafe bjf_write(out, $0.baseAddress, $0.count) }
        guard written == length, bjf_cut(out, Int64(length)) == 0, bjf_sync(out) == 0,
            rename(fresh, to: note, replace: true)
        else { throw fileFailure("cannot write \(note)") }
    }

    /// Gives the file its name. All of it is on the disk by then.
    func finish(overwrite: Bool) throws(Failure) {
        guard bjf_sync(descriptor) == 0 else { throw fileFailure("cannot write \(partial)") }
        guard rename(partial, to: path, replace: overwrite) else {
            throw fileFailure("cannot name \(path)")
        }
        _ = unsafe note.withCString { unsafe unlink($0) }
        unsafe directory(of: path).withCString { unsafe bjf_sync_directory($0) }
    }

    private func rename(_ from: String, to: String, replace: Bool) -> Bool {
        unsafe from.withCString { from in
            unsafe to.withCString { to in unsafe bjf_rename(from, to, replace ? 1 : 0) == 0 }
        }
    }
}

private func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    let end = slash == path.utf8.startIndex ? path.utf8.index(after: slash) : slash
    return String(path[..<end])
}
