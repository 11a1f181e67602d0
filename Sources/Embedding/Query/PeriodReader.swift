import BridgeCore

/// Finds the phrase that names a date or a period, and turns it into one.
struct PeriodReader {
    /// The period of the last phrase found; `nil` without one.
    private(set) var period: Range<Timestamp>?
    /// Whether the period is one whole day, which a time of day can narrow.
    private(set) var isOneDay = false
    /// The places of the words that name it.
    private(set) var used: Set<Int> = []

    private let keys: [String]
    private let clock: any LocalClock
    private let now: Timestamp
    private let today: LocalDay

    /// A span that words name, and how many words they are.
    private struct Span {
        var period: Range<Timestamp>
        var isOneDay: Bool
        var count: Int
    }

    init(words: [QueryWord], clock: any LocalClock, now: Timestamp) {
        keys = words.map(\.key)
        self.clock = clock
        self.now = now
        today = LocalDay(of: now, on: clock)
    }

    /// Reads the words once.
    mutating func read() {
        var index = 0
        while index < keys.count {
            guard let span = span(at: index) else {
                index += 1
                continue
            }
            take(span, at: index)
            index += span.count
        }
    }

    /// Uses a span, and the little word before it, which may turn it into an open one.
    private mutating func take(_ span: Span, at index: Int) {
        var first = index
        var found = span.period
        var oneDay = span.isOneDay
        if index > 0 {
            switch keys[index - 1] {
            case "since", "seit", "depuis", "desde":
                found = found.lowerBound..<max(found.lowerBound, now)
                (first, oneDay) = (index - 1, false)
            case "after":
                found = found.upperBound..<max(found.upperBound, now)
                (first, oneDay) = (index - 1, false)
            case "before", "vor":
                found = Timestamp(microseconds: 0)..<found.lowerBound
                (first, oneDay) = (index - 1, false)
            case "until", "till", "to", "and", "bis":
                let start = period?.lowerBound ?? Timestamp(microseconds: 0)
                found = min(start, found.upperBound)..<found.upperBound
                (first, oneDay) = (index - 1, false)
            case "on", "in", "during", "from", "of", "over", "within", "for", "at", "between", "am", "im", "le", "el":
                first = index - 1
            default: break
            }
        }
        (period, isOneDay) = (found, oneDay)
        used.formUnion(first..<index + span.count)
    }

    private func key(_ index: Int) -> String { index < keys.count ? keys[index] : "" }

    private func span(at index: Int) -> Span? {
        relativeDay(at: index) ?? ago(at: index) ?? lastUnits(at: index) ?? lastNamed(at: index)
            ?? date(at: index) ?? weekday(at: index) ?? month(at: index)
    }

    private func days(_ first: LocalDay, _ last: LocalDay, _ count: Int) -> Span {
        Span(
            period: LocalDay.period(from: first, to: last, on: clock), isOneDay: first == last, count: count)
    }

    private func hours(_ day: LocalDay, _ from: Double, _ to: Double, _ count: Int) -> Span {
        Span(
            period: LocalDay.period(from: day, hour: from, to: day, endHour: to, on: clock), isOneDay: false,
            count: count)
    }

    // MARK: Phrases

    private static let dayWords: [String: Int] = [
        "today": 0, "yesterday": -1, "heute": 0, "gestern": -1, "vorgestern": -2, "aujourdhui": 0, "hier": -1,
        "hoy": 0, "ayer": -1, "oggi": 0, "ieri": -1, "vandaag": 0, "gisteren": -1, "idag": 0, "igar": -1,
    ]

    /// "Today", "yesterday morning", "last night", "this evening", "the day before yesterday".
    private func relativeDay(at index: Int) -> Span? {
        let pair = "\(key(index)) \(key(index + 1))"
        switch pair {
        case "last night", "letzte nacht", "yesterday night", "cette nuit":
            return hours(today.adding(days: -1), 20, 30, 2)
        case "this night": return hours(today, 20, 30, 2)
        case "this morning", "heute morgen", "heute fruh", "ce matin", "esta manana": return hours(today, 0, 12, 2)
        case "this afternoon", "heute nachmittag": return hours(today, 12, 17, 2)
        case "this evening", "heute abend", "ce soir": return hours(today, 17, 24, 2)
        case "last evening", "yesterday evening", "gestern abend", "hier soir":
            return hours(today.adding(days: -1), 17, 24, 2)
        case "yesterday morning", "hier matin": return hours(today.adding(days: -1), 5, 12, 2)
        case "yesterday afternoon": return hours(today.adding(days: -1), 12, 17, 2)
        default: break
        }
        if key(index) == "tonight" { return hours(today, 17, 30, 1) }
        if key(index) == "anoche" { return hours(today.adding(days: -1), 20, 30, 1) }
        if pair == "day before", key(index + 2) == "yesterday" {
            return days(today.adding(days: -2), today.adding(days: -2), 3)
        }
        if let offset = Self.dayWords[key(index)] {
            let day = today.adding(days: offset)
            return days(day, day, 1)
        }
        return nil
    }

