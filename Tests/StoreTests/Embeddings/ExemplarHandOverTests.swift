import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// What the triggers do when the row that carries a vector goes.
@Suite(.needsPostgres) struct ExemplarHandOverTests {
    private func month() throws -> Timestamp { try #require(EventMonth(of: .now)).start.adding(seconds: 86_400) }

    /// Ten events of one key, embedded; the last is the exemplar.
    private func prepare(_ database: StoreDatabase, entity: String? = "sensor.one") async throws -> [KeyedEvent] {
        let home = try await database.addConnection("home").id
        let start = try month()
        let events = (0..<10).map {
            KeyedEvent(connection: home, key: 1, entity: entity, timestamp: start.adding(seconds: Int64($0)))
        }
        try await database.write(events)
        try await database.embedAll()
        return events
    }

    private func exemplar(_ database: StoreDatabase) async throws -> String? {
        try await database.scalar("SELECT id FROM home_assistant_events WHERE embedding_vector IS NOT NULL")
    }

    @Test(arguments: ["sensor.one", nil] as [String?])
    func theNewestSurvivorTakesOver(entity: String?) async throws {
        try await StoreDatabase.with { database in
            let events = try await prepare(database, entity: entity)
            let vector = try await database.scalar(
                "SELECT embedding_vector FROM home_assistant_events WHERE embedding_vector IS NOT NULL")
            try await database.session.listen(to: "home_assistant_exemplars")
            _ = try await database.session.query(
                "DELETE FROM home_assistant_events WHERE id = ANY ($1::text[]::uuid[])",
                [.textArray([events[9], events[8], events[3]].map(\.id.description))])
            #expect(try await exemplar(database) == events[7].id.description)
            #expect(try await database.count("exemplar_id = '\(events[7].id)' AND embedder_version IS NULL") == 6)
            #expect(try await database.violation() == nil)
            #expect(
                try await database.scalar(
                    "SELECT embedding_vector FROM home_assistant_events WHERE embedding_vector IS NOT NULL") == vector)
            try await database.session.execute("DELETE FROM home_assistant_events")
            #expect(try await database.count("true") == 0)
        }
    }

    @Test func aReplacedRowThatMeansSomethingElseGivesItsVectorAway() async throws {
        try await StoreDatabase.with { database in
            let events = try await prepare(database)
            let home = events[0].connection
            // What a live row does that replaces one of the history.
            _ = try await database.session.query(
                """
                UPDATE home_assistant_events SET embedding_key = $2, exemplar_id = NULL, new_state = 'off' WHERE id = $1
                """, [.id(events[9].id), .bytes(KeyedEvent.key(2, home).bytes)])
            #expect(try await exemplar(database) == events[8].id.description)
            #expect(try await database.count("exemplar_id IS NULL") == 1)
            #expect(try await database.violation() == nil)
            // One that means the same keeps it, whatever the writer believed.
            _ = try await database.session.query(
                "UPDATE home_assistant_events SET embedding_key = embedding_key, exemplar_id = $2 WHERE id = $1",
                [.id(events[8].id), .id(EventID())])
            #expect(try await exemplar(database) == events[8].id.description)
            #expect(try await database.violation() == nil)
        }
    }

    @Test func aVectorTakenAwayLetsAllRowsOfItsKeyWait() async throws {
        try await StoreDatabase.with { database in
            _ = try await prepare(database)
            try await database.session.execute("UPDATE home_assistant_events SET embedding_vector = NULL")
            #expect(try await database.count("exemplar_id IS NULL AND embedding_key IS NOT NULL") == 10)
            #expect(try await database.violation() == nil)
            #expect(try await database.embedAll().rows == 10)
        }
    }

    @Test func aConnectionThatIsRemovedHandsNothingOver() async throws {
        try await StoreDatabase.with { database in
            let events = try await prepare(database)
            try await database.connections.markRemoved(events[0].connection)
            _ = try await database.session.query(
                "DELETE FROM home_assistant_events WHERE id = $1", [.id(events[9].id)])
            #expect(try await exemplar(database) == nil)
            #expect(try await database.connections.deleteRemoved(events[0].connection) == 9)
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_embedding_documents") == "0")
        }
    }

