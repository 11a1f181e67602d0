import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct StorageRepositoryTests {
    @Test func tellsTheBytesOfEachTableAndIndexAndWhatFallsToAState() async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection("home", events: 2_000)
            // A tenth more that are no states, and one event in the default partition.
            _ = try await database.session.query(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, timestamp)
                SELECT $1::uuid, 'call_service', date_trunc('month', now()) - interval '20 days' + n * interval '1 minute'
                FROM generate_series(1, 199) AS n
                UNION ALL SELECT $1::uuid, 'call_service', '1980-01-01Z'
                """, [.id(connection.id)])
            try await database.session.execute("ANALYZE")
            let use = try await StorageRepository(database.pool).use()
            #expect(use.events == 2_200)
            #expect((1_950...2_050).contains(use.states), "\(use.states)")
            // Months count as their table, parts of an index as the index.
            #expect(!use.pieces.contains { $0.table.contains("_y20") || $0.index?.contains("_y20") == true })
            let indexes = use.pieces.filter { $0.table == "home_assistant_events" }.compactMap(\.index)
            #expect(Set(indexes).count == indexes.count)
            #expect(indexes.contains("home_assistant_events_pkey"))
            #expect(indexes.contains("home_assistant_events_exemplar_key"))
            // Nothing is left out and nothing counts twice.
            let everything = try await database.scalar(
                """
                SELECT sum(pg_table_size(oid) + (
                    SELECT coalesce(sum(pg_relation_size(indexrelid)), 0) FROM pg_index WHERE indrelid = pg_class.oid))
                FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
                """)
            #expect(everything.flatMap { Int($0) } == use.bytes)
            #expect(use.pieces.map(\.bytes) == use.pieces.map(\.bytes).sorted(by: >))
        }
    }

    /// As after a start: PostgreSQL has analysed little, and has seen rows come that did not stay.
    @Test func countsSmallMonthsAndBelievesNoStaleEstimate() async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection("home", events: 100)
            try await database.session.execute("ANALYZE home_assistant_events", name: "analyze")
            let more = """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
                SELECT $1::uuid, CASE WHEN n > 350 THEN 'call_service' ELSE 'state_changed' END, 'sensor.more', n::text,
                    date_trunc('month', now()) - interval '20 days' + n * interval '1 minute'
                FROM generate_series(1, 400) AS n
                """
            _ = try await database.session.query(more, [.id(connection.id)])
            try await database.session.execute("BEGIN")
            _ = try await database.session.query(more, [.id(connection.id)])
            try await database.session.execute("ROLLBACK")
            try await database.session.execute("UPDATE home_assistant_events SET old_state = 'x'", name: "update")
            _ = try await database.session.query("SELECT pg_stat_force_next_flush()")
            let use = try await StorageRepository(database.pool).use()
            #expect(use.events == 500)
            #expect(use.states == 450)
        }
    }

    @Test func reckonsLargeMonthsByTheirSize() async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection("home")
            func store(_ hour: Int64) async throws {
                _ = try await database.session.query(
                    """
                    INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
                    SELECT $1::uuid, CASE n % 4 WHEN 0 THEN 'call_service' ELSE 'state_changed' END, 'sensor.a', n::text,
                        date_trunc('month', now()) + $2::integer * interval '1 hour' + n * interval '1 second'
                    FROM generate_series(1, 2000) AS n
                    """, [.id(connection.id), .int(hour)])
            }
            try await store(0)
            try await database.session.execute("ANALYZE home_assistant_events", name: "analyze")
            for hour in 1...2 { try await store(Int64(hour)) }
            try await database.session.execute("BEGIN")
            try await store(3)
            try await database.session.execute("ROLLBACK")
            // What was rolled back has its pages until they are cleared.
            try await database.session.execute("VACUUM (TRUNCATE) home_assistant_events", name: "vacuum")
            let use = try await StorageRepository(database.pool, countedPages: 2).use()
            #expect((5_700...6_300).contains(use.events), "\(use.events)")
            #expect((4_200...4_800).contains(use.states), "\(use.states)")
        }
    }

    @Test func anEmptyDatabaseHasNoBytesPerState() async throws {
        try await StoreDatabase.with { database in
            let use = try await StorageRepository(database.pool).use()
            #expect(use.states == 0)
            #expect(use.bytes > 0)
            #expect(use.tenthsPerState(of: use.bytes) == nil)
        }
    }

    @Test func bytesPerStateAreRoundedToTenths() {
        let use = StorageUse(events: 4, states: 3, pieces: [])
        #expect(use.tenthsPerState(of: 10) == 33)
        #expect(use.tenthsPerState(of: 20) == 67)
        #expect(use.tenthsPerState(of: .max) == nil)
    }
}
