import BridgeCore
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct ConnectionNotificationTests {
    private func payloads(_ listener: PostgresConnection, waiting: Duration) async throws -> [String] {
        try await listener.notifications(waitingAtMost: waiting).map(\.payload)
    }

    @Test func wakesTheBridgeForWhatAPersonChangesAndNotForItsOwnReports() async throws {
        try await StoreDatabase.with { database in
            let repository = database.connections
            let listener = try await database.connect()
            try await listener.listen(to: ConnectionRepository.notificationChannel)

            let connection = try await database.addConnection()
            let id = connection.id
            let changes: [(String, @Sendable () async throws -> Void)] = [
                ("insert", {}),
                ("pause", { try await repository.pause(id) }),
                ("resume", { try await repository.resume(id) }),
                (
                    "token",
                    {
                        _ = try await repository.setToken(
                            id, sealedToken: "v1.new", expecting: connection.sealedToken)
                    }
                ),
                ("url", { try await repository.setURL(id, url: "http://new:8123", sealedToken: "v1.newer") }),
                ("mark", { try await repository.markRemoved(id) }),
                ("delete", { _ = try await repository.deleteRemoved(id) }),
            ]
            for (name, change) in changes {
                if name == "pause" {
                    try await repository.recordStatus(
                        id, status: .connected, health: "{}", version: "2026.11.1", features: ["light"], isAdmin: true,
                        connectedAt: .sample, seenAt: .sample)
                    try await repository.recordSeen([(id: id, seenAt: .sample, health: "{}")])
                    // A notification of a committed transaction is delivered before the answer to a later statement.
                    try await listener.execute("SELECT 1")
                    #expect(try await payloads(listener, waiting: .zero) == [], "after the bridge's own reports")
                }
                try await change()
                let received = try await payloads(listener, waiting: .seconds(10))
                #expect(received == [id.description], "after \(name)")
            }
        }
    }

    @Test func pausingAPausedOneWakesNobody() async throws {
        try await StoreDatabase.with { database in
            let id = try await database.addConnection().id
            try await database.connections.pause(id)
            let listener = try await database.connect()
            try await listener.listen(to: ConnectionRepository.notificationChannel)
            try await database.connections.pause(id)
            try await listener.execute("SELECT 1")
            #expect(try await payloads(listener, waiting: .zero) == [])
        }
    }
}
