import BridgeCore

/// Takes a question of a person apart, in English and, for the most common words, in other languages.
///
/// A phrase that names a date or a period ("yesterday", "last week", "on 26 October") becomes a limit and leaves the
/// sentence. A phrase that names a time of day ("at night", "at 3 am") or the weekend becomes a weight and stays in the
/// sentence, for it says something of what is meant, too.
package struct QueryParser: Sendable {
    private let clock: any LocalClock
    private let now: Timestamp

    /// - Parameters:
    ///   - clock: the clock of the house, for "last night".
    ///   - now: the moment of the question.
    package init(clock: any LocalClock = FixedClock(), now: Timestamp = .now) {
        self.clock = clock
        self.now = now
    }

    /// Never fails: what it does not understand stays in the sentence. Longer questions than 256 words are cut.
    package func parse(_ text: String) -> SearchQuery {
        let words = QueryWord.split(text)
        let tidy = words.map { String($0.typed) }.joined(separator: " ")
        var periods = PeriodReader(words: words, clock: clock, now: now)
        periods.read()
        let rest = words.indices.filter { !periods.used.contains($0) }.map { words[$0] }
        let times = TimeOfDayReader(words: words)
        let hours = times.hours
        var sentence = rest.map { String($0.typed) }.joined(separator: " ")
        if let gloss = Lexicon.gloss(sentence) { sentence += " (\(gloss))" }
        return SearchQuery(
            text: tidy, sentence: sentence, hours: hours, isWeekend: times.isWeekend,
            polarity: PolarityReader.polarity(of: sentence),
            period: periods.period.map { narrowed($0, to: hours, isOneDay: periods.isOneDay) })
    }

    /// "Yesterday in the evening" is the evening of yesterday, not all of it. The night of a day is the one that begins
    /// on it, its small hours those with which it begins.
    private func narrowed(_ period: Range<Timestamp>, to hours: HourRange?, isOneDay: Bool) -> Range<Timestamp> {
        guard isOneDay, let hours else { return period }
        let day = LocalDay(of: period.lowerBound, on: clock)
        let start = day.moment(hour: hours.start, on: clock)
        let end = start.adding(.seconds(Int64(hours.length * 3_600)))
        return start..<end
    }
}
