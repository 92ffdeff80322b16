public import BatchJobsJSON

/// What is known of a service without asking it.
public struct Facts: Sendable {
    public let name: StaticString
    /// Where it is, unless `base_url` says otherwise.
    public let origin: String
    /// Options besides the common ones.
    public let options: [Option]
    public let canList: Bool
    /// Jobs a page can hold at most, and what to ask for by default.
    public let pageSizeMaximum: Int64
    public let pageSizeDefault: Int64
    /// Pages have numbers, so rows may move between them while the list is read.
    public let pagesAreNumbered: Bool
    /// The words it uses for where a job stands.
    public let words: [StatusWord]
    /// JSON pointer of the job in the answer to a single one, for messages.
    public var jobPath: StaticString = ""
    /// Member names down to the array of records in the answer to a single job, where that may be
    /// larger than memory.
    public var itemsPath: [String]?
    /// Names records outside of them, or by a member.
    public var hasKeys = true

    public func accepts(_ option: Option) -> Bool {
        OptionTable.common.contains(option) || options.contains(option)
    }
}

public struct StatusWord: Sendable {
    let word: StaticString
    let phase: Phase
    let outcome: Outcome

    init(_ word: StaticString, _ phase: Phase, _ outcome: Outcome) {
        self.word = word
        self.phase = phase
        self.outcome = outcome
    }
}

/// One service: how it is asked and what its answers mean. No I/O, no state.
public protocol Provider: AnyObject, Sendable {
    var facts: Facts { get }

    /// The credential and what else each request carries.
    func headers(_ credential: String, _ settings: Settings) -> [Header]

    /// Throws where a setting is missing or wrong.
    func check(_ settings: Settings) throws(Failure)

    /// The address of one page. `state` is what the page before gave; nil for the first.
    func listAddress(_ list: ListQuery, state: String?) throws(Failure) -> String

    /// Cuts a list answer into rows, and says how the list goes on.
    func page(_ answer: Answer, _ list: ListQuery, state: String?) throws(Failure) -> PageAnswer

    /// The address of one job.
    func jobAddress(_ id: String, base: String, _ settings: Settings, forResults: Bool) -> String

    /// The job in the answer to `jobAddress`.
    func jobRow(_ answer: Answer) throws(Failure) -> Members

    /// The members that `fields` reads of a row.
    var table: FieldTable { get }

    /// Reads a row of a list or of a single answer.
    func fields(_ members: Members, _ row: inout RowReader) throws(Failure) -> JobFields

    /// Where the job's records are.
    func results(_ job: Job) throws(Failure) -> ResultSource
}

/// What a list asks for.
public struct ListQuery: Sendable {
    let settings: Settings
    let base: String
    let pageSize: Int64
    let filter: JobFilter
}

public struct PageAnswer {
    let rows: [Members]
    /// JSON pointer of the rows, for messages.
    let path: StaticString
    let next: NextPage
}

public enum NextPage {
    case end
    case state(String)
    /// The number of the next page, and of the last one there is.
    case number(Int64, last: Int64)
    /// There is more, but no way to it: an error once these rows are delivered.
    case broken(Failure)
}

/// Where results come from, and how many there should be.
public struct ResultSource {
    public enum Place {
        /// Files of JSON lines elsewhere.
        case parts([String])
        /// Values that the job itself holds.
        case inline([InlineGroup])
    }

    let place: Place
    let expectation: Expectation

    init(_ place: Place, _ expectation: Expectation = .none) {
        self.place = place
        self.expectation = expectation
    }
}

/// An array, or an object whose member names are keys, of records inside a job.
public struct InlineGroup {
    let values: Value
    let outcome: Outcome
    /// Members that name the record, the first that is a string.
    let keys: [String]

    public enum Outcome {
        case all(RecordOutcome)
        /// Each record tells, in a member of this name, with one of these words.
        case member(String, [(StaticString, RecordOutcome)])
    }
}

/// The services, by name.
public enum Providers {
    public static let all: [any Provider] = [Crustdata(), Spidra(), Reach(), Veryfront()]

    public static func find(_ name: String) -> (any Provider)? {
        all.first { name.isExactly($0.facts.name) }
    }
}

/// What most services have in common.
extension Provider {
    public func check(_ settings: Settings) throws(Failure) {}

    public func jobRow(_ answer: Answer) throws(Failure) -> Members {
        try answer.members(table)
    }
}
