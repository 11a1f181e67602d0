import BridgeCore

/// A day of the calendar by the clock of a house.
struct LocalDay: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01.
    var number: Int

    init(number: Int) { self.number = number }

    /// The day of a moment.
    init(of moment: Timestamp, on clock: some LocalClock) {
        let local = moment.adding(seconds: Int64(clock.secondsFromUTC(at: moment)))
        number = Int((Double(local.microseconds) / 86_400_000_000).rounded(.down))
    }

    /// A date of the Gregorian calendar; `nil` for one that does not exist.
    init?(year: Int, month: Int, day: Int) {
        guard (1...9_999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        func padded(_ value: Int, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - String(value).count)) + String(value)
        }
        let text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T00:00:00Z"
        guard let start = Timestamp(iso8601: text) else { return nil }
        number = Int(start.microseconds / 86_400_000_000)
    }

    /// Year, month and day.
    var date: (year: Int, month: Int, day: Int) {
        let parts = Timestamp(microseconds: Int64(number) * 86_400_000_000).iso8601.prefix(10).split(separator: "-")
        let numbers = parts.compactMap { Int($0) }
        return numbers.count == 3 ? (numbers[0], numbers[1], numbers[2]) : (1970, 1, 1)
    }

    /// 0 for Monday to 6 for Sunday.
    var weekday: Int { ((number + 3) % 7 + 7) % 7 }

    static func < (left: LocalDay, right: LocalDay) -> Bool { left.number < right.number }

    func adding(days: Int) -> LocalDay { LocalDay(number: number + days) }

    /// The moment at which the clock of the house shows this hour of the day; 24 is the next day's beginning.
    func moment(hour: Double, on clock: some LocalClock) -> Timestamp {
        let local = Int64(number) * 86_400_000_000 + Int64(hour * 3_600_000_000)
        // The distance from UTC is looked up where it is nearly right, and once more where it is right.
        var moment = Timestamp(microseconds: local)
        for _ in 0..<2 {
            moment = Timestamp(microseconds: local).adding(seconds: -Int64(clock.secondsFromUTC(at: moment)))
        }
        return moment
    }

    /// From `hour` of the first day to `endHour` of the last.
    static func period(
        from first: LocalDay, hour: Double = 0, to last: LocalDay, endHour: Double = 24, on clock: some LocalClock
    ) -> Range<Timestamp> {
        let start = first.moment(hour: hour, on: clock)
        return start..<max(start, last.moment(hour: endHour, on: clock))
    }
}
