import BridgeCore
import PostgresClient

/// Reads what the analysis concludes from: events, automations and their runs. Nothing is held open between two calls, and each
/// answer is of bounded size. Methods throw `PostgresError`.
package struct DecisionEvidenceRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The kinds of entities whose changes are read: those with states in words that people cause or notice.
    private static let domains = [
        "alarm_control_panel", "binary_sensor", "calendar", "climate", "cover", "device_tracker", "fan", "humidifier",
        "input_boolean", "input_select", "lawn_mower", "light", "lock", "media_player", "person", "remote", "schedule",
        "select", "sensor", "sun", "switch", "timer", "vacuum", "valve", "water_heater",
    ]

    // MARK: Events

    /// The zone to reckon with: `zone` where PostgreSQL knows it, else UTC.
    package func knownZone(_ zone: String?) async throws -> String {
        guard let zone else { return "UTC" }
        do {
            _ = try await pool.withConnection { session in
                try await session.query(
                    "SELECT now() AT TIME ZONE $1", [.text(StorableText.fitting(zone))], name: "check_zone")
            }
            return zone
        } catch let error as PostgresError where error.sqlState == "22023" {
            return "UTC"
        }
    }

    /// Gives the changes of state in words and the beginnings of runs to `body`, in the order of time, page by page.
    ///
    /// `zone` must be one that PostgreSQL knows. Each page is read from a stretch of at most six hours, so that no statement runs
    /// long in a house of which most events are left out.
    package func events(
        of connection: ConnectionID, from start: Timestamp, until end: Timestamp, zone: String, pageSize: Int = 10_000,
        _ body: ([DecisionEvent]) async throws -> Void
    ) async throws {
        var from = start
        while from < end {
            let until = min(end, from.adding(seconds: 6 * 3_600))
            var cursor = (time: from, id: "00000000-0000-0000-0000-000000000000")
            while true {
                try Task.checkCancellation()
                let parameters: [PostgresValue] = [
                    .id(connection), .timestamp(cursor.time), .text(cursor.id), .timestamp(until), .text(zone),
                    .textArray(Self.domains), .int(Int64(max(1, pageSize))),
                ]
                let rows = try await pool.withConnection { session in
                    try await session.query(
                        Self.eventPage, parameters, name: "decision_events", deadline: .seconds(120))
                }
                try await body(try rows.compactMap { try DecisionEvent(row: $0) })
                guard rows.count >= max(1, pageSize), let last = rows.last else { break }
                cursor = (try last.timestamp("timestamp"), try last.string("id"))
            }
            from = until
        }
    }

    private static let eventPage = """
        SELECT id::text AS id, event_type, entity_id, old_state, new_state, timestamp,
            extract(epoch FROM (timestamp AT TIME ZONE $5) - (timestamp AT TIME ZONE 'UTC'))::integer AS zone_offset,
            source = 'live' AS is_live, context_id, context_parent_id, context_user_id IS NOT NULL AS has_user
        FROM home_assistant_events
        WHERE connection_id = $1::uuid AND timestamp >= $2::timestamptz AND timestamp < $4::timestamptz
            AND (timestamp, id) > ($2::timestamptz, $3::uuid)
            AND (
                event_type IN ('automation_triggered', 'script_started')
                OR event_type = 'state_changed' AND new_state IS DISTINCT FROM old_state AND value IS NULL
                    AND length(new_state) <= 64 AND split_part(entity_id, '.', 1) = ANY ($6::text[])
            )
        ORDER BY timestamp, id
        LIMIT $7
        """

    /// Under which contexts automations ran since then; the newest ones, if there are more than `limit`.
    package func runContexts(
        of connection: ConnectionID, since: Timestamp, limit: Int = 500_000
    ) async throws -> [(context: String, automation: AutomationID)] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT context_id, automation_id FROM automation_executions
                WHERE connection_id = $1 AND started_at >= $2 AND context_id IS NOT NULL AND status <> 'blocked'
                ORDER BY started_at DESC
                LIMIT $3
                """, [.id(connection), .timestamp(since), .int(Int64(limit))], name: "decision_contexts",
                deadline: .seconds(120)
            ).map { (try $0.string("context_id"), try $0.id("automation_id")) }
        }
    }

    /// On how many of the last `days` days anything was stored.
    package func observedDays(of connection: ConnectionID, until end: Timestamp, days: Int) async throws -> Int {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT count(*) AS count
                FROM generate_series(1, $3::integer) AS day
                WHERE EXISTS (
                    SELECT FROM home_assistant_events AS event
                    WHERE event.connection_id = $1
                        AND event.timestamp >= $2::timestamptz - make_interval(days => day)
                        AND event.timestamp < $2::timestamptz - make_interval(days => day - 1)
                )
                """, [.id(connection), .timestamp(end), .int(Int64(days))], name: "decision_days"
            ).one { row throws(PostgresError) in try row.int("count") }
        }
    }

    // MARK: Entities

    /// What people call the entities; those without a name are left out.
    package func names(of entities: Set<String>, in connection: ConnectionID) async throws -> [String: String] {
        guard !entities.isEmpty else { return [:] }
        let rows = try await pool.withConnection { session in
            try await session.query(
                """
                SELECT entity_id, name FROM home_assistant_entities
                WHERE connection_id = $1 AND entity_id = ANY($2::text[]) AND removed_at IS NULL AND name <> ''
                """, [.id(connection), .textArray(entities.sorted())], name: "decision_names")
        }
        var names: [String: String] = [:]
        for row in rows { names[try row.string("entity_id")] = try row.string("name") }
        return names
    }

    /// Those of the entities that were there once and are gone, each with the name under which it goes on, if it was renamed.
    package func gone(_ entities: Set<String>, in connection: ConnectionID) async throws -> [String: String?] {
        guard !entities.isEmpty else { return [:] }
        let rows = try await pool.withConnection { session in
            try await session.query(
                Self.goneEntities, [.id(connection), .textArray(entities.sorted())], name: "decision_gone",
                deadline: .seconds(120))
        }
        var gone: [String: String?] = [:]
        for row in rows { gone[try row.string("entity_id")] = .some(try row.optionalString("renamed_to")) }
        return gone
    }

    /// An entity without a registry entry lives by its states alone.
    private static let goneEntities = """
        SELECT wanted.entity_id, renamed.new_entity_id AS renamed_to
        FROM unnest($2::text[]) AS wanted (entity_id)
        LEFT JOIN LATERAL (
            SELECT event.new_state FROM home_assistant_events AS event
            WHERE event.entity_id = wanted.entity_id AND event.connection_id = $1::uuid
                AND event.event_type = 'state_changed'
            ORDER BY event.timestamp DESC
            LIMIT 1
        ) AS last ON true
        LEFT JOIN LATERAL (
            SELECT entity.entity_id AS new_entity_id
            FROM home_assistant_entity_renames AS rename
            JOIN home_assistant_entities AS entity USING (connection_id, registry_id)
            WHERE rename.connection_id = $1::uuid AND rename.old_entity_id = wanted.entity_id
                AND entity.removed_at IS NULL AND entity.entity_id <> wanted.entity_id
            ORDER BY rename.renamed_at DESC
            LIMIT 1
        ) AS renamed ON true
        WHERE last.new_state IS NULL
            AND NOT EXISTS (
                SELECT FROM home_assistant_entities AS entity
                WHERE entity.connection_id = $1::uuid AND entity.entity_id = wanted.entity_id AND entity.removed_at IS NULL
            )
            AND (
                EXISTS (
                    SELECT FROM home_assistant_entities AS entity
                    WHERE entity.connection_id = $1::uuid AND entity.entity_id = wanted.entity_id
                )
                OR renamed.new_entity_id IS NOT NULL
                OR EXISTS (
                    SELECT FROM home_assistant_events AS event
                    WHERE event.entity_id = wanted.entity_id AND event.connection_id = $1::uuid
                        AND event.event_type = 'state_changed'
                )
            )
        """
}

extension DecisionEvent {
    /// `nil` for a row without what its kind needs.
    fileprivate init?(row: PostgresRow) throws(PostgresError) {
        let kind: Kind
        if try row.string("event_type") != "state_changed" {
            kind = .run
        } else if let entity = try row.optionalString("entity_id"), let state = try row.optionalString("new_state") {
            kind = .change(entity: entity, from: try row.optionalString("old_state"), to: state)
        } else {
            return nil
        }
        self.init(
            kind, at: try row.timestamp("timestamp"), zoneOffset: try row.int("zone_offset"),
            isLive: try row.bool("is_live"), context: try row.optionalString("context_id"),
            parent: try row.optionalString("context_parent_id"), hasUser: try row.bool("has_user"))
    }
}
