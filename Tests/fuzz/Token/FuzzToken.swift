@testable import BatchJobs
import BatchJobsJSON

/// Resume tokens. A place of whatever numbers becomes text and the same place again, for its own
/// job and service only, and not once a byte of it is another. Whatever text is taken, with its
/// check set right, is a place within bounds that makes an equivalent token.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: data, count: size)
    let text = unsafe String(decoding: input, as: UTF8.self)
    for token in [text, sealed(text)] { read(token) }
    write(unsafe Array(input))
    return 0
}

private let services: [StaticString] = ["crustdata", "spidra", "veryfront", "reach"]

/// Text of others.
private func read(_ text: String) {
    let fields = text.pieces(at: UInt8(ascii: ":"))
    let job = fields.count > 2 ? percentDecoded(fields[2]) ?? "" : ""
    for service in services {
        do throws(Failure) {
            let token = try ResumeToken.read(text, service, job)
            checkBounds(token)
            let again = ResumeToken.text(service, job, parts: token.parts, token.place)
            // What ours never wrote as it is, as bytes beyond ASCII, grows on the way.
            if again.utf8.count <= 8192 { expect(again, service, job, token.parts, token.place) }
        } catch {
            checkRefusal(error)
        }
    }
}

private func checkBounds(_ token: ResumeToken) {
    let place = token.place
    let numbers = [place.index, Int64(place.part), place.offset, place.skip, place.records]
    if !numbers.allSatisfy({ (0..<1 << 60).contains($0) }) { fatalError("numbers without bounds") }
    if token.parts < 0 || place.records > place.index { fatalError("less than nothing") }
    if let validator = place.validator {
        // It becomes a header.
        if strongValidator(validator) == nil { fatalError("no validator") }
    } else if place.offset != 0 || place.skip != 0 {
        fatalError("a middle of who knows what")
    }
}

/// A place made of the input: five numbers of any size, what vouches for them, the job's name.
private func write(_ input: [UInt8]) {
    guard input.count >= 42 else { return }
    let numbers = (0..<5).map { field in
        let eight = input[field * 8..<field * 8 + 8]
        let number = eight.reduce(0) { $0 << 8 | UInt64($1) }
        return Int64(number >> (4 + number & 63 % 60))
    }
    var place = Place()
    place.index = numbers[0]
    place.part = Int(numbers[1])
    place.records = numbers[4] % (numbers[0] + 1)
    place.isPacked = input[40] & 1 == 1
    let (first, second) = (input[42...].prefix(Int(input[41])), input[42...].dropFirst(Int(input[41])))
    let tag = String(decoding: first, as: UTF8.self)
    if let validator = strongValidator("\"" + tag + "\"") {
        place.validator = validator
        place.offset = numbers[2]
        place.skip = numbers[3]
    } else {
        place.checksum = UInt64(bitPattern: numbers[2]) &* 0x9E37_79B9_7F4A_7C15
    }
    let job = String(decoding: second.prefix(256), as: UTF8.self)
    let service = services[Int(input[40] >> 1) % services.count]
    let parts = Int(numbers[1] % 1000)
    let text = ResumeToken.text(service, job, parts: parts, place)
    expect(text, service, job, parts, place)
    checkIsPlain(text)
    for other in services where other.description != service.description {
        refuse(text, other, job)
    }
    refuse(text, service, job + "x")
    let bytes = Array(text.utf8)
    let at = Int(input[41]) * 7 % bytes.count
    var changed = bytes
    changed[at] ^= input[40] % 255 + 1
    refuse(String(decoding: changed, as: UTF8.self), service, job)
    refuse(String(decoding: bytes[..<at], as: UTF8.self), service, job)
    refuse(text + "0", service, job)
}

private func expect(
    _ text: String, _ service: StaticString, _ job: String, _ parts: Int, _ place: Place
) {
    guard let token = try? ResumeToken.read(text, service, job) else { fatalError("its own token") }
    let other = token.place
    let same =
        token.parts == parts && other.index == place.index && other.part == place.part
        && other.offset == place.offset && other.skip == place.skip && other.records == place.records
        && other.isPacked == place.isPacked && other.checksum == place.checksum
        && other.validator.map { Array($0.utf8) } == place.validator.map { Array($0.utf8) }
    if !same { fatalError("another place") }
}

private func refuse(_ text: String, _ service: StaticString, _ job: String) {
    do throws(Failure) {
        _ = try ResumeToken.read(text, service, job)
    } catch {
        return checkRefusal(error)
    }
    fatalError("it takes what is not its own")
}

private func checkRefusal(_ failure: Failure) {
    let names = failure.details.map { $0.name + "=" + $0.value }
    if failure.status != .argument || names != ["option=resume"] { fatalError("another failure") }
    if !failure.message.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { fatalError("an unprintable line") }
}

/// Fit for a file, a column, a command line.
private func checkIsPlain(_ text: String) {
    let isPlain = text.utf8.allSatisfy { byte in
        isDigit(byte) || (97...122).contains(byte | 0x20) || ":%-._~".utf8.contains(byte)
    }
    if !isPlain || text.utf8.count > 8192 { fatalError("more than plain text") }
}

/// With the right check behind the last colon.
private func sealed(_ text: String) -> String {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return text }
    let body = String(text[...colon])
    var hash: UInt32 = 0x811C_9DC5
    for byte in body.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return body + String(hash, radix: 16)
}
