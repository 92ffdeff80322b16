import BatchJobs
import CFiles

/// A file that could not be written. `what` says what was tried, and with which file.
func fileFailure(_ what: String, _ number: Int32 = bjf_errno()) -> Failure {
    let name = unsafe bjf_error_name(number).map { unsafe String(cString: $0) } ?? "errno \(number)"
    return Failure(.file, "\(what): \(explained(number)) (\(name))").detail("errno", name)
}

private func explained(_ number: Int32) -> String {
    switch number {
    case ENOSPC, EDQUOT: "there is no space left"
    case EACCES, EPERM, EROFS: "it is not allowed"
    case ENOENT, ENOTDIR: "there is no such directory"
    case EEXIST: "something of that name exists"
    case EPIPE, ECONNRESET: "the reader has gone"
    case EWOULDBLOCK: "another process saves there"
    case ELOOP: "it is a symbolic link"
    case EFBIG: "the file may not grow further"
    default: "the system refused"
    }
}
