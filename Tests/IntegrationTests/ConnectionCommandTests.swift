import BridgeCore
import Cryptography
import Foundation
import PostgresClient
import Store
import TestSupport
import Testing

/// Connections by the built program, from their beginning to their end.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct ConnectionCommandTests {
    @Test func leadsAConnectionThroughItsLife() async throws {
        try await CommandHouse.with { bridge, session in
            let file = try bridge.file("token", CommandHouse.token + "\n")
            let added = try await bridge(
                "connection", "add", "home", "--url", "ws://LOCALHOST:8123/api/websocket", "--token-file", file,
                "--no-test", "--json")
            #expect(added.status == 0)
            #expect((added.json as? [String: Any])?["url"] as? String == "http://localhost:8123")
            let again = try await bridge(
                "connection", "add", "home", "--url", "http://other:8123", "--token-file", file, "--no-test")
            #expect(again.status == 64 && again.errors.contains("already a connection named"))

            let list = try await bridge("connection", "list", "--json").objects
            #expect(list.map { $0["name"] as? String } == ["home"])
            #expect(list.first?["status"] as? String == "disconnected")
            #expect(list.first?.keys.contains { $0.contains("token") } == false)

            #expect(try await bridge("connection", "pause", "home").status == 0)
            #expect(try await CommandHouse.text(session, "SELECT status FROM home_assistant_connections") == "paused")
            #expect(try await bridge("connection", "resume", "home").status == 0)

            let moved = try await bridge("connection", "set-url", "home", "--url", "https://example.org", "--no-test")
            #expect(moved.status == 64 && moved.errors.contains("--token-file"))
            let prefixed = try await bridge(
                "connection", "set-url", "home", "--url", "http://localhost:8123/ha", "--no-test")
            #expect(prefixed.status == 0)
            #expect(
                try await bridge(
                    "connection", "set-token", "home", "--token-file", "-", "--no-test", input: CommandHouse.otherToken
                ).status == 0)
            try await Self.expectSealed(CommandHouse.otherToken, session, bridge)
            #expect(
                try await bridge(
                    "connection", "set-url", "home", "--url", "https://example.org", "--token-file", file, "--no-test"
                ).status == 0)
            try await Self.expectSealed(CommandHouse.token, session, bridge)

            let shown = try await bridge("connection", "show", "home", "--json").json as? [String: Any]
            let audit = shown?["audit"] as? [[String: Any]] ?? []
            #expect(
                audit.compactMap { $0["action"] as? String }.sorted() == [
                    "connection_add", "connection_pause", "connection_resume", "token_change", "token_change",
                    "url_change", "url_change",
                ])
            #expect(try await bridge("connection", "show", "home").output.contains("https://example.org"))

            #expect(try await bridge("connection", "remove", "home").status == 0)
            #expect(try await bridge("connection", "list", "--json").output == "[]\n")
            #expect(try await bridge("connection", "remove", "home").status == 64)
            let removals =
                "SELECT count(*) FROM home_assistant_audit_log WHERE action = 'connection_remove' AND success"
            #expect(try await CommandHouse.text(session, removals) == "1")
        }
    }

    /// The row holds the token sealed for its own id, user and origin, and no row holds it in clear.
    private static func expectSealed(
        _ token: String, _ session: PostgresConnection, _ bridge: CommandRunner
    ) async throws {
        let row = try #require(
            try await session.query("SELECT id, user_id, url, encrypted_token FROM home_assistant_connections").first)
        let keyring = try Keyring.load(path: bridge.directory.appending(path: "a/state/keyring").path)
        let binding = TokenBinding(
            connectionID: try row.id("id"), userID: try row.id("user_id"),
            origin: try HomeAssistantURL(try row.string("url")).origin)
        let opened = try TokenSealer(keyring: keyring).open(try row.string("encrypted_token"), for: binding)
        #expect(opened.withBytes { $0.elementsEqual(token.utf8) })
        for table in ["home_assistant_connections", "home_assistant_audit_log"] {
            let sql = "SELECT count(*) FROM \(table) AS r WHERE strpos(r::text, $1) > 0"
            #expect(try await session.query(sql, [.text(token)]).first?[0].int == 0)
        }
    }

    @Test func asksWhoseConnectionItIsWhenThereAreSeveralUsers() async throws {
        try await CommandHouse.with(users: ["anna", "bert"]) { bridge, _ in
            let file = try bridge.file("token", CommandHouse.token, mode: 0o644)
            let add = ["connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test"]
            let asked = try await bridge(add[0], add[1], add[2], add[3], add[4], add[5], add[6], add[7])
            #expect(asked.status == 64 && asked.errors.contains("anna, bert") && asked.errors.contains("--user"))
            #expect(asked.errors.contains("Warning: other users of this machine can read"))
            for user in ["bert", "anna"] {
                #expect(
                    try await bridge(add[0], add[1], add[2], add[3], add[4], add[5], add[6], add[7], "--user", user)
                        .status
                        == 0)
            }
            let paused = try await bridge("connection", "pause", "home")
            #expect(paused.status == 64 && paused.errors.contains("anna, bert"))
            #expect(try await bridge("connection", "pause", "home", "--user", "bert").status == 0)
            let list = try await bridge("connection", "list", "--json").objects
            #expect(list.map { $0["username"] as? String } == ["anna", "bert"])
            #expect(list.map { $0["status"] as? String } == ["disconnected", "paused"])
        }
    }

    @Test func goesOnWithARemovalThatWasInterrupted() async throws {
        try await CommandHouse.with { bridge, session in
            let file = try bridge.file("token", CommandHouse.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            try await CommandHouse.insertEvents(25, session)
            try await session.execute("UPDATE home_assistant_connections SET removed_at = now()")
            let removed = try await bridge("connection", "remove", "home", "--yes")
            #expect(removed.status == 0 && removed.errors.contains("25 events"))
            #expect(try await CommandHouse.text(session, "SELECT count(*) FROM home_assistant_events") == "0")
            #expect(try await CommandHouse.text(session, "SELECT count(*) FROM home_assistant_connections") == "0")
        }
    }
}
