import BridgeCore
import FoundationEssentials
import Store

/// What `automation_management.score_breakdown` holds: each part of a score with the figures behind it.
package struct ScoreBreakdown: Codable, Sendable, Hashable {
    package struct Reliability: Codable, Sendable, Hashable {
        package var points: Double
        package var of = Score.Weight.reliability
        package var successes: Int
        package var failures: Int
    }

    package struct Acceptance: Codable, Sendable, Hashable {
        package var points: Double
        package var of = Score.Weight.acceptance
        /// Successful runs of which it is known whether a person reversed an effect.
        package var checked: Int
        package var undone: Int
    }

    package struct Speed: Codable, Sendable, Hashable {
        package var points: Double
        package var of = Score.Weight.speed
        package var presentRuns: Int
        package var presentMedian: Double?
        package var earlierRuns: Int
        package var earlierMedian: Double?

        enum CodingKeys: String, CodingKey {
            case points, of
            case presentRuns = "present_runs"
            case presentMedian = "present_median_ms"
            case earlierRuns = "earlier_runs"
            case earlierMedian = "earlier_median_ms"
        }
    }

    package struct Vitality: Codable, Sendable, Hashable {
        package var points: Double
        package var of = Score.Weight.vitality
        package var finding: Score.Vitality
        package var lastExecution: String?
        package var usualInterval: Double?

        enum CodingKeys: String, CodingKey {
            case points, of, finding
            case lastExecution = "last_execution_time"
            case usualInterval = "usual_interval_s"
        }
    }

    package struct Recent: Codable, Sendable, Hashable {
        package var days = Int(ScoreFacts.Span.recent / 86_400)
        package var executions: Int
        package var failures: Int
        package var undone: Int
    }

    /// The only figures that move with every second; see `ScoreRepository.Row`.
    package struct Weights: Codable, Sendable, Hashable {
        package var successes: Double
        package var failures: Double
    }

    /// Of this form.
    package var version = 1
    package var days = Int(ScoreFacts.Span.window / 86_400)
    package var explanation: String
    package var executions: Int
    /// Executions whose end was not seen.
    package var unknown: Int
    package var failuresInRow: Int
    package var reliability: Reliability?
    package var acceptance: Acceptance?
    package var speed: Speed?
    package var vitality: Vitality?
    package var recent: Recent
    package var weights: Weights?

    enum CodingKeys: String, CodingKey {
        case version, days, explanation, executions, unknown, reliability, acceptance, speed, vitality, recent, weights
        case failuresInRow = "failures_in_row"
    }

    /// The breakdown of `score` as of `moment`; without parts where there is no score.
    package init(_ score: Score, at moment: Timestamp) {
        let facts = score.facts
        explanation = score.words(at: moment)
        executions = facts.executions
        unknown = facts.executions - facts.known
        failuresInRow = facts.failuresInRow
        recent = Recent(
            executions: facts.recentExecutions, failures: facts.recentFailures, undone: facts.recentUndone)
        guard let parts = score.parts else { return }
        reliability = Reliability(
            points: Double(parts.reliability) / 100, successes: facts.successes, failures: facts.failures)
        acceptance = Acceptance(points: Double(parts.acceptance) / 100, checked: facts.checked, undone: facts.undone)
        speed = Speed(
            points: Double(parts.speed) / 100, presentRuns: facts.presentRuns,
            presentMedian: facts.presentMedian.map(Self.rounded), earlierRuns: facts.earlierRuns,
            earlierMedian: facts.earlierMedian.map(Self.rounded))
        vitality = Vitality(
            points: Double(parts.vitality) / 100, finding: score.vitality,
            lastExecution: facts.lastExecution?.iso8601, usualInterval: facts.usualInterval.map(Self.rounded))
        weights = Weights(
            successes: Self.rounded(facts.weightedSuccesses), failures: Self.rounded(facts.weightedFailures))
    }

    /// Two decimals.
    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    /// The text of the column.
    package var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// What the column holds. Throws `DecodingError` for one that another release wrote in another form.
    package init(json: String) throws {
        self = try JSONDecoder().decode(ScoreBreakdown.self, from: Data(json.utf8))
    }
}
