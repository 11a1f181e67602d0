import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct FencedWriteTests {
    private let anna = BridgeIdentity.sample("anna")
    private let bert = BridgeIdentity.sample("bert")

    /// Anna holds both connections, then loses the first to Bert.
    private func prepare(_ database: StoreDatabase) async throws -> (ids: [ConnectionID], stale: LeaseClaims) {
        let ids = try await database.addConnections(2)
        let held = try await database.leases.acquire(anna, atMost: 2, expiry: .seconds(60))
        try await database.expire()
        _ = try await database.leases.acquire(bert, atMost: 1, expiry: .seconds(60))
        return (ids, LeaseClaims(bridge: anna.id, epochs: held))
    }

    @Test func aBridgeThatHasLostALeaseWritesNoStatus() async throws {
        try await StoreDatabase.with { database in
            let (ids, stale) = try await prepare(database)
            let connections = database.connections
            let fresh = LeaseClaims(bridge: bert.id, epochs: [ids[0]: 2])
            #expect(try await connections.recordStatus(ids[0], status: .connected, under: fresh))
            #expect(try await connections.recordStatus(ids[0], status: .error, seenAt: .sample, under: stale) == false)
            #expect(try await connections.recordStatus(ids[1], status: .error, under: stale))
            #expect(try await connections.recordStatus(ids[1], status: .error, under: fresh) == false)
            #expect(try await connections.find(id: ids[0])?.status == .connected)
            #expect(try await connections.find(id: ids[0])?.lastSeenAt == nil)
            #expect(try await connections.find(id: ids[1])?.status == .error)
        }
    }

    @Test func norWhenItWasSeenNorItsFigures() async throws {
        try await StoreDatabase.with { database in
            let (ids, stale) = try await prepare(database)
            try await database.connections.recordSeen(
                ids.map { (id: $0, seenAt: .sample, health: #"{"by":"anna"}"#) }, under: stale)
            #expect(try await database.connections.find(id: ids[0])?.lastSeenAt == nil)
            #expect(try await database.connections.find(id: ids[0])?.health == nil)
            #expect(try await database.connections.find(id: ids[1])?.lastSeenAt == .sample)
            let metrics = ConnectionMetricsRepository(database.pool)
            try await metrics.append(
                ids.map { MetricSample(connectionID: $0, type: "uptime", value: 1, timestamp: .sample) }, under: stale)
            #expect(try await metrics.recent(connection: ids[0], since: .sample).isEmpty)
            #expect(try await metrics.recent(connection: ids[1], since: .sample).count == 1)
        }
    }

    /// The statement is on its way when the lease is lost: it waits for a row, and must look at the lease only then.
    @Test func aStatusThatWaitedForItsRowLooksAtTheLeaseAfterwards() async throws {
        try await StoreDatabase.with { database in
            let ids = try await database.addConnections(1)
            let held = try await database.leases.acquire(anna, atMost: 1, expiry: .seconds(60))
            let claims = LeaseClaims(bridge: anna.id, epochs: held)
            try await database.expire()
            try await database.session.execute("BEGIN")
            _ = try await database.session.query(
                "UPDATE home_assistant_connections SET status = 'connected' WHERE id = $1", [.id(ids[0])])
            async let isWritten = database.connections.recordStatus(ids[0], status: .error, under: claims)
            let watcher = try await database.connect()
            var isWaiting = false
            for _ in 0..<500 where !isWaiting {
                isWaiting =
                    try await watcher.query(
                        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
                    ).isEmpty == false
                if !isWaiting { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(isWaiting)
            #expect(try await database.leases.acquire(bert, atMost: 1, expiry: .seconds(60)) == [ids[0]: 2])
            try await database.session.execute("COMMIT")
            #expect(try await isWritten == false)
            #expect(try await database.connections.find(id: ids[0])?.status == .connected)
            await watcher.close()
        }
    }
}
