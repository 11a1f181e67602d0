import BridgeCore
import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

@Suite(.needsPostgres) struct AuditLogRepositoryTests {
    private func entry(
        _ action: AuditAction = .connect, connection: ConnectionID? = nil, details: String? = nil, ip: String? = nil,
        at timestamp: Timestamp = .sample
    ) -> AuditEntry {
        AuditEntry(
            connectionID: connection, userID: UserID(), action: action, details: details, ipAddress: ip,
            userAgent: "ha-bridge/1.0", success: false, errorMessage: "Cannot reach hass.local:8123.", durationMS: 12,
            createdAt: timestamp)
    }

    @Test func givesBackWhatWasAppended() async throws {
        try await StoreDatabase.with { database in
            let repository = AuditLogRepository(database.pool)
            let id = ConnectionID()
            let older = entry(connection: id, details: #"{"attempt": 3}"#, ip: "192.168.1.5")
            let newer = entry(.disconnect, connection: id, at: Timestamp.sample.adding(seconds: 1))
            let foreign = entry(.test, at: Timestamp.sample.adding(seconds: 2))
            try await repository.append([older, newer, foreign])
            #expect(try await repository.recent(limit: 10) == [foreign, newer, older])
            #expect(try await repository.recent(connection: id, limit: 10) == [newer, older])
            #expect(try await repository.recent(limit: 1) == [foreign])
        }
    }

    @Test func appendingTwiceIsHarmless() async throws {
        try await StoreDatabase.with { database in
            let repository = AuditLogRepository(database.pool)
            let entries = (0..<2_500).map { entry(at: Timestamp.sample.adding(seconds: Int64($0))) }
            try await repository.append([])
            try await repository.append(Array(entries.prefix(1_200)))
            try await repository.append(entries)
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_audit_log") == "2500")
        }
    }

    @Test func anEntryIsNotLostForItsDetails() async throws {
        try await StoreDatabase.with { database in
            let repository = AuditLogRepository(database.pool)
            let good = entry(details: #"{"a": 1}"#)
            let bad = entry(.error, details: #"{"text": "\u0000"}"#, ip: "fe80::1%eth0")
            let worse = entry(.test, details: "no JSON", ip: "hass.local")
            try await repository.append([good, bad, worse])
            let stored = try await repository.recent(limit: 10)
            #expect(stored.count == 3)
            #expect(stored.first { $0.id == good.id } == good)
            #expect(stored.first { $0.id == bad.id }?.details == #"{"refused": "22P05"}"#)
            #expect(stored.first { $0.id == bad.id }?.ipAddress == "fe80::1")
            #expect(stored.first { $0.id == worse.id }?.details == #"{"refused": "22P02"}"#)
            #expect(stored.first { $0.id == worse.id }?.ipAddress == nil)
        }
    }

    @Test(arguments: [
        "UPDATE home_assistant_audit_log SET success = true", "DELETE FROM home_assistant_audit_log",
        "TRUNCATE home_assistant_audit_log", "DELETE FROM home_assistant_audit_log WHERE false",
    ])
    func nothingCanBeTakenBack(sql: String) async throws {
        try await StoreDatabase.with { database in
            try await AuditLogRepository(database.pool).append([entry()])
            let error = try await thrown(PostgresError.self) { try await database.session.execute(sql) }
            #expect(error.sqlState == "42501")
            #expect(error.message.contains("append-only"))
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_audit_log WHERE NOT success") == "1")
        }
    }
}
