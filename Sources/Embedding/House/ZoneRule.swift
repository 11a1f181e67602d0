/// The rule of a zone in the form of POSIX, such as `CET-1CEST,M3.5.0,M10.5.0/3`, with the times of RFC 9636 up to a week.
struct ZoneRule: Sendable {
    private var standard: Int64
    private var summer: Summer?

    private struct Summer {
        var offset: Int64
        var start: YearDay
        var end: YearDay
    }

    /// A day of the year and a time on it, by the clock that holds until then.
    private struct YearDay {
        enum Form {
            /// 1 to 365, the 29th of February never counted.
            case julian(Int)
            /// 0 to 365.
            case ordinal(Int)
            /// The week, 5 for the last, of a month, and the day of the week from 0 for Sunday.
            case week(month: Int, week: Int, weekday: Int)
        }

        var form: Form
        var time: Int64
    }

    /// `nil` for what is no rule.
    init?(_ text: String) {
        var reader = Reader(text)
        guard reader.name(), let standard = reader.offset() else { return nil }
        self.standard = -standard
        if reader.isAtEnd { return }
        guard reader.name() else { return nil }
        var summerOffset = -standard + 3_600
        if reader.peek != "," {
            guard let given = reader.offset() else { return nil }
            summerOffset = -given
        }
        guard let start = Self.yearDay(&reader), let end = Self.yearDay(&reader), reader.isAtEnd else { return nil }
        summer = Summer(offset: summerOffset, start: start, end: end)
    }

    /// Seconds east of UTC at `seconds` since 1970.
    func offset(at seconds: Int64) -> Int64 {
        guard let summer else { return standard }
        let year = Self.year(of: seconds + standard)
        let start = Self.seconds(of: summer.start, in: year) - standard
        let end = Self.seconds(of: summer.end, in: year) - summer.offset
        // South of the equator summer lies around the turn of the year.
        let isSummer = start < end ? (start..<end).contains(seconds) : !(end..<start).contains(seconds)
        return isSummer ? summer.offset : standard
    }

    private static func yearDay(_ reader: inout Reader) -> YearDay? {
        guard reader.take(",") else { return nil }
        let form: YearDay.Form
        if reader.take("M") {
            guard let month = reader.number(), (1...12).contains(month), reader.take("."),
                let week = reader.number(), (1...5).contains(week), reader.take("."),
                let weekday = reader.number(), (0...6).contains(weekday)
            else { return nil }
            form = .week(month: month, week: week, weekday: weekday)
        } else if reader.take("J") {
            guard let day = reader.number(), (1...365).contains(day) else { return nil }
            form = .julian(day)
        } else {
            guard let day = reader.number(), (0...365).contains(day) else { return nil }
            form = .ordinal(day)
        }
        var time: Int64 = 7_200
        if reader.take("/") {
            guard let given = reader.offset() else { return nil }
            time = given
        }
        return YearDay(form: form, time: time)
    }

    private static func seconds(of day: YearDay, in year: Int64) -> Int64 {
        let days: Int64
        switch day.form {
        case .julian(let number):
            days = Self.days(year, 1, 1) + Int64(number) - 1 + (number >= 60 && isLeap(year) ? 1 : 0)
        case .ordinal(let number): days = Self.days(year, 1, 1) + Int64(number)
        case .week(let month, let week, let weekday):
            let first = Self.days(year, month, 1)
            // The first of January 1970 was a Thursday, number 4 from Sunday.
            let firstWeekday = (first + 4).quotientAndRemainderFloored(by: 7).remainder
            var date = first + (Int64(weekday) - firstWeekday + 7) % 7 + Int64(week - 1) * 7
            let next = month == 12 ? Self.days(year + 1, 1, 1) : Self.days(year, month + 1, 1)
            if date >= next { date -= 7 }
            days = date
        }
        return days * 86_400 + day.time
    }

    private static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// Days since 1970 of a date of the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int, _ day: Int) -> Int64 {
        let before: [Int64] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
        let past = year - 1
        let leaps =
            past.quotientAndRemainderFloored(by: 4).quotient - past.quotientAndRemainderFloored(by: 100).quotient
            + past.quotientAndRemainderFloored(by: 400).quotient
        let extra: Int64 = month > 2 && isLeap(year) ? 1 : 0
        // 719,162 days lie between the first of January of the year 1 and 1970.
        return past * 365 + leaps + before[month - 1] + extra + Int64(day) - 1 - 719_162
    }

    private static func year(of seconds: Int64) -> Int64 {
        let day = seconds.quotientAndRemainderFloored(by: 86_400).quotient
        var year = 1970 + (day * 400).quotientAndRemainderFloored(by: 146_097).quotient
        while days(year, 1, 1) > day { year -= 1 }
        while days(year + 1, 1, 1) <= day { year += 1 }
        return year
    }

    /// Walks through the text of a rule.
    private struct Reader {
        private var rest: Substring.UnicodeScalarView

        init(_ text: String) { rest = Substring(text).unicodeScalars }

        var isAtEnd: Bool { rest.isEmpty }
        var peek: Unicode.Scalar? { rest.first }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard rest.first == scalar else { return false }
            rest.removeFirst()
            return true
        }

        /// A name of letters, or of anything between angle brackets.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: ">") else { return false }
                rest = rest[rest.index(after: end)...]
                return true
            }
            let letters = rest.prefix { $0.properties.isAlphabetic && $0.isASCII }
            rest = rest[letters.endIndex...]
            return letters.count >= 3
        }

        mutating func number() -> Int? {
            var value: Int?
            while let digit = rest.first, ("0"..."9").contains(digit), (value ?? 0) < 10_000 {
                value = (value ?? 0) * 10 + Int(digit.value - 0x30)
                rest.removeFirst()
            }
            return value
        }

        /// Hours, minutes and seconds with a sign, in seconds. Hours go up to a week.
        mutating func offset() -> Int64? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let hours = number(), hours <= 167 else { return nil }
            var seconds = Int64(hours) * 3_600
            for unit in [Int64(60), 1] where take(":") {
                guard let part = number(), part < 60 else { return nil }
                seconds += Int64(part) * unit
            }
            return isNegative ? -seconds : seconds
        }
    }
}
