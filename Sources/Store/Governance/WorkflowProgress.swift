import BridgeCore
import PostgresClient

/// How far the carrying out of a workflow has come.
package struct WorkflowProgress: Sendable, Equatable {
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`; `nil` before it began.
    package let status: String?
    package let step: String?
    package let error: String?
    /// Whether a running bridge holds the lease of the connection.
    package let hasBridge: Bool

    /// Reads it. Throws `PostgresError`.
    package static func read(_ workflow: StoredWorkflow, _ pool: PostgresPool) async throws -> WorkflowProgress {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT operation.status, operation.step, operation.error_message,
                    EXISTS (
                        SELECT FROM home_assistant_connection_leases
                        WHERE connection_id = $2 AND holder IS NOT NULL AND expires_at > now()
                    ) AS has_bridge
                FROM (SELECT) AS one
                LEFT JOIN LATERAL (
                    SELECT status, step, error_message FROM automation_apply_operation
                    WHERE workflow_id = $1 ORDER BY initiated_at DESC LIMIT 1
                ) AS operation ON true
                """, [.id(workflow.id), .id(workflow.connection)], name: "workflow_progress"
            ).one { row throws(PostgresError) in
                WorkflowProgress(
                    status: try row.optionalString("status"), step: try row.optionalString("step"),
                    error: try row.optionalString("error_message"), hasBridge: try row.bool("has_bridge"))
            }
        }
    }
}
