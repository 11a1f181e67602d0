import BridgeCore
import PostgresClient

/// A run of an automation, as far as a person who looks at the automation wants to know it.
package struct RecentRun: Sendable, Hashable {
    package let startedAt: Timestamp
    package let status: ExecutionStatus
    /// Milliseconds; `nil` for one that is not over.
    package let duration: Int?
    package let trigger: String?
    package let error: String?
    /// Whether a person reversed an effect within five minutes.
    package let isUndone: Bool
}

extension LifecycleRepository {
    /// The newest runs of an automation, blocked ones included, newest first.
    package func recentRuns(of automation: AutomationID, limit: Int) async throws -> [RecentRun] {
        try await pool.withConnection { session in
            let rows = try await session.query(
                """
                SELECT started_at, status, duration_ms, trigger, error_message, overridden_at IS NOT NULL AS is_undone
                FROM automation_executions WHERE automation_id = $1 ORDER BY started_at DESC, id LIMIT $2
                """, [.id(automation), .int(Int64(limit))], name: "list_recent_runs")
            return try rows.map { row in
                RecentRun(
                    startedAt: try row.timestamp("started_at"), status: try row.enumeration("status"),
                    duration: try row.optionalInt("duration_ms"), trigger: try row.optionalString("trigger"),
                    error: try row.optionalString("error_message"), isUndone: try row.bool("is_undone"))
            }
        }
    }
}
