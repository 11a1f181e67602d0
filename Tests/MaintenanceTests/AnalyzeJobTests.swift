import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable)) struct AnalyzeJobTests {
    /// So many rows more in each table, and the counters of PostgreSQL up to date.
    private static func grow(_ house: TestHouse, marks: Int64, metrics: Int64) async throws {
        _ = try await house.session.query(
            """
            INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start)
            SELECT gen_random_uuid(), '2026-01-01Z' FROM generate_series(1, $1::integer)
            """, [.int(marks)])
        _ = try await house.session.query(
            """
            INSERT INTO home_assistant_connection_metrics (connection_id, metric_type, metric_value, timestamp)
            SELECT $1, 'latency', 1, '2026-01-01Z'::timestamptz + n * interval '1 second'
                + (SELECT count(*) FROM home_assistant_connection_metrics) * interval '1 hour'
            FROM generate_series(1, $2::integer) AS n
            """, [.id(house.connection), .int(metrics)])
        _ = try await house.session.query("SELECT pg_stat_force_next_flush()")
        _ = try await house.session.query("SELECT 1")
    }

    /// What PostgreSQL plans with: how many rows each table has.
    private static func known(_ house: TestHouse) async throws -> [String: Int] {
        var known: [String: Int] = [:]
        let rows = try await house.session.query(
            """
            SELECT relname, reltuples::bigint AS count FROM pg_class
            WHERE relname IN ('home_assistant_rollup_dirty', 'home_assistant_connection_metrics', 'home_assistant_events')
            """)
        for row in rows { known[try row.string("relname")] = try row.int("count") }
        return known
    }

    @Test func analysesWhatGrewAndLeavesTheRest() async throws {
        try await TestDatabase.withHouse { house in
            // Only the job does it here.
            try await house.session.execute(
                """
                ALTER TABLE home_assistant_rollup_dirty SET (autovacuum_enabled = false);
                ALTER TABLE home_assistant_connection_metrics SET (autovacuum_enabled = false);
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
                SELECT id, 'state_changed', 'sensor.a', n::text, date_trunc('month', now()) + n * interval '1 minute'
                FROM home_assistant_connections, generate_series(1, 300) AS n
                """, name: "prepare")
            try await Self.grow(house, marks: 2_000, metrics: 3_000)
            let job = AnalyzeJob(TableStatisticsRepository(house.pool))
            let first = try await job.run()
            #expect(first.summary?.hasPrefix("Gathered new statistics of ") == true)
            // A partitioned table is known as a whole.
            let before = try await Self.known(house)
            #expect(
                before == [
                    "home_assistant_rollup_dirty": 2_000, "home_assistant_connection_metrics": 3_000,
                    "home_assistant_events": 300,
                ])
            #expect(try await job.run() == .nothing)

            try await Self.grow(house, marks: 4_000, metrics: 500)
            let second = try await job.run()
            #expect(second.summary == "Gathered new statistics of home_assistant_rollup_dirty.")
            #expect(second.items == 1)
            let after = try await Self.known(house)
            #expect(after["home_assistant_rollup_dirty"] == 6_000)
            #expect(after["home_assistant_connection_metrics"] == 3_000)
            #expect(try await job.run() == .nothing)
        }
    }

    @Test func aTableThatIsNotOursIsNotAnalysed() async throws {
        try await TestDatabase.withHouse { house in
            try await house.session.execute("CREATE TABLE notes AS SELECT n FROM generate_series(1, 5000) AS n")
            _ = try await house.session.query("SELECT pg_stat_force_next_flush()")
            let statistics = TableStatisticsRepository(house.pool)
            let stale = try await statistics.staleTables()
            #expect(!stale.isEmpty && !stale.contains("notes"))
            let error = await #expect(throws: PostgresError.self) { try await statistics.analyze("notes") }
            #expect(error?.sqlState == "22023")
        }
    }
}
