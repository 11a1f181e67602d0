import BridgeCore
import PostgresClient

/// What the database knows about a connection that a backfill needs. Each question is answered from indexes, at a cost that
/// does not grow with the number of events.
extension GapRepository {
    /// Every entity that the connection has ever told of, as far as its events are still stored.
    ///
    /// One probe of the index finds the next entity, one more whether this connection knows it.
    package func knownEntities(_ connection: ConnectionID) async throws -> [String] {
        try await texts(
            """
            WITH RECURSIVE entities AS (
                (
                    SELECT entity_id FROM home_assistant_events
                    WHERE entity_id IS NOT NULL
                    ORDER BY entity_id
                    LIMIT 1
                )
                UNION ALL
                SELECT following.entity_id
                FROM entities
                CROSS JOIN LATERAL (
                    SELECT event.entity_id FROM home_assistant_events AS event
                    WHERE event.entity_id IS NOT NULL AND event.entity_id > entities.entity_id
                    ORDER BY event.entity_id
                    LIMIT 1
                ) AS following
            )
            SELECT entity_id AS name FROM entities
            WHERE EXISTS (
                SELECT FROM home_assistant_events AS event
                WHERE event.entity_id = entities.entity_id AND event.connection_id = $1
            )
            """, [.id(connection)], name: "known_entities")
    }

    /// The state that each of `entities` had just before `moment`, as far as one is known and the entity was not removed.
    package func latestStates(
        of entities: [String], connection: ConnectionID, before moment: Timestamp
    ) async throws -> [String: String] {
        let rows = try await pool.withConnection { session in
            try await session.query(
                """
                SELECT wanted.entity_id, latest.new_state
                FROM unnest($2::text[]) AS wanted (entity_id)
                CROSS JOIN LATERAL (
                    SELECT event.new_state FROM home_assistant_events AS event
                    WHERE event.entity_id = wanted.entity_id AND event.connection_id = $1
                        AND event.event_type = 'state_changed' AND event.timestamp < $3
                    ORDER BY event.timestamp DESC
                    LIMIT 1
                ) AS latest
                WHERE latest.new_state IS NOT NULL
                """,
                [.id(connection), .textArray(entities.map { StorableText.fitting($0) }), .timestamp(moment)],
                name: "latest_states"
            ).map { row in (try row.string("entity_id"), try row.string("new_state")) }
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// Whether a state that the connection sent live before `moment` is stored.
    package func hasLiveStates(_ connection: ConnectionID, before moment: Timestamp) async throws -> Bool {
        try await !texts(
            """
            SELECT entity_id AS name FROM (
                SELECT event.entity_id, event.event_type, event.source FROM home_assistant_events AS event
                WHERE \(HouseOrder.rows(of: "$1::uuid", from: "$2::timestamptz - interval '1 day'", to: "$2"))
                    AND event.timestamp < $2 AND event.timestamp > $2::timestamptz - interval '1 day'
                ORDER BY \(HouseOrder.newestFirst)
                LIMIT 1000
            ) AS event
            WHERE event_type = 'state_changed' AND source = 'live'
            LIMIT 1
            """, [.id(connection), .timestamp(moment)], name: "has_live_states"
        ).isEmpty
    }

    /// The types of events that the connection sends besides changes of states, as far as a bounded look into the newest events
    /// tells: the newest of the connection, and the newest of each type.
    package func otherEventTypes(_ connection: ConnectionID) async throws -> [String] {
        try await texts(
            """
            WITH RECURSIVE types AS (
                (SELECT event_type FROM home_assistant_events WHERE event_type <> 'state_changed' ORDER BY event_type LIMIT 1)
                UNION ALL
                SELECT following.event_type
                FROM types
                CROSS JOIN LATERAL (
                    SELECT event.event_type FROM home_assistant_events AS event
                    WHERE event.event_type > types.event_type AND event.event_type <> 'state_changed'
                    ORDER BY event.event_type
                    LIMIT 1
                ) AS following
            ), seen AS (
                SELECT newest.event_type
                FROM (
                    SELECT event.event_type FROM home_assistant_events AS event
                    WHERE \(HouseOrder.rows(of: "$1::uuid")) AND event.source IN ('live', 'import')
                    ORDER BY \(HouseOrder.newestFirst)
                    LIMIT 20000
                ) AS newest
                UNION
                SELECT types.event_type
                FROM (SELECT event_type FROM types LIMIT 200) AS types
                WHERE EXISTS (
                    SELECT FROM (
                        SELECT event.connection_id FROM home_assistant_events AS event
                        WHERE event.event_type = types.event_type AND event.event_type <> 'state_changed'
                        ORDER BY event.timestamp DESC
                        LIMIT 2000
                    ) AS recent
                    WHERE recent.connection_id = $1
                )
            )
            SELECT event_type AS name FROM seen WHERE event_type <> 'state_changed' ORDER BY event_type
            """, [.id(connection)], name: "other_event_types")
    }

    private func texts(_ sql: String, _ parameters: [PostgresValue], name: String) async throws -> [String] {
        try await pool.withConnection { session in
            try await session.query(sql, parameters, name: name, deadline: .seconds(60)).map { row in
                try row.string("name")
            }
        }
    }
}
