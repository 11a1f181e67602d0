import BridgeCore
import FoundationEssentials
import PostgresClient

/// The table `automation_executions`, and the figures in `automation_management` that are recomputed from it. Methods throw
/// `PostgresError`.
///
/// What writes does so for one connection, in one transaction, under a lock of that connection's own: `nil` is returned, and nothing
/// changed, when the connection is gone or marked as removed, or its lease is not held as claimed.
package struct ExecutionRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Every automation of a connection that Home Assistant has or had. Of several with one entity id, the one that is there comes
    /// last.
    package func automations(of connection: ConnectionID) async throws -> [AutomationReference] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT id, home_assistant_automation_id, has_own_id, entity_id, name FROM automation_management
                WHERE connection_id = $1 AND lifecycle_state NOT IN ('PROPOSED', 'PENDING_APPROVAL', 'REJECTED')
                ORDER BY is_active, last_seen_at NULLS FIRST, id
                """, [.id(connection)], name: "list_automations_to_follow"
            ).map { row in
                AutomationReference(
                    id: try row.id("id"), homeAssistantID: try row.string("home_assistant_automation_id"),
                    hasOwnID: try row.bool("has_own_id"), entityID: try row.optionalString("entity_id"),
                    name: try row.string("name"))
            }
        }
    }

    /// The runs of an automation that began at `since` or later and have one of `statuses` (all when empty): the newest `limit` of
    /// them, newest first.
    package func list(
        _ automation: AutomationID, since: Timestamp? = nil, statuses: [ExecutionStatus] = [], limit: Int
    ) async throws -> [StoredExecution] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredExecution.columns) FROM automation_executions
                WHERE automation_id = $1 AND ($2::timestamptz IS NULL OR started_at >= $2::timestamptz)
                    AND (cardinality($3::text[]) = 0 OR status = ANY ($3::text[]))
                ORDER BY started_at DESC, id LIMIT $4::int
                """,
                [
                    .id(automation), .optional(since, PostgresValue.timestamp), .textArray(statuses.map(\.rawValue)),
                    .int(Int64(limit)),
                ], name: "list_executions"
            ).map { row in try StoredExecution(row: row) }
        }
    }

    /// How many runs since `since` ended without anybody seeing how, for each automation that has some, most first.
    package func lostTraces(of connection: ConnectionID, since: Timestamp) async throws -> [(name: String, count: Int)]
    {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT automation.name, count(*)::integer AS lost
                FROM automation_executions AS execution
                JOIN automation_management AS automation ON automation.id = execution.automation_id
                WHERE execution.connection_id = $1 AND execution.started_at >= $2 AND execution.status = 'unknown'
                GROUP BY automation.id ORDER BY lost DESC, automation.name
                """, [.id(connection), .timestamp(since)], name: "lost_traces"
            ).map { row in (try row.string("name"), try row.int("lost")) }
        }
    }

    /// Some runs of an automation, newest first; those that ended so, where `status` is given. `after` is the run behind which to
    /// go on.
    package func page(
        _ automation: AutomationID, since: Timestamp? = nil, status: ExecutionStatus? = nil, after: UUID? = nil,
        limit: Int
    ) async throws -> [StoredExecution] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredExecution.columns) FROM automation_executions AS execution
                WHERE automation_id = $1 AND ($2::timestamptz IS NULL OR started_at >= $2::timestamptz)
                    AND ($3::text IS NULL OR status = $3::text)
                    AND ($4::uuid IS NULL OR (started_at, id) < (
                        SELECT last.started_at, last.id FROM automation_executions AS last WHERE last.id = $4::uuid))
                ORDER BY started_at DESC, id DESC LIMIT $5
                """,
                [
                    .id(automation), .optional(since, PostgresValue.timestamp),
                    .optional(status) { .text($0.rawValue) },
                    .optional(after) { .uuid($0) }, .int(Int64(max(0, limit))),
                ], name: "page_executions"
            ).map { row in try StoredExecution(row: row) }
        }
    }

    /// A run that is known by its trace.
    package struct Run: Sendable, Hashable {
        package var automation: AutomationID
        package var runID: String

        package init(automation: AutomationID, runID: String) {
            self.automation = automation
            self.runID = runID
        }
    }

    /// Those of `runs` of which nothing is left to be read: they have ended, and their steps are stored.
    package func complete(among runs: [Run], of connection: ConnectionID) async throws -> Set<Run> {
        guard !runs.isEmpty else { return [] }
        let rows = try await pool.withConnection { session in
            try await session.query(
                """
                SELECT execution.automation_id, execution.run_id
                FROM unnest($2::uuid[], $3::text[]) AS asked (automation_id, run_id)
                JOIN automation_executions AS execution ON execution.connection_id = $1
                    AND execution.automation_id = asked.automation_id AND execution.run_id = asked.run_id
                WHERE execution.status NOT IN ('running', 'unknown') AND execution.trace_summary IS NOT NULL
                """,
                [.id(connection), .textArray(runs.map(\.automation.description)), .textArray(runs.map(\.runID))],
                name: "list_complete_executions")
        }
        return Set(try rows.map { Run(automation: try $0.id("automation_id"), runID: try $0.string("run_id")) })
    }

    // MARK: Writing

    /// Runs `body` as all that writes here does.
    func write<Result: Sendable>(
        _ connection: ConnectionID, _ claims: LeaseClaims?, deadline: Duration = .seconds(60),
        _ body: @Sendable (isolated PostgresConnection) throws -> Result
    ) async throws -> Result? {
        try await pool.withConnection { session in
            try await session.transaction(deadline: deadline) { session in
                guard try LeaseClaims.lock("automation_executions", of: connection, under: claims, session) else {
                    return nil
                }
                return try body(session)
            }
        }
    }

}
