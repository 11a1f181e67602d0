import BridgeCore
import PostgresClient

/// A range of entity ids in the order of their bytes.
struct EntityRange {
    /// Not included.
    var after: String?
    /// The first one, where there is a common beginning, and the first one behind all of that beginning.
    private(set) var first: String?
    private(set) var end: String?

    init(after: String?) { self.after = after }

    /// Only ids that begin with `prefix`.
    mutating func narrow(to prefix: String) {
        guard let last = prefix.utf8.last, last < 0x7F else { return }
        first = prefix
        end = String(decoding: Array(prefix.utf8.dropLast()) + [last + 1], as: UTF8.self)
    }
}

/// Builds the questions about the entities of a connection, which is `$1`.
///
/// The roll-ups lead by connection and entity, so that one probe finds the next entity; the events do not.
struct EntityQuery {
    enum Source: Equatable {
        case rollups
        /// Slower; for the minutes in which the first roll-ups are made.
        case events
    }

    private(set) var parameters: [PostgresValue]
    private let range: EntityRange

    init(_ connection: ConnectionID, _ range: EntityRange) {
        parameters = [.id(connection)]
        self.range = range
    }

    /// Adds a parameter and returns its `$number`.
    mutating func add(_ value: PostgresValue) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }

    /// The tables of `WITH RECURSIVE` whose last one, `entity`, has each entity of the range once.
    mutating func candidates(_ source: Source) -> String {
        var bounds = ""
        if let after = range.after { bounds += " AND known.entity_id > \(add(.text(after)))" }
        if let first = range.first { bounds += " AND known.entity_id >= \(add(.text(first)))" }
        var end = ""
        if let last = range.end { end = " AND known.entity_id < \(add(.text(last)))" }
        switch source {
        case .rollups:
            return """
                fresh AS (
                    SELECT dirty.bucket_start FROM home_assistant_rollup_dirty AS dirty
                    WHERE dirty.connection_id = $1 ORDER BY dirty.bucket_start DESC LIMIT 50
                ), \(Self.steps("recent", "home_assistant_states_5_minutes", bounds, end)),
                \(Self.steps("older", "home_assistant_states_daily", bounds, end)),
                newest AS (
                    SELECT known.entity_id
                    FROM fresh
                    JOIN home_assistant_events AS known ON known.connection_id = $1
                        AND known.timestamp >= fresh.bucket_start
                        AND known.timestamp < fresh.bucket_start + interval '5 minutes'
                    WHERE known.entity_id IS NOT NULL\(bounds)\(end)
                ), entity AS MATERIALIZED (
                    SELECT entity_id FROM recent UNION SELECT entity_id FROM older UNION SELECT entity_id FROM newest
                )
                """
        case .events:
            return """
                \(Self.steps("known_entity", "home_assistant_events", " AND known.entity_id IS NOT NULL" + bounds, end)),
                entity AS MATERIALIZED (SELECT entity_id FROM known_entity)
                """
        }
    }

    /// A table of the entities that `table` knows, found step by step.
    private static func steps(_ name: String, _ table: String, _ bounds: String, _ end: String) -> String {
        """
        \(name) AS (
            (SELECT known.entity_id FROM \(table) AS known
            WHERE known.connection_id = $1\(bounds)\(end) ORDER BY known.entity_id LIMIT 1)
            UNION ALL
            SELECT following.entity_id
            FROM \(name)
            CROSS JOIN LATERAL (
                SELECT known.entity_id FROM \(table) AS known
                WHERE known.connection_id = $1 AND known.entity_id > \(name).entity_id\(end)
                ORDER BY known.entity_id LIMIT 1
            ) AS following
        )
        """
    }

    /// `SELECT … FROM …` of the states of the entities in the table `entity`, as `home_assistant_states_of` finds them: the
    /// roll-ups know about when each was heard last, so that one probe of one month finds its state.
    static let states = """
        SELECT
            connection.id AS connection_id, connection.name AS connection_name, entity.entity_id,
            coalesce(names.name, latest.attributes ->> 'friendly_name') AS name, names.device, names.area, latest.state,
            latest.value, latest.attributes, latest.attributes ->> 'unit_of_measurement' AS unit,
            latest.attributes ->> 'device_class' AS device_class,
            latest.attributes ->> 'state_class' IS NOT NULL AS is_measured, latest.last_updated, latest.event_id
        FROM entity
        JOIN home_assistant_connections AS connection ON connection.id = $1
        LEFT JOIN home_assistant_entity_names AS names
            ON names.connection_id = $1 AND names.entity_id = entity.entity_id
        CROSS JOIN LATERAL (
            SELECT
                CASE WHEN event.id IS NULL THEN bucket.last_state ELSE event.new_state END AS state,
                CASE WHEN event.id IS NULL THEN bucket.last_value ELSE event.value END AS value,
                event.attributes, coalesce(event.timestamp, bucket.last_at) AS last_updated, event.id AS event_id
            FROM (SELECT) AS one
            LEFT JOIN LATERAL (
                SELECT rolled.last_state, rolled.last_value, rolled.last_at
                FROM (
                    (SELECT fine.last_state, fine.last_value, fine.last_at
                    FROM home_assistant_states_5_minutes AS fine
                    WHERE fine.connection_id = $1 AND fine.entity_id = entity.entity_id AND fine.last_at IS NOT NULL
                    ORDER BY fine.bucket_start DESC LIMIT 1)
                    UNION ALL
                    (SELECT coarse.last_state, coarse.last_value, coarse.last_at
                    FROM home_assistant_states_daily AS coarse
                    WHERE coarse.connection_id = $1 AND coarse.entity_id = entity.entity_id AND coarse.last_at IS NOT NULL
                    ORDER BY coarse.bucket_start DESC LIMIT 1)
                ) AS rolled
                ORDER BY rolled.last_at DESC LIMIT 1
            ) AS bucket ON true
            LEFT JOIN LATERAL (
                SELECT stored.id, stored.new_state, stored.value, stored.attributes, stored.timestamp
                FROM home_assistant_events AS stored
                WHERE stored.entity_id = entity.entity_id AND stored.connection_id = $1
                    AND stored.event_type = 'state_changed'
                    AND stored.timestamp >= coalesce(bucket.last_at, '-infinity')
                ORDER BY stored.timestamp DESC LIMIT 1
            ) AS event ON true
        ) AS latest
        """

    /// `text` as a part of a LIKE pattern that means itself.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { pattern, character in
            if character == "%" || character == "_" || character == "\\" { pattern.append("\\") }
            pattern.append(character)
        }
    }

    /// What everything begins with that a LIKE pattern means.
    static func literalPrefix(of pattern: String) -> String {
        var prefix = ""
        var isEscaped = false
        for character in pattern {
            if isEscaped {
                prefix.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "%" || character == "_" {
                break
            } else {
                prefix.append(character)
            }
        }
        return prefix
    }
}
