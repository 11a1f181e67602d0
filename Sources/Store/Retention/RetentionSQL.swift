/// The statements of retention; `table` is a partition.
extension RetentionRepository {
    /// `kind`: the types of the events of a partition, by probes of the index. `state_changed`, which is nearly all, is left out: its
    /// events are those of entities.
    static func kinds(_ table: String, _ condition: String) -> String {
        """
        WITH RECURSIVE kind (event_type) AS (
            SELECT min(event_type) FROM \(table) WHERE event_type <> 'state_changed' AND \(condition)
            UNION ALL
            SELECT (
                SELECT min(event.event_type) FROM \(table) AS event
                WHERE event.event_type <> 'state_changed' AND event.event_type > kind.event_type
            )
            FROM kind WHERE kind.event_type IS NOT NULL
        )
        """
    }

    /// `pair`: the entities of a partition, by probes of the index.
    static func pairs(_ table: String) -> String {
        """
        WITH RECURSIVE pair AS (
            (
                SELECT entity_id, connection_id FROM \(table) WHERE entity_id IS NOT NULL
                ORDER BY entity_id, connection_id LIMIT 1
            )
            UNION ALL
            SELECT following.entity_id, following.connection_id
            FROM pair CROSS JOIN LATERAL (
                SELECT event.entity_id, event.connection_id FROM \(table) AS event
                WHERE event.entity_id IS NOT NULL
                    AND (event.entity_id, event.connection_id) > (pair.entity_id, pair.connection_id)
                ORDER BY event.entity_id, event.connection_id LIMIT 1
            ) AS following
        )
        """
    }

    /// From `resolved`, which rule counts: `judged`, with the moment before which rows go. Ever is NULL.
    private static let judged = """
        judged AS MATERIALIZED (
            SELECT resolved.*, $1::timestamptz - interval '24 hours' * CASE
                    WHEN resolved.rule_id IS NULL THEN $2::integer ELSE rule.keep_days END AS cutoff
            FROM resolved LEFT JOIN home_assistant_retention_rule AS rule ON rule.id = resolved.rule_id
        )
        """

    /// The series of entities: `$1` now, `$2` days without a rule, `$3` the beginning of the partition, `$4` types by name.
    static func ofEntities(_ table: String) -> String {
        let rows = """
            SELECT FROM \(table) AS event
            WHERE event.entity_id = judged.entity_id AND event.connection_id = judged.connection_id
                AND (event.event_type = judged.event_type
                    OR judged.event_type IS NULL AND event.event_type <> ALL ($4::text[]))
            """
        return """
            \(pairs(table)), named (event_type) AS (
                SELECT unnest($4::text[]) UNION ALL SELECT NULL
            ), resolved AS MATERIALIZED (
                SELECT pair.connection_id, pair.entity_id, named.event_type,
                    home_assistant_retention_rule_for(
                        'events', pair.connection_id, coalesce(named.event_type, 'state_changed'), pair.entity_id) AS rule_id
                FROM pair CROSS JOIN named
                JOIN home_assistant_connections AS connection
                    ON connection.id = pair.connection_id AND connection.removed_at IS NULL
            ), \(judged), bounded AS MATERIALIZED (
                SELECT judged.*, CASE
                        WHEN judged.cutoff > coalesce($3::timestamptz, '-infinity')
                            AND EXISTS (\(rows) AND event.timestamp < judged.cutoff)
                        THEN least(judged.cutoff, (
                            SELECT event.timestamp FROM home_assistant_events AS event
                            WHERE event.entity_id = judged.entity_id AND event.connection_id = judged.connection_id
                                AND event.event_type = 'state_changed'
                            ORDER BY event.timestamp DESC LIMIT 1
                        ))
                        ELSE judged.cutoff
                    END AS until
                FROM judged
            )
            SELECT judged.connection_id, judged.entity_id, judged.event_type, judged.rule_id, judged.until,
                coalesce(judged.until > coalesce($3::timestamptz, '-infinity')
                    AND EXISTS (\(rows) AND event.timestamp < judged.until), false) AS is_due
            FROM bounded AS judged
            ORDER BY judged.entity_id, judged.connection_id, judged.event_type
            """
    }

    /// The series of events that are of no entity: as `ofEntities`, without `$4`.
    static func ofTypes(_ table: String) -> String {
        """
        \(kinds(table, "true")), resolved AS MATERIALIZED (
            SELECT connection.id AS connection_id, NULL::text AS entity_id, kind.event_type,
                home_assistant_retention_rule_for('events', connection.id, kind.event_type, NULL) AS rule_id
            FROM kind CROSS JOIN home_assistant_connections AS connection
            WHERE kind.event_type IS NOT NULL AND connection.removed_at IS NULL
        ), \(judged)
        SELECT judged.connection_id, judged.entity_id, judged.event_type, judged.rule_id, judged.cutoff AS until,
            coalesce(judged.cutoff > coalesce($3::timestamptz, '-infinity') AND EXISTS (
                SELECT FROM \(table) AS event
                WHERE event.event_type = judged.event_type AND event.event_type <> 'state_changed'
                    AND event.connection_id = judged.connection_id AND event.entity_id IS NULL
                    AND event.timestamp < judged.cutoff
            ), false) AS is_due
        FROM judged ORDER BY judged.event_type, judged.connection_id
        """
    }

    /// The rows of `series` that go and for which `condition` holds: `$5` types by name. Events of entities and others are found by
    /// indexes of their own.
    static func members(_ table: String, ofEntities: Bool, _ condition: String) -> String {
        let kind =
            ofEntities
            ? """
            event.entity_id = series.entity_id AND (event.event_type = series.event_type
                OR series.event_type IS NULL AND event.event_type <> ALL ($5::text[]))
            """
            : """
            event.entity_id IS NULL AND event.event_type = series.event_type AND event.event_type <> 'state_changed'
            AND $5::text[] IS NOT NULL
            """
        return """
            SELECT event.ctid AS place FROM \(table) AS event
            WHERE event.connection_id = series.connection_id AND event.timestamp < series.until AND \(condition) AND \(kind)
            """
    }
}
