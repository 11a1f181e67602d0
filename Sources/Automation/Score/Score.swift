import BridgeCore
import Store

/// How well an automation does, 0 to 100: the sum of four parts. A pure function of its facts and the moment.
package struct Score: Sendable, Hashable {
    /// What was found about its being alive.
    package enum Vitality: String, Sendable, Codable {
        /// It ran when it usually does.
        case running
        /// Switched off: nobody expects it to run.
        case paused
        /// It has not run for more than three of its usual intervals.
        case silent
        /// Home Assistant reports it unavailable.
        case unavailable
        /// It names entities that do not exist.
        case entitiesMissing = "entities_missing"
    }

    /// Points in hundredths, so that parts add up to the whole as they are shown.
    package struct Parts: Sendable, Hashable {
        /// Of 5,000.
        package var reliability: Int
        /// Of 2,500.
        package var acceptance: Int
        /// Of 1,500.
        package var speed: Int
        /// Of 1,000.
        package var vitality: Int
        /// Of 10,000.
        package var total: Int { reliability + acceptance + speed + vitality }
    }

    /// What each part can be at most, in points.
    package enum Weight {
        package static let reliability = 50
        package static let acceptance = 25
        package static let speed = 15
        package static let vitality = 10
    }

    package let facts: ScoreFacts
    package let vitality: Vitality
    /// `nil` where fewer than three runs have an end that was seen: a guess would not be worth a number.
    package let parts: Parts?

    /// The whole in hundredths.
    package var hundredths: Int? { parts?.total }

    /// Runs that it takes.
    package static let minimumRuns = 3
    /// Successes and runs that are added to every history, so that one failure among three is not the end.
    private static let prior = (successes: 4.0, runs: 5.0)
    /// Median times below are all the same: nobody feels the difference.
    private static let leastTime = 100.0
    /// Intervals without a run that are no reason for concern.
    private static let patience = 3.0
    /// Houses sleep at night: a shorter usual interval counts as this.
    package static let leastInterval = 86_400.0

    /// The score as of `moment`.
    package init(_ facts: ScoreFacts, at moment: Timestamp) {
        self.facts = facts
        vitality = Self.vitality(facts, at: moment)
        guard facts.known >= Self.minimumRuns else {
            parts = nil
            return
        }
        parts = Parts(
            reliability: Self.hundredths(Weight.reliability, Self.reliability(facts)),
            acceptance: Self.hundredths(Weight.acceptance, Self.acceptance(facts)),
            speed: Self.hundredths(Weight.speed, Self.speed(facts)),
            vitality: vitality == .running || vitality == .paused ? Weight.vitality * 100 : 0)
    }

    private static func hundredths(_ weight: Int, _ share: Double) -> Int {
        Int((Double(weight) * 100 * min(1, max(0, share))).rounded())
    }

    private static func reliability(_ facts: ScoreFacts) -> Double {
        (facts.weightedSuccesses + prior.successes)
            / (facts.weightedSuccesses + facts.weightedFailures + prior.runs)
    }

    /// The share of successful runs that nobody reversed, among those of which that is known.
    private static func acceptance(_ facts: ScoreFacts) -> Double {
        // Without a success there is nothing that could be accepted; without a failure either, nothing speaks against it.
        guard facts.successes > 0 else { return facts.failures > 0 ? 0 : 1 }
        guard facts.checked > 0 else { return 1 }
        return Double(facts.checked - facts.undone) / Double(facts.checked)
    }

    /// The earlier median by the present one, where there are three runs of each.
    private static func speed(_ facts: ScoreFacts) -> Double {
        guard facts.successes > 0 else { return facts.failures > 0 ? 0 : 1 }
        guard facts.presentRuns >= minimumRuns, facts.earlierRuns >= minimumRuns,
            let present = facts.presentMedian, let earlier = facts.earlierMedian
        else { return 1 }
        return max(earlier, leastTime) / max(present, leastTime)
    }

    private static func vitality(_ facts: ScoreFacts, at moment: Timestamp) -> Vitality {
        if facts.state == .unavailable { return .unavailable }
        if facts.lacksEntities { return .entitiesMissing }
        if facts.state == .paused { return .paused }
        guard let last = facts.lastExecution, let usual = facts.usualInterval else { return .running }
        let silence = Double(moment.microseconds - last.microseconds) / 1_000_000
        return silence > patience * max(usual, leastInterval) ? .silent : .running
    }
}
