import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct MetricsAndDeadLettersTests {
    @Test func samplesAreClampedToWhatTheColumnHolds() async throws {
        try await StoreDatabase.with { database in
            let id = try await database.addConnection().id
            let repository = ConnectionMetricsRepository(database.pool)
            func sample(_ type: String, _ value: Double, _ second: Int64) -> MetricSample {
                MetricSample(
                    connectionID: id, type: type, value: value, timestamp: Timestamp.sample.adding(seconds: second))
            }
            try await repository.append([])
            try await repository.append([
                sample("latency", 12.34567, 0), sample("latency", 1e12, 1), sample("latency", -.infinity, 2),
                sample("uptime", 104.2, 3), sample("error_rate", -1, 4), sample("event_rate", .nan, 5),
                sample("event_rate", 1e-9, 6), sample("event_rate", 999_999.99999, 7),
            ])
            let stored = try await repository.recent(connection: id, since: .sample)
            #expect(stored.map(\.value) == [12.3457, 999_999.9999, -999_999.9999, 100, 0, 0, 999_999.9999])
            #expect(try await repository.recent(connection: id, since: Timestamp.sample.adding(seconds: 3)).count == 4)
        }
    }

    @Test func aReplayedSampleCountsOnce() async throws {
        try await StoreDatabase.with { database in
            let id = try await database.addConnection().id
            let repository = ConnectionMetricsRepository(database.pool)
            let first = MetricSample(connectionID: id, type: "latency", value: 5, timestamp: .sample)
            let again = MetricSample(connectionID: id, type: "latency", value: 6, timestamp: .sample)
            let other = MetricSample(connectionID: id, type: "uptime", value: 7, timestamp: .sample)
            try await repository.append([first, again])
            try await repository.append([again, other])
            #expect(try await repository.recent(connection: id, since: .sample) == [first, other])
        }
    }

    @Test func aSampleOfAConnectionThatIsGoneDoesNoHarm() async throws {
        try await StoreDatabase.with { database in
            let id = try await database.addConnection().id
            let repository = ConnectionMetricsRepository(database.pool)
            try await repository.append([
                MetricSample(connectionID: ConnectionID(), type: "latency", value: 5, timestamp: .sample),
                MetricSample(connectionID: id, type: "latency", value: 5, timestamp: .sample),
            ])
            #expect(try await repository.recent(connection: id, since: .sample).count == 1)
        }
    }

    @Test func aLetterKeepsEveryByteAndIsStoredOnce() async throws {
        try await StoreDatabase.with { database in
            let repository = DeadLetterRepository(database.pool)
            let id = ConnectionID()
            let payload = [UInt8](0...255) + Array(#"{"state":"\u0000"}"#.utf8)
            let letter = DeadLetter(
                id: UUID(), connectionID: id, receivedAt: .sample, reasonCode: "refused", reason: "A NUL: \0.",
                sqlState: "22P05", eventType: "odd\0" + String(repeating: "x", count: 200), payload: payload)
            let large = (0..<3).map { index in
                DeadLetter(
                    id: UUID(), connectionID: nil, receivedAt: .sample, reasonCode: "too_deep", reason: "Too deep.",
                    payload: [UInt8](repeating: UInt8(index), count: 3 << 20))
            }
            #expect(try await repository.append([]) == 0)
            #expect(try await repository.append([letter, letter] + large) == 4)
            #expect(try await repository.append([letter] + large) == 0)
            #expect(try await repository.count() == 4)
            #expect(try await repository.count(connection: id) == 1)
            let row = try #require(
                try await database.session.query(
                    "SELECT * FROM home_assistant_dead_letters WHERE connection_id = $1", [.id(id)]
                ).first)
            #expect(try row.bytes("payload") == payload)
            #expect(try row.string("reason") == "A NUL: \u{FFFD}.")
            #expect(try row.string("event_type").unicodeScalars.count == 100)
            #expect(try row.timestamp("received_at") == .sample)
        }
    }
}
