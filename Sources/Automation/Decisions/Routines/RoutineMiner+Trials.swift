/// When each situation that may be a trigger came about.
struct TriggerIndex: Sendable {
    /// Positions in the changes of the diary, in the order of time.
    private let positions: [HouseDiary.Situation: [Int32]]
    /// When the sun is below the horizon.
    let dark: Timeline

    init(_ diary: HouseDiary, _ rules: RoutineRules, days: Int) {
        var positions: [HouseDiary.Situation: [Int32]] = [:]
        var dark = Timeline()
        let night = diary.situation("sun.sun", "below_horizon")
        let day = diary.situation("sun.sun", "above_horizon")
        for (position, change) in diary.changes.enumerated() {
            if change.situation == night { dark.append(true, at: change.time) }
            if change.situation == day { dark.append(false, at: change.time) }
            if change.isFresh { positions[change.situation, default: []].append(Int32(position)) }
        }
        let most = rules.mostTriggersPerDay * max(1, days)
        self.positions = positions.filter { situation, list in
            let state = diary.state(situation)
            return list.count <= most && list.count >= rules.leastSupport && !HouseDiary.isAbsent(state)
                && diary.isComplete(diary.situationEntities[Int(situation)])
        }
        self.dark = dark
    }

    var count: Int { positions.count }

    func positions(of situation: HouseDiary.Situation) -> [Int32] { positions[situation] ?? [] }

    func isTrigger(_ situation: HouseDiary.Situation) -> Bool { positions[situation] != nil }
}

extension RoutineMiner {
    // MARK: After an event

    /// Every trigger that came often enough before the action.
    func eventTrials(_ history: ActionHistory, _ open: [ActionHistory.Occurrence]) -> [RoutineTrial] {
        var counts: [HouseDiary.Situation: Int] = [:]
        for occurrence in open {
            var seen: Set<HouseDiary.Situation> = []
            var position = firstChange(from: occurrence.time) - 1
            while position >= 0, diary.changes[position].time > occurrence.time - rules.window {
                let change = diary.changes[position]
                if change.entity != history.entity, change.isFresh { seen.insert(change.situation) }
                position -= 1
            }
            for situation in seen { counts[situation, default: 0] += 1 }
        }
        return counts.filter { $0.value >= rules.leastSupport && triggers.isTrigger($0.key) }
            .sorted { $0.key < $1.key }
            .flatMap { situation, _ in
                eventOccasions.compactMap { eventTrial(history, open, situation, $0) }
            }
    }

