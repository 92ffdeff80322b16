extension Value {
    /// A number that is a whole one within 64 bits, however it is written (`5`, `5.0`, `5e0`).
    public var integer: Int64? {
        unsafe bytes.withUnsafeBytes { raw in unsafe wholeNumber(raw) }
    }
}

/// Of the bytes of a value; nil where it is no number.
func wholeNumber(_ raw: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard let first = unsafe raw.first, Kind(firstByte: first) == .number else { return nil }
    if let digits = unsafe onlyDigits(raw) { return digits }
    let negative = unsafe raw.first == UInt8(ascii: "-")
    var at = negative ? 1 : 0
    var value: Int64 = 0
    var scale = 0  // how many of the digits taken stand behind the point
    var zeros = 0  // digits 0 not yet taken, so that 5.000 needs no more room than 5
    var behindPoint = false

    /// Appends a digit on the negative side, which reaches one further.
    func push(_ digit: Int64) -> Bool {
        let (scaled, one) = value.multipliedReportingOverflow(by: 10)
        let (sum, two) = scaled.subtractingReportingOverflow(digit)
        value = sum
        return !one && !two
    }

    while at < raw.count {
        let byte = unsafe raw[at]
        if byte == UInt8(ascii: ".") {
            behindPoint = true
        } else if isDigit(byte) {
            let digit = Int64(byte - UInt8(ascii: "0"))
            if behindPoint && digit == 0 {
                zeros += 1
            } else {
                for _ in 0..<zeros where !push(0) { return nil }
                guard push(digit) else { return nil }
                if behindPoint { scale += zeros + 1 }
                zeros = 0
            }
        } else {
            break
        }
        at += 1
    }
    guard var exponent = unsafe exponent(raw, at) else { return value == 0 ? 0 : nil }
    exponent -= scale
    if value == 0 { return 0 }
    while exponent < 0 {
        guard value % 10 == 0 else { return nil }
        value /= 10
        exponent += 1
    }
    for _ in 0..<exponent where !push(0) { return nil }
    if negative { return value }
    let (positive, overflow) = Int64(0).subtractingReportingOverflow(value)
    return overflow ? nil : positive
}

/// How nearly all counts are written: digits, too few to leave the range.
@inline(__always)
private func onlyDigits(_ raw: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard raw.count <= 18 else { return nil }
    var value: Int64 = 0
    for index in 0..<raw.count {
        let byte = unsafe raw[index]
        guard isDigit(byte) else { return nil }
        value = value &* 10 &+ Int64(byte &- UInt8(ascii: "0"))
    }
    return value
}

/// The exponent at an offset: 0 where there is none, nil where no 64-bit number can have it.
private func exponent(_ raw: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    guard start < raw.count else { return 0 }
    var at = start + 1
    var negative = false
    if at < raw.count, unsafe !isDigit(raw[at]) {
        negative = unsafe raw[at] == UInt8(ascii: "-")
        at += 1
    }
    var value = 0
    while at < raw.count {
        value = unsafe value * 10 + Int(raw[at] - UInt8(ascii: "0"))
        if value > 400 { return nil }
        at += 1
    }
    return negative ? -value : value
}
