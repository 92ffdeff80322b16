import BatchJobsJSON

/// Milliseconds since 1970 of a date in one of the three forms HTTP knows
/// (`Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`,
/// `Sun Nov  6 08:49:37 1994`); nil where it is none.
func httpDate(_ text: String) -> Int64? {
    guard text.utf8.count <= 64 else { return nil }
    var day: Int64?
    var month: Int64?
    var year: Int64?
    var time: Int64?
    for word in words(text) {
        if let number = Int64(word), word.utf8.allSatisfy(isDigit) {
            if day == nil { day = number } else { year = number }
        } else if word.utf8.contains(UInt8(ascii: ":")) {
            time = clock(word)
        } else if month == nil {
            month = monthNumber(word)
        }
    }
    guard let day, let month, let time, var year else { return nil }
    if year < 100 { year += year < 70 ? 2000 : 1900 }
    guard (1...9999).contains(year), let date = startOfDay(year, month, day) else { return nil }
    return date + time
}

private func words(_ text: String) -> [String] {
    text.utf8.split {
        $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "-")
    }.map { String(Substring($0)) }
}

private func monthNumber(_ word: String) -> Int64? {
    let names = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    return names.firstIndex(where: word.isExactly).map { Int64($0) + 1 }
}

/// `HH:MM:SS` in milliseconds.
private func clock(_ word: String) -> Int64? {
    let parts = word.pieces(at: UInt8(ascii: ":"))
    guard parts.count == 3, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(isDigit) }),
        let hour = Int64(parts[0]), let minute = Int64(parts[1]), let second = Int64(parts[2]),
        hour < 24, minute < 60, second <= 60
    else { return nil }
    return ((hour * 60 + minute) * 60 + second) * 1000
}
