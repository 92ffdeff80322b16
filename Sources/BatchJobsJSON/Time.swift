/// Milliseconds since 1970 of a timestamp as services write it (ISO 8601: date, `T` or a space,
/// time, any fraction, `Z` or an offset; UTC where none is given). Nil where it is none.
public func milliseconds(_ text: String) -> Int64? {
    var text = text
    return text.withUTF8 { unsafe milliseconds($0) }
}

extension Value {
    /// The time that a string names; nil where it names none.
    public var milliseconds: Int64? {
        unsafe bytes.withUnsafeBytes { unsafe stringMilliseconds($0) }
    }
}

/// Of the bytes of a value. Escapes are undone only where the text is no time without that.
func stringMilliseconds(_ raw: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard raw.count >= 2, unsafe raw[0] == UInt8(ascii: "\"") else { return nil }
    let inner = unsafe UnsafeBufferPointer(rebasing: raw[1..<raw.count - 1])
    if let time = unsafe milliseconds(inner) { return time }
    guard unsafe inner.contains(UInt8(ascii: "\\")) else { return nil }
    let text = Buffer()
    guard let range = try? unsafe decodeString(raw, into: text) else { return nil }
    return unsafe text.bytes[range].withUnsafeBytes { unsafe milliseconds($0) }
}

private func milliseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    var reader = unsafe TimeReader(text)
    guard let century = reader.pair(), let year = reader.pair(), reader.take("-"),
        let month = reader.pair(), reader.take("-"), let day = reader.pair(),
        var total = startOfDay(century * 100 + year, month, day)
    else { return nil }
    if reader.isAtEnd { return total }
    guard reader.take("T") || reader.take("t") || reader.take(" "), let time = reader.timeOfDay()
    else { return nil }
    total += time
    if reader.isAtEnd { return total }
    guard let offset = reader.offset(), reader.isAtEnd else { return nil }
    return total - offset
}

/// The first millisecond of a day in UTC; nil where there is no such day. Years have four digits.
public func startOfDay(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
    guard (1...12).contains(month), day >= 1, day <= daysIn(month, of: year) else { return nil }
    return daysSince1970(year, month, day) * 86_400_000
}

/// Reads forward through text; beyond its end there is a 0, which no timestamp holds.
@safe private struct TimeReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe self.bytes = bytes }

    var isAtEnd: Bool { unsafe at >= bytes.count }

    @inline(__always)
    private func byte(_ index: Int) -> UInt8 { unsafe index < bytes.count ? bytes[index] : 0 }

    @inline(__always)
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard UInt32(byte(at)) == character.value else { return false }
        at += 1
        return true
    }

    /// Two digits.
    @inline(__always)
    mutating func pair() -> Int64? {
        let tens = byte(at) &- 48
        let ones = byte(at + 1) &- 48
        guard tens < 10, ones < 10 else { return nil }
        at += 2
        return Int64(tens) * 10 + Int64(ones)
    }

    @inline(__always)
    private mutating func digit() -> Int64? {
        guard isDigit(byte(at)) else { return nil }
        defer { at += 1 }
        return Int64(byte(at)) - 48
    }

    /// `HH:MM[:SS[.fraction]]` in milliseconds; what a fraction says beyond them is cut off.
    @inline(__always)
    mutating func timeOfDay() -> Int64? {
        guard let hour = pair(), take(":"), let minute = pair(), hour < 24, minute < 60
        else { return nil }
        var total = (hour * 60 + minute) * 60_000
        guard take(":") else { return total }
        guard let second = pair(), second <= 60 else { return nil }
        total += second * 1000
        guard take(".") || take(",") else { return total }
        guard let tenth = digit() else { return nil }
        total += tenth * 100 + (digit() ?? 0) * 10 + (digit() ?? 0)
        while isDigit(byte(at)) { at += 1 }
        return total
    }

    /// `Z`, `+HH`, `+HHMM` or `+HH:MM` in milliseconds.
    @inline(__always)
    mutating func offset() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = pair(), hours < 24 else { return nil }
        if isAtEnd { return sign * hours * 3_600_000 }
        _ = take(":")
        guard let minutes = pair(), minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes) * 60_000
    }
}

private func isLeap(_ year: Int64) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

private func daysIn(_ month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days between 1970-01-01 and a date of the Gregorian calendar. Years count from March, so that
/// the leap day comes last.
private func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let leapDays = floorDivide(y, 4) - floorDivide(y, 100) + floorDivide(y, 400)
    return 365 * y + leapDays + (153 * monthFromMarch + 2) / 5 + day - 1 - 719_468
}

/// Division that rounds down: the year 0 in January and February counts as the year before.
private func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
    value >= 0 ? value / by : (value - by + 1) / by
}
