/// Finds the hours of the day and the kind of day that a question names.
struct TimeOfDayReader {
    /// The hours; `nil` when it names none.
    private(set) var hours: HourRange?
    /// Weekend or working day; `nil` when it names neither.
    private(set) var isWeekend: Bool?

    init(words: [QueryWord]) {
        var text = " " + words.map(\.key).joined(separator: " ") + " "
        // Names of scenes and programmes rather than times.
        for name in [" good morning ", " good evening ", " good night ", " morning news ", " evening news "] {
            if let place = Self.find(name, in: text) { text.replaceSubrange(place, with: "  ") }
        }
        hours = Self.clockTime(words.map(\.key)) ?? Self.partOfDay(text)
        if Self.weekendWords.contains(where: text.contains) {
            isWeekend = true
        } else if Self.weekdayWords.contains(where: text.contains) {
            isWeekend = false
        }
    }

    /// The first place of `part`; the standard library has no such search.
    private static func find(_ part: String, in text: String) -> Range<String.Index>? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(part) { return start..<text.index(start, offsetBy: part.count) }
            start = text.index(after: start)
        }
        return nil
    }

    /// The longest phrase of the table that the text has.
    private static func partOfDay(_ text: String) -> HourRange? {
        var best: (length: Int, hours: HourRange)?
        for (phrases, hours) in parts {
            for phrase in phrases.split(separator: ",") {
                let words = Words.split(phrase).joined(separator: " ")
                if words.count > best?.length ?? 0, text.contains(" \(words) ") { best = (words.count, hours) }
            }
        }
        return best?.hours
    }

    private static let parts: [(phrases: String, hours: HourRange)] = [
        (
            "at night, during the night, in the night, by night, nighttime, night time, overnight, nightly, nachts, "
                + "la nuit, de noche, di notte, tonight, last night, all night, through the night, "
                + "in the dark, in der nacht", HourRange(from: 22, to: 5)
        ),
        ("late at night, late night, late in the night", HourRange(from: 22, to: 2)),
        (
            "middle of the night, dead of night, small hours, wee hours, after midnight, past midnight, witching hour",
            HourRange(from: 0, to: 5)
        ),
        ("midnight, around midnight, at midnight, mitternacht, minuit, medianoche", HourRange(from: 23, to: 1)),
        ("before midnight", HourRange(from: 21, to: 0)),
        (
            "early morning, early in the morning, crack of dawn, before breakfast, at dawn, at sunrise, daybreak, "
                + "first light, before sunrise, after waking up, fruhmorgens", HourRange(from: 5, to: 8)
        ),
        ("early in the day, at breakfast, breakfast time, during breakfast, wake up time", HourRange(from: 6, to: 10)),
        (
            "in the morning, morning, mornings, before noon, forenoon, am morgen, morgens, le matin, por la manana",
            HourRange(from: 6, to: 12)
        ),
        ("late morning, mid morning", HourRange(from: 9, to: 12)),
        (
            "noon, at noon, midday, at lunch, lunchtime, lunch time, around noon, middle of the day, mittags, a midi",
            HourRange(from: 11, to: 14)
        ),
        (
            "afternoon, in the afternoon, afternoons, nachmittags, l apres midi, por la tarde",
            HourRange(from: 12, to: 17)
        ),
        ("after lunch, early afternoon", HourRange(from: 12, to: 15)),
        ("late afternoon, after work, after school, teatime, tea time", HourRange(from: 15, to: 18)),
        (
            "in the evening, evening, evenings, abends, am abend, le soir, di sera", HourRange(from: 17, to: 22)
        ),
        ("at dusk, at sunset, at nightfall, around sunset, at twilight", HourRange(from: 17, to: 21)),
        ("dinner time, dinnertime, at dinner, at supper, suppertime, during dinner", HourRange(from: 17, to: 20)),
        ("after dinner, after supper, late evening, late in the evening", HourRange(from: 19, to: 23)),
        ("after dark, after sunset, after nightfall", HourRange(from: 19, to: 5)),
        ("bedtime, before bed, before going to bed, before going to sleep, before sleep", HourRange(from: 20, to: 24)),
        ("during the day, daytime, in daylight, by day, tagsuber", HourRange(from: 8, to: 17)),
    ]

    private static let weekendWords = [
        " weekend ", " weekends ", " saturdays ", " sundays ", " wochenende ", " fin de semana ", " week end ",
    ]
    private static let weekdayWords = [
        " weekday ", " weekdays ", " workday ", " workdays ", " working day ", " working days ", " work day ",
        " during the week ", " school day ", " school days ", " werktags ", " unter der woche ",
    ]

    /// "At 3 am", "around 15:30", "after 10 pm", "before 7 o'clock", "between 2 and 4 am".
    private static func clockTime(_ keys: [String]) -> HourRange? {
        for index in keys.indices {
            guard let time = time(keys, at: index, needsMark: true) else { continue }
            let before = index > 0 ? keys[index - 1] : ""
            if ["and", "to", "until", "till"].contains(before), index > 1,
                let first = self.time(keys, at: index - 2, needsMark: false)
            {
                // "Between 2 and 4 pm": the mark belongs to both, unless that goes backwards.
                let start = time - first.rounded(.down) >= 12 && first < 12 ? first + 12 : first
                return HourRange(from: start, to: time)
            }
            switch before {
            case "after", "past", "since": return HourRange(from: time, to: time + 4)
            case "before", "until", "till", "by": return HourRange(from: time - 3, to: time)
            default: return HourRange(around: time, spread: 1)
            }
        }
        return nil
    }

    /// The hour at a word: `15:30`, `3am`, `3 am`, `7 o'clock`; a bare `7` only where no mark is needed.
    private static func time(_ keys: [String], at index: Int, needsMark: Bool) -> Double? {
        let word = keys[index]
        let next = index + 1 < keys.count ? keys[index + 1] : ""
        let parts = word.split(whereSeparator: { $0 == ":" || $0 == "." })
        if parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60,
            word.contains(":") || next == "am" || next == "pm"
        {
            return twelveHours(Double(hour) + Double(minute) / 60, next)
        }
        for mark in ["am", "pm"] where word.hasSuffix(mark) {
            if let hour = Int(word.dropLast(2)), (1...12).contains(hour) { return twelveHours(Double(hour), mark) }
        }
        guard let hour = Int(word) ?? small[word], (0...24).contains(hour) else { return nil }
        if next == "am" || next == "pm" { return hour <= 12 ? twelveHours(Double(hour), next) : nil }
        if ["oclock", "o clock", "uhr"].contains(next) { return Double(hour % 24) }
        if !needsMark { return Double(hour % 24) }
        return nil
    }

    private static func twelveHours(_ hour: Double, _ mark: String) -> Double {
        switch mark {
        case "am": hour >= 12 && hour < 13 ? hour - 12 : hour
        case "pm": hour < 12 ? hour + 12 : hour
        default: hour
        }
    }

    /// Numbers in words.
    static let small: [String: Int] = [
        "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
        "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "couple": 2, "few": 3,
    ]
}
