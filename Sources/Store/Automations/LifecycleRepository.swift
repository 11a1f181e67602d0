import BridgeCore
import PostgresClient

/// The moves of automations through their lifecycle. Methods throw `PostgresError`.
package struct LifecycleRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Moves an automation that is still in `origin` since `since`, and says whether it moved.
    ///
    /// It does not where somebody else has moved it meanwhile, when its connection is gone or marked as removed, or its lease is
    /// not held as claimed. Throws HB002 for a move that is not legal.
    package func move(
        _ automation: AutomationID, of connection: ConnectionID, from origin: LifecycleState, since: Timestamp,
        to state: LifecycleState, because reason: String, under claims: LeaseClaims? = nil
    ) async throws -> Bool {
        try await pool.withConnection { session in
            let rows = try await session.query(
                """
                WITH known AS MATERIALIZED (
                    SELECT id FROM home_assistant_connections WHERE id = $1::uuid AND removed_at IS NULL FOR KEY SHARE
                ), held AS MATERIALIZED (
                    \(LeaseClaims.held(known: "known", first: 2))
                ), ready AS MATERIALIZED (
                    SELECT id FROM automation_management
                    WHERE id = $5 AND connection_id IN (SELECT id FROM known)
                        AND ($2::uuid IS NULL OR connection_id IN (SELECT id FROM held))
                        AND lifecycle_state = $6 AND lifecycle_changed_at = $7
                    FOR UPDATE
                )
                SELECT automation_change_lifecycle(id, $8, $9) AS has_moved FROM ready
                """,
                [.id(connection)] + LeaseClaims.parameters(claims) + [
                    .id(automation), .text(origin.rawValue), .timestamp(since), .text(state.rawValue),
                    .text(StorableText.fitting(reason)),
                ], name: "move_automation")
            return try rows.first?.bool("has_moved") ?? false
        }
    }

    /// The error text of the newest failure of an automation, if it has one.
    package func lastError(of automation: AutomationID) async throws -> String? {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT error_message FROM automation_executions
                WHERE automation_id = $1 AND status = 'failure' ORDER BY started_at DESC LIMIT 1
                """, [.id(automation)], name: "read_last_error"
            ).first?.optionalString("error_message")
        }
    }

    /// The newest moves of an automation, newest first; those before the one of number `before`, where it is given.
    package func history(
        of automation: AutomationID, before: Int? = nil, limit: Int = 100
    ) async throws -> [LifecycleMove] {
        try await pool.withConnection { session in
            let rows = try await session.query(
                """
                SELECT \(LifecycleMove.columns) FROM automation_lifecycle_history AS move
                LEFT JOIN users AS person ON person.id = move.changed_by
                LEFT JOIN users AS approver ON approver.id = move.approved_by
                WHERE move.automation_id = $1 AND ($3::bigint IS NULL OR move.sequence < $3::bigint)
                ORDER BY move.sequence DESC LIMIT $2
                """, [.id(automation), .int(Int64(limit)), .optional(before) { .int(Int64($0)) }],
                name: "list_lifecycle_moves")
            return try rows.map(LifecycleMove.init(row:))
        }
    }
}
