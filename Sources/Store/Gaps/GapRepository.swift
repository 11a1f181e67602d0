import BridgeCore
import PostgresClient

/// The table `home_assistant_event_gaps`. Methods throw `PostgresError`.
///
/// The event writer opens gaps, in the transaction that writes the events around them; here they are read, repaired and closed.
package struct GapRepository: Sendable {
    /// Where its statements run.
    package let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The newest gaps, oldest first; those of one connection, or open ones, alone where that is asked for.
    package func list(
        connection: ConnectionID? = nil, onlyOpen: Bool = false, limit: Int = 100
    ) async throws -> [EventGap] {
        let newest = try await read(
            """
            WHERE ($1::uuid IS NULL OR gap.connection_id = $1::uuid) AND (NOT $2::boolean OR gap.status = 'open')
                AND connection.removed_at IS NULL
            ORDER BY gap.started_at DESC, gap.id
            LIMIT $3
            """,
            [.optional(connection) { .id($0) }, .bool(onlyOpen), .int(Int64(max(0, limit)))], name: "list_gaps")
        return newest.reversed()
    }

    /// The gaps of a connection that are over and not closed, oldest first: those that a backfill can repair.
    package func repairable(_ connection: ConnectionID, limit: Int = 50) async throws -> [EventGap] {
        try await read(
            """
            WHERE gap.connection_id = $1 AND gap.status = 'open' AND gap.ended_at IS NOT NULL
            ORDER BY gap.backfill_from, gap.id
            LIMIT $2
            """, [.id(connection), .int(Int64(max(0, limit)))], name: "repairable_gaps")
    }

    /// Adds a gap that a person asks to have read: `range` exactly.
    package func request(_ connection: ConnectionID, range: Range<Timestamp>) async throws -> EventGap {
        try await change(
            """
            INSERT INTO home_assistant_event_gaps (connection_id, cause, started_at, ended_at, backfill_from)
            VALUES ($1, 'requested', $2, $3, $2)
            RETURNING *
            """, [.id(connection), .timestamp(range.lowerBound), .timestamp(range.upperBound)], name: "request_gap"
        ).one()
    }

    /// Adds to the rows that an open gap needed.
    package func recordAdded(_ id: GapID, rows: Int) async throws {
        _ = try await change(
            """
            UPDATE home_assistant_event_gaps SET rows_added = rows_added + $2
            WHERE id = $1 AND status = 'open'
            RETURNING *
            """, [.id(id), .int(Int64(rows))], name: "record_gap_rows")
    }

    /// Counts one more reading of the history for an open gap: so many entities asked for, so many states found in it.
    package func recordPass(_ id: GapID, entities: Int, found: Int) async throws {
        _ = try await change(
            """
            UPDATE home_assistant_event_gaps SET passes = passes + 1, entities = $2, rows_found = $3
            WHERE id = $1 AND status = 'open'
            RETURNING *
            """, [.id(id), .int(Int64(entities)), .int(Int64(found))], name: "record_gap_pass")
    }

    /// Closes an open gap and returns it; `nil` when somebody else did so meanwhile, or its connection is gone.
    ///
    /// `range` is what was read for this gap. A bridge that was killed between the rows and their count has counted too few:
    /// they are counted there once more, as far as a bounded look goes.
    package func close(
        _ id: GapID, as status: GapStatus, reason: String? = nil, unrecoverableTypes: [String], range: Range<Timestamp>
    ) async throws -> EventGap? {
        try await change(
            """
            UPDATE home_assistant_event_gaps AS target
            SET status = $2, reason = $3, unrecoverable_types = $4::text[], closed_at = now(),
                rows_added = greatest(rows_added, (
                    SELECT count(*) FILTER (WHERE event.source = 'backfill' AND event.created_at >= target.opened_at)
                    FROM (
                        SELECT source, created_at FROM home_assistant_events
                        WHERE connection_id = target.connection_id AND timestamp >= $5 AND timestamp < $6
                        ORDER BY timestamp
                        LIMIT 100000
                    ) AS event
                ))
            WHERE id = $1 AND status = 'open' AND ended_at IS NOT NULL
            RETURNING *
            """,
            [
                .id(id), .text(status.rawValue), .optional(reason) { .text(StorableText.fitting($0)) },
                .textArray(unrecoverableTypes.map { StorableText.fitting($0) }), .timestamp(range.lowerBound),
                .timestamp(range.upperBound),
            ], name: "close_gap"
        ).first
    }

    // MARK: Reading

    private func read(_ rest: String, _ parameters: [PostgresValue], name: String) async throws -> [EventGap] {
        try await rows(
            """
            SELECT \(EventGap.columns)
            FROM home_assistant_event_gaps AS gap
            JOIN home_assistant_connections AS connection ON connection.id = gap.connection_id
            \(rest)
            """, parameters, name: name)
    }

    /// Runs a statement that returns the rows which it changed.
    private func change(_ statement: String, _ parameters: [PostgresValue], name: String) async throws -> [EventGap] {
        try await rows(
            """
            WITH gap AS (\(statement))
            SELECT \(EventGap.columns)
            FROM gap
            JOIN home_assistant_connections AS connection ON connection.id = gap.connection_id
            """, parameters, name: name)
    }

    private func rows(_ sql: String, _ parameters: [PostgresValue], name: String) async throws -> [EventGap] {
        try await pool.withConnection { session in
            try await session.query(sql, parameters, name: name).map { row in try EventGap(row: row) }
        }
    }
}

extension [EventGap] {
    /// The only element, of a statement that always returns one.
    fileprivate func one() throws(PostgresError) -> EventGap {
        guard let gap = first else {
            throw PostgresError(.protocolViolation, "The database gave no row where one was expected.")
        }
        return gap
    }
}
