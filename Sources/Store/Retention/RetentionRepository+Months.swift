import BridgeCore
import PostgresClient

/// Months that go as a whole.
extension RetentionRepository {
    /// How dropping a month ended.
    package enum Replacement: Sendable, Equatable {
        /// It is gone, and of the rows of each house so many were kept.
        case dropped(kept: [ConnectionID: Int])
        /// It would keep more than `keptLimit` rows.
        case keepsTooMuch
        /// Something came meanwhile that is not rolled up yet.
        case isNotRolledUp
        /// Somebody else held a lock for longer than writers may be kept waiting, or it took longer than that. Nothing has changed.
        case busy
    }

    /// A month that keeps more is emptied row by row.
    package static let keptLimit = 2_000
    /// Of less than this a month is emptied row by row, unless nothing of it stays.
    package static let worthwhileBytes = 16 << 20
    /// Months that are younger stay in place, since rows of them are still to be expected.
    package static let youngest: Int64 = 63 * 86_400

    /// How many rows of the month stay, or `nil` for more than `keptLimit`, which are not counted.
    package func kept(of month: RetentionMonth) async throws -> Int? {
        let table = try Self.table(month.partition)
        return try await pool.withConnection { session in
            try await session.transaction(deadline: Self.deadline) { session in
                try Self.stage(month, session)
                let count = try session.query(
                    "SELECT count(*) AS count FROM (\(Self.keptRows(table, "event.id")) LIMIT \(Self.keptLimit + 1)) AS kept",
                    [.textArray(month.namedTypes)], name: "count_kept", deadline: Self.deadline
                ).one { row throws(PostgresError) in try row.int("count") }
                return count > Self.keptLimit ? nil : count
            }
        }
    }

    /// How many rows each house has in a partition.
    package func rows(of partition: EventPartition) async throws -> [ConnectionID: Int] {
        let table = try Self.table(partition)
        return try await pool.withConnection { session in
            var counts: [ConnectionID: Int] = [:]
            let rows = try await session.query(
                "SELECT connection_id, count(*) AS count FROM \(table) GROUP BY connection_id", name: "count_month",
                deadline: .seconds(3_600))
            for row in rows { counts[try row.id("connection_id")] = try row.int("count") }
            return counts
        }
    }

    /// Drops the month, and makes it anew with the few rows that stay. `month` must be what `look` found with no house waiting: what
    /// nobody judged then, such as an entity that came meanwhile, stays.
    ///
    /// Writers stop for the moment that this takes, and for no longer than the lock is waited for before. To detach the month
    /// without stopping them is not to be had, since PostgreSQL refuses that beside a default partition.
    package func replace(_ month: RetentionMonth, recreating: Bool) async throws -> Replacement {
        let table = try Self.table(month.partition)
        do {
            return try await pool.withConnection { session in
                try await session.transaction(deadline: .seconds(120)) { session in
                    try Self.replace(month, table, recreating: recreating, session)
                }
            }
        } catch let error as PostgresError where error.isLockTimeout || error.sqlState == "57014" {
            // Also a statement that took too long under the lock.
            try Task.checkCancellation()
            return .busy
        }
    }

