import CPlatform

/// Marks the thread as inside the program's log function; false when it is there already.
public func enterLog() -> Bool { bjp_log_enter() != 0 }

public func leaveLog() { bjp_log_leave() }
