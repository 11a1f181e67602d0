import BridgeCore
import PostgresClient

/// Reads the past of one entity. Methods throw `PostgresError`.
package struct HistoryRepository: Sendable {
    private let pool: PostgresPool
    private let connection: ConnectionID
    private let entity: String

    /// The past of an entity of a connection, on sessions of `pool`.
    package init(_ pool: PostgresPool, connection: ConnectionID, entity: String) {
        self.pool = pool
        self.connection = connection
        self.entity = StorableText.fitting(entity)
    }

    /// The last state before a moment of which the event is stored.
    package func eventBefore(_ time: Timestamp) async throws -> HistorySample? {
        try await samples(
            "event.timestamp < $3 ORDER BY event.timestamp DESC, event.id DESC LIMIT 1", [.timestamp(time)],
            name: "state_before"
        ).first
    }

    /// The state just before a moment as the roll-ups know it, which live longer than the events.
    package func rolledUpBefore(_ time: Timestamp) async throws -> HistorySample? {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT coalesce(last_at, $3::timestamptz) AS timestamp, last_state AS new_state, last_value AS value
                FROM home_assistant_carried_state($1, $2, $3)
                """, [.id(connection), .text(entity), .timestamp(time)], name: "carried_state"
            ).first.map { row throws(PostgresError) in try HistorySample(row: row) }
        }
    }

    /// The first `limit` states that it took in a stretch of time, oldest first.
    package func first(_ limit: Int, in range: Range<Timestamp>) async throws -> [HistorySample] {
        try await samples(
            "event.timestamp >= $3 AND event.timestamp < $4 ORDER BY event.timestamp, event.id LIMIT $5",
            [.timestamp(range.lowerBound), .timestamp(range.upperBound), .int(Int64(limit))], name: "first_states")
    }

    /// The last `limit` states that it took in a stretch of time, oldest first.
    package func last(_ limit: Int, in range: Range<Timestamp>) async throws -> [HistorySample] {
        try await samples(
            "event.timestamp >= $3 AND event.timestamp < $4 ORDER BY event.timestamp DESC, event.id DESC LIMIT $5",
            [.timestamp(range.lowerBound), .timestamp(range.upperBound), .int(Int64(limit))], name: "last_states"
        ).reversed()
    }

    /// The rows of a roll-up that overlap a stretch of time, oldest first; of numbers without the seconds in each state.
    package func buckets(
        _ tier: HistoryTier, in range: Range<Timestamp>, ofNumbers: Bool
    ) async throws -> [HistoryBucket] {
        let sql = """
            SELECT bucket_start, minimum, maximum, mean, known_seconds, last_value, last_state, sample_count,
                \(ofNumbers ? "NULL::jsonb AS state_seconds" : "state_seconds")
            FROM \(tier.table)
            WHERE connection_id = $1 AND entity_id = $2 AND bucket_start > $3 AND bucket_start < $4
            ORDER BY bucket_start
            """
        return try await pool.withConnection { session in
            try await session.query(
                sql,
                [
                    .id(connection), .text(entity), .timestamp(range.lowerBound.adding(seconds: -tier.seconds)),
                    .timestamp(range.upperBound),
                ], name: "history_buckets"
            ).map { row throws(PostgresError) in try HistoryBucket(row: row, tier: tier) }
        }
    }

    /// From when on a stretch of time has events that are not in the roll-up of five minutes yet: `range`'s end where it has none.
    package func rolledUpUntil(in range: Range<Timestamp>) async throws -> Timestamp {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT least($3::timestamptz, min(bucket_start)) AS edge FROM home_assistant_rollup_dirty
                WHERE connection_id = $1 AND bucket_start > $2::timestamptz - interval '5 minutes' AND bucket_start < $3
                """, [.id(connection), .timestamp(range.lowerBound), .timestamp(range.upperBound)],
                name: "rolled_up_until"
            ).first?.timestamp("edge") ?? range.upperBound
        }
    }

    private func samples(_ rest: String, _ parameters: [PostgresValue], name: String) async throws -> [HistorySample] {
        let sql = """
            SELECT event.timestamp, event.new_state, event.value
            FROM home_assistant_events AS event
            WHERE event.connection_id = $1 AND event.entity_id = $2 AND event.event_type = 'state_changed' AND \(rest)
            """
        return try await pool.withConnection { session in
            try await session.query(sql, [.id(connection), .text(entity)] + parameters, name: name)
                .map { row throws(PostgresError) in try HistorySample(row: row) }
        }
    }
}

extension HistorySample {
    init(row: PostgresRow) throws(PostgresError) {
        at = try row.timestamp("timestamp")
        state = try row.optionalString("new_state")
        value = try row.optionalDouble("value")
    }
}
