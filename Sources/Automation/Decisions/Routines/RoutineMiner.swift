/// Finds routines: what people do by hand after the same event, or at the same time of day, more often than chance allows.
///
/// Each pair of a trigger and an action is one test, against how often the action is done at that hour anyway; what passes must
/// pass for all tests together (Benjamini and Hochberg). Then the best explanation of an action takes away the times that it
/// explains, and the others must stand on what is left: of a chain of events that always come together, one is proposed.
package struct RoutineMiner: Sendable {
    let diary: HouseDiary
    let rules: RoutineRules
    let triggers: TriggerIndex
    /// The days that were seen.
    let days: [Int]

    /// Prepares the tests; `routines` runs them.
    package init(_ diary: HouseDiary, rules: RoutineRules = RoutineRules()) {
        self.diary = diary
        self.rules = rules
        days = diary.observedDays()
        triggers = TriggerIndex(diary, rules, days: days.count)
    }

    /// The routines, the most certain first.
    package func routines() -> [Routine] {
        let histories = actionHistories()
        guard !histories.isEmpty, !days.isEmpty else { return [] }
        let trials = histories.map { history in
            (eventTrials(history, history.occurrences) + timeTrials(history, history.occurrences))
        }
        let limit = Statistics.threshold(
            trials.joined().map(\.probability), tests: testCount(histories.count), rate: rules.falseDiscoveryRate)
        guard limit > 0 else { return [] }
        var found: [Routine] = []
        for (history, trials) in zip(histories, trials) {
            found += cover(history, trials.filter { $0.probability <= limit }, limit)
        }
        return Self.joined(found).sorted(by: Self.isMoreCertain)
    }

    /// How many questions the data are asked in all, whether or not there was anything to compute.
    private func testCount(_ actions: Int) -> Int {
        let times = 86_400 / ActionHistory.binLength * Self.widths.count * Self.timeOccasions.count
        return actions * (triggers.count * eventOccasions.count + times)
    }

    /// Pieces of the day that a habit may be spread over.
    static let widths = [2, 4]
    static let timeOccasions: [RoutineOccasion] = [.always, .weekdays, .weekends]

    var eventOccasions: [RoutineOccasion] {
        triggers.dark.isEmpty ? [.always, .weekdays, .weekends] : [.always, .dark, .weekdays, .weekends]
    }

    // MARK: Actions

    private func actionHistories() -> [ActionHistory] {
        var changes: [HouseDiary.Entity: [HouseDiary.Change]] = [:]
        var touched: [HouseDiary.Situation: Int] = [:]
        for change in diary.changes where change.cause == .user || change.cause == .hand {
            touched[change.situation, default: 0] += 1
        }
        var situations: [Routine.Step: (HouseDiary.Entity, Set<HouseDiary.Situation>)] = [:]
        for (situation, entity) in diary.situationEntities.enumerated() where diary.isComplete(entity) {
            let situation = HouseDiary.Situation(situation)
            let name = diary.entityName(situation)
            guard let action = RoutineAction(entity: name, state: diary.state(situation)) else { continue }
            situations[Routine.Step(entity: name, action: action), default: (entity, [])].1.insert(situation)
        }
        let wanted = situations.filter { step in
            step.value.1.reduce(0) { $0 + (touched[$1] ?? 0) } >= rules.leastSupport
        }
        let entities = Set(wanted.values.map(\.0))
        for change in diary.changes where entities.contains(change.entity) {
            changes[change.entity, default: []].append(change)
        }
        return wanted.sorted { ($0.key.entity, $0.key.action.service) < ($1.key.entity, $1.key.action.service) }
            .map { step, place in
                ActionHistory(
                    diary, step, entity: place.0, situations: place.1, changes: changes[place.0] ?? [], days: days)
            }
            .filter { $0.occurrences.count >= rules.leastSupport }
    }

    // MARK: Covering

    /// Takes the best explanation of an action, then what explains the rest of it.
    private func cover(_ history: ActionHistory, _ trials: [RoutineTrial], _ limit: Double) -> [Routine] {
        var found: [Routine] = []
        var open = history.occurrences
        var candidates = trials
        while let best = candidates.min(by: { $0.isBetter(than: $1) }) {
            found.append(best.routine)
            open.removeAll { best.times.contains($0.time) }
            guard open.count >= rules.leastSupport else { break }
            let left = candidates.filter { $0.question != best.question }
            candidates = left.compactMap { trial in
                switch trial.question {
                case .event(let situation, let occasion): eventTrial(history, open, situation, occasion)
                case .time(let bin, let width, let occasion): timeTrial(history, open, bin, width, occasion)
                }
            }.filter { $0.probability <= limit }
        }
        return found
    }

    /// What one touch does to several entities is one routine.
    private static func joined(_ routines: [Routine]) -> [Routine] {
        var result: [Routine] = []
        for routine in routines {
            let place = result.firstIndex { other in
                guard other.occasion == routine.occasion, isSame(other.cause, routine.cause) else { return false }
                let shared = other.contexts.intersection(routine.contexts).count
                return shared * 10 >= 7 * other.contexts.union(routine.contexts).count
            }
            guard let place else {
                result.append(routine)
                continue
            }
            result[place].steps += routine.steps
            result[place].steps.sort { ($0.entity, $0.action.service) < ($1.entity, $1.action.service) }
        }
        return result
    }

    private static func isSame(_ left: Routine.Cause, _ right: Routine.Cause) -> Bool {
        switch (left, right) {
        case (.time(let left), .time(let right)): abs(left - right) <= 15
        default: left == right
        }
    }

    private static func isMoreCertain(_ left: Routine, _ right: Routine) -> Bool {
        if left.confidence != right.confidence { return left.confidence > right.confidence }
        if left.probability != right.probability { return left.probability < right.probability }
        return (left.steps.first?.entity ?? "") < (right.steps.first?.entity ?? "")
    }
}

/// One test that was computed.
struct RoutineTrial {
    /// What was asked.
    enum Question: Hashable {
        case event(HouseDiary.Situation, RoutineOccasion)
        case time(bin: Int, width: Int, RoutineOccasion)
    }

    let question: Question
    let routine: Routine
    /// The times of the action that it explains.
    let times: Set<Int64>

    var probability: Double { routine.probability }

    /// How well trigger and action go together, both ways, in twentieths: smaller differences are chance.
    private var fit: Int {
        let confidence = routine.confidence
        let coverage = routine.coverage
        return Int((40 * confidence * coverage / max(confidence + coverage, 0.001)).rounded())
    }

    /// Better fits first; of equal ones those without conditions, then the closer in time.
    func isBetter(than other: RoutineTrial) -> Bool {
        if fit != other.fit { return fit > other.fit }
        if routine.occasion != other.routine.occasion { return routine.occasion < other.routine.occasion }
        if routine.cause.preference != other.routine.cause.preference {
            return routine.cause.preference < other.routine.cause.preference
        }
        if routine.spread != other.routine.spread { return routine.spread < other.routine.spread }
        return "\(routine.cause)" < "\(other.routine.cause)"
    }
}

extension Routine.Cause {
    /// Which of several causes that explain the same a person would name: somebody comes home, rather than a telephone is found.
    fileprivate var preference: Int {
        switch self {
        case .event(let entity, _):
            if entity.hasPrefix("person.") { 0 } else if entity.hasPrefix("device_tracker.") { 2 } else { 1 }
        case .time: 3
        }
    }
}
