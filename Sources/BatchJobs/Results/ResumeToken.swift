import BatchJobsJSON

/// A place in the results of one job, as text that any later version and any binding reads:
///
/// `bjr1:<service>:<job>:<parts>:<index>:<part>:<offset>:<skip>:<records>:<p or ->:<version>:<check>`
///
/// The version is `v` and the file's validator, or `c` and a checksum in hexadecimal digits. The
/// check covers all before it, so that a token cut short or mistyped is refused.
struct ResumeToken {
    private static let mark = "bjr1"

    let parts: Int
    let place: Place

    /// What a token is for, as a new stream sees it.
    static func text(_ service: StaticString, _ jobID: String, parts: Int, _ place: Place) -> String {
        let version =
            place.validator.map { "v" + percentEncoded($0) }
            ?? "c" + String(place.checksum, radix: 16)
        let fields = [
            mark, service.description, percentEncoded(jobID), String(parts), String(place.index),
            String(place.part), String(place.offset), String(place.skip), String(place.records),
            place.isPacked ? "p" : "-", version,
        ]
        let text = fields.joined(separator: ":") + ":"
        return text + check(text)
    }

    /// Reads one that was made for this job of this service.
    static func read(_ text: String, _ service: StaticString, _ jobID: String) throws(Failure)
        -> ResumeToken
    {
        guard text.utf8.count <= 8_192 else { throw damaged() }
        let fields = text.pieces(at: UInt8(ascii: ":"))
        guard fields[0].isExactly(mark) else { throw wrong("is not one of bj_results_token_at") }
        let body = Substring(text).utf8.dropLast(fields.last?.utf8.count ?? 0)
        guard fields.count == 12, fields[11].isExactly(check(String(Substring(body)))),
            let job = percentDecoded(fields[2]), let place = place(fields), let parts = number(fields[3])
        else { throw damaged() }
        guard fields[1].isExactly(service) else {
            throw wrong("belongs to the service \(printable(fields[1])), not to \(service)")
        }
        guard equalIgnoringCase(jobID, job) else {
            throw wrong("belongs to the job \(printable(job)), not to this one")
        }
        return ResumeToken(parts: Int(clamping: parts), place: place)
    }

    private static func place(_ fields: [String]) -> Place? {
        guard let index = number(fields[4]), let part = number(fields[5]),
            let offset = number(fields[6]), let skip = number(fields[7]),
            let records = number(fields[8]), records <= index
        else { return nil }
        var place = Place()
        place.index = index
        place.part = Int(clamping: part)
        place.offset = offset
        place.skip = skip
        place.records = records
        place.isPacked = fields[9].isExactly("p")
        if let validator = fields[10].behind("v") {
            // It goes out in a header.
            guard let tag = strongValidator(percentDecoded(validator)) else { return nil }
            place.validator = tag
        } else {
            guard let digits = fields[10].behind("c"), let sum = UInt64(digits, radix: 16),
                offset == 0, skip == 0
            else { return nil }
            place.checksum = sum
        }
        return place
    }

    /// A count of the token's; no stream comes near the bound, and sums of two stay numbers.
    private static func number(_ text: String) -> Int64? {
        guard let number = Int64(text), number >= 0, number < 1 << 60 else { return nil }
        return number
    }

    /// FNV-1a: enough to notice a mistake.
    private static func check(_ text: String) -> String {
        var hash: UInt32 = 0x811C_9DC5
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return String(hash, radix: 16)
    }

    private static func damaged() -> Failure {
        wrong("is damaged; pass on what bj_results_token_at gave, unchanged")
    }

    private static func wrong(_ why: String) -> Failure {
        Failure.argument("the token in resume " + why).detail("option", "resume")
    }
}
