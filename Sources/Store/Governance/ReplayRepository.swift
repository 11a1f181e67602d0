import BridgeCore
import PostgresClient

/// One stored event, as a replay of triggers needs it.
package struct ReplayEvent: Sendable, Equatable {
    package var time: Timestamp
    /// `state_changed` or the type of another event.
    package var type: String
    package var entity: String?
    package var old: String?
    package var new: String?
    /// The attributes of a change, or the data of another event, as JSON text.
    package var data: String?

    package init(
        at time: Timestamp, type: String = "state_changed", entity: String? = nil, old: String? = nil,
        new: String? = nil, data: String? = nil
    ) {
        self.time = time
        self.type = type
        self.entity = entity
        self.old = old
        self.new = new
        self.data = data
    }
}

/// Reads the stored events that triggers would have heard. Methods throw `PostgresError`.
package struct ReplayRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Changes of these entities and events of these types, in the order of time, of which there are no more than `limit`; the
    /// newest, where there are more. Changes of attributes alone are left out unless `includesAttributes`. What was read from a
    /// snapshot is no event: nothing happened then.
    package func events(
        of connection: ConnectionID, entities: Set<String>, types: Set<String>, from start: Timestamp,
        until end: Timestamp, includesAttributes: Bool, limit: Int
    ) async throws -> [ReplayEvent] {
        guard !entities.isEmpty || !types.isEmpty, limit > 0 else { return [] }
        let rows = try await pool.withConnection { session in
            try await session.query(
                Self.statement,
                [
                    .id(connection), .textArray(entities.sorted()), .textArray(types.sorted()), .timestamp(start),
                    .timestamp(end), .bool(includesAttributes), .int(Int64(limit)),
                ], name: "replay_events", deadline: .seconds(120))
        }
        return try rows.map { row throws(PostgresError) in
            ReplayEvent(
                at: try row.timestamp("timestamp"), type: try row.string("event_type"),
                entity: try row.optionalString("entity_id"), old: try row.optionalString("old_state"),
                new: try row.optionalString("new_state"), data: try row.optionalString("data"))
        }.reversed()
    }

    private static let statement = """
        SELECT timestamp, event_type, entity_id, old_state, new_state, data FROM (
            SELECT id, timestamp, event_type::text AS event_type, entity_id::text AS entity_id, old_state, new_state,
                CASE WHEN $6::boolean THEN attributes::text END AS data
            FROM home_assistant_events
            WHERE connection_id = $1::uuid AND entity_id = ANY ($2::text[]) AND event_type = 'state_changed'
                AND timestamp >= $4::timestamptz AND timestamp < $5::timestamptz AND source <> 'snapshot'
                AND ($6::boolean OR new_state IS DISTINCT FROM old_state)
            UNION ALL
            SELECT id, timestamp, event_type::text, NULL, NULL, NULL, attributes::text
            FROM home_assistant_events
            WHERE connection_id = $1::uuid AND event_type = ANY ($3::text[]) AND event_type <> 'state_changed'
                AND timestamp >= $4::timestamptz AND timestamp < $5::timestamptz AND source <> 'snapshot'
        ) AS heard
        ORDER BY timestamp DESC, id DESC
        LIMIT $7
        """

    /// Where the stored events of the house begin; `nil` where there are none since `start`.
    package func firstEvent(of connection: ConnectionID, since start: Timestamp) async throws -> Timestamp? {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT timestamp FROM home_assistant_events
                WHERE connection_id = $1 AND timestamp >= $2::timestamptz AND source <> 'snapshot'
                ORDER BY timestamp LIMIT 1
                """, [.id(connection), .timestamp(start)], name: "first_event", deadline: .seconds(60)
            ).first?.timestamp("timestamp")
        }
    }

    /// Where the clock on the wall of the house changes: from each time on, so many seconds ahead of UTC. The first is that of
    /// `start`. A zone that PostgreSQL does not know counts as UTC.
    package func clock(
        of zone: String?, from start: Timestamp, until end: Timestamp
    ) async throws -> [(from: Timestamp, seconds: Int)] {
        let known = try await DecisionEvidenceRepository(pool).knownZone(zone)
        let rows = try await pool.withConnection { session in
            try await session.query(
                """
                SELECT hour, seconds FROM (
                    SELECT hour, seconds, lag(seconds) OVER (ORDER BY hour) AS before
                    FROM generate_series(date_trunc('hour', $1::timestamptz), $2::timestamptz, interval '1 hour') AS hour
                    CROSS JOIN LATERAL (
                        SELECT extract(epoch FROM (hour AT TIME ZONE $3) - (hour AT TIME ZONE 'UTC'))::integer AS seconds
                    ) AS clock
                ) AS hours
                WHERE before IS DISTINCT FROM seconds
                ORDER BY hour
                """, [.timestamp(start), .timestamp(end), .text(known)], name: "house_clock")
        }
        return try rows.map { (try $0.timestamp("hour"), try $0.int("seconds")) }
    }
}