    /// The first change at `time` or later.
    private func firstChange(from time: Int64) -> Int {
        var low = 0
        var high = diary.changes.count
        while low < high {
            let middle = (low + high) / 2
            if diary.changes[middle].time < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// One trigger and one action; `nil` where the habit is too weak to be computed, or to be a person's.
    func eventTrial(
        _ history: ActionHistory, _ open: [ActionHistory.Occurrence], _ situation: HouseDiary.Situation,
        _ occasion: RoutineOccasion
    ) -> RoutineTrial? {
        let moments = moments(of: situation, on: occasion)
        var opportunities: [(time: Int64, day: Int, second: Int)] = []
        var hits: [(occurrence: ActionHistory.Occurrence, delay: Int64)] = []
        var last = Int64.min / 2
        for change in moments where change.time - last >= rules.window && !history.done.isOn(at: change.time) {
            last = change.time
            let (day, second) = diary.localSecond(change.time)
            opportunities.append((change.time, day, second))
            if let hit = first(open, after: change.time, notOf: change.context) {
                hits.append((hit, hit.time - change.time))
            }
        }
        let days = Set(hits.map(\.occurrence.day)).count
        guard hits.count >= rules.leastSupport, days >= rules.leastDays,
            Double(hits.count) >= rules.leastConfidence * Double(opportunities.count),
            isPerson(hits), follows(history, moments)
        else { return nil }
        let chances = opportunities.map {
            history.chance(day: $0.day, second: $0.second, within: Double(rules.window) / 1_000)
        }
        let expected = chances.reduce(0, +)
        guard Double(hits.count) >= rules.leastLift * expected else { return nil }
        let delays = hits.map { Double($0.delay) / 1_000 }
        let routine = Routine(
            cause: .event(entity: diary.entityName(situation), state: diary.state(situation)), occasion: occasion,
            steps: [history.step], support: hits.count, days: days, opportunities: opportunities.count,
            expected: expected, coverage: Double(hits.count) / Double(max(1, open.count)),
            probability: Statistics.tail(hits: hits.count, of: chances), spread: Self.spread(delays),
            delay: Statistics.median(delays) ?? 0, contexts: Set(hits.map(\.occurrence.context)))
        return RoutineTrial(
            question: .event(situation, occasion), routine: routine, times: Set(hits.map(\.occurrence.time)))
    }

    private func moments(of situation: HouseDiary.Situation, on occasion: RoutineOccasion) -> [HouseDiary.Change] {
        triggers.positions(of: situation).map { diary.changes[Int($0)] }.filter { change in
            switch occasion {
            case .always: true
            case .dark: triggers.dark.isOn(at: change.time)
            case .weekdays, .weekends: occasion.includes(day: diary.localSecond(change.time).day)
            }
        }
    }

    /// The first time that the action was done within the window, unless by the same touch as the trigger.
    private func first(
        _ open: [ActionHistory.Occurrence], after time: Int64, notOf context: Int
    ) -> ActionHistory.Occurrence? {
        var low = 0
        var high = open.count
        while low < high {
            let middle = (low + high) / 2
            if open[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        while low < open.count, open[low].time <= time + rules.window {
            if open[low].context != context { return open[low] }
            low += 1
        }
        return nil
    }

    /// Neither faster nor more regular than people are.
    private func isPerson(_ hits: [(occurrence: ActionHistory.Occurrence, delay: Int64)]) -> Bool {
        let delays = hits.map(\.delay)
        guard let middle = Statistics.median(delays), middle >= rules.fastestPerson else { return false }
        return Self.spread(delays.map { Double($0) / 1_000 }) >= 1
    }

    /// Whether the action comes after the trigger rather than before it: things that happen together in any order, as when people
    /// come into a room, follow from something else.
    private func follows(_ history: ActionHistory, _ moments: [HouseDiary.Change]) -> Bool {
        var before = 0
        var after = 0
        var last = Int64.min / 2
        for change in moments where change.time - last >= rules.window {
            last = change.time
            if first(history.occurrences, after: change.time, notOf: change.context) != nil { after += 1 }
            let start = change.time - rules.window - 1
            if first(history.occurrences, after: start, notOf: change.context) != nil { before += 1 }
        }
        return Statistics.tail(hits: after, trials: after + before, probability: 0.5) <= rules.mostSymmetry
    }

    // MARK: At a time of day

    /// Every stretch of the day in which the action was done often enough.
    func timeTrials(_ history: ActionHistory, _ open: [ActionHistory.Occurrence]) -> [RoutineTrial] {
        let starts = Set(open.map { $0.second / ActionHistory.binLength })
        return Self.widths.flatMap { width in
            // A stretch that begins with none is no better than the next one.
            starts.sorted().flatMap { bin in
                Self.timeOccasions.compactMap { timeTrial(history, open, bin, width, $0) }
            }
        }
    }

    /// One stretch of the day and one action; `nil` where the habit is too weak to be computed, or to be a person's.
    func timeTrial(
        _ history: ActionHistory, _ open: [ActionHistory.Occurrence], _ bin: Int, _ width: Int,
        _ occasion: RoutineOccasion
    ) -> RoutineTrial? {
        let start = bin * ActionHistory.binLength
        let length = width * ActionHistory.binLength
        var hits: [Int: ActionHistory.Occurrence] = [:]
        var times: Set<Int64> = []
        for occurrence in open where occasion.includes(day: occurrence.day) {
            let distance = (occurrence.second - start + 86_400) % 86_400
            guard distance < length else { continue }
            // What is done after midnight belongs to the evening before.
            let day = occurrence.second < start ? occurrence.day - 1 : occurrence.day
            if hits[day] == nil { hits[day] = occurrence }
            times.insert(occurrence.time)
        }
        let seen = days.filter { occasion.includes(day: $0) }.count
        guard hits.count >= rules.leastSupport, hits.count >= rules.leastDays, seen > 0,
            Double(hits.count) >= rules.leastDailyConfidence * Double(seen)
        else { return nil }
        let distances = hits.values.map { Double(($0.second - start + 86_400) % 86_400) }
        let spread = Self.spread(distances)
        guard spread >= rules.mostPunctualPerson else { return nil }
        let chance = history.chance(bin: bin, width: width, occasion: occasion)
        let support = min(hits.count, seen)
        guard Double(support) >= rules.leastDailyLift * chance * Double(seen) else { return nil }
        let middle = (start + Int(Statistics.median(distances) ?? 0)) % 86_400
        let routine = Routine(
            cause: .time(minute: (middle + 150) / 300 * 5 % 1_440), occasion: occasion, steps: [history.step],
            support: support, days: support, opportunities: seen, expected: chance * Double(seen),
            coverage: Double(times.count) / Double(max(1, open.count)),
            probability: Statistics.tail(hits: support, trials: seen, probability: chance), spread: spread, delay: 0,
            contexts: Set(hits.values.map(\.context)))
        return RoutineTrial(
            question: .time(bin: bin, width: width, occasion), routine: routine, times: times)
    }

    /// How far the middle half lies apart.
    private static func spread(_ values: [Double]) -> Double {
        guard let low = Statistics.quantile(values, 0.25), let high = Statistics.quantile(values, 0.75) else {
            return 0
        }
        return high - low
    }
}
