import BridgeCore
import Store

/// Deletes metrics of connections that are past their time.
package struct MetricsRetentionJob: MaintenanceJob {
    package let name = "metrics_retention"
    package let interval = Duration.seconds(86_400)
    package let firstPause = Duration.seconds(3_600)

    private let metrics: RollupRetentionRepository

    /// A job over these metrics.
    package init(_ metrics: RollupRetentionRepository) { self.metrics = metrics }

    package func run() async throws -> JobOutcome {
        let rows = try await metrics.deleteOldMetrics(now: .now).reduce(0) { $0 + $1.rows }
        guard rows > 0 else { return .nothing }
        return JobOutcome(summary: "Deleted \(rows) old metrics of connections.", items: rows)
    }
}