    private static func replace(
        _ month: RetentionMonth, _ table: String, recreating: Bool, _ session: isolated PostgresConnection
    ) throws -> Replacement {
        let name: [PostgresValue] = [.text(month.partition.name)]
        try stage(month, session)
        try session.execute(patience, name: "retention_patience")
        _ = try session.query("SELECT home_assistant_lock_event_month($1)", name, name: "lock_month")
        // From here on nobody writes.
        try session.execute("SET LOCAL statement_timeout = '300ms'", name: "bound_month")
        let isCurrent = try session.query(
            """
            WITH series AS (SELECT * FROM pg_temp.retention_series WHERE until > '-infinity'), current AS (\(current))
            SELECT NOT EXISTS (SELECT FROM series WHERE connection_id NOT IN (SELECT connection_id FROM current)) AS is_current
            """, name: "month_is_rolled_up"
        ).one { row throws(PostgresError) in try row.bool("is_current") }
        guard isCurrent else {
            try session.execute("DROP TABLE pg_temp.retention_series", name: "forget_series")
            return .isNotRolledUp
        }
        let columns = try session.query(
            """
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS stored,
                string_agg(CASE WHEN attname IN ('embedding_vector', 'exemplar_id', 'embedder_version') THEN 'NULL'
                    ELSE quote_ident(attname) END, ', ' ORDER BY attnum) AS moved
            FROM pg_attribute
            WHERE attrelid = 'home_assistant_events'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
            """, name: "event_columns"
        ).one { row throws(PostgresError) in (stored: try row.string("stored"), moved: try row.string("moved")) }
        let kept = try session.query(
            """
            CREATE TEMPORARY TABLE retention_kept ON COMMIT DROP AS \(keptRows(table, "event.*")) LIMIT \(keptLimit + 1)
            """, [.textArray(month.namedTypes)], name: "set_kept_aside"
        ).affectedRows
        guard kept <= keptLimit else {
            try session.execute("DROP TABLE pg_temp.retention_series, pg_temp.retention_kept", name: "forget_kept")
            return .keepsTooMuch
        }
        let keptRows = try session.query(
            "SELECT connection_id, count(*) AS count FROM pg_temp.retention_kept GROUP BY connection_id",
            name: "count_kept")
        var keptOf: [ConnectionID: Int] = [:]
        for row in keptRows { keptOf[try row.id("connection_id")] = try row.int("count") }
        _ = try session.query("SELECT home_assistant_drop_event_month($1)", name, name: "drop_month")
        if recreating || kept > 0 {
            _ = try session.query(
                "SELECT home_assistant_create_event_partition($1)", name, name: "create_month")
            // Their exemplars went: they wait for new ones.
            try session.execute(
                "INSERT INTO \(table) (\(columns.stored)) SELECT \(columns.moved) FROM pg_temp.retention_kept",
                name: "put_kept_back")
            _ = try session.query(
                "SELECT home_assistant_attach_event_partition($1)", name, name: "attach_month")
        }
        _ = try session.query(
            "SELECT pg_notify('home_assistant_exemplars', id::text) FROM home_assistant_connections",
            name: "notify_exemplars")
        return .dropped(kept: keptOf)
    }

    /// Puts the series into a table of the session, for as long as the transaction lasts.
    private static func stage(_ month: RetentionMonth, _ session: isolated PostgresConnection) throws(PostgresError) {
        _ = try session.query(
            "CREATE TEMPORARY TABLE retention_series ON COMMIT DROP AS \([RetentionSeries].rows)",
            month.series.parameters, name: "stage_retention")
        try session.execute("ANALYZE pg_temp.retention_series", name: "analyze_retention")
    }

    /// The rows of a partition of which no staged series says that they go: `$1` types by name. What no series speaks of stays.
    private static func keptRows(_ table: String, _ columns: String) -> String {
        """
        SELECT kept.* FROM (
            \(pairs(table))
            SELECT \(columns) FROM pair
            LEFT JOIN (
                SELECT connection_id, entity_id, min(until) AS until FROM pg_temp.retention_series
                WHERE entity_id IS NOT NULL GROUP BY connection_id, entity_id
            ) AS bound ON bound.connection_id = pair.connection_id AND bound.entity_id = pair.entity_id
            CROSS JOIN LATERAL (
                SELECT * FROM \(table) AS event
                WHERE event.entity_id = pair.entity_id AND event.connection_id = pair.connection_id
                    AND event.timestamp >= coalesce(bound.until, '-infinity')
            ) AS event
            WHERE NOT EXISTS (
                SELECT FROM pg_temp.retention_series AS series
                WHERE series.connection_id = event.connection_id AND series.entity_id = event.entity_id
                    AND (series.event_type = event.event_type
                        OR series.event_type IS NULL AND event.event_type <> ALL ($1::text[]))
                    AND event.timestamp < series.until
            )
        ) AS kept
        UNION ALL
        SELECT kept.* FROM (
            \(kinds(table, "true"))
            SELECT \(columns) FROM kind
            LEFT JOIN (
                SELECT event_type, min(until) AS until FROM pg_temp.retention_series
                WHERE entity_id IS NULL GROUP BY event_type
            ) AS bound ON bound.event_type = kind.event_type
            CROSS JOIN LATERAL (
                SELECT * FROM \(table) AS event
                WHERE event.event_type = kind.event_type AND event.event_type <> 'state_changed'
                    AND event.entity_id IS NULL AND event.timestamp >= coalesce(bound.until, '-infinity')
            ) AS event
            WHERE NOT EXISTS (
                SELECT FROM pg_temp.retention_series AS series
                WHERE series.connection_id = event.connection_id AND series.entity_id IS NULL
                    AND series.event_type = event.event_type AND event.timestamp < series.until
            )
        ) AS kept
        """
    }
}
