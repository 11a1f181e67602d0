import BridgeCore
import PostgresClient

/// What of proposals, changes and stops a person should know at a glance: one reading of the database.
package struct GovernanceOverview: Sendable, Equatable {
    /// A change or a rollback that is under way.
    package struct Operation: Sendable, Equatable {
        package let automationName: String
        package let connectionName: String
        /// Whether it returns to an earlier version.
        package let isRollback: Bool
        package let step: String
        package let initiatedAt: Timestamp
    }

    /// Proposals that wait for a decision.
    package let waiting: Int
    /// When the next of them expires.
    package let nextExpiry: Timestamp?
    /// Proposals that were approved, and that no bridge has begun to carry out.
    package let approved: Int
    /// Changes and rollbacks that are under way, oldest first.
    package let operations: [Operation]
    /// The emergency stops that hold.
    package let stops: [StoredEmergencyStop]

    /// Reads the database, all houses of it. Throws `PostgresError`.
    package init(_ pool: PostgresPool) async throws {
        stops = try await EmergencyStopRepository(pool).engaged()
        let counts = try await pool.withConnection { session in
            try await session.query(Self.counts, name: "count_approvals")
        }
        waiting = try counts.one { row throws(PostgresError) in try row.int("waiting") }
        nextExpiry = try counts.first?.optionalTimestamp("next_expiry")
        approved = try counts.one { row throws(PostgresError) in try row.int("approved") }
        operations = try await pool.withConnection { session in
            try await session.query(Self.operations, name: "list_operations").map { row throws(PostgresError) in
                Operation(
                    automationName: try row.string("automation_name"),
                    connectionName: try row.string("connection_name"), isRollback: try row.bool("is_rollback"),
                    step: try row.string("step"), initiatedAt: try row.timestamp("initiated_at"))
            }
        }
    }

    private static let counts = """
        SELECT count(*) FILTER (WHERE workflow.status = 'PENDING') AS waiting,
            min(workflow.expires_at) FILTER (WHERE workflow.status = 'PENDING') AS next_expiry,
            count(*) FILTER (WHERE workflow.status = 'APPROVED' AND NOT EXISTS (
                SELECT FROM automation_apply_operation AS operation WHERE operation.workflow_id = workflow.id
            )) AS approved
        FROM approval_workflow AS workflow
        JOIN home_assistant_connections AS connection ON connection.id = workflow.connection_id
        WHERE workflow.status IN ('PENDING', 'APPROVED') AND connection.removed_at IS NULL
            AND (workflow.expires_at IS NULL OR workflow.expires_at > clock_timestamp())
        """

    private static let operations = """
        SELECT automation.name AS automation_name, connection.name AS connection_name, operation.is_rollback, operation.step,
            operation.initiated_at
        FROM (
            SELECT automation_id, FALSE AS is_rollback, step, initiated_at FROM automation_apply_operation
            WHERE status = 'IN_PROGRESS'
            UNION ALL
            SELECT automation_id, TRUE, step, initiated_at FROM rollback_operation WHERE status = 'IN_PROGRESS'
        ) AS operation
        JOIN automation_management AS automation ON automation.id = operation.automation_id
        JOIN home_assistant_connections AS connection ON connection.id = automation.connection_id
        WHERE connection.removed_at IS NULL
        ORDER BY operation.initiated_at, automation.name LIMIT 100
        """
}
