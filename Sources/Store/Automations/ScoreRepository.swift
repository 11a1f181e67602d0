import BridgeCore
import PostgresClient

/// The scores of automations: what they are made of, and where they are kept. Methods throw `PostgresError`.
package struct ScoreRepository: Sendable {
    /// A score to be kept.
    package struct Row: Sendable {
        package var automation: AutomationID
        /// In hundredths, 0 to 10,000; `nil` where there is too little to judge by.
        package var hundredths: Int?
        /// A JSON object. Its member `weights` moves with every second, and alone does not make a row another.
        package var breakdown: String

        package init(automation: AutomationID, hundredths: Int?, breakdown: String) {
            self.automation = automation
            self.hundredths = hundredths
            self.breakdown = breakdown
        }
    }

    /// An automation with runs that are new, or known better.
    package struct Change: Sendable, Hashable {
        package var automation: AutomationID
        /// When the newest of them was written.
        package var updatedAt: Timestamp
        /// How many were written since the moment asked for.
        package var rows: Int
    }

    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The present moment on the database's clock, which is that of `Change.updatedAt`.
    package func now() async throws -> Timestamp {
        try await pool.withConnection { session in
            try await session.query("SELECT clock_timestamp() AS now", name: "read_clock").one {
                row throws(PostgresError) in
                try row.timestamp("now")
            }
        }
    }

    /// The automations of a connection that can be scored, in the order of their ids: those that Home Assistant has.
    package func automations(of connection: ConnectionID) async throws -> [AutomationID] {
        try await pool.withConnection { session in
            let rows = try await session.query(
                """
                SELECT id FROM automation_management
                WHERE connection_id = $1 AND lifecycle_state IN ('ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE')
                ORDER BY id
                """, [.id(connection)], name: "list_scored_automations")
            return try rows.map { try $0.id("id", as: AutomationID.self) }
        }
    }

    /// The automations whose runs were written, or which moved, after the moment given for their connection, in the order of their ids.
    ///
    /// A time of writing is that of the start of its transaction, so that rows can appear a little before a moment that has
    /// been asked about already: leave a margin.
    package func changes(
        since moments: [ConnectionID: Timestamp]
    ) async throws -> [ConnectionID: [Change]] {
        if moments.isEmpty { return [:] }
        return try await pool.withConnection { session in
            let rows = try await session.query(
                """
                SELECT automation.connection_id, automation.id, max(news.updated_at) AS updated_at, count(*) AS rows
                FROM unnest($1::uuid[], $2::timestamptz[]) AS look (connection_id, since)
                CROSS JOIN LATERAL (
                    SELECT automation_id, updated_at FROM automation_executions
                    WHERE connection_id = look.connection_id AND updated_at > look.since
                    UNION ALL
                    SELECT id, lifecycle_changed_at FROM automation_management
                    WHERE connection_id = look.connection_id AND lifecycle_changed_at > look.since
                ) AS news
                JOIN automation_management AS automation ON automation.id = news.automation_id
                WHERE automation.lifecycle_state IN ('ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE')
                GROUP BY automation.connection_id, automation.id
                ORDER BY automation.id
                """,
                [.textArray(moments.keys.map(\.description)), .textArray(moments.values.map(\.iso8601))],
                name: "list_score_changes")
            var changes: [ConnectionID: [Change]] = [:]
            for row in rows {
                changes[try row.id("connection_id"), default: []].append(
                    Change(
                        automation: try row.id("id"), updatedAt: try row.timestamp("updated_at"),
                        rows: try row.int("rows")))
            }
            return changes
        }
    }

    /// What the scores of these automations are made of at `moment`; those that are gone are left out.
    package func facts(of automations: [AutomationID], at moment: Timestamp) async throws -> [ScoreFacts] {
        try await pool.withConnection { session in
            let rows = try await session.query(
                ScoreFacts.query, [.textArray(automations.map(\.description)), .timestamp(moment)],
                name: "read_score_facts")
            return try rows.map(ScoreFacts.init(row:))
        }
    }

    /// Keeps scores of automations of one connection, as of `moment`, and returns how many rows that changed.
    ///
    /// A row that says the same already is not touched, nor is one that was scored later. Nothing is changed when the connection
    /// is gone or marked as removed, or its lease is not held as claimed.
    @discardableResult
    package func store(
        _ scores: [Row], of connection: ConnectionID, at moment: Timestamp, under claims: LeaseClaims? = nil
    ) async throws -> Int {
        guard !scores.isEmpty else { return 0 }
        return try await pool.withConnection { session in
            try await session.query(
                """
                WITH known AS MATERIALIZED (
                    SELECT id FROM home_assistant_connections WHERE id = $1::uuid AND removed_at IS NULL FOR KEY SHARE
                ), held AS MATERIALIZED (
                    \(LeaseClaims.held(known: "known", first: 2))
                ), fresh AS MATERIALIZED (
                    SELECT automation.id, score.hundredths::numeric / 100 AS score, score.breakdown::jsonb AS breakdown
                    FROM unnest($5::uuid[], $6::integer[], $7::text[]) AS score (id, hundredths, breakdown)
                    JOIN automation_management AS automation ON automation.id = score.id
                    WHERE automation.connection_id IN (SELECT id FROM known)
                        AND ($2::uuid IS NULL OR automation.connection_id IN (SELECT id FROM held))
                        AND (automation.scored_at IS NULL OR automation.scored_at <= $8)
                        AND (
                            automation.scored_at IS NULL
                            OR automation.performance_score IS DISTINCT FROM score.hundredths::numeric / 100
                            OR automation.score_breakdown - 'weights' IS DISTINCT FROM score.breakdown::jsonb - 'weights'
                        )
                    -- Whoever writes several rows locks them in this order.
                    ORDER BY automation.id
                    FOR NO KEY UPDATE OF automation
                )
                UPDATE automation_management AS automation
                SET performance_score = fresh.score, score_breakdown = fresh.breakdown, scored_at = $8
                FROM fresh WHERE automation.id = fresh.id
                """,
                [.id(connection)] + LeaseClaims.parameters(claims) + [
                    .textArray(scores.map(\.automation.description)), Self.integers(scores.map(\.hundredths)),
                    .textArray(scores.map(\.breakdown)), .timestamp(moment),
                ], name: "store_scores"
            ).affectedRows
        }
    }

    /// An array literal with NULLs.
    private static func integers(_ values: [Int?]) -> PostgresValue {
        .text("{" + values.map { $0.map(String.init) ?? "NULL" }.joined(separator: ",") + "}")
    }
}
