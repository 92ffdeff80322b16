// "\(a) and \(b)" in calls. Swift's own functions for the pieces are inlined wherever a message is
// put together, even at -Osize: about 120 bytes for each piece, a tenth of the library. These win
// over them in every file that imports this module.

extension DefaultStringInterpolation {
    @inline(never)
    public mutating func appendLiteral(_ literal: String) { write(literal) }

    @inline(never)
    public mutating func appendInterpolation(_ text: String) { write(text) }
}
