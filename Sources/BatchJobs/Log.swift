/// How much the program's log function hears; each level includes those before.
public enum LogLevel: Int32, Sendable {
    case off = 0
    case warn = 1
    case info = 2
    case debug = 3
}

/// The program's log function. Set before the client is shared; without one nothing is written
/// and no line is made.
public final class Log: @unchecked Sendable {
    private var level = LogLevel.off
    private var write: ((LogLevel, String) -> Void)?

    public func set(_ level: LogLevel, _ write: ((LogLevel, String) -> Void)?) {
        self.level = write == nil ? .off : level
        self.write = write
    }

    func line(_ level: LogLevel, _ text: () -> String) {
        guard level.rawValue <= self.level.rawValue, let write else { return }
        write(level, text())
    }
}
