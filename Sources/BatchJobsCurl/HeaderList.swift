import BatchJobs
import CCurl

/// The header lines of one request, in libcurl's form. They must outlive the transfer.
@safe final class HeaderList {
    private let headers: [Header]
    private(set) var first: UnsafeMutablePointer<curl_slist>?

    init(_ headers: [Header], _ settings: TransportSettings) throws(Failure) {
        self.headers = headers
        unsafe first = nil
        try add(Header("Accept", "application/json, */*"), unless: headers)
        try add(Header("User-Agent", settings.userAgent), unless: headers)
        for header in headers { try add(header, unless: []) }
    }

    deinit {
        unsafe curl_slist_free_all(first)
    }

    /// Whether it was made from the very same headers.
    func carries(_ others: [Header]) -> Bool {
        headers.count == others.count
            && zip(headers, others).allSatisfy { one, other in
                same(one.name, other.name) && same(one.value, other.value)
            }
    }

    /// `isExactly` asks a String for one byte after another; this runs for each request.
    private func same(_ one: String, _ other: String) -> Bool {
        var (one, other) = (one, other)
        return one.withUTF8 { one in other.withUTF8 { other in unsafe one.elementsEqual(other) } }
    }

    /// The request's own word goes before ours.
    private func add(_ header: Header, unless others: [Header]) throws(Failure) {
        if others.contains(where: { equalIgnoringCase($0.name, header.name) }) { return }
        guard Self.isToken(header.name), isOneLine(header.value) else {
            throw .argument("a request header has an unusable name, or a value of several lines")
        }
        // libcurl's spelling of a header with nothing in it; with a colon it would be left out.
        let line = header.value.isEmpty ? header.name + ";" : header.name + ": " + header.value
        guard let longer = unsafe curl_slist_append(first, line) else { throw .noMemory }
        unsafe first = longer
    }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
            }
    }
}
