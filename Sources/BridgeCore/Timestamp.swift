import Glibc

/// A moment in microseconds since 1970-01-01 00:00:00 UTC: PostgreSQL's and Home Assistant's resolution.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since the Unix epoch; negative before it.
    package var microseconds: Int64

    /// Wraps microseconds since the Unix epoch.
    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// PostgreSQL counts from 2000-01-01; this many microseconds lie between the two epochs.
    package static let postgresEpochOffset: Int64 = 946_684_800_000_000

    /// Microseconds since 2000-01-01, the binary form of `timestamptz`.
    package var postgresMicroseconds: Int64 { microseconds - Self.postgresEpochOffset }

    /// Adds `duration`, which may be negative, down to the microsecond.
    package func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// Adds `seconds`, which may be negative.
    package func adding(seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds + seconds * 1_000_000) }
}

extension Timestamp {
    /// Parses RFC 3339 as Home Assistant writes it: `2026-11-21T01:14:48.110907+00:00`, fraction and offset optional to six
    /// digits and to minutes, `Z` allowed. Returns `nil` for anything else, also for impossible dates.
    package init?(iso8601 text: UnsafeRawBufferPointer) {
        guard text.count >= 19 else { return nil }
        func digits(_ start: Int, _ count: Int) -> Int? {
            var value = 0
            for index in start..<start + count {
                let digit = text[index] &- 0x30
                guard digit <= 9 else { return nil }
                value = value * 10 + Int(digit)
            }
            return value
        }
        guard
            let year = digits(0, 4), text[4] == 0x2D, let month = digits(5, 2), text[7] == 0x2D,
            let day = digits(8, 2), text[10] == 0x54 || text[10] == 0x20, let hour = digits(11, 2), text[13] == 0x3A,
            let minute = digits(14, 2), text[16] == 0x3A, let second = digits(17, 2),
            (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, ofYear: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var index = 19
        var fraction = 0
        if index < text.count, text[index] == 0x2E {
            index += 1
            var scale = 100_000
            let start = index
            while index < text.count, text[index] &- 0x30 <= 9 {
                fraction += Int(text[index] &- 0x30) * scale
                scale /= 10
                index += 1
            }
            guard index > start, index - start <= 9 else { return nil }
        }
        var offset = 0
        if index < text.count {
            switch text[index] {
            case 0x5A where index + 1 == text.count: break
            case 0x2B, 0x2D:
                guard index + 6 == text.count, text[index + 3] == 0x3A, let hours = digits(index + 1, 2),
                    let minutes = digits(index + 4, 2), hours < 24, minutes < 60
                else { return nil }
                offset = (hours * 60 + minutes) * (text[index] == 0x2B ? 60 : -60)
            default: return nil
            }
        } else {
            // A time without a zone would be guessed: Home Assistant always sends one.
            return nil
        }
        let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        self.init(microseconds: Int64(seconds) * 1_000_000 + Int64(fraction))
    }

    /// Parses RFC 3339 text; see `init(iso8601:)` on bytes.
    package init?(iso8601 text: String) {
        var copy = text
        guard let parsed = copy.withUTF8({ Timestamp(iso8601: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = parsed
    }

    /// RFC 3339 in UTC with six fractional digits: `2026-11-21T01:14:48.110907+00:00`.
    package var iso8601: String {
        let (seconds, micros) = microseconds.quotientAndRemainderFloored(dividingBy: 1_000_000)
        let (days, rest) = seconds.quotientAndRemainderFloored(dividingBy: 86_400)
        let (year, month, day) = CivilDate.civil(daysSinceEpoch: Int(days))
        func pad(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(pad(Int64(year), 4))-\(pad(Int64(month), 2))-\(pad(Int64(day), 2))"
            + "T\(pad(rest / 3_600, 2)):\(pad(rest % 3_600 / 60, 2)):\(pad(rest % 60, 2)).\(pad(micros, 6))+00:00"
    }
}

/// Days of the proleptic Gregorian calendar, after Howard Hinnant's `days_from_civil`.
enum CivilDate {
    static func days(inMonth month: Int, ofYear year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func civil(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity, so that the remainder is never negative.
    func quotientAndRemainderFloored(dividingBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Timestamp {
    /// The time of this machine's clock.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
