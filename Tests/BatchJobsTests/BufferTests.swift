import Testing

@testable import BatchJobsJSON

/// Memory that is asked for with care: nothing here may trap.
@Suite struct BufferTests {
    @Test func growsAndKeeps() {
        let buffer = Buffer()
        var expected: [UInt8] = []
        for index in 0..<3000 {
            let byte = UInt8(truncatingIfNeeded: index)
            #expect(buffer.append(byte) && buffer.append("é\(index)"))
            expected.append(byte)
            expected += Array("é\(index)".utf8)
        }
        #expect(buffer.bytes.array == expected)
        buffer.truncate(to: 5)
        #expect(buffer.bytes.array == Array(expected[..<5]))
        buffer.truncate(to: 99)
        #expect(buffer.count == 5)
        buffer.truncate(to: -1)
        #expect(buffer.count == 0 && buffer.bytes.isEmpty)
    }

    @Test(arguments: [Int.max, Int.max - 1, -1, Int.min]) func refusesWhatCannotBe(_ extra: Int) {
        let buffer = Buffer()
        _ = buffer.append("abc")
        #expect(!buffer.reserve(extra))
        #expect(buffer.bytes.shown == "abc")
    }

    @Test func fillsInPlaceWithinBounds() {
        let buffer = Buffer()
        _ = buffer.append("a")
        #expect(
            buffer.fill(4) {
                $0[0] = 98
                $0[1] = 99
                return 2
            })
        #expect(buffer.bytes.shown == "abc")
        #expect(buffer.fill(2) { _ in 1000 } && buffer.count == 5)
        #expect(buffer.fill(2) { _ in -1000 } && buffer.count == 5)
    }

    @Test(arguments: [
        (0, 5, "hello"), (1, 3, "ell"), (0, 99, "hello"), (4, 9, "o"), (5, 5, ""), (9, 2, ""),
        (-3, 2, "he"), (2, -1, ""), (0, Int.max, "hello"), (Int.min, Int.max, "hello"),
        (.max, .max, ""),
    ]) func cutsDownToWhatIsThere(_ start: Int, _ count: Int, _ expected: String) {
        let buffer = Buffer()
        _ = buffer.append("hello")
        #expect(buffer.bytes(from: start, count: count).shown == expected)
    }

    @Test func readingOutsideAnswersNil() {
        let part = bytes("hello")[1..<3]
        #expect(part[0] == 0x65 && part[1] == 0x6C)
        for outside in [-1, 2, 99, .max, .min] { #expect(part[outside] == nil) }
        #expect(part[-5..<99].shown == "el" && part[3..<9].isEmpty && part[1..<1].isEmpty)
        #expect(
            part.dropFirst(1).shown == "l" && part.dropFirst(9).isEmpty
                && part.dropFirst(-2).shown == "el")
        #expect(
            Bytes.empty[0] == nil && Bytes.empty.text == "" && Bytes.empty.firstIndex(of: 0) == nil)
    }

    @Test(
        arguments: [(0, 1), (1, 1), (2, 4), (4, 4), (5, nil), (-1, nil), (.max, nil)]
            as [(Int, Int?)])
    func findsAByte(_ from: Int, _ expected: Int?) {
        // The slice must not find what stands before or behind it.
        #expect(bytes("xabaabx")[1..<6].firstIndex(of: 0x62, from: from) == expected)
    }

    @Test func comparesByBytes() {
        let part = bytes("xjobsx")[1..<5]
        #expect(part.elementsEqual("jobs" as StaticString) && part.elementsEqual("jobs" as String))
        for other in ["Jobs", "job", "jobsx", ""] { #expect(!part.elementsEqual(other)) }
        #expect(
            !part.elementsEqual("jobz" as StaticString)
                && Bytes.empty.elementsEqual("" as StaticString))
        #expect(!bytes("e\u{301}").elementsEqual("\u{E9}" as String))
    }

    @Test func aCopyDoesNotSeeItsOriginChange() {
        let buffer = Buffer()
        _ = buffer.append("hello")
        let part = buffer.bytes[1..<4]
        let copy = part.copy()
        buffer.truncate(to: 0)
        _ = buffer.append("HELLO")
        #expect(copy?.shown == "ell" && part.shown == "ELL")
        buffer.truncate(to: 2)
        #expect(part.array.isEmpty && part[0] == nil)
    }
}
