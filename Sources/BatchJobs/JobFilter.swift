import BatchJobsJSON

/// Which jobs of a list the caller wants. Where the service has no such filter, or a coarser one,
/// this one decides; it always looks, so that a service which ignores its own does no harm.
struct JobFilter: Sendable {
    private var phase: Phase?
    private var outcome: Outcome?
    /// The service's own word, wanted or equivalent to what is wanted.
    private(set) var word: String?
    private var matchesWord = false
    let kind: String?

    init(_ settings: Settings, _ facts: Facts) throws(Failure) {
        kind = settings[.kind]
        guard let wanted = settings[.status] else { return }
        if let phase = Phase.allCases.first(where: { wanted.isExactly($0.name) }) {
            self.phase = phase
            // Words nobody knows count as running too: there the service's own filter is too fine.
            if phase != .running { word = only(facts.words.filter { $0.phase == phase }) }
        } else if !wanted.isExactly(Outcome.none.name),
            let outcome = Outcome.allCases.first(where: { wanted.isExactly($0.name) })
        {
            self.outcome = outcome
            word = only(facts.words.filter { $0.outcome == outcome })
        } else if facts.words.contains(where: { wanted.isExactly($0.word) }) {
            word = wanted
            matchesWord = true
        } else {
            throw Failure.argument(
                "\(facts.name) has no status \"\(wanted)\"; use queued, running, done, succeeded, partial, failed, cancelled, expired, unknown, or its own "
                    + listed(facts.words.map { $0.word.description })
            ).detail("option", "status")
        }
    }

    func accepts(_ job: Job) -> Bool {
        if let phase, job.fields.phase != phase { return false }
        if let outcome, job.fields.outcome != outcome { return false }
        if matchesWord, let word, job.word?.elementsEqual(word) != true { return false }
        if let kind, job.kind?.elementsEqual(kind) != true { return false }
        return true
    }
}

/// The one word that means it; nil where several do, or none.
private func only(_ words: [StatusWord]) -> String? {
    words.count == 1 ? words[0].word.description : nil
}
