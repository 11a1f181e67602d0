/// What it takes for a habit to be called a routine.
package struct RoutineRules: Sendable, Equatable {
    /// A person's change within this time after a trigger follows it, in milliseconds.
    package var window: Int64 = 300_000
    /// How often the change must have followed.
    package var leastSupport = 5
    /// On how many different days.
    package var leastDays = 4
    /// In which share of the occasions.
    package var leastConfidence = 0.6
    /// The same for a time of day: on that many of the days.
    package var leastDailyConfidence = 0.7
    /// How much more often than by chance it must have followed a trigger.
    package var leastLift = 3.0
    /// How much more often at a time of day than in the hours around it: a morning is no routine, 7 o'clock is.
    package var leastDailyLift = 12.0
    /// Which share of what is found may be chance.
    package var falseDiscoveryRate = 0.01
    /// The probability that chance alone puts the action after the trigger rather than before it as clearly.
    package var mostSymmetry = 0.15
    /// What happens more often than this in a day is no trigger.
    package var mostTriggersPerDay = 400
    /// A change that follows faster than this was made by a machine, in milliseconds.
    package var fastestPerson: Int64 = 2_000
    /// Whose times differ by less than this is a machine, in seconds.
    package var mostPunctualPerson = 20.0

    /// The rules that were measured; see the tests.
    package init() {}
}

/// Under which circumstances a routine holds.
package enum RoutineOccasion: String, Sendable, CaseIterable, Comparable {
    case always
    case dark
    case weekdays
    case weekends

    package static func < (left: RoutineOccasion, right: RoutineOccasion) -> Bool {
        left != right && (left == .always || (right != .always && left.rawValue < right.rawValue))
    }

    /// Whether a day, counted from 1970, is one of them.
    func includes(day: Int) -> Bool {
        // 1970-01-01 was a Thursday.
        let weekday = ((day % 7) + 7 + 3) % 7
        return switch self {
        case .always, .dark: true
        case .weekdays: weekday < 5
        case .weekends: weekday >= 5
        }
    }
}

/// A habit of the people of the house that an automation could take over.
package struct Routine: Sendable, Equatable {
    /// What it follows.
    package enum Cause: Sendable, Hashable {
        /// An entity comes into a state.
        case event(entity: String, state: String)
        /// The clock on the wall, in minutes of the day.
        case time(minute: Int)
    }

    /// What is done.
    package struct Step: Sendable, Hashable {
        package var entity: String
        var action: RoutineAction
    }

    package var cause: Cause
    package var occasion: RoutineOccasion
    /// One step, or several that one touch made at once.
    package var steps: [Step]
    /// How often it was done.
    package var support: Int
    /// On how many different days.
    package var days: Int
    /// How often there was occasion to.
    package var opportunities: Int
    /// How often that would have happened by chance at those hours.
    package var expected: Double
    /// The share of all times that it was done, which this explains.
    package var coverage: Double
    /// The probability that chance did as much.
    package var probability: Double
    /// The middle half of the delays, or of the times around the middle, in seconds.
    package var spread: Double
    /// How long after the trigger people do it, in the middle, in seconds; 0 for a time of day.
    package var delay: Double
    /// The contexts in which it was done, as hashes.
    var contexts: Set<Int>

    /// The share of occasions on which it was done.
    package var confidence: Double { Double(support) / Double(max(1, opportunities)) }
    /// How much more often than by chance.
    package var lift: Double { Double(support) / max(expected, 0.001) }
}
