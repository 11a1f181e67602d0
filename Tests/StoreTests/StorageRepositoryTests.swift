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
