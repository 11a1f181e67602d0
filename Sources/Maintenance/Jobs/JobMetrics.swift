import BridgeConcurrency
import Store

/// The jobs in `/metrics`, as the database tells of them: the same on every bridge, whichever runs them.
final class JobMetrics: Sendable {
    private let stored = LockedBox<[String: StoredMaintenanceJob]>([:])

    init(_ metrics: MetricsRegistry, jobs: [String]) {
        let stored = stored
        for job in jobs {
            let labels = ["job": job]
            func read(
                _ figure: @escaping @Sendable (StoredMaintenanceJob) -> Double?
            ) -> @Sendable () -> Double? {
                { stored.withLock { $0[job] }.flatMap(figure) }
            }
            metrics.gauge(
                "ha_bridge_job_last_run_timestamp_seconds", "When a job of maintenance last came to its end.",
                labels: labels, read: read { $0.lastFinishedAt.map { Double($0.microseconds) / 1_000_000 } })
            metrics.gauge(
                "ha_bridge_job_duration_seconds", "How long the last run of a job of maintenance took.",
                labels: labels, read: read { $0.lastDurationMS.map { Double($0) / 1_000 } })
            metrics.counter(
                "ha_bridge_job_errors_total", "Runs of a job of maintenance that failed.", labels: labels,
                read: read { Double($0.errorCount) })
            metrics.counter(
                "ha_bridge_job_items_total", "What a job of maintenance has done: partitions made, rows deleted.",
                labels: labels, read: read { Double($0.itemCount) })
        }
    }

    /// Takes what the database says now.
    func show(_ jobs: [StoredMaintenanceJob]) {
        let byName = Dictionary(uniqueKeysWithValues: jobs.map { ($0.name, $0) })
        stored.withLock { $0 = byName }
    }
}
