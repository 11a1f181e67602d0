import BridgeCore
import HomeAssistantClient

/// A trigger of times of day, or of a pattern of them.
struct ClockTrigger {
    private var hours: Set<Int>
    private var minutes: Set<Int>
    private var seconds: Set<Int>
    /// Seconds of the day, where these are told one by one.
    private var moments: Set<Int>?
    /// From 0, Monday; empty for every day.
    private var weekdays: Set<Int> = []

    /// `at: "07:30:00"`.
    init(time value: ConfigurationValue) throws(Backtest.Unreplayable) {
        var moments: Set<Int> = []
        for at in value["at"]?.list ?? [] {
            guard let text = at.text, let moment = Self.secondOfDay(text) else {
                throw Backtest.Unreplayable("time", "its time is that of an entity or a template.")
            }
            moments.insert(moment)
        }
        guard !moments.isEmpty else { throw Backtest.Unreplayable("time", "it has no time.") }
        self.moments = moments
        hours = []
        minutes = []
        seconds = []
        weekdays = Self.weekdays(value["weekday"])
    }

    /// `minutes: "/5"`. What stands before the first part that is given is every one, what stands after it is 0.
    init(pattern value: ConfigurationValue) throws(Backtest.Unreplayable) {
        let parts = [value["hours"], value["minutes"], value["seconds"]].map { $0 == .null ? nil : $0 }
        guard let first = parts.firstIndex(where: { $0 != nil }) else {
            throw Backtest.Unreplayable("time_pattern", "it has no pattern.")
        }
        var sets: [Set<Int>] = []
        for (index, part) in parts.enumerated() {
            let range = index == 0 ? 0..<24 : 0..<60
            guard let part else {
                sets.append(index < first ? Set(range) : [0])
                continue
            }
            guard let set = Self.numbers(part, range) else {
                throw Backtest.Unreplayable("time_pattern", "“\(part.scalar ?? "?")” is no pattern.")
            }
            sets.append(set)
        }
        hours = sets[0]
        minutes = sets[1]
        seconds = sets[2]
    }

    /// Seconds of `07:30` or `07:30:15` since midnight.
    static func secondOfDay(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count, (2...3).contains(numbers.count), (0..<24).contains(numbers[0]),
            numbers.dropFirst().allSatisfy({ (0..<60).contains($0) })
        else { return nil }
        return numbers[0] * 3_600 + numbers[1] * 60 + (numbers.count > 2 ? numbers[2] : 0)
    }

    /// Monday is 0.
    static func weekdays(_ value: ConfigurationValue?) -> Set<Int> {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        return Set((value?.texts ?? []).compactMap { names.firstIndex(of: $0.lowercased()) })
    }

    private static func numbers(_ value: ConfigurationValue, _ range: Range<Int>) -> Set<Int>? {
        guard let text = value.scalar else { return nil }
        if text == "*" { return Set(range) }
        if text.hasPrefix("/") {
            guard let step = Int(text.dropFirst()), step > 0 else { return nil }
            return Set(range.filter { $0 % step == 0 })
        }
        guard let number = Int(text), range.contains(number) else { return nil }
        return [number]
    }

    /// Every moment from `from` on and before `until`. The hour that a clock passes by in spring has none; that which it shows
    /// twice in autumn counts once for times of day, as Home Assistant has it, and twice for patterns.
    func times(_ from: Timestamp, _ until: Timestamp, _ clock: ReplayClock) -> [Timestamp] {
        var times: [Timestamp] = []
        let ordered = (moments ?? patternMoments).sorted()
        let day: Int64 = 86_400_000_000
        var midnight = clock.local(from).microseconds
        midnight -= midnight % day + day
        while midnight < clock.local(until).microseconds + day {
            let weekday = Int((midnight / day + 3) % 7)
            if weekdays.isEmpty || weekdays.contains(weekday) {
                for moment in ordered {
                    let local = midnight + Int64(moment) * 1_000_000
                    times += instants(local, clock).filter { $0 >= from && $0 < until }
                }
            }
            midnight += day
        }
        return times.sorted()
    }

    private var patternMoments: Set<Int> {
        var all: Set<Int> = []
        for hour in hours {
            for minute in minutes { for second in seconds { all.insert(hour * 3_600 + minute * 60 + second) } }
        }
        return all
    }

    /// The moments at which the clock shows this.
    private func instants(_ local: Int64, _ clock: ReplayClock) -> [Timestamp] {
        let offsets = clock.changes.isEmpty ? [0] : Array(Set(clock.changes.map(\.seconds)))
        let found = offsets.map { Timestamp(microseconds: local - Int64($0) * 1_000_000) }.filter {
            clock.local($0).microseconds == local
        }.sorted()
        return moments == nil ? found : Array(found.prefix(1))
    }
}
