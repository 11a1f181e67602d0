import PostgresClient

/// The statistics by which PostgreSQL plans. Methods throw `PostgresError`.
package struct TableStatisticsRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The tables whose statistics are stale. Autovacuum passes partitioned tables by: they are stale after `days`, or where there
    /// are none. Of others those that have many rows and none at all, or of which a fifth has changed.
    package func staleTables(days: Int = 1) async throws -> [String] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT pg_class.oid::regclass::text AS name
                FROM pg_class LEFT JOIN pg_stat_all_tables AS stat ON stat.relid = pg_class.oid
                WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'home_assistant_events'::regclass)
                    AND relowner = (SELECT relowner FROM pg_class WHERE oid = 'home_assistant_events'::regclass)
                    AND CASE relkind
                        WHEN 'p' THEN coalesce(stat.last_analyze < now() - make_interval(days => $1), true)
                        WHEN 'r' THEN NOT relispartition AND coalesce(stat.n_live_tup, 0) > 1000 AND (
                            coalesce(stat.last_analyze, stat.last_autoanalyze) IS NULL
                            OR stat.n_mod_since_analyze > 1000 + stat.n_live_tup / 5)
                        ELSE false
                    END
                ORDER BY name
                """, [.int(Int64(days))], name: "stale_statistics"
            ).map { row throws(PostgresError) in try row.string("name") }
        }
    }

    /// Gathers the statistics of a table anew; of a partitioned one with those of its partitions.
    package func analyze(_ table: String) async throws {
        try await pool.withConnection { session in
            _ = try await session.query(
                "SELECT home_assistant_analyze_table($1::regclass)", [.text(table)], name: "analyze_table",
                deadline: .seconds(1_800))
        }
    }
}
