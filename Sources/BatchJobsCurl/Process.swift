import CPlatform

/// The process that runs now: another one in a forked child.
public func currentProcess() -> Int32 { bjp_process() }
