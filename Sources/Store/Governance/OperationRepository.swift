import BridgeCore
import PostgresClient

/// The tables `automation_apply_operation` and `rollback_operation`: what is to be done, and how far it has come.
///
/// What writes does so only where the lease of the connection is held as claimed. Methods throw `PostgresError`; SQLSTATE HB003 to
/// HB006 say that an approval, a stop, a key or a rule forbids it.
package struct OperationRepository: Sendable {
    let pool: PostgresPool
    let audit: AutomationAuditRepository

    /// Uses connections of `pool`, one for each call. Rows of the audit trail are signed with `keys`, where there are any.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        audit = AutomationAuditRepository(pool, keys: keys)
    }

    /// What is to be done to one automation.
    package enum Work: Sendable, Equatable {
        /// Goes on with what has begun.
        case resume(StoredOperation)
        /// Begins what was approved.
        case begin(WorkflowID)
    }

    /// The channel on which a change of these tables, or an approval, is told; the payload is the id of the connection.
    package static let notificationChannel = "automation_changes"

    // MARK: Looking

    /// What is to be done in a house, each automation once: an emergency rollback first, then what has begun, then what was approved
    /// first. Workflows among `held` are left out.
    package func work(of connection: ConnectionID, holding held: Set<WorkflowID> = []) async throws
        -> [AutomationID: Work]
    {
        try await pool.withConnection { session in
            var work: [AutomationID: Work] = [:]
            let running = try await session.query(
                """
                SELECT * FROM (
                    SELECT \(StoredOperation.columns(.rollback)),
                        CASE WHEN operation.rollback_type = 'EMERGENCY' THEN 0 ELSE 2 END AS place
                    FROM rollback_operation AS operation
                    WHERE operation.connection_id = $1 AND operation.status = 'IN_PROGRESS'
                    UNION ALL
                    SELECT \(StoredOperation.columns(.apply)), 1
                    FROM automation_apply_operation AS operation
                    WHERE operation.connection_id = $1 AND operation.status = 'IN_PROGRESS'
                ) AS running ORDER BY place DESC, initiated_at DESC
                """, [.id(connection)], name: "running_operations")
            for row in running {
                let operation = try StoredOperation(row: row)
                work[operation.automation] = .resume(operation)
            }
            let approved = try await session.query(
                """
                SELECT workflow.id, workflow.automation_id FROM approval_workflow AS workflow
                WHERE workflow.connection_id = $1 AND \(Self.isDue) AND workflow.id <> ALL ($2::uuid[])
                    AND automation_writes_allowed(workflow.connection_id)
                ORDER BY workflow.approved_at, workflow.id
                """, [.id(connection), .textArray(held.map(\.description))], name: "approved_workflows")
            for row in approved {
                let automation = try row.id("automation_id", as: AutomationID.self)
                if work[automation] == nil { work[automation] = .begin(try row.id("id")) }
            }
            return work
        }
    }

    /// The connections for which `work` finds something, if nothing is held back or stopped.
    package func connectionsWithWork() async throws -> Set<ConnectionID> {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT connection_id FROM rollback_operation WHERE status = 'IN_PROGRESS'
                UNION SELECT connection_id FROM automation_apply_operation WHERE status = 'IN_PROGRESS'
                UNION SELECT workflow.connection_id FROM approval_workflow AS workflow WHERE \(Self.isDue)
                """, name: "connections_with_work"
            ).ids("connection_id")
        }
    }

    /// Of `approval_workflow AS workflow`: approved, still valid, and never begun.
    static let isDue = """
        workflow.status = 'APPROVED' AND workflow.automation_id IS NOT NULL AND workflow.proposed_changes IS NOT NULL
        AND (workflow.expires_at IS NULL OR workflow.expires_at > clock_timestamp())
        AND NOT EXISTS (SELECT FROM automation_apply_operation AS begun WHERE begun.workflow_id = workflow.id)
        """

    /// One operation; `nil` where it is gone.
    package func find(_ id: OperationID, _ kind: OperationKind) async throws -> StoredOperation? {
        try await pool.withConnection { session in
            try await session.query(
                "SELECT \(StoredOperation.columns(kind)) FROM \(kind.table) AS operation WHERE operation.id = $1",
                [.id(id)], name: "find_operation"
            ).first.map(StoredOperation.init(row:))
        }
    }

    /// The newest operations on an automation, the newest first.
    package func list(of automation: AutomationID, limit: Int = 100) async throws -> [StoredOperation] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT * FROM (
                    SELECT \(StoredOperation.columns(.rollback)) FROM rollback_operation AS operation
                    WHERE operation.automation_id = $1
                    UNION ALL
                    SELECT \(StoredOperation.columns(.apply)) FROM automation_apply_operation AS operation
                    WHERE operation.automation_id = $1
                ) AS found ORDER BY initiated_at DESC, id LIMIT $2
                """, [.id(automation), .int(Int64(max(0, limit)))], name: "list_operations"
            ).map(StoredOperation.init(row:))
        }
    }

    /// What an operation that is in progress has to do with; `nil` where it has ended or is gone.
    package func situation(of operation: StoredOperation) async throws -> OperationSituation? {
        try await pool.withConnection { session in
            let rows = try await session.query(
                """
                SELECT \(StoredOperation.columns(operation.kind)),
                    (SELECT stop.reason FROM automation_emergency_stop AS stop
                        WHERE (stop.connection_id IS NULL OR stop.connection_id = operation.connection_id)
                            AND (stop.engaged_at >= operation.initiated_at OR stop.released_at IS NULL)
                        ORDER BY stop.engaged_at LIMIT 1) AS stop,
                    EXISTS (SELECT FROM rollback_operation AS other
                        WHERE other.automation_id = operation.automation_id AND other.status = 'IN_PROGRESS'
                            AND other.rollback_type = 'EMERGENCY' AND other.id <> operation.id) AS is_pushed_aside,
                    EXISTS (SELECT FROM rollback_operation AS other
                        WHERE other.automation_id = operation.automation_id AND other.status = 'IN_PROGRESS'
                            AND other.id <> operation.id)
                    OR EXISTS (SELECT FROM approval_workflow AS workflow
                        WHERE workflow.automation_id = operation.automation_id AND \(Self.isDue)) AS is_waited_for,
                    coalesce(extract(epoch FROM clock_timestamp() - operation.written_at), 0)::float8 AS since_write
                FROM \(operation.kind.table) AS operation WHERE operation.id = $1 AND operation.status = 'IN_PROGRESS'
                """, [.id(operation.id)], name: "operation_situation")
            return try rows.first.map { row in
                OperationSituation(
                    operation: try StoredOperation(row: row), stop: try row.optionalString("stop"),
                    isPushedAside: try row.bool("is_pushed_aside"), isWaitedFor: try row.bool("is_waited_for"),
                    sinceWrite: .seconds(try row.double("since_write")))
            }
        }
    }

    /// How the runs since a change have ended.
    package func firstRuns(of operation: StoredOperation) async throws -> FirstRuns {
        try await pool.withConnection { session in
            let rows = try await session.query(
                """
                WITH after AS (
                    SELECT status, error_message, started_at FROM automation_executions
                    WHERE automation_id = $1 AND started_at >= $2::timestamptz AND status IN ('success', 'failure')
                )
                SELECT count(*) FILTER (WHERE status = 'success') AS successes,
                    count(*) FILTER (WHERE status = 'failure') AS failures,
                    (SELECT error_message FROM after WHERE status = 'failure' ORDER BY started_at DESC LIMIT 1) AS error,
                    coalesce((SELECT status = 'failure' FROM automation_executions
                        WHERE automation_id = $1 AND started_at < $2::timestamptz AND status IN ('success', 'failure')
                        ORDER BY started_at DESC LIMIT 1), false) AS had_failed_before
                FROM after
                """, [.id(operation.automation), .timestamp(operation.writtenAt ?? operation.initiatedAt)],
                name: "first_runs")
            var runs = FirstRuns()
            if let row = rows.first {
                runs.successes = try row.int("successes")
                runs.failures = try row.int("failures")
                runs.error = try row.optionalString("error")
                runs.hadFailedBefore = try row.bool("had_failed_before")
            }
            return runs
        }
    }
}
