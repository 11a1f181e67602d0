import BridgeCore
import Cryptography
import FoundationEssentials
import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

/// Audit rows whose time is over, in chains as the bridge writes them.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct AuditAnchorJobTests {
    private struct Rig {
        let house: TestHouse
        let keys: AuditKeys
        let verifier: @Sendable () throws -> RowVerifier
        let owner: UserID

        func job(days: Int = 30) -> AuditAnchorJob {
            AuditAnchorJob(AuditPruner(house.pool, keys: keys), days: days)
        }

        /// Appends a row for each age to the chain of `connection`, oldest first.
        func append(daysAgo ages: [Int64], connection: ConnectionID?) async throws {
            try await AuditLogRepository(house.pool, keys: keys).append(
                ages.map { age in
                    AuditEntry(
                        connectionID: connection, userID: owner, action: .connect, details: "{\"age\": \(age)}",
                        userAgent: "ha-bridge/test", success: true, createdAt: .now.adding(seconds: -age * 86_400))
                })
        }

        func findings() async throws -> [String] {
            try await AuditVerifier(house.pool, keys: verifier).verify(against: []).findings.map(\.message)
        }

        func text(_ sql: String) async throws -> String? {
            try await house.session.query(sql).first.map { try $0[0].optionalString } ?? nil
        }

        func rows() async throws -> String? { try await text("SELECT count(*) FROM home_assistant_audit_log") }

        /// The numbers that each anchor stands for, and how many rows went.
        func anchors() async throws -> [String] {
            try await house.session.query(
                """
                SELECT concat_ws(' ', table_name, CASE WHEN connection_id IS NULL THEN '-' ELSE 'home' END,
                    first_sequence || '…' || last_sequence, removed_rows, reason) AS anchor
                FROM audit_chain_anchors ORDER BY connection_id NULLS LAST, first_sequence
                """
            ).map { row in try row.string("anchor") }
        }
    }

    private static func with(_ body: (Rig) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "keyring-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let keyring = try Keyring.create(path: path)
        try await TestDatabase.withHouse { house in
            let anna = try #require(try await UserRepository(house.pool).find("anna"))
            let rig = Rig(
                house: house, keys: AuditKeys(keyring), verifier: { keyring.verifier }, owner: anna.id)
            try await rig.append(daysAgo: [90, 80, 70, 3, 2], connection: house.connection)
            try await rig.append(daysAgo: [60, 1], connection: nil)
            try await body(rig)
        }
    }

    @Test func oldRowsLeaveAnchorsAndTheChainsStillVerify() async throws {
        try await Self.with { rig in
            let outcome = try await rig.job().run()
            #expect(outcome == JobOutcome(summary: "Deleted 4 audit rows and left anchors.", items: 4))
            #expect(
                try await rig.anchors() == [
                    "home_assistant_audit_log home 1…3 3 retention", "home_assistant_audit_log - 1…1 1 retention",
                ])
            let youngest = try await rig.text(
                "SELECT string_agg(details ->> 'age', ' ' ORDER BY created_at) FROM home_assistant_audit_log")
            #expect(youngest == "3 2 1")
            #expect(try await rig.findings() == [])
            #expect(try await rig.job().run() == .nothing)
            // The chain goes on where it was, and so does what is taken out of it.
            try await rig.append(daysAgo: [0], connection: rig.house.connection)
            let second = try await rig.job(days: 2).run()
            #expect(second.items == 2)
            #expect(try await rig.findings() == [])
        }
    }

    @Test func noRowGoesWithoutItsAnchor() async throws {
        try await Self.with { rig in
            try await rig.house.session.execute(
                """
                CREATE FUNCTION refuse_anchors() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'no anchors today'; END; $$;
                CREATE TRIGGER refuse_anchors BEFORE INSERT ON audit_chain_anchors
                    FOR EACH ROW EXECUTE FUNCTION refuse_anchors()
                """, name: "refuse")
            let error = await #expect(throws: PostgresError.self) { try await rig.job().run() }
            #expect(error?.sqlState == "P0001")
            #expect(try await rig.rows() == "7")
            #expect(try await rig.findings() == [])
            try await rig.house.session.execute("DROP TRIGGER refuse_anchors ON audit_chain_anchors", name: "allow")
            #expect(try await rig.job().run().items == 4)
            #expect(try await rig.rows() == "3")
        }
    }

    @Test func aChainThatDoesNotVerifyStaysAndTheOthersGo() async throws {
        try await Self.with { rig in
            // Who administers the server can take away the trigger that refuses it.
            try await rig.house.session.execute(
                """
                ALTER TABLE home_assistant_audit_log DISABLE TRIGGER ALL;
                UPDATE home_assistant_audit_log SET details = '{"age": 5}'
                WHERE connection_id IS NOT NULL AND chain_sequence = 2;
                ALTER TABLE home_assistant_audit_log ENABLE TRIGGER ALL
                """, name: "tamper")
            let error = await #expect(throws: StoreError.self) { try await rig.job().run() }
            #expect(error?.code == .auditUnsound)
            #expect(try await rig.anchors() == ["home_assistant_audit_log - 1…1 1 retention"])
            #expect(try await rig.rows() == "6")
        }
    }
}
