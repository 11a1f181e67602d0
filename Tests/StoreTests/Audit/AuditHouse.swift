import BridgeCore
import Cryptography
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// A database with signed rows in every audit table, and what it takes to tamper with them as their owner.
struct AuditHouse: Sendable {
    let database: StoreDatabase
    let keyring: Keyring

    var keys: AuditKeys { AuditKeys(keyring) }
    var pool: PostgresPool { database.pool }

    /// The connections of the chains in each table; `nil` for the rows that belong to none.
    let connections: [ConnectionID?] = [ConnectionID(), ConnectionID(), nil]

    static func with(_ body: (AuditHouse) async throws -> Void) async throws {
        try await StoreDatabase.with { database in
            try await body(AuditHouse(database: database, keyring: try newKeyring()))
        }
    }

    /// A fresh keyring, which never stays on the disk.
    static func newKeyring() throws -> Keyring { try keyring(keyringText()) }

    /// The contents of a fresh keyring file.
    static func keyringText() throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "keyring-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try Keyring.create(path: path)
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    /// The keyring of a file with these contents.
    static func keyring(_ text: String) throws -> Keyring {
        let path = FileManager.default.temporaryDirectory.appending(path: "keyring-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let made = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        try #require(made)
        return try Keyring.load(path: path)
    }

    var chains: [AuditChain] { AuditTable.allCases.flatMap { table in connections.map { AuditChain(table, $0) } } }

    // MARK: Writing

    /// Appends `count` rows to each chain of each table, in batches over all chains.
    func fill(_ count: Int, batch: Int = 5, keys: AuditKeys? = nil, time: Timestamp = .sample) async throws {
        for table in AuditTable.allCases {
            for start in stride(from: 0, to: count, by: batch) {
                let rows = connections.flatMap { connection in
                    (start..<min(count, start + batch)).map {
                        Self.row(table, connection, $0, at: time.adding(seconds: Int64($0)))
                    }
                }
                try await append(rows, to: table, keys: keys ?? self.keys)
            }
        }
    }

    func append(_ rows: [AuditRow], to table: AuditTable, keys: AuditKeys?) async throws {
        _ = try await AuditChainWriter(table: table, keys: keys).append(rows, over: pool)
    }

    /// A row with a value in every column.
    static func row(
        _ table: AuditTable, _ connection: ConnectionID?, _ number: Int, at time: Timestamp = .sample
    ) -> AuditRow {
        let id = UUID()
        let hard = "Row \(number)\nid=forged\t\\N \\ \"'\r\u{0B}é🏠"
        let json = #"{"number": \#(number), "text": "a\nb", "nested": {"b": 1.50, "a": null}}"#
        let person = UUID().uuidString
        return switch table {
        case .automations:
            AuditRow(
                id: id, connection: connection,
                values: [
                    "automation_id": UUID().uuidString, "workflow_id": UUID().uuidString, "action_type": "MODIFY",
                    "action_description": hard, "before_state": json, "after_state": "[]", "ai_reasoning": "",
                    "user_id": person, "timestamp": time.iso8601, "ip_address": "fe80::1", "user_agent": "ha-bridge/1",
                    "session_id": "s\(number)",
                ])
        case .decisions:
            AuditRow(
                id: id, connection: connection,
                values: [
                    "decision_type": "SUGGESTION", "automation_id": UUID().uuidString, "decision_description": hard,
                    "subject_key": "k\(number)", "ai_model_version": "1", "confidence_score": "87.5",
                    "input_data": json, "output_data": "{}", "reasoning_explanation": "Because.",
                    "user_feedback": "PENDING", "feedback_on": UUID().uuidString, "user_id": person,
                    "created_at": time.iso8601,
                ])
        case .connections:
            AuditRow(
                id: id, connection: connection,
                values: [
                    "user_id": person, "action": "connect", "details": json, "ip_address": "192.168.1.5",
                    "user_agent": "ha-bridge/1", "success": "true", "error_message": hard, "duration_ms": "12",
                    "created_at": time.iso8601,
                ])
        }
    }

    // MARK: Verifying

    func verify(against checkpoints: [AuditCheckpoint] = [], keyring: Keyring? = nil) async throws -> AuditReport {
        let verifier = (keyring ?? self.keyring).verifier
        return try await AuditVerifier(pool, keys: { verifier }).verify(against: checkpoints)
    }

    /// The findings as `kind sequence`, with the chain's name where it is another than `chain`.
    func findings(of chain: AuditChain, against checkpoints: [AuditCheckpoint] = []) async throws -> [String] {
        try await verify(against: checkpoints).findings.map { finding in
            var text = finding.kind.rawValue
            if let sequence = finding.sequence { text += " \(sequence)" }
            if finding.chain != chain { text += " in " + (finding.chain.map { "\($0)" } ?? "-") }
            return text
        }
    }

    // MARK: Tampering

    static let names = AuditTable.allCases.map(\.rawValue) + ["audit_chain_heads", "audit_chain_anchors"]

    /// Runs `sql` as the owner of the tables, without row security and without what keeps their values in order.
    func tamper(_ sql: String) async throws {
        let lifted = Self.names.map { "ALTER TABLE \($0) NO FORCE ROW LEVEL SECURITY;" }.joined()
        let forced = Self.names.map { "ALTER TABLE \($0) FORCE ROW LEVEL SECURITY;" }.joined()
        try await database.session.execute("BEGIN; SET LOCAL ROLE ha_bridge_owner; \(lifted) \(sql); \(forced) COMMIT")
    }

    /// Drops the checks and unique indexes of the audit tables, as an owner can.
    func dropConstraints() async throws {
        try await tamper(
            """
            DO $do$
            DECLARE
                rule record;
            BEGIN
                FOR rule IN
                    SELECT conrelid::regclass AS target, conname FROM pg_constraint
                    WHERE contype = 'c' AND conrelid = ANY (ARRAY[\(Self.names.map { "'\($0)'::regclass" }.joined(separator: ","))])
                LOOP
                    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', rule.target, rule.conname);
                END LOOP;
                DROP INDEX automation_audit_trail_chain, ai_decision_audit_chain, home_assistant_audit_log_chain;
            END;
            $do$
            """)
    }

    /// Keeps the rows as they are now for `restore`.
    func keep() async throws {
        try await database.session.execute(
            Self.names.map { "CREATE TABLE kept_\($0) AS TABLE \($0); GRANT SELECT ON kept_\($0) TO ha_bridge_owner" }
                .joined(separator: ";"))
    }

    /// Puts the rows back as they were at `keep`.
    func restore() async throws {
        try await tamper(
            Self.names.map { "DELETE FROM \($0); INSERT INTO \($0) SELECT * FROM kept_\($0)" }.joined(separator: ";"))
    }

    /// That a row is the one of that number in the chain.
    static func place(_ chain: AuditChain, _ number: Int64) -> String {
        "\(chain.condition(on: chain.table.rawValue)) AND chain_sequence = \(number)"
    }
}
