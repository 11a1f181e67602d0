import PostgresClient

/// What the tables and indexes take on disk, and about how many events and states there are. It costs much the same for any amount
/// of rows: sizes and estimates are in the catalogue, and only small months that have changed since are counted. Methods throw
/// `PostgresError`.
package struct StorageRepository: Sendable {
    /// A month of no more pages than this may be counted: 16 MB are read in some milliseconds.
    package static let countedPages = 2_048

    private let pool: PostgresPool
    private let countedPages: Int

    /// Uses connections of `pool`, one for each call. `countedPages` is for tests.
    package init(_ pool: PostgresPool, countedPages: Int = StorageRepository.countedPages) {
        self.pool = pool
        self.countedPages = countedPages
    }

    /// Reads the sizes, and how many events and states there are: exactly, as long as the months are small.
    package func use() async throws -> StorageUse {
        try await pool.withConnection { session in
            let amount = try await Self.amount(in: session, countedPages)
            let pieces = try await session.query(Self.pieces, name: "measure_tables").map { row in
                StoragePiece(
                    table: try row.string("table_name"), index: try row.optionalString("index_name"),
                    bytes: try row.int("bytes"))
            }
            return StorageUse(
                events: Int(amount.events.rounded()), states: Int(amount.states.rounded()), pieces: pieces)
        }
    }

    /// How many events there are, and how many of them are states.
    private struct Amount {
        var events = 0.0
        var states = 0.0

        static func += (total: inout Amount, month: Amount) {
            total.events += month.events
            total.states += month.states
        }
    }

    private static func amount(in session: PostgresConnection, _ countedPages: Int) async throws -> Amount {
        var total = Amount()
        let rows = try await session.query(months, [.int(Int64(countedPages))], name: "estimate_events")
        for row in rows {
            if try row.bool("is_to_count") {
                do {
                    total += try await count(try row.string("name"), session)
                } catch let error as PostgresError where error.sqlState == "42P01" {
                    // Retention dropped it meanwhile.
                    continue
                }
            } else {
                let events = try row.double("events")
                total += Amount(events: events, states: events * (try row.double("share")))
            }
        }
        return total
    }

    private static func count(_ month: String, _ session: PostgresConnection) async throws -> Amount {
        let rows = try await session.query(
            """
            SELECT count(*) AS events, count(*) FILTER (WHERE event_type = 'state_changed') AS states FROM ONLY \(month)
            """, name: "count_month")
        return try rows.one { row throws(PostgresError) in
            Amount(events: Double(try row.int("events")), states: Double(try row.int("states")))
        }
    }

    /// The months by their names as SQL. What the last ANALYZE found is exact for a small month that has not changed since; another
    /// is to be counted, if it has no more than `$1` pages. For a larger one it is reckoned how many rows its pages hold if all of
    /// them are as full as those were: the running count of rows that were written and deleted is lost with a crash, and takes what
    /// was rolled back for written. Where nothing has been found yet, there is only that count.
    ///
    /// The statistics of a month tell how many of its events are states. A month without any counts as states throughout.
    private static let months = """
        WITH month AS (
            SELECT child.oid, child.relname, child.reltuples, child.relpages,
                pg_relation_size(child.oid) / current_setting('block_size')::bigint AS pages,
                pg_stat_get_mod_since_analyze(child.oid) AS changes, pg_stat_get_live_tuples(child.oid) AS alive
            FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
            WHERE inhparent = 'home_assistant_events'::regclass
        )
        SELECT oid::regclass::text AS name,
            pages <= $1::bigint AND pages > 0 AND (reltuples < 0 OR changes > 0 OR relpages <> pages) AS is_to_count,
            CASE
                WHEN reltuples >= 0 AND relpages > 0 THEN reltuples::double precision / relpages * pages
                ELSE greatest(alive, 0)
            END::double precision AS events,
            coalesce(
                (
                    SELECT coalesce(sum(frequency), 0)
                    FROM pg_stats AS known, unnest(most_common_vals::text::text[], most_common_freqs) AS common (type, frequency)
                    WHERE known.schemaname = current_schema() AND known.tablename = month.relname
                        AND known.attname = 'event_type' AND type = 'state_changed'
                    HAVING count(*) > 0
                ), 1)::double precision AS share
        FROM month
        -- A month that was dropped meanwhile has no size.
        WHERE pages IS NOT NULL
        ORDER BY name
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
