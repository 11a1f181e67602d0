import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct ConnectionRemovalTests {
    @Test func refusesToDeleteOneInUse() async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection("home", events: 3)
            let error = try await thrown(StoreError.self) {
                _ = try await database.connections.deleteRemoved(connection.id)
            }
            #expect(error.code == .notRemoved)
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_events") == "3")
        }
    }

    @Test func theMarkHidesItAndFreesItsNameAndURL() async throws {
        try await StoreDatabase.with { database in
            let old = try await database.addConnection("home", events: 3)
            try await database.connections.recordStatus(old.id, status: .connected)
            try await database.connections.markRemoved(old.id)
            let first = try #require(try await database.connections.find(id: old.id))
            #expect(first.removedAt != nil && first.status == .disconnected)
            try await database.connections.markRemoved(old.id)
            let marked = try #require(try await database.connections.find(id: old.id))
            #expect(marked.removedAt == first.removedAt)
            #expect(try await database.connections.list() == [])
            #expect(try await database.connections.list(includingRemoved: true) == [marked])
            _ = try await thrown(StoreError.self) { _ = try await database.connections.find(name: "home") }
            // Nothing else is to be done with it.
            try await database.connections.recordStatus(old.id, status: .connected)
            #expect(try await database.connections.find(id: old.id) == marked)
            #expect(
                try await database.connections.setToken(old.id, sealedToken: "v1.n", expecting: old.sealedToken)
                    == false)
            let new = try await database.addConnection("home")
            #expect(try await database.connections.find(name: "home") == new)
        }
    }

    @Test func deletesInBatchesAndLeavesWhatBelongsToOthers() async throws {
        try await StoreDatabase.with { database in
            let doomed = try await database.addConnection("doomed", events: 25)
            let other = try await database.addConnection("other", events: 7)
            let metrics = ConnectionMetricsRepository(database.pool)
            for id in [doomed.id, other.id] {
                try await metrics.append(
                    (0..<23).map {
                        MetricSample(
                            connectionID: id, type: "latency", value: 1, timestamp: Timestamp.sample.adding(seconds: $0)
                        )
                    })
                try await DeadLetterRepository(database.pool).append([
                    DeadLetter(
                        id: UUID(), connectionID: id, receivedAt: .sample, reasonCode: "refused", reason: "No.",
                        payload: [1])
                ])
            }
            try await AuditLogRepository(database.pool).append([
                AuditEntry(
                    connectionID: doomed.id, userID: doomed.userID, action: .connectionRemove, userAgent: "ha-bridge/0",
                    success: true, createdAt: .sample)
            ])
            try await database.connections.markRemoved(doomed.id)
            var reports: [Int] = []
            let deleted = try await database.connections.deleteRemoved(doomed.id, batch: 10) { reports.append($0) }
            #expect(deleted == 25)
            #expect(reports == [10, 20, 25])
            #expect(try await database.connections.find(id: doomed.id) == nil)
            for table in ["events", "connection_metrics", "dead_letters"] {
                let left = try await database.column("SELECT DISTINCT connection_id FROM home_assistant_\(table)")
                #expect(left == [other.id.description], "\(table)")
            }
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_events") == "7")
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_audit_log") == "1")
            // Once more is harmless.
            #expect(try await database.connections.deleteRemoved(doomed.id) == 0)
        }
    }

    @Test func goesOnWhereItWasInterrupted() async throws {
        try await StoreDatabase.with { database in
            let doomed = try await database.addConnection("doomed", events: 30)
            try await database.connections.markRemoved(doomed.id)
            let connections = database.connections
            let task = Task {
                try await connections.deleteRemoved(doomed.id, batch: 10) { count in
                    // Cancels itself after the second batch.
                    if count == 20 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_events") == "10")
            #expect(try await connections.find(id: doomed.id) != nil)
            #expect(try await connections.deleteRemoved(doomed.id, batch: 10) == 10)
            #expect(try await connections.find(id: doomed.id) == nil)
        }
    }

    @Test func eventsOfOneMomentGoTogether() async throws {
        try await StoreDatabase.with { database in
            let doomed = try await database.addConnection("doomed")
            _ = try await database.session.query(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, timestamp)
                SELECT $1, 'x', CASE WHEN n <= 20 THEN now() ELSE 'infinity' END FROM generate_series(1, 22) AS n
                """, [.id(doomed.id)])
            try await database.connections.markRemoved(doomed.id)
            var reports: [Int] = []
            _ = try await database.connections.deleteRemoved(doomed.id, batch: 5) { reports.append($0) }
            #expect(reports == [20, 22])
        }
    }
}
