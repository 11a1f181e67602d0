/// What the text of an event is made of: everything that counts and nothing else.
///
/// Facts exist in two forms. On the way of every event they are written as bytes (`FactWriter`), which name the recent documents;
/// only where these are new are they read back and put into words. So a document cannot depend on what its bytes do not hold.
/// The time of day is no fact: it changes nothing in the words.
struct EventFacts {
    /// What kind of happening it was.
    enum Form: UInt8 {
        /// The state became another.
        case changed = 1
        /// The state as it is, with no word of what it was.
        case standing = 2
        /// An entity that was not there before.
        case added = 3
        /// An entity that is gone.
        case removed = 4
        /// The state stayed, something in its attributes changed.
        case attributes = 5
        /// An event of another type.
        case other = 6
    }

    /// A state without what no text tells.
    enum State: Equatable {
        case none
        case unavailable
        case unknown
        /// A date or a moment; never told.
        case moment
        case number(RoundedNumber)
        case text(String)
    }

    /// How a value stands to the one before.
    enum Movement: UInt8 {
        /// There was no such value before, or it is no number.
        case none = 0
        case up = 1
        case down = 2
        /// Less than a difference.
        case same = 3
        /// No change at all: told because it says what the change was about.
        case detail = 4
    }

    enum Value: Equatable {
        case number(RoundedNumber)
        case text(String)
        case flag(Bool)
        /// Something without words.
        case other
    }

    struct Attribute {
        var name: AttributeName
        var movement: Movement
        var value: Value
    }

    var form: Form
    /// The type of an event that is no state.
    var eventType: String?
    var old: State = .none
    var new: State = .none
    var movement: Movement = .none
    /// How long the state before had lasted.
    var lasted: Lasting = .short
    var attributes: [Attribute] = []

    /// What an attribute says, where it says something.
    func value(_ name: AttributeName) -> Value? { attributes.first { $0.name == name }?.value }

    /// The words in an attribute.
    func text(_ name: AttributeName) -> String? {
        guard case .text(let text)? = value(name), !text.isEmpty else { return nil }
        return text
    }
}

/// How long something had lasted, as people say it.
enum Lasting: UInt8, CaseIterable {
    /// Less than ten minutes, or unknown: not worth a word.
    case short = 0
    case halfHour = 1
    case hour = 2
    case hours = 3
    case day = 4
    case days = 5

    init(microseconds: Int64) {
        switch microseconds / 60_000_000 {
        case ..<10: self = .short
        case ..<45: self = .halfHour
        case ..<90: self = .hour
        case ..<1_080: self = .hours
        case ..<2_880: self = .day
        default: self = .days
        }
    }

    /// `half an hour`, `an hour`; `nil` for short.
    var words: String? {
        switch self {
        case .short: nil
        case .halfHour: "half an hour"
        case .hour: "an hour, a long time"
        case .hours: "hours, a long time"
        case .day: "a whole day"
        case .days: "days"
        }
    }
}
