import Automation
import BridgeCore
import Store

/// How scores are shown.
enum ScoreText {
    /// Two decimals, or a dash.
    static func points(_ value: Double?) -> String { value.map(MetricsCommand.number) ?? "-" }

    /// One line for each part: its points, what it can be at most, and what it comes from.
    static func table(_ breakdown: ScoreBreakdown, now: Timestamp) -> TextTable? {
        guard let reliability = breakdown.reliability, let acceptance = breakdown.acceptance,
            let speed = breakdown.speed, let vitality = breakdown.vitality
        else { return nil }
        return TextTable(
            [.init("PART"), .init("POINTS", .right), .init("OF", .right), .init("WHY")],
            rows: [
                [
                    "reliability", points(reliability.points), "\(reliability.of)",
                    "\(count(reliability.successes, "success", "successes")) and "
                        + "\(count(reliability.failures, "failure", "failures")) in \(breakdown.days) days; newer ones weigh more",
                ],
                ["acceptance", points(acceptance.points), "\(acceptance.of)", why(acceptance)],
                ["speed", points(speed.points), "\(speed.of)", why(speed)],
                ["vitality", points(vitality.points), "\(vitality.of)", why(vitality, now)],
            ])
    }

    private static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }

    private static func why(_ acceptance: ScoreBreakdown.Acceptance) -> String {
        guard acceptance.checked > 0 else { return "no successful run of which it is known whether it was undone" }
        return
            "\(acceptance.undone) of \(count(acceptance.checked, "successful run", "successful runs")) undone by hand"
    }

    private static func why(_ speed: ScoreBreakdown.Speed) -> String {
        guard let present = speed.presentMedian, let earlier = speed.earlierMedian else {
            return "too few successful runs to compare this week's with those before"
        }
        return "\(milliseconds(present)) in the last 7 days, \(milliseconds(earlier)) before (medians)"
    }

    private static func why(_ vitality: ScoreBreakdown.Vitality, _ now: Timestamp) -> String {
        switch vitality.finding {
        case .unavailable: return "Home Assistant reports it unavailable"
        case .entitiesMissing: return "it names entities that do not exist"
        case .paused: return "switched off: it is not expected to run"
        case .running, .silent:
            let last = vitality.lastExecution.flatMap { Timestamp(iso8601: $0) }
            let usual = vitality.usualInterval.map { ", usually within \(interval($0))" } ?? ""
            return "last run \(TimeText.ago(last, now: now))\(usual)"
        }
    }

    private static func milliseconds(_ value: Double) -> String {
        TimeText.short(.milliseconds(Int64(value.rounded())))
    }

    private static func interval(_ seconds: Double) -> String {
        switch Int(max(seconds, Score.leastInterval)) {
        case ..<172_800: "a day"
        case let whole: "\(whole / 86_400) days"
        }
    }
}