    @Test func rowsThatLeaveTheDefaultPartitionWaitAndThoseThatStayKeepAVector() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let may = try #require(Timestamp(iso8601: "2031-05-10T00:00:00Z"))
            let june = try #require(Timestamp(iso8601: "2031-06-10T00:00:00Z"))
            try await database.write(
                [june, june.adding(seconds: 1), may].map { KeyedEvent(connection: home, key: 1, timestamp: $0) })
            try await database.embedAll()
            #expect(try await database.exemplars.exemplars(of: [KeyedEvent.key(1, home)]).isEmpty)
            #expect(try await PartitionRepository(database.pool).ensureEventPartitions(from: june, to: june) == 1)
            #expect(try await database.violation() == nil)
            #expect(
                try await database.scalar(
                    "SELECT timestamp FROM home_assistant_events_default WHERE embedding_vector IS NOT NULL")?
                    .hasPrefix("2031-05-10") == true)
            let moved = "tableoid = 'home_assistant_events_y2031m06'::regclass"
            #expect(
                try await database.count(
                    "\(moved) AND exemplar_id IS NULL AND embedding_key IS NOT NULL AND new_state = 'on'") == 2)
            #expect(try await database.embedAll().copied == 1)
            #expect(try await database.count("\(moved) AND exemplar_id IS NOT NULL") == 2)
            #expect(try await database.violation() == nil)
            #expect(
                try await database.scalar(
                    "SELECT attstorage FROM pg_attribute WHERE attrelid = 'home_assistant_events_y2031m06'::regclass AND attname = 'embedding_vector'"
                ) == "p")
        }
    }

    @Test(arguments: [UInt64.random(in: 0...UInt64.max), 1, 2])
    func nothingDanglesWhateverIsDeletedAndReplaced(seed: UInt64) async throws {
        let generator = LockedBox(SeededGenerator(seed: seed))
        func random(_ range: Range<Int>) -> Int { generator.withLock { Int.random(in: range, using: &$0) } }
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let start = try month()
            for step in 0..<40 {
                switch random(0..<6) {
                case 0, 1:
                    try await database.write(
                        (0..<random(1..<20)).map { _ in
                            let key = random(0..<4)
                            // A key has one entity, or none.
                            return KeyedEvent(
                                connection: home, key: key, entity: key == 3 ? nil : "sensor.one",
                                timestamp: start.adding(seconds: Int64(random(0..<3_600))))
                        })
                case 2: try await database.embedAll()
                case 3:
                    _ = try await database.session.query(
                        "DELETE FROM home_assistant_events WHERE id IN (SELECT id FROM home_assistant_events ORDER BY md5(id::text || $1) LIMIT $2)",
                        [.text("\(step)"), .int(Int64(random(1..<15)))])
                case 4:
                    _ = try await database.session.query(
                        """
                        UPDATE home_assistant_events SET embedding_key = $1, exemplar_id = NULL
                        WHERE id IN (SELECT id FROM home_assistant_events WHERE entity_id IS NOT NULL ORDER BY md5(id::text || $2) LIMIT 4)
                        """, [.bytes(KeyedEvent.key(random(0..<3), home).bytes), .text("\(step)")])
                default:
                    _ = try await database.session.query(
                        "UPDATE home_assistant_events SET embedding_vector = NULL WHERE embedding_key = $1",
                        [.bytes(KeyedEvent.key(random(0..<4), home).bytes)])
                }
                let violation = try await database.violation()
                #expect(violation == nil, "seed \(seed), step \(step)")
                if violation != nil { return }
            }
        }
    }

    @Test func twoDeletersAndAWorkerAtOnceLeaveNothingDangling() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let start = try month()
            try await database.write(
                (0..<600).map { KeyedEvent(connection: home, key: $0 % 5, timestamp: start.adding(seconds: Int64($0))) }
            )
            try await database.embedAll()
            let sessions = [try await database.connect(), try await database.connect()]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, session) in sessions.enumerated() {
                    group.addTask {
                        // The newest first, so that each statement meets exemplars.
                        for second in stride(from: 599 - index, to: 300, by: -2) {
                            while true {
                                do {
                                    _ = try await session.query(
                                        "DELETE FROM home_assistant_events WHERE timestamp = $1",
                                        [.timestamp(start.adding(seconds: Int64(second)))])
                                    break
                                } catch let error as PostgresError where error.isRetriable { continue }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            _ = try await database.exemplars.repair()
            #expect(try await database.violation() == nil)
            try await database.embedAll()
            #expect(try await database.count("exemplar_id IS NULL") == 0)
            #expect(try await database.count("embedding_vector IS NOT NULL") == 5)
            for session in sessions { await session.close() }
        }
    }
}
