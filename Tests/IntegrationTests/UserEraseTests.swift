import BridgeCore
import Foundation
import PostgresClient
import TestSupport
import Testing

/// `user erase`: nothing of the person is left, nothing of others is gone, and the trail can still be verified.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct UserEraseTests {
    /// Texts of which each names the person or the house: her name is in none of the others' rows.
    private static let personal = ["zoe.canary", "zoe@canary.example", "zoes-home", "house-of-zoe.local"]

    /// Zoë beside Anna, with a house each, events, and what the one did in the other's house.
    private static func with(_ body: (ProcessRig) async throws -> Void) async throws {
        try await ProcessRig.with { rig in
            let file = try rig.tokenFile(ProcessRig.token)
            let commands: [[String]] = [
                ["user", "add", "zoe.canary", "--email", "zoe@canary.example"],
                [
                    "connection", "add", "zoes-home", "--url", "http://house-of-zoe.local:8123", "--token-file", file,
                    "--no-test", "--user", "zoe.canary",
                ],
                [
                    "connection", "add", "old-home-of-zoe.canary", "--url", "http://house-of-zoe.local:8124",
                    "--token-file", file, "--no-test", "--user", "zoe.canary",
                ],
                [
                    "connection", "add", "hut", "--url", "http://127.0.0.1:9", "--token-file", file, "--no-test",
                    "--user", "anna",
                ],
                ["connection", "pause", "zoes-home"],
                ["connection", "pause", "hut"],
                ["connection", "remove", "old-home-of-zoe.canary", "--yes"],
                ["user", "deactivate", "zoe.canary"],
                ["user", "deactivate", "anna"],
            ]
            for command in commands {
                let outcome = try await rig.bridge(command)
                try #require(outcome.status == 0, "\(command): \(outcome.errors)")
            }
            for statement in seed { try await rig.session.execute(statement) }
            try await body(rig)
        }
    }

    private static let seed = [
        """
        INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, attributes, timestamp, source)
        SELECT id, 'state_changed', 'sensor.x' || n, 'on', jsonb_build_object('owner', name), now() - n * interval '1 hour', 'live'
        FROM home_assistant_connections CROSS JOIN generate_series(1, 500) AS n
        """,
        """
        INSERT INTO home_assistant_dead_letters (id, connection_id, received_at, reason_code, reason, payload)
        SELECT gen_random_uuid(), id, now(), 'odd', 'It is odd.', convert_to(name, 'UTF8') FROM home_assistant_connections
        """,
        """
        INSERT INTO automation_management (connection_id, home_assistant_automation_id, name, lifecycle_state, created_by, modified_by)
        SELECT c.id, 'a-' || c.name, 'Light of ' || c.name, 'ACTIVE', zoe.id, zoe.id
        FROM home_assistant_connections AS c, users AS zoe WHERE zoe.username = 'zoe.canary'
        """,
        """
        INSERT INTO approval_workflow (connection_id, automation_id, workflow_type, description, proposed_changes, created_by)
        SELECT a.connection_id, a.id, 'MODIFICATION', 'Another name.', '{"alias": "new"}', a.created_by FROM automation_management AS a
        """,
    ]

    @Test func leavesNothingOfThePersonAndATrailThatVerifies() async throws {
        try await Self.with { rig in
            let id = try #require(try await rig.value("SELECT id::text FROM users WHERE username = 'zoe.canary'"))
            let search = CanarySearch(canaries: Self.personal)
            #expect(!(try await search.places(in: rig.session)).isEmpty)
            let others = """
                SELECT count(*) FROM home_assistant_events JOIN home_assistant_connections AS c ON c.id = connection_id
                WHERE c.name = 'hut'
                """
            let before = try await rig.count(others)
            let outcome = try await rig.bridge("user", "erase", "ZOE.canary", "--yes", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(
                outcome.output.contains("\"events\": 500") || outcome.output.contains("\"events\":500"),
                "\(outcome.output)")
            #expect(try await search.places(in: rig.session) == [])
            #expect(try await rig.count(others) == before && before == 500)
            #expect(try await rig.count("SELECT count(*) FROM users WHERE username = 'anna'") == 1)
            // What she caused in another's house is still there, under nobody's name.
            #expect(try await rig.count("SELECT count(*) FROM automation_management WHERE created_by IS NULL") == 1)
            #expect(try await rig.count("SELECT count(*) FROM approval_workflow") == 1)
            #expect(
                try await rig.count(
                    "SELECT count(*) FROM home_assistant_audit_log WHERE action = 'user_erase' AND user_id = '\(id)'")
                    == 1)
            #expect(try await rig.count("SELECT count(*) FROM audit_chain_anchors WHERE reason = 'erasure'") > 0)
            let verified = try await rig.bridge("audit", "verify")
            #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
            let again = try await rig.bridge("user", "erase", "zoe.canary", "--yes")
            #expect(again.status != 0 && again.errors.contains("no user named"))
        }
    }

    @Test func erasesNothingWithoutTheOwnersRight() async throws {
        try await Self.with { rig in
            let login = "ha_bridge_test_" + UUID().uuidString.lowercased().replacing("-", with: "")
            try await rig.session.execute(
                "CREATE ROLE \(login) LOGIN PASSWORD 'test' IN ROLE ha_bridge_writer")
            let users = "SELECT count(*) FROM users"
            let before = try await rig.count(users)
            let server = try #require(TestDatabase.serverURL)
            let port = try #require(URLComponents(string: server)?.port)
            let outcome = try await rig.bridge(
                "user", "erase", "zoe.canary", "--yes",
                database: "postgresql://\(login):test@127.0.0.1:\(port)/\(rig.database.name)")
            #expect(outcome.status == 77 && outcome.errors.contains("Nothing was erased"), "\(outcome.errors)")
            #expect(try await rig.count(users) == before)
            #expect(try await rig.count("SELECT count(*) FROM home_assistant_events") == 1_000)
            try await rig.session.execute("DROP ROLE \(login)")
        }
    }
}
