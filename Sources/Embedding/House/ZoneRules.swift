import BridgeCore

/// The clock of a house: which hour and which day of the week a moment has in an IANA zone, through daylight saving.
package struct ZoneRules: Sendable {
    /// Whether the name was not known to this machine, so that UTC stands in for it.
    package let isUnknown: Bool

    private let data: ZoneData

    /// The rules of `name`, such as `Europe/Berlin`, from the system's zone data; UTC for `nil` and for an unknown name.
    package init(named name: String?) {
        guard let name else {
            data = .utc
            isUnknown = false
            return
        }
        let found = ZoneFile.read(named: name)
        data = found ?? .utc
        isUnknown = found == nil
    }

    /// Rules from the bytes of a TZif file; `nil` where they are none.
    package init?(zoneFile bytes: [UInt8]) {
        guard let data = ZoneData(bytes) else { return nil }
        self.data = data
        isUnknown = false
    }

    /// Seconds east of UTC at `time`.
    package func secondsFromUTC(at time: Timestamp) -> Int {
        Int(data.offset(at: time.microseconds.quotientAndRemainderFloored(by: 1_000_000).quotient).offset)
    }

    /// The hour, 0 to 23, and the day of the week, 0 for Monday to 6 for Sunday, that the clocks of the house show at `time`.
    package func hourAndWeekday(at time: Timestamp) -> (hour: Int, weekday: Int) {
        let answer = localHour(at: time)
        return (answer.hour, answer.weekday)
    }

    /// The same, and the span of microseconds in which the answer does not change.
    func localHour(at time: Timestamp) -> LocalHour {
        let seconds = time.microseconds.quotientAndRemainderFloored(by: 1_000_000).quotient
        let (span, offset) = data.offset(at: seconds)
        let hours = (seconds + offset).quotientAndRemainderFloored(by: 3_600).quotient
        let days = hours.quotientAndRemainderFloored(by: 24)
        let start = max(span.lowerBound, hours * 3_600 - offset)
        let end = min(span.upperBound, (hours + 1) * 3_600 - offset)
        return LocalHour(
            span: start * 1_000_000..<end * 1_000_000, hour: Int(days.remainder),
            // The first of January 1970 was a Thursday.
            weekday: Int((days.quotient + 3).quotientAndRemainderFloored(by: 7).remainder))
    }
}

/// An hour on the clocks of a house.
struct LocalHour {
    /// Microseconds since 1970.
    var span: Range<Int64>
    /// 0 to 23.
    var hour: Int
    /// 0 for Monday to 6 for Sunday.
    var weekday: Int
}

extension Int64 {
    /// Division that rounds towards minus infinity, so that the remainder is never negative.
    func quotientAndRemainderFloored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