    private static let units: [String: Int64] = [
        "second": 1, "minute": 60, "min": 60, "hour": 3_600, "day": 86_400, "week": 604_800, "fortnight": 1_209_600,
        "month": 2_592_000, "year": 31_536_000,
    ]

    private func unit(_ index: Int) -> (name: String, seconds: Int64)? {
        let word = key(index)
        for name in [word, word.hasSuffix("s") ? String(word.dropLast()) : word] {
            if let seconds = Self.units[name] { return (name, seconds) }
        }
        return nil
    }

    /// A number that is not beyond any history: a million of the unit at most.
    private func number(_ index: Int) -> Int64? {
        guard let value = Int64(key(index)) ?? TimeOfDayReader.small[key(index)].map(Int64.init) else { return nil }
        return (1...1_000_000).contains(value) ? value : nil
    }

    /// So many units before now, a century at most: no house remembers more.
    private func moment(_ count: Int64, _ unit: Int64) -> Timestamp {
        now.adding(seconds: -min(count * unit, 100 * 31_536_000))
    }

    /// "3 hours ago", "two days ago", "a week ago".
    private func ago(at index: Int) -> Span? {
        var place = index
        guard let count = number(place) else { return nil }
        place += 1
        if key(place) == "of" { place += 1 }
        guard let unit = unit(place), key(place + 1) == "ago" else { return nil }
        let words = place + 2 - index
        let moment = moment(count, unit.seconds)
        if unit.seconds < 86_400 {
            // Nobody says "3 hours ago" to the minute.
            let spread = max(600, unit.seconds / 2)
            return Span(
                period: moment.adding(seconds: -spread)..<moment.adding(seconds: spread), isOneDay: false, count: words)
        }
        let day = LocalDay(of: moment, on: clock)
        switch unit.name {
        case "day": return days(day, day, words)
        case "week", "fortnight": return days(day.adding(days: -2), day.adding(days: 2), words)
        default: return days(day.adding(days: -15), day.adding(days: 15), words)
        }
    }

    /// "The last 3 hours", "past two days", "in the last hour", "past week".
    private func lastUnits(at index: Int) -> Span? {
        var place = index
        if key(place) == "the" { place += 1 }
        guard ["last", "past", "previous", "letzten"].contains(key(place)) else { return nil }
        let isPast = key(place) != "last"
        place += 1
        var count: Int64 = 1
        var isCounted = false
        if let value = number(place) {
            (count, isCounted) = (value, true)
            place += 1
            if key(place) == "of" { place += 1 }
        }
        guard let unit = unit(place) else { return nil }
        // "Last week" is one of the calendar, "the past week" and "the last hour" end now.
        guard isCounted || isPast || unit.seconds < 86_400 else { return nil }
        return Span(
            period: moment(count, unit.seconds)..<now, isOneDay: false, count: place + 1 - index)
    }

    /// "Last week", "this month", "last weekend", "this year".
    private func lastNamed(at index: Int) -> Span? {
        let which = key(index)
        guard which == "last" || which == "this" else { return nil }
        let back = which == "last" ? 1 : 0
        let monday = today.adding(days: -today.weekday)
        switch key(index + 1) {
        case "day" where back == 1: return days(today.adding(days: -1), today.adding(days: -1), 2)
        case "week": return days(monday.adding(days: -7 * back), monday.adding(days: 6 - 7 * back), 2)
        case "weekend":
            // On a Wednesday both "this" and "last" mean the one that was; on a Sunday "this" is now.
            let isWeekend = today.weekday >= 5
            let saturday = monday.adding(days: isWeekend ? 5 - 7 * back : -2)
            return days(saturday, saturday.adding(days: 1), 2)
        case "month":
            var (year, month, _) = today.date
            if back == 1 { (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1) }
            return monthSpan(year: year, month: month, count: 2)
        case "year":
            let year = today.date.year - back
            guard let first = LocalDay(year: year, month: 1, day: 1),
                let last = LocalDay(year: year, month: 12, day: 31)
            else { return nil }
            return days(first, last, 2)
        default: return nil
        }
    }

    private static let weekdays: [String: Int] = {
        var table: [String: Int] = [:]
        let languages = [
            "monday tuesday wednesday thursday friday saturday sunday",
            "montag dienstag mittwoch donnerstag freitag samstag sonntag",
            "lundi mardi mercredi jeudi vendredi samedi dimanche",
            "lunes martes miercoles jueves viernes sabado domingo",
        ]
        for language in languages {
            for (index, name) in language.split(separator: " ").enumerated() { table[String(name)] = index }
        }
        return table
    }()

