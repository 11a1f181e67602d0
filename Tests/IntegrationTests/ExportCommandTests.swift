import Foundation
import PostgresClient
import Store
import TestSupport
import Testing

/// `export --user`: everything about a person, nothing about others, and nothing that opens a door.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct ExportCommandTests {
    private static let secret = "canaryexport1a2b3c4d5e6f"

    /// Tables in which no row belongs to a person. A new table is either exported or named here.
    private static let others: Set<String> = [
        "automation_lifecycle_transition", "home_assistant_bridges", "home_assistant_retired_keys",
        "home_assistant_spool_cursors",
        "maintenance_job", "schema_migrations", "sign_in_throttle",
    ]

    /// Two people with a house each, events, old rows with secrets in them, and a vote of the one in the other's house.
    private static func with(_ body: (ProcessRig) async throws -> Void) async throws {
        try await ProcessRig.with { rig in
            try #require(try await rig.bridge("user", "add", "ben", "--email", "b@example.org").status == 0)
            for (user, home) in [("anna", "home"), ("ben", "hut")] {
                let file = try rig.tokenFile(ProcessRig.token)
                let added = try await rig.bridge(
                    "connection", "add", home, "--url", "http://127.0.0.1:9", "--token-file", file, "--no-test",
                    "--user", user)
                try #require(added.status == 0, "\(added.errors)")
            }
            for statement in seed { try await rig.session.execute(statement) }
            try await body(rig)
        }
    }

    private static let seed = [
        """
        INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, attributes, timestamp, source)
        SELECT id, 'state_changed', name || '.x' || n, 'on', jsonb_build_object('access_token', '\(secret)', 'n', n),
            now() - n * interval '1 minute', 'live'
        FROM home_assistant_connections CROSS JOIN generate_series(1, 3000) AS n
        """,
        """
        INSERT INTO home_assistant_dead_letters (id, connection_id, received_at, reason_code, reason, payload)
        SELECT gen_random_uuid(), id, now(), 'odd', 'It is odd.', convert_to('{"token":"\(secret)","home":"' || name || '"', 'UTF8')
        FROM home_assistant_connections
        UNION ALL
        SELECT gen_random_uuid(), id, now(), 'odd', 'It is no text.', '\\xff00fe'::bytea FROM home_assistant_connections
        """,
        """
        INSERT INTO automation_management (connection_id, home_assistant_automation_id, name, lifecycle_state, created_by)
        SELECT c.id, 'a-' || c.name, 'Light of ' || c.name, 'ACTIVE', (SELECT id FROM users WHERE username = 'anna')
        FROM home_assistant_connections AS c
        """,
    ]

    @Test func givesEverythingOfOneUserAndNothingOfOthers() async throws {
        try await Self.with { rig in
            let outcome = try await rig.bridge("export", "--user", "ANNA")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(!outcome.output.contains(Self.secret))
            for name in ["encrypted_token", "sealed_secrets", "password_hash", "embedding_vector"] {
                #expect(!outcome.output.contains("\"\(name)\""))
            }
            let lines = try outcome.output.split(separator: "\n").map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
            }
            func rows(_ table: String, _ kind: String = "row") -> [[String: Any]] {
                lines.filter { $0["table"] as? String == table }.compactMap { $0[kind] as? [String: Any] }
            }
            #expect(rows("users").map { $0["username"] as? String } == ["anna"])
            #expect(rows("home_assistant_connections").map { $0["name"] as? String } == ["home"])
            let events = rows("home_assistant_events")
            #expect(events.count == 3_000 && Set(events.compactMap { $0["id"] as? String }).count == 3_000)
            #expect(events.allSatisfy { ($0["entity_id"] as? String)?.hasPrefix("home.") == true })
            let attributes = events.compactMap { $0["attributes"] as? [String: Any] }
            #expect(attributes.allSatisfy { ($0["access_token"] as? String)?.allSatisfy { $0 == "*" } == true })
            let letters = rows("home_assistant_dead_letters")
            let stars = String(repeating: "*", count: Self.secret.count)
            #expect(
                Set(letters.map { $0["payload"] as? String }) == [#"{"token":"\#(stars)","home":"home""#, nil])
            #expect(letters.contains { $0["payload_base64"] as? String == "/wD+" })
            #expect(rows("automation_management").map { $0["name"] as? String } == ["Light of home"])
            // Where she is named in somebody else's house: which row and when, not what it says.
            let mentions = rows("automation_management", "mention")
            #expect(mentions.count == 1 && mentions[0]["created_by"] != nil && mentions[0]["name"] == nil)
            #expect(rows("home_assistant_audit_log").contains { $0["action"] as? String == "user_export" })
            // No row of any table is missing: as many as a count by hand gives.
            let tables = try await UserDataRepository.tables(of: rig)
            for table in tables where table.hasConnection {
                let count = try await rig.count(
                    """
                    SELECT count(*) FROM \(table.name) WHERE connection_id IN (
                        SELECT c.id FROM home_assistant_connections AS c JOIN users ON users.id = c.user_id WHERE username = 'anna')
                    """)
                #expect(rows(table.name).count >= count, "\(table.name)")
            }
        }
    }

    @Test func writesADirectoryForItsOwnerAlone() async throws {
        try await Self.with { rig in
            let directory = rig.bridge.directory.appending(path: "out")
            let outcome = try await rig.bridge("export", "--user", "anna", "--output", directory.path)
            #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.errors)")
            #expect(CanarySearch(canaries: [Self.secret]).places(below: directory).isEmpty)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(
                files.contains("home_assistant_events.jsonl") && files.contains("automation_management.mentions.jsonl"))
            for name in files {
                let mode = try FileManager.default.attributesOfItem(atPath: directory.appending(path: name).path)
                #expect(mode[.posixPermissions] as? Int == 0o600)
            }
            let events = try String(
                contentsOf: directory.appending(path: "home_assistant_events.jsonl"), encoding: .utf8)
            #expect(events.split(separator: "\n").count == 3_000)
            let again = try await rig.bridge("export", "--user", "anna", "--output", directory.path)
            #expect(again.status == 64 && again.errors.contains("is not empty"))
            let nobody = try await rig.bridge("export", "--user", "nobody")
            #expect(nobody.status == 64 && nobody.errors.contains("no user named"))
        }
    }

    /// A table that comes with a later migration is exported, or it is named as one that holds nothing of a person.
    @Test func forgetsNoTable() async throws {
        try await ProcessRig.with { rig in
            let tables = try await UserDataRepository.tables(of: rig)
            let left = tables.filter { !$0.isExported }.map(\.name)
            #expect(Set(left) == Self.others)
            for table in tables where table.isExported { #expect(table.hasKey, "\(table.name) has no primary key.") }
        }
    }
}

extension UserDataRepository {
    /// What the catalog says of each table, read by other means than the export's own.
    fileprivate struct Found {
        let name: String
        let hasConnection: Bool
        let hasKey: Bool
        let isExported: Bool
    }

    fileprivate static func tables(of rig: ProcessRig) async throws -> [Found] {
        let pool = PostgresPool(rig.database.configuration, size: 1, logger: TestDatabase.quietLogger)
        let exported = Set(try await UserDataRepository(pool).tables().filter(\.concernsUsers).map(\.name))
        await pool.close()
        let rows = try await rig.session.query(
            """
            SELECT t.relname AS name, EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = t.oid
                    AND a.attname = 'connection_id') AS has_connection,
                EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = t.oid AND i.indisprimary) AS has_key
            FROM pg_class AS t
            WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition
            """)
        return try rows.map { row in
            let name = try row.string("name")
            return Found(
                name: name, hasConnection: try row.bool("has_connection"), hasKey: try row.bool("has_key"),
                isExported: exported.contains(name))
        }
    }
}
