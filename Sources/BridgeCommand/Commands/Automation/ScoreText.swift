import Automation
import BridgeCore
import Store

/// How scores are shown.
enum ScoreText {
    /// Two decimals, or a dash.
    static func points(_ value: Double?) -> String { value.map(MetricsCommand.number) ?? "-" }

    /// One line for each part: its points, what it can be at most, and what it comes from.
    static func table(_ breakdown: ScoreBreakdown, now: Timestamp) -> TextTable? {
        let parts = breakdown.parts(now: now)
        guard !parts.isEmpty else { return nil }
        return TextTable(
            [.init("PART"), .init("POINTS", .right), .init("OF", .right), .init("WHY")],
            rows: parts.map { [$0.name, points($0.points), "\($0.of)", $0.why] })
    }
}
