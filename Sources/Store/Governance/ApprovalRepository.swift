import BridgeCore
import PostgresClient

/// Proposals as those who decide them see them: `approval_workflow`, `approval_workflow_approvers`. Methods throw `ApprovalRefusal` for
/// what a person can mend and `PostgresError` for the rest.
package struct ApprovalRepository: Sendable {
    let pool: PostgresPool
    let trail: AutomationAuditRepository
    let decisions: DecisionRepository

    /// Uses connections of `pool`, one for each call. Audit rows are signed with `keys`, where there are any.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        trail = AutomationAuditRepository(pool, keys: keys)
        decisions = DecisionRepository(pool, keys: keys)
    }

    /// The newest proposals first; those that wait for a decision alone, unless `includesDecided`.
    package func list(
        connection: ConnectionID? = nil, includesDecided: Bool = false, limit: Int = 200
    ) async throws -> [StoredWorkflow] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredWorkflow.columns) FROM approval_workflow AS workflow
                \(StoredWorkflow.joins)
                WHERE connection.removed_at IS NULL AND ($1::uuid IS NULL OR workflow.connection_id = $1::uuid)
                    AND ($2::boolean
                        OR workflow.status = 'PENDING'
                            AND (workflow.expires_at IS NULL OR workflow.expires_at > clock_timestamp()))
                ORDER BY workflow.created_at DESC, workflow.id
                LIMIT $3
                """,
                [.optional(connection) { .id($0) }, .bool(includesDecided), .int(Int64(max(0, limit)))],
                name: "list_approvals"
            ).map(StoredWorkflow.init(row:))
        }
    }

    /// The ids of some proposals, newest first. `after` is the proposal behind which to go on.
    package func page(
        connection: ConnectionID? = nil, status: WorkflowStatus? = nil, after: WorkflowID? = nil, limit: Int
    ) async throws -> [WorkflowID] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT workflow.id FROM approval_workflow AS workflow
                JOIN home_assistant_connections AS connection ON connection.id = workflow.connection_id
                WHERE connection.removed_at IS NULL AND ($1::uuid IS NULL OR workflow.connection_id = $1::uuid)
                    AND ($2::text IS NULL OR workflow.status = $2::text)
                    AND ($3::uuid IS NULL OR (workflow.created_at, workflow.id) < (
                        SELECT last.created_at, last.id FROM approval_workflow AS last WHERE last.id = $3::uuid))
                ORDER BY workflow.created_at DESC, workflow.id DESC
                LIMIT $4
                """,
                [
                    .optional(connection) { .id($0) }, .optional(status) { .text($0.rawValue) },
                    .optional(after) { .id($0) }, .int(Int64(max(0, limit))),
                ], name: "page_approvals"
            ).map { row throws(PostgresError) in try row.id("id") }
        }
    }

    /// The proposals of these ids, in their order.
    package func read(_ ids: [WorkflowID]) async throws -> [StoredWorkflow] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredWorkflow.columns) FROM approval_workflow AS workflow
                \(StoredWorkflow.joins)
                WHERE workflow.id = ANY ($1::uuid[]) ORDER BY array_position($1::uuid[], workflow.id)
                """, [.textArray(ids.map(\.description))], name: "read_approvals"
            ).map(StoredWorkflow.init(row:))
        }
    }

    /// The proposal whose id begins with `prefix`, of at least four characters. Throws `.notFound`, `.ambiguous`, `.invalid`.
    package func find(_ prefix: String) async throws -> StoredWorkflow {
        do {
            return try await ShortID.find(prefix, noun: "proposal", list: "ha-bridge approval list") { prefix in
                try await pool.withConnection { session in
                    try await session.query(
                        """
                        SELECT \(StoredWorkflow.columns) FROM approval_workflow AS workflow
                        \(StoredWorkflow.joins)
                        WHERE workflow.id::text LIKE $1 || '%' ORDER BY workflow.id LIMIT 2
                        """, [.text(prefix)], name: "find_approval"
                    ).map(StoredWorkflow.init(row:))
                }
            }
        } catch let error as StoreError {
            throw ApprovalRefusal(error)
        }
    }

    /// The proposal as it is now; `nil` when there is none.
    package func read(_ workflow: WorkflowID) async throws -> StoredWorkflow? {
        try await pool.withConnection { try await Self.read(workflow, $0) }
    }

    static func read(_ workflow: WorkflowID, _ session: isolated PostgresConnection) throws -> StoredWorkflow? {
        try session.query(
            """
            SELECT \(StoredWorkflow.columns) FROM approval_workflow AS workflow
            \(StoredWorkflow.joins)
            WHERE workflow.id = $1
            """, [.id(workflow)], name: "read_approval"
        ).first.map(StoredWorkflow.init(row:))
    }

    /// Who may decide the proposal and how each did, by level and name.
    package func votes(on workflow: WorkflowID) async throws -> [StoredVote] {
        try await pool.withConnection { try await Self.votes(on: workflow, $0) }
    }

    static func votes(on workflow: WorkflowID, _ session: isolated PostgresConnection) throws -> [StoredVote] {
        try session.query(
            """
            SELECT vote.approver_id, person.username AS approver_name, vote.approval_level, vote.status, vote.approved_at,
                vote.comments
            FROM approval_workflow_approvers AS vote
            LEFT JOIN users AS person ON person.id = vote.approver_id
            WHERE vote.workflow_id = $1
            ORDER BY vote.approval_level, vote.approved_at, lower(person.username), vote.id
            """, [.id(workflow)], name: "list_votes"
        ).map(StoredVote.init(row:))
    }

    /// The attempts to bring the proposal into Home Assistant, newest first.
    package func operations(of workflow: WorkflowID) async throws -> [WorkflowOperation] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT id, step, status, initiated_at, completed_at, error_message FROM automation_apply_operation
                WHERE workflow_id = $1 ORDER BY initiated_at DESC, id
                """, [.id(workflow)], name: "list_workflow_operations"
            ).map(WorkflowOperation.init(row:))
        }
    }

    /// Whether a bridge speaks for the connection at this moment, by the database's clock.
    package func hasBridge(_ connection: ConnectionID) async throws -> Bool {
        try await OperationRepository(pool).isHeld(connection)
    }
}