    /// "On Monday", "last Friday", "Tuesday morning": the latest such day, today included; "last" excludes today.
    private func weekday(at index: Int) -> Span? {
        let isLast = key(index) == "last"
        let place = isLast || key(index) == "this" ? index + 1 : index
        guard let weekday = Self.weekdays[key(place)] else { return nil }
        var back = (today.weekday - weekday + 7) % 7
        if isLast, back == 0 { back = 7 }
        let day = today.adding(days: -back)
        let count = place + 1 - index
        switch key(place + 1) {
        case "morning": return hours(day, 5, 12, count + 1)
        case "afternoon": return hours(day, 12, 17, count + 1)
        case "evening": return hours(day, 17, 24, count + 1)
        case "night": return hours(day, 20, 30, count + 1)
        default: return days(day, day, count)
        }
    }

    private static let months: [String: Int] = {
        var table: [String: Int] = [:]
        let names = "january february march april may june july august september october november december"
        for (index, name) in names.split(separator: " ").enumerated() {
            table[String(name)] = index + 1
            if name.count > 4 { table[String(name.prefix(3))] = index + 1 }
        }
        let german = "januar februar marz april mai juni juli august september oktober november dezember"
        for (index, name) in german.split(separator: " ").enumerated() { table[String(name)] = index + 1 }
        table["sept"] = 9
        return table
    }()

    private func year(_ index: Int) -> Int? {
        guard let value = Int(key(index)), (1970...9_998).contains(value) else { return nil }
        return value
    }

    private func monthSpan(year: Int, month: Int, count: Int) -> Span? {
        let next = month == 12 ? (year + 1, 1) : (year, month + 1)
        guard let first = LocalDay(year: year, month: month, day: 1),
            let after = LocalDay(year: next.0, month: next.1, day: 1)
        else { return nil }
        return days(first, after.adding(days: -1), count)
    }

    /// "In October", "last March", "October 2025": the latest one that has begun.
    private func month(at index: Int) -> Span? {
        let isPrefixed = ["last", "this"].contains(key(index))
        let place = isPrefixed ? index + 1 : index
        guard let month = Self.months[key(place)] else { return nil }
        if let year = year(place + 1) { return monthSpan(year: year, month: month, count: place + 2 - index) }
        // "May" and "march" are words of other meanings, too.
        let before = index > 0 ? keys[index - 1] : ""
        guard
            isPrefixed
                || ["in", "since", "during", "before", "after", "until", "of", "im", "and", "to"].contains(before)
        else { return nil }
        let (year, current, _) = today.date
        let isEarlier = month < current || (month == current && key(index) != "last")
        return monthSpan(year: isEarlier ? year : year - 1, month: month, count: place + 1 - index)
    }

    /// "26 October", "the 26th of October 2025", "October 26", "2025-10-26", "26.10.2025".
    private func date(at index: Int) -> Span? {
        if let span = numericDate(at: index) { return span }
        let start = key(index) == "the" ? index + 1 : index
        var place = start
        if let day = dayOfMonth(place) {
            place += 1
            if key(place) == "of" { place += 1 }
            guard let month = Self.months[key(place)] else { return nil }
            return dateSpan(day: day, month: month, after: place, from: index)
        }
        guard let month = Self.months[key(place)], let day = dayOfMonth(place + 1) else { return nil }
        return dateSpan(day: day, month: month, after: place + 1, from: index)
    }

    /// `26`, `26.`, `26th`, `1st`.
    private func dayOfMonth(_ index: Int) -> Int? {
        var word = key(index)
        for ending in ["st", "nd", "rd", "th"] where word.hasSuffix(ending) { word = String(word.dropLast(2)) }
        guard let day = Int(word), (1...31).contains(day) else { return nil }
        return day
    }

    /// The date with the year after it, or the latest such date.
    private func dateSpan(day: Int, month: Int, after place: Int, from index: Int) -> Span? {
        if let year = year(place + 1) {
            guard let found = LocalDay(year: year, month: month, day: day) else { return nil }
            return days(found, found, place + 2 - index)
        }
        // 29 February is at most eight years back.
        for year in stride(from: today.date.year, through: today.date.year - 8, by: -1) {
            if let found = LocalDay(year: year, month: month, day: day), found <= today {
                return days(found, found, place + 1 - index)
            }
        }
        return nil
    }

    private func numericDate(at index: Int) -> Span? {
        let word = key(index)
        let isISO = word.contains("-")
        let parts = word.split(separator: isISO ? "-" : ".").compactMap { Int($0) }
        if isISO {
            guard parts.count == 3, let day = LocalDay(year: parts[0], month: parts[1], day: parts[2]) else {
                return nil
            }
            return days(day, day, 1)
        }
        guard word.contains("."), parts.count == 3, parts[2] > 1_900,
            let day = LocalDay(year: parts[2], month: parts[1], day: parts[0])
        else { return nil }
        return days(day, day, 1)
    }
}
