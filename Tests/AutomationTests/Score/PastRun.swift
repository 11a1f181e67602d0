import BridgeCore
import Glibc
import Store

/// A run of a test's automation.
struct PastRun: Sendable {
    var status = ExecutionStatus.success
    /// Seconds before the moment of the score.
    var age: Double
    /// Milliseconds; `nil` for one that is not over.
    var duration: Int? = 200
    var isChecked = true
    var isUndone = false
}

extension ScoreFacts {
    /// An automation whose figures a test sets itself.
    static func sample(_ state: LifecycleState = .active, since: Timestamp = moment.adding(seconds: -90 * 86_400))
        -> ScoreFacts
    {
        ScoreFacts(
            automation: AutomationID(), connection: ConnectionID(), name: "Night light", state: state, stateSince: since
        )
    }

    /// The moment of the tests: 2026-11-21 12:00 UTC.
    static let moment = Timestamp(microseconds: 1_795_262_400_000_000)

    /// The figures of `runs` at a moment, worked out run by run, as a person would with paper and pencil.
    mutating func count(_ runs: [PastRun], at moment: Timestamp = moment) {
        let day = 86_400.0
        let seen = runs.filter { $0.status != .running && $0.status != .blocked && $0.age < 30 * day }
            .sorted { $0.age > $1.age }
        executions = seen.count
        known = seen.count { $0.status != .unknown }
        let good = seen.filter { $0.status == .success }
        let bad = seen.filter { $0.status == .failure }
        successes = good.count
        failures = bad.count
        func weight(_ run: PastRun) -> Double { exp2(-max(0, run.age) / (14 * day)) }
        weightedSuccesses = good.map(weight).reduce(0, +)
        weightedFailures = bad.map(weight).reduce(0, +)
        recentExecutions = seen.count { $0.age < 14 * day }
        recentFailures = bad.count { $0.age < 14 * day }
        recentUndone = good.count { $0.age < 14 * day && $0.isUndone }
        checked = good.count { $0.isChecked || $0.isUndone }
        undone = good.count { $0.isUndone }
        let present = good.filter { $0.age < 7 * day }.compactMap(\.duration)
        let earlier = good.filter { $0.age >= 7 * day }.compactMap(\.duration)
        presentRuns = present.count
        earlierRuns = earlier.count
        presentMedian = Self.median(present)
        earlierMedian = Self.median(earlier)
        lastExecution = seen.last.map { moment.adding(.microseconds(Int64(($0.age * -1_000_000).rounded()))) }
        let pauses = zip(seen, seen.dropFirst()).map { $0.age - $1.age }.sorted()
        usualInterval = pauses.isEmpty ? nil : pauses[Int((Double(pauses.count) * 0.9).rounded(.up)) - 1]
        let lastGood = good.map(\.age).min()
        failuresInRow = bad.count { bad in lastGood.map { bad.age < $0 } ?? true }
    }

    private static func median(_ values: [Int]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? Double(sorted[middle]) : Double(sorted[middle - 1] + sorted[middle]) / 2
    }
}
