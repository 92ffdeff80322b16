import BatchJobs
public import CBatchJobs

@c @implementation public func bj_version() -> UnsafePointer<CChar>! {
    unsafe bjv_version()
}

@c @implementation public func bj_abi_version() -> Int32 { BJ_ABI_VERSION }

@c @implementation public func bj_status_name(_ status: bj_status) -> UnsafePointer<CChar>! {
    unsafe constant(statusNames.first { $0.0 == status }?.1)
}

@c @implementation public func bj_phase_name(_ phase: Int32) -> UnsafePointer<CChar>! {
    unsafe constant(Phase(rawValue: phase)?.name)
}

@c @implementation public func bj_outcome_name(_ outcome: Int32) -> UnsafePointer<CChar>! {
    unsafe constant(Outcome(rawValue: outcome)?.name)
}

@c @implementation public func bj_record_outcome_name(_ outcome: Int32) -> UnsafePointer<CChar>! {
    unsafe constant(RecordOutcome(rawValue: outcome)?.name)
}

@c @implementation public func bj_provider_count() -> Int { Providers.all.count }

@c @implementation public func bj_provider_name(_ index: Int) -> UnsafePointer<CChar>! {
    guard Providers.all.indices.contains(index) else { return nil }
    return unsafe constant(Providers.all[index].facts.name)
}

@c @implementation public func bj_provider_supports(
    _ provider: UnsafePointer<CChar>!, _ capability: Int32
) -> Int32 {
    guard let found = unsafe BatchJobsABI.provider(named: provider) else { return -1 }
    return supports(found.facts, capability)
}

@c @implementation public func bj_provider_accepts(
    _ provider: UnsafePointer<CChar>!, _ option: UnsafePointer<CChar>!
) -> Int32 {
    guard let found = unsafe BatchJobsABI.provider(named: provider),
        let name = unsafe option.flatMap({ unsafe String(validatingCString: $0) }),
        let option = OptionTable.find(name)
    else { return -1 }
    return found.facts.accepts(option) ? 1 : 0
}

@c @implementation public func bj_option_count() -> Int { OptionTable.rows.count }

@c @implementation public func bj_option_name(_ index: Int) -> UnsafePointer<CChar>! {
    unsafe constant(option(index)?.name)
}

@c @implementation public func bj_option_kind(_ index: Int) -> Int32 {
    option(index)?.kind.rawValue ?? -1
}

@c @implementation public func bj_option_range(_ index: Int) -> UnsafePointer<CChar>! {
    unsafe constant(option(index)?.range)
}

@c @implementation public func bj_option_default(_ index: Int) -> UnsafePointer<CChar>! {
    unsafe constant(option(index)?.fallback)
}

@c @implementation public func bj_option_help(_ index: Int) -> UnsafePointer<CChar>! {
    unsafe constant(option(index)?.help)
}

@c @implementation public func bj_option_client_only(_ index: Int) -> Int32 {
    guard let row = option(index) else { return -1 }
    return row.clientOnly ? 1 : 0
}

func supports(_ facts: Facts, _ capability: Int32) -> Int32 {
    switch Int(capability) {
    case BJ_CAN_LIST: facts.canList ? 1 : 0
    case BJ_CAN_GET, BJ_CAN_RESULTS: 1
    default: -1
    }
}

private func provider(named name: UnsafePointer<CChar>?) -> (any Provider)? {
    guard let name = unsafe name, let text = unsafe String(validatingCString: name) else {
        return nil
    }
    return Providers.find(text)
}

private func option(_ index: Int) -> OptionRow? {
    OptionTable.rows.indices.contains(index) ? OptionTable.rows[index] : nil
}

/// The enum of the header, by name. A gate compares the two.
private let statusNames: [(bj_status, StaticString)] = [
    (0, "BJ_OK"), (1, "BJ_END"), (2, "BJ_STOPPED"),
    (-1, "BJ_E_ARGUMENT"), (-2, "BJ_E_BUSY"), (-3, "BJ_E_UNSUPPORTED"), (-4, "BJ_E_STATE"),
    (-5, "BJ_E_NO_MEMORY"), (-6, "BJ_E_LIMIT"), (-7, "BJ_E_CANCELLED"), (-8, "BJ_E_TIMEOUT"),
    (-9, "BJ_E_FILE"),
    (-20, "BJ_E_DNS"), (-21, "BJ_E_CONNECT"), (-22, "BJ_E_TLS"), (-23, "BJ_E_PROXY"),
    (-24, "BJ_E_TRANSPORT"),
    (-40, "BJ_E_BAD_REQUEST"), (-41, "BJ_E_UNAUTHENTICATED"), (-42, "BJ_E_PAYMENT"),
    (-43, "BJ_E_FORBIDDEN"), (-44, "BJ_E_NOT_FOUND"), (-45, "BJ_E_CONFLICT"),
    (-46, "BJ_E_GONE"), (-47, "BJ_E_UNPROCESSABLE"), (-48, "BJ_E_RATE_LIMITED"),
    (-49, "BJ_E_SERVER"), (-50, "BJ_E_REFUSED"), (-51, "BJ_E_REDIRECT"),
    (-60, "BJ_E_PROTOCOL"), (-61, "BJ_E_CURSOR"), (-62, "BJ_E_NOT_READY"),
    (-63, "BJ_E_TRUNCATED"), (-64, "BJ_E_LINK"), (-65, "BJ_E_CHANGED"),
]
