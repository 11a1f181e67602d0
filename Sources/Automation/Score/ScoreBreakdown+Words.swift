import BridgeCore
import Store

extension ScoreBreakdown {
    /// One part of a score, for a person.
    package struct Part: Sendable, Equatable {
        /// `reliability`, `acceptance`, `speed` or `vitality`.
        package let name: String
        package let points: Double
        /// What the points can be at most.
        package let of: Int
        /// What they come from.
        package let why: String

        /// The part as one object.
        package var jsonValue: JSONValue {
            .object([
                "part": .string(name), "points": .number(points), "of": .integer(Int64(of)), "why": .string(why),
            ])
        }
    }

    /// The parts in words as of `now`; empty where there is no score.
    package func parts(now: Timestamp) -> [Part] {
        guard let reliability, let acceptance, let speed, let vitality else { return [] }
        let runs =
            "\(Self.count(reliability.successes, "success", "successes")) and "
            + "\(Self.count(reliability.failures, "failure", "failures")) in \(days) days; newer ones weigh more"
        return [
            Part(name: "reliability", points: reliability.points, of: reliability.of, why: runs),
            Part(name: "acceptance", points: acceptance.points, of: acceptance.of, why: Self.why(acceptance)),
            Part(name: "speed", points: speed.points, of: speed.of, why: Self.why(speed)),
            Part(name: "vitality", points: vitality.points, of: vitality.of, why: Self.why(vitality, now)),
        ]
    }

    private static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }

    private static func why(_ acceptance: Acceptance) -> String {
        guard acceptance.checked > 0 else { return "no successful run of which it is known whether it was undone" }
        return
            "\(acceptance.undone) of \(count(acceptance.checked, "successful run", "successful runs")) undone by hand"
    }

    private static func why(_ speed: Speed) -> String {
        guard let present = speed.presentMedian, let earlier = speed.earlierMedian else {
            return "too few successful runs to compare this week's with those before"
        }
        return "\(milliseconds(present)) in the last 7 days, \(milliseconds(earlier)) before (medians)"
    }

    private static func why(_ vitality: Vitality, _ now: Timestamp) -> String {
        switch vitality.finding {
        case .unavailable: return "Home Assistant reports it unavailable"
        case .entitiesMissing: return "it names entities that do not exist"
        case .paused: return "switched off: it is not expected to run"
        case .running, .silent:
            let last = vitality.lastExecution.flatMap { Timestamp(iso8601: $0) }
            let usual = vitality.usualInterval.map { ", usually within \(interval($0))" } ?? ""
            return "last run \(TimeWords.ago(last, now: now))\(usual)"
        }
    }

    private static func milliseconds(_ value: Double) -> String {
        TimeWords.short(.milliseconds(Int64(value.rounded())))
    }

    private static func interval(_ seconds: Double) -> String {
        switch Int(max(seconds, Score.leastInterval)) {
        case ..<172_800: "a day"
        case let whole: "\(whole / 86_400) days"
        }
    }
}
