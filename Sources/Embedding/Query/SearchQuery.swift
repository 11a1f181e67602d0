import BridgeCore

/// What a person asks, taken apart: the words, the time of day, the period, and whether something begins or ends.
package struct SearchQuery: Hashable, Sendable {
    /// The question as it was typed, NFC, without needless spaces.
    package var text: String
    /// What the sentence encoder reads: without the period, and with English words for foreign ones.
    package var sentence: String
    /// The hours of the day that it names, such as 22 to 5 for "at night". A weight, not a limit.
    package var hours: HourRange?
    /// `true` for "at the weekend", `false` for "on weekdays": a limit.
    package var isWeekend: Bool?
    /// `.rest` when it speaks of closing, ending, turning off; else `.active`.
    package var polarity: Polarity
    /// The period that it names, such as that of "yesterday"; `nil` when it names none. A limit.
    package var period: Range<Timestamp>?

    package init(
        text: String, sentence: String, hours: HourRange? = nil, isWeekend: Bool? = nil,
        polarity: Polarity = .active, period: Range<Timestamp>? = nil
    ) {
        self.text = text
        self.sentence = sentence
        self.hours = hours
        self.isWeekend = isWeekend
        self.polarity = polarity
        self.period = period
    }
}

/// A range of hours on the clock, which may pass midnight.
package struct HourRange: Hashable, Sendable {
    /// Where it begins, 0 to less than 24.
    package var start: Double
    /// How many hours it lasts, 0 to 24.
    package var length: Double

    /// From one hour to another; to an earlier one means past midnight.
    package init(from start: Double, to end: Double) {
        let first = Self.onClock(start)
        let last = Self.onClock(end)
        self.start = first
        length = last > first ? last - first : last - first + 24
    }

    /// An hour and `spread` hours on both sides of it.
    package init(around hour: Double, spread: Double) {
        start = Self.onClock(hour - spread)
        length = 2 * spread
    }

    private static func onClock(_ hour: Double) -> Double {
        let rest = hour.truncatingRemainder(dividingBy: 24)
        return rest < 0 ? rest + 24 : rest
    }
}

/// The clock of a house: how far it is from UTC at a moment.
package protocol LocalClock: Sendable {
    /// Seconds to add to UTC for the local time at `moment`, daylight saving included.
    func secondsFromUTC(at moment: Timestamp) -> Int
}

/// A clock that is always the same distance from UTC.
package struct FixedClock: LocalClock {
    private let seconds: Int

    /// UTC unless `seconds` says otherwise.
    package init(secondsFromUTC seconds: Int = 0) { self.seconds = seconds }

    package func secondsFromUTC(at moment: Timestamp) -> Int { seconds }
}

extension ZoneRules: LocalClock {}
