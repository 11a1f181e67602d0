import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Logging
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Maintenance

@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable }) struct EmbeddingWorkerTests {
    private let quiet = Logger(label: "maintenance-tests") { _ in SwiftLogNoOpLogHandler() }

    private struct Bench: Sendable {
        let pool: PostgresPool
        /// Of the superuser, who may do to the tables what a test wants.
        let administration: PostgresPool
        let connection: ConnectionID
        let exemplars: ExemplarRepository

        func write(_ keys: Range<Int>) async throws {
            let documents = keys.map { number in
                StoredDocument(
                    key: EventKey(connection: connection, bytes: key(number)), text: "number \(number)",
                    entityID: "sensor.one", kind: "sensor", transition: "up", area: nil, dayPart: 0,
                    polarity: 0)
            }
            _ = try await EmbeddingDocumentRepository(pool).insert(documents)
            _ = try await run(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, timestamp, embedding_key)
                SELECT $1, 'state_changed', 'sensor.one', date_trunc('month', now()) + n * interval '1 second',
                    decode(lpad(to_hex(n), 32, '0'), 'hex')
                FROM generate_series($2::integer, $3::integer - 1) AS n
                """, [.id(connection), .int(Int64(keys.lowerBound)), .int(Int64(keys.upperBound))])
        }

        func key(_ number: Int) -> [UInt8] {
            [UInt8](repeating: 0, count: 12) + withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }
        }

        func run(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> PostgresResult {
            try await administration.withConnection { try await $0.query(sql, parameters) }
        }

        func count(_ condition: String) async throws -> Int {
            let result = try await run("SELECT count(*) AS count FROM home_assistant_events WHERE \(condition)")
            return try result.first?.int("count") ?? -1
        }
    }

    private func withBench(_ body: (Bench) async throws -> Void) async throws {
        try await TestDatabase.withSchema { database in
            let pool = PostgresPool(database.configuration.taking(.writer), size: 4, logger: quiet)
            let user = try await UserRepository(pool).add(username: "anna", email: "anna@example.org")
            let connection = try await ConnectionRepository(pool).add(
                id: ConnectionID(), userID: user.id, name: "home", url: "http://home.local:8123",
                sealedToken: "v1.k1.nonce.text.tag")
            let administration = PostgresPool(database.configuration, size: 1, logger: quiet)
            let bench = Bench(
                pool: pool, administration: administration, connection: connection.id,
                exemplars: ExemplarRepository(pool))
            do {
                try await body(bench)
            } catch {
                await pool.close()
                await administration.close()
                throw error
            }
            await pool.close()
            await administration.close()
        }
    }

    /// A vector of its own for each text.
    private static let embed: @Sendable ([StoredDocument]) -> [[Float]] = { documents in
        documents.map { document in
            var vector = [Float](repeating: 0.001, count: 1_536)
            let number = Int(document.text.split(separator: " ").last ?? "") ?? 0
            vector[number % 1_536] = 1
            return vector
        }
    }

    private func worker(
        _ bench: Bench, version: String = "v1", metrics: MetricsRegistry = MetricsRegistry(),
        embed: @escaping @Sendable ([StoredDocument]) -> [[Float]] = EmbeddingWorkerTests.embed
    ) -> EmbeddingWorker {
        EmbeddingWorker(exemplars: bench.exemplars, version: version, metrics: metrics, logger: quiet, embed: embed)
    }

    @Test func drainsInBatchesThatTheModelCanTake() async throws {
        try await withBench { bench in
            try await bench.write(0..<150)
            let largest = LockedBox(0)
            let metrics = MetricsRegistry()
            let worker = worker(bench, metrics: metrics) { documents in
                largest.withLock { $0 = max($0, documents.count) }
                return Self.embed(documents)
            }
            let health = HealthRegistry(version: "test")
            worker.show(on: health)
            let done = try await worker.drain()
            #expect(done.embedded == 150 && done.rows == 150)
            #expect(largest.withLock { $0 } == 16)
            #expect(worker.status.progress?.exemplars == 150 && worker.status.embedded == 150)
            #expect(health.snapshot().figures["embedding_exemplars"] == 150)
            #expect(health.snapshot().figures["embedding_pending_events"] == 0)
            #expect(metrics.problems.isEmpty)
            #expect(try await worker.drain().isIdle)
            // Another version makes them all anew.
            #expect(try await self.worker(bench, version: "v2").drain().renewed == 150)
            #expect(try await bench.count("embedder_version = 'v2'") == 150)
        }
    }

    @Test func worksOnWhatIsWrittenWhileItRunsAndEndsWhenCancelled() async throws {
        try await withBench { bench in
            let worker = worker(bench)
            let task = Task { await worker.run() }
            for round in 0..<3 {
                try await bench.write(round * 20..<round * 20 + 20)
                worker.wake()
                try await eventually { try await bench.count("exemplar_id IS NULL") == 0 }
            }
            task.cancel()
            await task.value
            #expect(worker.status.lastError == nil)
        }
    }

    @Test func anOutageOnlyDelaysIt() async throws {
        try await withBench { bench in
            try await bench.write(0..<3)
            // What an outage looks like to it, without harm to the others on the server.
            _ = try await bench.run("ALTER TABLE home_assistant_embedding_documents RENAME TO hidden")
            let worker = worker(bench)
            let task = Task { await worker.run() }
            try await eventually { worker.status.lastError != nil }
            _ = try await bench.run("ALTER TABLE hidden RENAME TO home_assistant_embedding_documents")
            try await eventually { try await bench.count("exemplar_id IS NULL") == 0 && worker.status.lastError == nil }
            task.cancel()
            await task.value
        }
    }

    @Test func buildsAnIndexWhereThereIsEnoughForOneAndDropsItBeforeMostIsReplaced() async throws {
        try await withBench { bench in
            let indexes = VectorIndexRepository(bench.pool)
            func keeper(_ version: String) -> VectorIndexKeeper {
                VectorIndexKeeper(indexes: indexes, version: version, threshold: 100, logger: quiet)
            }
            func built() async throws -> [String] {
                try await indexes.candidates(version: "v1").filter(\.partition.hasVectorIndex).map(\.partition.name)
            }
            try await keeper("v1").look()
            #expect(try await built().isEmpty)
            try await bench.write(0..<100)
            _ = try await worker(bench).drain()
            try await keeper("v1").look()
            #expect(try await built().isEmpty)
            try await bench.write(100..<140)
            _ = try await worker(bench).drain()
            try await keeper("v1").look()
            #expect(try await built().count == 1)
            try await keeper("v1").look()

            // The search uses it and goes on finding.
            let query = Self.embed([
                StoredDocument(
                    key: EventKey(connection: bench.connection, bytes: bench.key(77)), text: "number 77", entityID: nil,
                    kind: "", transition: "", area: nil, dayPart: 0, polarity: 0)
            ])[0]
            let hits = try await SearchRepository(bench.pool).search(
                vector: query, filter: SearchFilter(connection: bench.connection), limit: 5)
            #expect(hits.count == 5 && hits.first?.text == "number 77" && hits.first.map { $0.score > 0.999 } == true)

            try await keeper("v2").look()
            #expect(try await built().isEmpty)
            _ = try await worker(bench, version: "v2").drain()
            try await keeper("v2").look()
            #expect(try await indexes.candidates(version: "v2").filter(\.partition.hasVectorIndex).count == 1)
        }
    }

    @Test func anIndexThatWasLeftUnfinishedIsBuiltAnew() async throws {
        try await withBench { bench in
            try await bench.write(0..<20)
            _ = try await worker(bench).drain()
            let indexes = VectorIndexRepository(bench.pool)
            let largest = try await indexes.candidates(version: "v1").max { $0.exemplars < $1.exemplars }
            let candidate = try #require(largest)
            _ = try await bench.run(
                "CREATE INDEX \(candidate.partition.name)_vector ON \(candidate.partition.name) USING hnsw (embedding_vector vector_cosine_ops)"
            )
            _ = try await bench.run(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\(candidate.partition.name)_vector'::regclass"
            )
            #expect(try await indexes.candidates(version: "v1").allSatisfy { !$0.partition.hasVectorIndex })
            #expect(try await indexes.build(candidate.partition) == .done)
            #expect(try await indexes.candidates(version: "v1").filter(\.partition.hasVectorIndex).count == 1)
        }
    }

    @Test func theKeeperClearsWhatNobodyNeeds() async throws {
        try await withBench { bench in
            try await bench.write(0..<10)
            _ = try await worker(bench).drain()
            _ = try await bench.run(
                "DELETE FROM home_assistant_events WHERE embedding_key > decode(lpad('4', 32, '0'), 'hex')")
            _ = try await bench.run(
                "UPDATE home_assistant_embedding_documents SET needed_at = now() - interval '30 days'")
            _ = try await bench.run(
                "UPDATE home_assistant_events SET exemplar_id = gen_random_uuid() WHERE embedding_vector IS NULL")
            let keeper = EmbeddingKeeper(
                documents: EmbeddingDocumentRepository(bench.pool), exemplars: bench.exemplars,
                indexes: VectorIndexKeeper(indexes: VectorIndexRepository(bench.pool), version: "v1", logger: quiet),
                logger: quiet)
            try await keeper.look()
            let left = try await bench.run("SELECT count(*) AS count FROM home_assistant_embedding_documents")
            #expect(try left.first?.int("count") == 5)
        }
    }

    @Test func aWakeUpBeforeTheRestEndsIt() async {
        let signal = WakeSignal()
        signal.wake()
        // Would outlast any patience otherwise.
        await signal.wait(upTo: .seconds(3_600))
        async let rest: Void = signal.wait(upTo: .seconds(3_600))
        let waker = Task {
            while !Task.isCancelled {
                signal.wake()
                await Task.yield()
            }
        }
        await rest
        waker.cancel()
        let task = Task { await signal.wait(upTo: .seconds(3_600)) }
        task.cancel()
        await task.value
    }

    /// Looks again until it holds; a minute at most.
    private func eventually(
        _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for _ in 0..<1_200 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("It did not come about within a minute.", sourceLocation: sourceLocation)
    }
}
