import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable)) struct IndexPackingJobTests {
    private static let sizes = """
        SELECT relname, pg_relation_size(pg_class.oid) AS size FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = to_regclass('home_assistant_events_y2026m01') AND indisvalid ORDER BY relname
        """

    /// Rows of many entities that take turns, as they come from a house.
    private static let fill = """
        INSERT INTO users (id, username, email) VALUES ('00000000-0000-4000-8000-000000000001', 'u', 'u@example.org');
        INSERT INTO home_assistant_connections (id, name, url, encrypted_token, user_id)
        VALUES ('00000000-0000-4000-8000-000000000002', 'home', 'http://h:8123', 'v1.x', '00000000-0000-4000-8000-000000000001');
        SELECT home_assistant_ensure_event_partitions('2026-01-01Z', '2026-01-02Z');
        INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
        SELECT '00000000-0000-4000-8000-000000000002', 'state_changed', 'sensor.s' || n % 300, n::text,
            '2026-01-01Z'::timestamptz + n * interval '1 second'
        FROM generate_series(1, 30000) AS n;
        """

    @Test func packsMonthsThatAreOverOnce() async throws {
        try await TestDatabase.withSchema { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration.taking(.writer), size: 1, logger: TestDatabase.quietLogger)
            func sizes() async throws -> [String: Int] {
                var sizes: [String: Int] = [:]
                for row in try await session.query(Self.sizes) {
                    sizes[try row.string("relname")] = try row.int("size")
                }
                return sizes
            }
            try await session.execute(Self.fill, name: "fill")
            let job = IndexPackingJob(IndexPackingRepository(pool, worthwhileBytes: 100_000))
            let before = try await sizes()
            // What an attempt that was cut short leaves behind.
            try await session.execute(
                "CREATE INDEX home_assistant_events_y2026m01_pkey_ccnew ON home_assistant_events_y2026m01 (id)")
            try await session.execute(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'home_assistant_events_y2026m01_pkey_ccnew'::regclass"
            )
            let outcome = try await job.run()
            let after = try await sizes()
            #expect(outcome.items >= 3 && outcome.summary?.hasPrefix("Packed \(outcome.items) indexes") == true)
            #expect(before.keys.sorted() == after.keys.sorted())
            for (name, size) in before where size >= 100_000 { #expect((after[name] ?? .max) < size, "\(name)") }
            let (bytesBefore, bytesAfter) = (before.values.reduce(0, +), after.values.reduce(0, +))
            #expect(bytesAfter * 10 < bytesBefore * 9, "\(before) \(after)")
            let remains = try await session.query(
                "SELECT to_regclass('home_assistant_events_y2026m01_pkey_ccnew')::text")
            #expect(try remains[0][0].optionalString == nil)
            #expect(try await job.run() == .nothing)
            // The session went back to the pool as the writer.
            let role = try await pool.withConnection {
                try await $0.query("SELECT current_user::text AS role").first?.string("role")
            }
            #expect(role == "ha_bridge_writer")
            await pool.close()
            await session.close()
        }
    }

    @Test func leavesMonthsThatAreNotOver() async throws {
        try await TestDatabase.withSchema { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration.taking(.writer), size: 1, logger: TestDatabase.quietLogger)
            let found = try await IndexPackingRepository(pool, worthwhileBytes: 0).candidates()
            let months = try await session.query(
                """
                SELECT count(*)::int FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = 'home_assistant_events'::regclass AND relname LIKE 'home_assistant_events_y%'
                """)[0][0].int
            #expect(months > 0 && !found.contains { name in name.contains("default") })
            let current = try await session.query("SELECT to_char(now(), 'YYYY\"m\"MM')")[0][0].string
            #expect(!found.contains { $0.contains(current) })
            await pool.close()
            await session.close()
        }
    }
}
