#if canImport(Glibc)
    import Glibc
#endif

/// When people did one thing to one entity, and when there was no need to because it was done already.
struct ActionHistory {
    /// One time that a person did it.
    struct Occurrence {
        /// Milliseconds since 1970.
        let time: Int64
        let day: Int
        /// Second of the day on the clock of the house.
        let second: Int
        let context: Int
        let isHand: Bool
    }

    let entity: HouseDiary.Entity
    let step: Routine.Step
    private(set) var occurrences: [Occurrence] = []
    /// Whether the entity is where the action would bring it.
    private(set) var done = Timeline()
    private var bins: DayBins

    /// The length of a piece of the day, in seconds.
    static let binLength = 600

    /// Reads all of an entity's changes, in the order of time. `situations` are those that the action leads to.
    init(
        _ diary: HouseDiary, _ step: Routine.Step, entity: HouseDiary.Entity, situations: Set<HouseDiary.Situation>,
        changes: [HouseDiary.Change], days: [Int]
    ) {
        self.entity = entity
        self.step = step
        bins = DayBins(days: days)
        for change in changes {
            let isDone = situations.contains(change.situation)
            let wasDone = done.isOn(at: change.time)
            done.append(isDone, at: change.time)
            guard isDone, !wasDone, change.cause == .user || change.cause == .hand else { continue }
            // Somebody who presses twice wants it once.
            if let last = occurrences.last, change.time - last.time < 60_000 { continue }
            let (day, second) = diary.localSecond(change.time)
            occurrences.append(
                Occurrence(
                    time: change.time, day: day, second: second, context: change.context,
                    isHand: change.cause == .hand))
            bins.count(day: day, second: second)
        }
        for interval in done.intervals {
            let start = diary.localSecond(interval.lowerBound)
            let end = interval.upperBound == .max ? nil : diary.localSecond(interval.upperBound)
            bins.close(from: start, to: end)
        }
    }

    /// The probability that somebody does it within `seconds` from a moment by chance: as often as it is done around that time
    /// on the other days, for as long as it could be done.
    func chance(day: Int, second: Int, within seconds: Double) -> Double {
        let (count, exposure) = bins.around(second: second, except: day, reach: 6)
        return 1 - exp(-(count + 0.5) / max(exposure, 3_600) * seconds)
    }

    /// The probability that it falls into a stretch of a day by chance, going by the hour and a half on either
    /// side of it, on days of the same kind.
    func chance(bin: Int, width: Int, occasion: RoutineOccasion) -> Double {
        let (count, exposure) = bins.beside(bin: bin, width: width, reach: 9) { occasion.includes(day: $0) }
        let seconds = Double(width * Self.binLength)
        return 1 - exp(-(count + 0.5) / max(exposure, 3_600) * seconds)
    }
}

/// When something held.
struct Timeline {
    private var times: [Int64] = []
    private var values: [Bool] = []

    mutating func append(_ value: Bool, at time: Int64) {
        guard values.last != value else { return }
        times.append(time)
        values.append(value)
    }

    var isEmpty: Bool { times.isEmpty }

    /// Whether it held just before, or since before, `time`; false before the first word.
    func isOn(at time: Int64) -> Bool {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low > 0 && values[low - 1]
    }

    /// The stretches in which it held; one that has not ended ends at `Int64.max`.
    var intervals: [Range<Int64>] {
        times.indices.compactMap { index in
            guard values[index] else { return nil }
            return times[index]..<(index + 1 < times.count ? times[index + 1] : .max)
        }
    }
}

/// Counts and open time for each piece of each day.
private struct DayBins {
    static let perDay = 86_400 / ActionHistory.binLength
    private let days: [Int]
    private let places: [Int: Int]
    private var counts: [Double]
    private var exposures: [Double]
    private var countTotals = [Double](repeating: 0, count: perDay)
    private var exposureTotals = [Double](repeating: 0, count: perDay)

    init(days: [Int]) {
        self.days = days
        places = Dictionary(uniqueKeysWithValues: days.enumerated().map { ($1, $0) })
        counts = [Double](repeating: 0, count: days.count * Self.perDay)
        exposures = [Double](repeating: Double(ActionHistory.binLength), count: days.count * Self.perDay)
        exposureTotals = [Double](repeating: Double(ActionHistory.binLength * days.count), count: Self.perDay)
    }

    mutating func count(day: Int, second: Int) {
        guard let place = places[day] else { return }
        let bin = min(Self.perDay - 1, second / ActionHistory.binLength)
        counts[place * Self.perDay + bin] += 1
        countTotals[bin] += 1
    }

    /// Takes out the time from one moment to another in which there was nothing to do.
    mutating func close(from start: (day: Int, second: Int), to end: (day: Int, second: Int)?) {
        guard let last = days.last else { return }
        let end = end ?? (last, 86_400)
        var day = max(start.day, days[0])
        while day <= min(end.day, last) {
            if let place = places[day] {
                let from = day == start.day ? start.second : 0
                let until = day == end.day ? end.second : 86_400
                close(place, from, until)
            }
            day += 1
        }
    }

    private mutating func close(_ place: Int, _ from: Int, _ until: Int) {
        var second = from
        while second < until {
            let bin = min(Self.perDay - 1, second / ActionHistory.binLength)
            let next = min(until, (bin + 1) * ActionHistory.binLength)
            let index = place * Self.perDay + bin
            let taken = min(exposures[index], Double(next - second))
            exposures[index] -= taken
            exposureTotals[bin] -= taken
            second = max(next, second + 1)
        }
    }

    /// What happened up to `reach` pieces away from a time of day, on all days but one.
    func around(second: Int, except day: Int, reach: Int) -> (count: Double, exposure: Double) {
        let middle = min(Self.perDay - 1, second / ActionHistory.binLength)
        let own = places[day].map { $0 * Self.perDay }
        var count = 0.0
        var exposure = 0.0
        for offset in -reach...reach {
            let bin = (middle + offset + Self.perDay) % Self.perDay
            count += countTotals[bin] - (own.map { counts[$0 + bin] } ?? 0)
            exposure += exposureTotals[bin] - (own.map { exposures[$0 + bin] } ?? 0)
        }
        return (count, exposure)
    }

    /// What happened up to `reach` pieces before and after a stretch, on days that pass.
    func beside(
        bin: Int, width: Int, reach: Int, where passes: (Int) -> Bool
    ) -> (count: Double, exposure: Double) {
        var count = 0.0
        var exposure = 0.0
        for (place, day) in days.enumerated() where passes(day) {
            for offset in 1...reach {
                for other in [bin - offset, bin + width - 1 + offset] {
                    let index = place * Self.perDay + (other + 2 * Self.perDay) % Self.perDay
                    count += counts[index]
                    exposure += exposures[index]
                }
            }
        }
        return (count, exposure)
    }
}
