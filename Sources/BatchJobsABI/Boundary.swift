// The rules of the boundary, once: how handles become objects and back, how a thrown failure
// becomes a status and an error object, how text of C is read.

import BatchJobs
import BatchJobsCurl
import BatchJobsJSON
import CBatchJobs
import Synchronization

typealias Handle = OpaquePointer
typealias Out = UnsafeMutablePointer<OpaquePointer?>

/// Runs a call. Sets `*error` on every return: to NULL, or to an error object the caller owns.
func boundary(_ error: Out?, _ body: () throws(Failure) -> bj_status) -> bj_status {
    unsafe error?.pointee = nil
    do throws(Failure) {
        return try body()
    } catch let failure {
        if let error = unsafe error {
            unsafe error.pointee = owned(ErrorHandle(failure))
        }
        return failure.status.rawValue
    }
}

/// A handle that the caller must destroy.
func owned<Object: AnyObject>(_ object: Object) -> Handle {
    unsafe Handle(Unmanaged.passRetained(object).toOpaque())
}

/// A handle that lives as long as something else holds the object.
func borrowed<Object: AnyObject>(_ object: Object) -> Handle {
    unsafe Handle(Unmanaged.passUnretained(object).toOpaque())
}

func object<Object: AnyObject>(_ handle: Handle?, _ type: Object.Type) -> Object? {
    guard let handle = unsafe handle else { return nil }
    return unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
}

/// What a body reads of an object that its holder keeps alive. Counts no reference: C reads a dozen
/// members of each job.
@inline(__always)
func look<Object: AnyObject, Result>(
    _ handle: Handle?, _ type: Object.Type, none: Result, _ body: (Object) -> Result
) -> Result {
    guard let handle = unsafe handle else { return none }
    return unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle))._withUnsafeGuaranteedRef(body)
}

func destroy<Object: AnyObject>(_ handle: Handle?, _ type: Object.Type) {
    guard let handle = unsafe handle else { return }
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).release()
}

/// An argument that must not be NULL.
func required<Object: AnyObject>(_ handle: Handle?, _ type: Object.Type, _ name: StaticString)
    throws(Failure) -> Object
{
    guard let found = unsafe object(handle, type) else { throw null(name) }
    return found
}

/// The place for an output, emptied.
func output(_ out: Out?, _ name: StaticString = "out") throws(Failure) -> Out {
    guard let out = unsafe out else { throw null(name) }
    unsafe out.pointee = nil
    return unsafe out
}

func null(_ name: StaticString) -> Failure {
    .argument("the argument \(name) is NULL")
}

/// Text of the caller: UTF-8 up to a NUL.
func text(_ pointer: UnsafePointer<CChar>?, _ name: StaticString) throws(Failure) -> String {
    guard let pointer = unsafe pointer else { throw null(name) }
    guard let text = unsafe String(validatingCString: pointer) else {
        throw .argument("the argument \(name) is not UTF-8")
    }
    return text
}

/// A constant as C reads it; the compiler ends every literal with a NUL.
func constant(_ text: StaticString?) -> UnsafePointer<CChar>? {
    guard let text else { return nil }
    return unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// Bytes with their length, or NULL and 0.
func span(_ bytes: Bytes?, _ length: UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>? {
    unsafe length?.pointee = bytes?.count ?? 0
    return unsafe bytes?.pointer
}

/// Numbers as they were put into a buffer; each column begins at a multiple of their size.
func numbers<Number>(_ bytes: Bytes?) -> UnsafePointer<Number>? {
    guard let pointer = unsafe bytes?.pointer else { return nil }
    return unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: Number.self)
}

/// Keeps an iterator to its process and to one call at a time: in a forked child whoever comes gets
/// BJ_E_STATE, also where a record is at hand, and while it is taken BJ_E_BUSY.
final class Claim {
    private let process = currentProcess()
    private let taken = Atomic<Bool>(false)

    func hold(_ body: () throws(Failure) -> bj_status) throws(Failure) -> bj_status {
        guard process == currentProcess() else {
            throw Failure(.state, "the iterator was made before fork(); make one in this process")
        }
        guard !taken.exchange(true, ordering: .acquiring) else {
            throw Failure(
                .busy, "the iterator is in use by another call; it belongs to one thread at a time")
        }
        defer { taken.store(false, ordering: .releasing) }
        return try body()
    }
}
