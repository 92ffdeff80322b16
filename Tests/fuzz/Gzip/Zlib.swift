import Glibc

/// The zlib that libcurl brings along, without its header: nothing else here needs that package.
final class Zlib: Sendable {
    static let shared = Zlib()

    /// `z_stream`, 112 bytes on every 64-bit system.
    private struct Stream {
        var input: UnsafePointer<UInt8>?
        var inputLeft: UInt32 = 0
        var inputTotal: UInt = 0
        var output: UnsafeMutablePointer<UInt8>?
        var outputLeft: UInt32 = 0
        var outputTotal: UInt = 0
        var message: UnsafePointer<CChar>?
        var state: UnsafeRawPointer?
        var allocate: UnsafeRawPointer?
        var free: UnsafeRawPointer?
        var opaque: UnsafeRawPointer?
        var kind: CInt = 0
        var check: UInt = 0
        var reserved: UInt = 0
    }

    private typealias Open =
        @convention(c) @Sendable (UnsafeMutableRawPointer, CInt, UnsafePointer<CChar>, CInt) -> CInt
    private typealias Step = @convention(c) @Sendable (UnsafeMutableRawPointer, CInt) -> CInt
    private typealias Close = @convention(c) @Sendable (UnsafeMutableRawPointer) -> CInt
    private typealias Check = @convention(c) @Sendable (UInt, UnsafePointer<UInt8>?, UInt32) -> UInt

    private let open: Open
    private let step: Step
    private let close: Close
    private let check: Check

    private init() {
        guard let library = dlopen("libz.so.1", RTLD_NOW) else { fatalError("no libz.so.1") }
        func find<Function>(_ name: String) -> Function {
            guard let found = dlsym(library, name) else { fatalError("no \(name)") }
            return unsafe unsafeBitCast(found, to: Function.self)
        }
        open = find("inflateInit2_")
        step = find("inflate")
        close = find("inflateEnd")
        check = find("crc32")
    }

    /// One member, or raw deflate data, from the beginning: what it holds and how long it is. Nil
    /// where it is damaged, incomplete or unpacks to more than `limit`.
    func inflate(_ packed: ArraySlice<UInt8>, isRaw: Bool = false, limit: Int) -> (bytes: [UInt8], used: Int)? {
        var stream = Stream()
        guard open(&stream, isRaw ? -15 : 31, "1", CInt(MemoryLayout<Stream>.size)) == 0 else {
            fatalError("no memory")
        }
        defer { _ = close(&stream) }
        var bytes: [UInt8] = []
        return packed.withUnsafeBufferPointer { source in
            (stream.input, stream.inputLeft) = (source.baseAddress, UInt32(source.count))
            var code: CInt = 0
            while code == 0, bytes.count <= limit {
                bytes += [UInt8](unsafeUninitializedCapacity: 1 << 16) { room, count in
                    (stream.output, stream.outputLeft) = (room.baseAddress, UInt32(room.count))
                    code = step(&stream, 0)
                    count = room.count - Int(stream.outputLeft)
                }
            }
            return code == 1 && bytes.count <= limit ? (bytes, packed.count - Int(stream.inputLeft)) : nil
        }
    }

    func crc32(_ bytes: [UInt8]) -> UInt32 { UInt32(check(0, bytes, UInt32(bytes.count))) }
}
