import BridgeCore
import PostgresClient

/// Which gaps to read; what is `nil` does not narrow.
package struct GapFilter: Sendable, Equatable {
    package var connection: ConnectionID?
    /// `true` for those that are not closed, `false` for the others.
    package var isOpen: Bool?
    /// Gaps that had not ended by then.
    package var since: Timestamp?
    /// Gaps that had begun before then.
    package var until: Timestamp?

    /// Makes a filter; without arguments it lets everything through.
    package init(
        connection: ConnectionID? = nil, isOpen: Bool? = nil, since: Timestamp? = nil, until: Timestamp? = nil
    ) {
        self.connection = connection
        self.isOpen = isOpen
        self.since = since
        self.until = until
    }
}

extension GapRepository {
    /// The gaps that pass the filter, newest first, from behind the gap `after` on. At most `limit`.
    package func page(
        _ filter: GapFilter, after place: (startedAt: Timestamp, id: GapID)? = nil, limit: Int
    ) async throws -> [EventGap] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(EventGap.columns)
                FROM home_assistant_event_gaps AS gap
                JOIN home_assistant_connections AS connection ON connection.id = gap.connection_id
                WHERE connection.removed_at IS NULL
                    AND ($1::uuid IS NULL OR gap.connection_id = $1::uuid)
                    AND ($2::boolean IS NULL OR (gap.status = 'open') = $2::boolean)
                    AND ($3::timestamptz IS NULL OR coalesce(gap.ended_at, 'infinity') > $3::timestamptz)
                    AND ($4::timestamptz IS NULL OR gap.started_at < $4::timestamptz)
                    AND ($5::timestamptz IS NULL OR (gap.started_at, gap.id) < ($5::timestamptz, $6::uuid))
                ORDER BY gap.started_at DESC, gap.id DESC
                LIMIT $7
                """,
                [
                    .optional(filter.connection) { .id($0) }, .optional(filter.isOpen) { .bool($0) },
                    .optional(filter.since) { .timestamp($0) }, .optional(filter.until) { .timestamp($0) },
                    .optional(place) { .timestamp($0.startedAt) }, .optional(place) { .id($0.id) },
                    .int(Int64(max(0, limit))),
                ], name: "page_gaps"
            ).map { row throws(PostgresError) in try EventGap(row: row) }
        }
    }
}
