import BatchJobsJSON
import Foundation
import Testing

@testable import BatchJobs
@testable import BatchJobsCurl

extension TransportTests {
    @Suite struct Inflating {
        /// A member with name, extra field, comment and header checksum, made with Python's zlib.
        private static let decorated = [UInt8](
            Data(
                base64Encoded: "H4sIHgAAAAAAAwYAQUICAHh5bmFtZS50eHQAYSBjb21tZW50AP1bS1TIycxLVchPUyhJrSjRUUhE5+f"
                    + "ll2SkFqGIciXSTRMAO1JUeJ8AAAA=")!)
        private static let decoratedText = String(
            repeating: "a line of text, a line of text, another line of text\n", count: 3)

        /// Compressed by the program every system has.
        private func gzip(_ bytes: [UInt8], level: Int = 6) throws -> [UInt8] {
            let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
            defer { try? FileManager.default.removeItem(at: file) }
            try Data(bytes).write(to: file)
            guard let pipe = popen("gzip -n -\(level) -c '\(file.path)'", "r") else { throw Failure.noMemory }
            defer { pclose(pipe) }
            var packed: [UInt8] = []
            var byte = getc(pipe)
            while byte != EOF {
                packed.append(UInt8(byte))
                byte = getc(pipe)
            }
            return packed
        }

        /// Feeds as the core does: `portion` bytes at a time, each until all is used and nothing comes.
        private func inflate(_ bytes: [UInt8], portion: Int = .max) throws(Failure) -> [UInt8] {
            let inflater = try IsalInflater.make()
            let output = Buffer()
            var rest = bytes[...]
            repeat {
                let source = Buffer()
                for byte in rest.prefix(portion) { #expect(source.append(byte)) }
                rest = rest.dropFirst(portion)
                var input = source.bytes
                var appended = 0
                repeat {
                    let before = output.count
                    input = input.dropFirst(try inflater.inflate(input, into: output))
                    appended = output.count - before
                    #expect(appended <= 256 * 1024)
                } while !input.isEmpty || appended > 0
            } while !rest.isEmpty
            try inflater.finish()
            return output.bytes.withUnsafeBytes { [UInt8]($0) }
        }

        private func status(_ bytes: [UInt8], portion: Int = .max) -> Status? {
            do {
                _ = try inflate(bytes, portion: portion)
                return nil
            } catch {
                return error.status
            }
        }

        @Test func aMemberWithEveryHeaderField() throws {
            for portion in [1, 2, 7, .max] {
                #expect(try inflate(Self.decorated, portion: portion) == Array(Self.decoratedText.utf8))
            }
        }

        @Test func largeDataInAnyPortion() throws {
            var state: UInt32 = 1
            let data = (0..<1_500_000).map { index -> UInt8 in
                state = state &* 1_664_525 &+ 1_013_904_223
                return index / 100_000 % 2 == 0 ? UInt8(truncatingIfNeeded: state >> 24) : UInt8(index & 15)
            }
            for level in [1, 9] {
                let packed = try gzip(data, level: level)
                for portion in [4093, 65536, .max] {
                    #expect(try inflate(packed, portion: portion) == data)
                }
            }
        }

        @Test func aBombComesInSteps() throws {
            let data = [UInt8](repeating: 0, count: 10 << 20)
            #expect(try inflate(try gzip(data)).count == data.count)
        }

        @Test func manyMembersAndEmptyOnes() throws {
            let empty = try gzip([])
            let one = try gzip(Array("one\n".utf8))
            #expect(try inflate(empty) == [])
            #expect(try inflate(empty + one + empty + empty + one + empty) == Array("one\none\n".utf8))
            let thousand = [UInt8](repeatElement(one, count: 1000).joined())
            for portion in [1, 1000, .max] {
                let text = String(decoding: try inflate(thousand, portion: portion), as: UTF8.self)
                #expect(text == String(repeating: "one\n", count: 1000))
            }
        }

        @Test func everyCutIsNoticed() throws {
            let first = Self.decorated
            let second = try gzip(Array("the second member, the second member\n".utf8))
            let both = first + second
            for length in 0..<both.count where length != first.count {
                #expect(status(Array(both[..<length])) == .truncated, "cut at \(length)")
                #expect(status(Array(both[..<length]), portion: 1) == .truncated, "cut at \(length)")
            }
            #expect(status(first) == nil)
            #expect(status(both) == nil)
        }

        @Test func wrongChecksumsAndLengthsAreNoticed() throws {
            let member = try gzip(Array("some text, some text\n".utf8))
            for offset in member.count - 8..<member.count {
                var damaged = member
                damaged[offset] ^= 1
                #expect(status(damaged) == .protocol, "offset \(offset)")
                #expect(status(damaged, portion: 1) == .protocol, "offset \(offset)")
                #expect(status(damaged + member) == .protocol)
                #expect(status(member + damaged) == .protocol)
            }
        }

        @Test func damagedDataIsNoticed() throws {
            let member = Self.decorated
            for offset in member.indices {
                for bit in 0..<8 {
                    var damaged = member
                    damaged[offset] ^= 1 << bit
                    let found = try? inflate(damaged)
                    #expect(found == nil || found == Array(Self.decoratedText.utf8))
                }
            }
        }

        @Test func whatFollowsTheLastMemberIsNoticed() throws {
            let member = try gzip(Array("text\n".utf8))
            for junk: [UInt8] in [[0], [0, 0, 0, 0], [0x1F, 0], Array("\n".utf8), Array("text".utf8)] {
                #expect(status(member + junk) == .protocol)
                #expect(status(member + junk, portion: 1) == .protocol)
            }
            #expect(status(member + [0x1F]) == .truncated)
        }

        @Test func whatIsNotGzipIsRefusedAtOnce() throws {
            #expect(status(Array("{}".utf8)) == .protocol)
            #expect(status([0x1F, 0x8B, 0x07, 0, 0, 0, 0, 0, 0, 0]) == .protocol)
            #expect(status([]) == .truncated)
        }
    }
}
