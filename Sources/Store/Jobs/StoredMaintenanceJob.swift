import BridgeCore
import PostgresClient

/// A row of `maintenance_job`.
package struct StoredMaintenanceJob: Sendable, Equatable {
    package let name: String
    package let nextRunAt: Timestamp
    /// When the last run began, whether it has ended or not.
    package let lastStartedAt: Timestamp?
    package let lastFinishedAt: Timestamp?
    package let lastDurationMS: Int64?
    /// What the last good run did; `nil` where nothing was due.
    package let lastSummary: String?
    package let lastItems: Int64?
    /// Free of secrets; stays after a good run.
    package let lastError: String?
    package let lastErrorAt: Timestamp?
    package let runCount: Int64
    package let errorCount: Int64
    package let itemCount: Int64
    package let failuresInARow: Int
    /// The name of the bridge that is at it now; `nil` for none.
    package let holderName: String?
    /// Whether some process is at it, and its time is not over by the database's clock.
    package let isHeld: Bool
    /// Whether the next run is due by the database's clock.
    package let isDue: Bool

    static let selection = """
        SELECT job.*, coalesce(job.holder_expires_at > clock_timestamp(), false) AS is_held,
            job.next_run_at <= clock_timestamp() AS is_due
        FROM maintenance_job AS job
        """

    init(row: PostgresRow) throws(PostgresError) {
        name = try row.string("job_name")
        nextRunAt = try row.timestamp("next_run_at")
        lastStartedAt = try row.optionalTimestamp("last_started_at")
        lastFinishedAt = try row.optionalTimestamp("last_finished_at")
        lastDurationMS = try row.optionalInt("last_duration_ms").map { Int64($0) }
        lastSummary = try row.optionalString("last_summary")
        lastItems = try row.optionalInt("last_items").map { Int64($0) }
        lastError = try row.optionalString("last_error")
        lastErrorAt = try row.optionalTimestamp("last_error_at")
        runCount = Int64(try row.int("run_count"))
        errorCount = Int64(try row.int("error_count"))
        itemCount = Int64(try row.int("item_count"))
        failuresInARow = try row.int("failures_in_a_row")
        isHeld = try row.bool("is_held")
        holderName = isHeld ? try row.optionalString("holder_name") : nil
        isDue = try row.bool("is_due")
    }
}
