import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct ExemplarRepositoryTests {
    /// The 20th of this month and of the one before, both of which have partitions.
    private func moments() throws -> (now: Timestamp, before: Timestamp) {
        let month = try #require(EventMonth(of: .now))
        return (month.start.adding(seconds: 20 * 86_400), month.start.adding(seconds: -11 * 86_400))
    }

    @Test func oneVectorForEachKeyAndMonthAndEveryRowPointsToIt() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let (now, before) = try moments()
            let events = (0..<60).map { index in
                KeyedEvent(
                    connection: home, key: index % 3,
                    timestamp: (index < 30 ? now : before).adding(seconds: Int64(index)))
            }
            try await database.write(events + [KeyedEvent(connection: home, key: nil, timestamp: now)])
            let embedder = CountingEmbedder()
            let round = try await database.embedAll(embedder.embed)
            // Taken together, a key is embedded once for both months.
            #expect(embedder.all == [0: 1, 1: 1, 2: 1])
            #expect(round.rows == 60 && round.embedded == 3 && round.undocumented == 0)
            #expect(try await database.count("embedding_vector IS NOT NULL") == 6)
            #expect(try await database.count("exemplar_id IS NOT NULL") == 60)
            #expect(try await database.violation() == nil)
            // The newest of its key and month.
            let newest = try await database.column(
                "SELECT id FROM home_assistant_events WHERE embedding_vector IS NOT NULL ORDER BY timestamp DESC LIMIT 3"
            )
            #expect(newest == events[27..<30].reversed().map(\.id.description))

            let directory = try await database.exemplars.exemplars(of: [KeyedEvent.key(1, home)])
            #expect(
                Set(directory.map(\.month)) == [
                    try #require(EventMonth(of: now)), try #require(EventMonth(of: before)),
                ])
            let month = try #require(EventMonth(of: now))
            #expect(try await database.exemplars.exemplars(in: month).count == 3)
            #expect(
                try await database.exemplars.progress(version: "v1")
                    == EmbeddingProgress(pendingRows: 0, pendingKeys: 0, exemplars: 6, outdated: 0))
        }
    }

    @Test func aKeyThatAnotherMonthKnowsIsCopied() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let (now, before) = try moments()
            try await database.write([KeyedEvent(connection: home, key: 7, timestamp: before)])
            try await database.embedAll()
            try await database.write([KeyedEvent(connection: home, key: 7, timestamp: now)])
            let embedder = CountingEmbedder()
            let round = try await database.embedAll(embedder.embed)
            #expect(embedder.all.isEmpty && round.copied == 1 && round.rows == 1)
            let distinct = try await database.column(
                "SELECT DISTINCT embedding_vector::text FROM home_assistant_events WHERE embedding_vector IS NOT NULL")
            #expect(distinct.count == 1)
            #expect(try await database.violation() == nil)
        }
    }

    @Test func aVectorOfAnotherVersionIsMadeAnewAndNotCopied() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let (now, before) = try moments()
            try await database.write((0..<5).map { KeyedEvent(connection: home, key: $0, timestamp: before) })
            try await database.embedAll(version: "v1")
            // A row that waits takes the others of its key along.
            try await database.write([KeyedEvent(connection: home, key: 0, timestamp: now)])
            let first = try await database.embedAll(version: "v2")
            #expect(first.embedded == 1 && first.copied == 0 && first.renewed == 1)
            #expect(try await database.exemplars.progress(version: "v2").outdated == 4)
            let second = try await database.exemplars.renewOutdated(version: "v2", keys: 3, embed: FakeEmbedder.embed)
            #expect(second.renewed == 3 && second.embedded == 3)
            _ = try await database.exemplars.renewOutdated(version: "v2", embed: FakeEmbedder.embed)
            #expect(try await database.exemplars.renewOutdated(version: "v2", embed: FakeEmbedder.embed).isIdle)
            #expect(try await database.count("embedder_version = 'v2'") == 6)
            #expect(try await database.violation() == nil)
        }
    }

    @Test func aRowWithoutDocumentLosesItsKeyAndHoldsUpNobody() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let (now, before) = try moments()
            try await database.write(
                [KeyedEvent(connection: home, key: 1, timestamp: now)], documented: false)
            try await database.write([KeyedEvent(connection: home, key: 2, timestamp: before)])
            let round = try await database.embedAll()
            #expect(round.undocumented == 1 && round.rows == 1)
            #expect(try await database.count("embedding_key IS NULL") == 1)
            // Also one that had a vector, which cannot be made anew.
            try await database.session.execute("DELETE FROM home_assistant_embedding_documents")
            #expect(
                try await database.exemplars.renewOutdated(version: "v2", embed: FakeEmbedder.embed).undocumented == 1)
            #expect(try await database.embedAll(version: "v2").undocumented == 1)
            #expect(try await database.count("embedding_key IS NULL AND exemplar_id IS NULL") == 2)
        }
    }

    @Test func severalWorkersShareTheKeysAndNoneIsEmbeddedTwice() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let (now, before) = try moments()
            try await database.write(
                (0..<900).map { index in
                    KeyedEvent(
                        connection: home, key: index % 150,
                        timestamp: (index < 600 ? now : before).adding(seconds: Int64(index)))
                })
            let embedder = CountingEmbedder()
            let exemplars = database.exemplars
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        var idle = 0
                        // What another worker is at is not to be had; it is done when that one is.
                        while idle < 3 {
                            let round = try await exemplars.embedPending(
                                version: "v1", rows: 300, keys: 10, embed: embedder.embed)
                            idle = round.isIdle ? idle + 1 : 0
                            await Task.yield()
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await database.embedAll(embedder.embed)
            #expect(embedder.all.count == 150 && embedder.all.values.allSatisfy { $0 == 1 })
            #expect(try await database.count("exemplar_id IS NULL") == 0)
            #expect(try await database.violation() == nil)
            #expect(try await database.advisoryLocks() == "0")
        }
    }

    @Test func anEmbedderThatFailsLeavesEverythingAsItWas() async throws {
        struct Broken: Error {}
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            try await database.write([KeyedEvent(connection: home, key: 1, timestamp: try moments().now)])
            await #expect(throws: Broken.self) {
                _ = try await database.exemplars.embedPending(version: "v1") { _ in throw Broken() }
            }
            for bad in [[], [[Float](repeating: 0, count: 3)], [[Float](repeating: .nan, count: 1_536)]] {
                let error = try await thrown(StoreError.self) {
                    _ = try await database.exemplars.embedPending(version: "v1") { _ in bad }
                }
                #expect(error.code == .invalidValue)
            }
            #expect(try await database.count("exemplar_id IS NULL") == 1)
            #expect(try await database.advisoryLocks() == "0")
            #expect(try await database.embedAll().rows == 1)
        }
    }

    @Test func theRowsOfARemovedConnectionAreNotEmbedded() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            try await database.write([KeyedEvent(connection: home, key: 1, timestamp: try moments().now)])
            try await database.connections.markRemoved(home)
            #expect(try await database.embedAll().isIdle)
        }
    }

    @Test func rowsThatPointNowhereWaitAgain() async throws {
        try await StoreDatabase.with { database in
            let home = try await database.addConnection("home").id
            let now = try moments().now
            try await database.write(
                (0..<10).map { KeyedEvent(connection: home, key: $0 % 2, timestamp: now.adding(seconds: Int64($0))) })
            try await database.embedAll()
            // As a writer leaves them whose memory is old: one points nowhere, one to the vector of another key.
            try await database.session.execute(
                """
                UPDATE home_assistant_events SET exemplar_id = CASE
                    WHEN extract(second FROM timestamp)::integer % 2 = 0 THEN gen_random_uuid()
                    ELSE (SELECT max(exemplar_id::text)::uuid FROM home_assistant_events) END
                WHERE embedding_vector IS NULL
                """)
            #expect(try await database.exemplars.repair() > 0)
            #expect(try await database.violation() == nil)
            try await database.embedAll()
            #expect(try await database.count("exemplar_id IS NULL") == 0)
            #expect(try await database.exemplars.repair() == 0)
        }
    }
}
