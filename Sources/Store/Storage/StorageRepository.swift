import PostgresClient

/// What the tables and indexes take on disk, from the catalogue alone: nothing is counted, so it costs the same for any amount of
/// rows. Methods throw `PostgresError`.
package struct StorageRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Reads the sizes, and PostgreSQL's estimates of how many events and states there are.
    package func use() async throws -> StorageUse {
        try await pool.withConnection { session in
            let rows = try await session.query(Self.rows, name: "estimate_events").first
            let pieces = try await session.query(Self.pieces, name: "measure_tables").map { row in
                StoragePiece(
                    table: try row.string("table_name"), index: try row.optionalString("index_name"),
                    bytes: try row.int("bytes"))
            }
            return StorageUse(
                events: try rows?.int("events") ?? 0, states: try rows?.int("states") ?? 0, pieces: pieces)
        }
    }

    /// The statistics of a month tell how many of its events are states. A month without any counts as states throughout.
    private static let rows = """
        WITH month AS (
            SELECT
                greatest(child.reltuples, pg_stat_get_live_tuples(child.oid), 0)::double precision AS events,
                coalesce(
                    (
                        SELECT coalesce(sum(frequency), 0)
                        FROM pg_stats AS known, unnest(most_common_vals::text::text[], most_common_freqs) AS common (type, frequency)
                        WHERE known.schemaname = current_schema() AND known.tablename = child.relname
                            AND known.attname = 'event_type' AND type = 'state_changed'
                        HAVING count(*) > 0
                    ), 1) AS share
            FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
            WHERE inhparent = 'home_assistant_events'::regclass
        )
        SELECT coalesce(sum(events), 0)::bigint AS events, coalesce(sum(events * share), 0)::bigint AS states FROM month
        """

    /// The months of a table, and the parts of an index on them, count as one.
    private static let pieces = """
        WITH stored AS (
            SELECT own.oid, own.relname AS own_name, coalesce(parent.relname, own.relname) AS name
            FROM pg_class AS own
            LEFT JOIN pg_inherits ON inhrelid = own.oid
            LEFT JOIN pg_class AS parent ON parent.oid = inhparent
            WHERE own.relkind = 'r'
                AND own.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'home_assistant_events'::regclass)
        )
        SELECT table_name, index_name, sum(bytes)::bigint AS bytes FROM (
            SELECT name::text AS table_name, NULL AS index_name, pg_table_size(oid) AS bytes FROM stored
            UNION ALL
            SELECT
                stored.name::text,
                -- An index that each month has of its own is named after it.
                coalesce(parent.relname::text, replace(own.relname, stored.own_name, stored.name)),
                pg_relation_size(own.oid)
            FROM stored
            JOIN pg_index ON indrelid = stored.oid
            JOIN pg_class AS own ON own.oid = indexrelid
            LEFT JOIN pg_inherits ON inhrelid = own.oid
            LEFT JOIN pg_class AS parent ON parent.oid = inhparent
        ) AS piece
        -- A table that was dropped meanwhile has no size.
        WHERE bytes IS NOT NULL
        GROUP BY table_name, index_name
        ORDER BY bytes DESC, table_name, index_name
        """
}
