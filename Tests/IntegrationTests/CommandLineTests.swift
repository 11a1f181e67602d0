import BridgeCore
import Cryptography
import Foundation
import PostgresClient
import Store
import TestSupport
import Testing

/// The built program as a person and a script use it, with a real database.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct CommandLineTests {
    private static let token = "eyJhbGciOiJIUzI1NiJ9.aW50ZWdyYXRpb24.dGhlLXRva2VuLW9mLXRoZS10ZXN0"
    private static let otherToken = "eyJhbGciOiJIUzI1NiJ9.b3RoZXI.YW5vdGhlci10b2tlbi1vZi10aGUtdGVzdA"

    /// A database with the schema, and a keyring unless `hasKeyring` is false.
    private static func with(
        hasSchema: Bool = true, hasKeyring: Bool = true, users: [String] = ["anna"],
        _ body: (CommandRunner, PostgresConnection) async throws -> Void
    ) async throws {
        func run(_ database: TestDatabase) async throws {
            let bridge = try CommandRunner(databaseURL: database.url)
            if hasKeyring { #expect(try await bridge("key", "new").status == 0) }
            for user in users where hasSchema {
                #expect(try await bridge("user", "add", user, "--email", "\(user)@example.org").status == 0)
            }
            let session = try await database.connect()
            try await body(bridge, session)
            await session.close()
            #expect(!bridge.transcript.contains(token) && !bridge.transcript.contains(otherToken))
        }
        if hasSchema {
            try await TestDatabase.withSchema(run)
        } else {
            try await TestDatabase.with(extensions: [], run)
        }
    }

    private static func text(_ session: PostgresConnection, _ sql: String) async throws -> String? {
        try await session.query(sql).first.map { try $0[0].optionalString } ?? nil
    }

    @Test func bringsTheSchemaUpAndDown() async throws {
        try await Self.with(hasSchema: false, hasKeyring: false) { bridge, session in
            #expect(try await bridge("migrate", "verify").status == 78)
            let plan = try await bridge("migrate", "up", "--dry-run")
            #expect(plan.status == 0 && plan.output.contains("CREATE TABLE home_assistant_connections"))
            #expect(try await Self.text(session, "SELECT to_regclass('users')") == nil)
            let up = try await bridge("migrate", "up")
            #expect(up.status == 0 && up.output.isEmpty && up.errors.contains("Applied migration 1"))
            #expect(try await bridge("migrate", "verify").status == 0)
            let status = try await bridge("migrate", "status", "--json").objects
            #expect(status.count >= 2 && status.allSatisfy { $0["state"] as? String == "applied" })
            #expect(try await bridge("migrate", "down", "--to", "0", "--dry-run").output.contains("DROP TABLE"))
            #expect(try await bridge("migrate", "down", "--to", "0").status == 0)
            #expect(try await Self.text(session, "SELECT to_regclass('users')") == nil)
        }
    }

    @Test func makesAKeyringForItsOwnerAloneAndNeverTwice() async throws {
        let bridge = try CommandRunner(databaseURL: nil)
        #expect(try await bridge("key", "list").status == 78)
        #expect(try await bridge("key", "new").status == 0)
        let state = bridge.directory.appending(path: "a/state").path
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(state) == 0o700)
        #expect(try mode(state + "/keyring") == 0o600)
        let content = try Data(contentsOf: URL(filePath: state + "/keyring"))
        #expect(try await bridge("key", "new").status == 64)
        #expect(try Data(contentsOf: URL(filePath: state + "/keyring")) == content)
        let keys = try await bridge("key", "list", "--json").objects
        #expect(
            keys.map { $0["purpose"] as? String } == ["token", "sign"]
                && keys.allSatisfy { $0["is_primary"] as? Bool == true })
        let material = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).max {
            $0.count < $1.count
        }
        #expect(material.map { bridge.transcript.contains($0) } == false)
    }

    @Test func keepsUsers() async throws {
        try await Self.with(hasKeyring: false, users: []) { bridge, session in
            #expect(try await bridge("user", "list", "--json").output == "[]\n")
            let added = try await bridge("user", "add", "anna", "--email", "a@example.org", "--role", "admin", "--json")
            #expect((added.json as? [String: Any])?["role"] as? String == "admin")
            #expect(try await bridge("user", "add", "Anna", "--email", "b@example.org").status == 64)
            #expect(try await bridge("user", "add", "bert", "--email", "no address").status == 64)
            #expect(try await bridge("user", "deactivate", "anna").status == 0)
            #expect(try await bridge("user", "deactivate", "carl").status == 64)
            let users = try await bridge("user", "list", "--json").objects
            #expect(users.map { $0["username"] as? String } == ["anna"])
            #expect(users.first?["is_active"] as? Bool == false)
            let actions = try await Self.text(
                session, "SELECT string_agg(action, ' ' ORDER BY created_at) FROM home_assistant_audit_log")
            #expect(actions == "user_add user_deactivate")
        }
    }

    @Test func leadsAConnectionThroughItsLife() async throws {
        try await Self.with { bridge, session in
            let file = try bridge.file("token", Self.token + "\n")
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
            #expect(try await Self.text(session, "SELECT status FROM home_assistant_connections") == "paused")
            #expect(try await bridge("connection", "resume", "home").status == 0)

            let moved = try await bridge("connection", "set-url", "home", "--url", "https://example.org", "--no-test")
            #expect(moved.status == 64 && moved.errors.contains("--token-file"))
            let prefixed = try await bridge(
                "connection", "set-url", "home", "--url", "http://localhost:8123/ha", "--no-test")
            #expect(prefixed.status == 0)
            #expect(
                try await bridge(
                    "connection", "set-token", "home", "--token-file", "-", "--no-test", input: Self.otherToken
                ).status == 0)
            try await Self.expectSealed(Self.otherToken, session, bridge)
            #expect(
                try await bridge(
                    "connection", "set-url", "home", "--url", "https://example.org", "--token-file", file, "--no-test"
                ).status == 0)
            try await Self.expectSealed(Self.token, session, bridge)

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
            #expect(try await Self.text(session, removals) == "1")
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
        try await Self.with(users: ["anna", "bert"]) { bridge, _ in
            let file = try bridge.file("token", Self.token, mode: 0o644)
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
        try await Self.with { bridge, session in
            let file = try bridge.file("token", Self.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            try await Self.insertEvents(25, session)
            try await session.execute("UPDATE home_assistant_connections SET removed_at = now()")
            let removed = try await bridge("connection", "remove", "home", "--yes")
            #expect(removed.status == 0 && removed.errors.contains("25 events"))
            #expect(try await Self.text(session, "SELECT count(*) FROM home_assistant_events") == "0")
            #expect(try await Self.text(session, "SELECT count(*) FROM home_assistant_connections") == "0")
        }
    }

    @Test func endsWithTheStatusOfWhatWentWrong() async throws {
        try await Self.with { bridge, _ in
            let file = try bridge.file("token", Self.token)
            let closed = "postgresql://someone:wordless@127.0.0.1:9/none"
            let start = ContinuousClock.now
            let down = try await bridge("connection", "list", database: closed)
            #expect(down.status == 69 && down.output.isEmpty)
            #expect(down.errors.split(separator: "\n").count == 1 && !down.errors.contains("wordless"))
            #expect(ContinuousClock.now - start < .seconds(20))

            let url = try #require(bridge.environment["DATABASE_URL"])
            #expect(try await bridge("user", "list", database: url + "&dbname=none_of_that_name").status == 78)
            #expect(try await bridge("user", "list", database: url + "&user=nobody_of_that_name").status == 77)
            #expect(try await bridge("user", "list", database: "no connection string").status == 78)

            func add(_ url: String, _ more: String...) async throws -> CommandRunner.Outcome {
                try await bridge(
                    "connection", "add", "home", "--url", url, "--token-file", file, "--no-test", more.first ?? "--json"
                )
            }
            for bad in ["ftp://h", "http://", "http://a b", "http://u:p@h", "http://[fd00::1", ""] {
                let outcome = try await add(bad)
                #expect(outcome.status == 64 && outcome.output.isEmpty && !outcome.errors.isEmpty)
            }
            let unknown = try await bridge(
                "connection", "add", "home", "--url", "http://h", "--token-file", file, "--no-test", "--user", "carl")
            #expect(unknown.status == 64 && unknown.errors.contains("carl"))
            #expect(try await bridge("connection", "test", "nowhere").status == 64)
            let empty = try await bridge(
                "connection", "add", "home", "--url", "http://h", "--token-file", "-", "--no-test")
            #expect(empty.status == 64)
            let spaced = try await bridge(
                "connection", "add", "home", "--url", "http://h", "--token-file", "-", "--no-test",
                input: "two words")
            #expect(spaced.status == 64 && !spaced.errors.contains("words"))

            let keyring = bridge.directory.appending(path: "a/state/keyring").path
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: keyring)
            let exposed = try await add("http://h:8123")
            #expect(exposed.status == 77 && exposed.errors.contains("chmod 600"))
            try FileManager.default.removeItem(atPath: keyring)
            let keyless = try await add("http://h:8123")
            #expect(keyless.status == 78 && keyless.errors.contains("key new"))
            #expect(try await bridge("connection", "list", "--json").output == "[]\n")
        }
    }

    @Test func saysHowToBeginWithoutUserSchemaOrDatabase() async throws {
        try await Self.with(users: []) { bridge, _ in
            let file = try bridge.file("token", Self.token)
            let add = try await bridge(
                "connection", "add", "home", "--url", "http://h", "--token-file", file, "--no-test")
            #expect(add.status == 64 && add.errors.contains("ha-bridge user add"))
            #expect(try await bridge("connection", "list").errors.contains("ha-bridge connection add"))
        }
        try await Self.with(hasSchema: false, hasKeyring: false) { bridge, _ in
            let list = try await bridge("user", "list")
            #expect(list.status == 78 && list.errors.contains("ha-bridge migrate up"))
            let status = try await bridge("status")
            #expect(status.status == 0 && status.output.contains("ha-bridge migrate up"))
            bridge.environment["DATABASE_URL"] = nil
            let unset = try await bridge("user", "list")
            #expect(unset.status == 78 && unset.errors.contains("DATABASE_URL"))
        }
    }

    @Test func readsEventsMetricsPartitionsAndStatus() async throws {
        try await Self.with { bridge, session in
            let file = try bridge.file("token", Self.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            try await Self.insertEvents(12, session)
            let all = try await bridge("events", "--json").objects
            #expect(all.count == 12)
            #expect(
                all.compactMap { $0["timestamp"] as? String } == all.compactMap { $0["timestamp"] as? String }.sorted())
            #expect(all.first?["connection"] as? String == "home")
            #expect((all.first?["attributes"] as? [String: Any])?["unit"] as? String == "°C")
            #expect(try await bridge("events", "--json", "--limit", "3").objects.count == 3)
            #expect(try await bridge("events", "--json", "--entity", "light.*").objects.count == 6)
            #expect(try await bridge("events", "--json", "--entity", "sensor.temperature").objects.count == 6)
            #expect(try await bridge("events", "--json", "--since", "5m30s").objects.count == 6)
            #expect(try await bridge("events", "--json", "--type", "none").output == "[]\n")
            #expect(try await bridge("events", "--json", "--connection", "other").status == 64)
            #expect(try await bridge("events", "--limit", "1").output.contains("20.0 → 21.0"))

            try await session.execute(
                """
                INSERT INTO home_assistant_connection_metrics (connection_id, metric_type, metric_value, timestamp)
                SELECT id, 'latency', 12.5, now() - interval '1 minute' FROM home_assistant_connections
                """)
            let metrics = try await bridge("metrics", "home", "--json").objects
            #expect(metrics.first?["metric_type"] as? String == "latency")
            #expect(metrics.first?["metric_value"] as? Double == 12.5)
            #expect(try await bridge("metrics", "home").output.contains("12.50"))
            let partitions = try await bridge("partition", "list", "--json").objects
            #expect(partitions.contains { $0["is_default"] as? Bool == true } && partitions.count >= 5)

            bridge.environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:9"
            let status = try await bridge("status", "--json").json as? [String: Any]
            let connections = status?["connections"] as? [[String: Any]]
            #expect(connections?.first?["events_last_hour"] as? Int == 12)
            #expect((status?["bridge"] as? [String: Any])?["is_running"] as? Bool == false)
            #expect(try await bridge("status").output.contains("does not answer"))
        }
    }

    @Test func showsWhichBridgeHoldsWhichConnection() async throws {
        try await Self.with { bridge, session in
            let file = try bridge.file("token", Self.token)
            bridge.environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:9"
            for name in ["home", "barn", "boat"] {
                try await bridge(
                    "connection", "add", name, "--url", "http://\(name)", "--token-file", file, "--no-test")
            }
            try await session.execute(
                """
                INSERT INTO home_assistant_bridges (id, name, version, started_at, expires_at)
                VALUES ('00000000-0000-0000-0000-00000000000a', 'attic', '1', now(), now() + interval '1 hour')
                """)
            #expect(try await !bridge("status").output.contains("attic"))
            try await session.execute(
                """
                INSERT INTO home_assistant_bridges (id, name, version, started_at, expires_at)
                VALUES ('00000000-0000-0000-0000-00000000000b', 'cellar', '1', now(), now() + interval '1 hour');
                UPDATE home_assistant_connection_leases AS lease
                SET holder = bridge.id, holder_name = bridge.name, epoch = 7, acquired_at = now(),
                    expires_at = now() + interval '1 hour'
                FROM home_assistant_connections AS connection, home_assistant_bridges AS bridge
                WHERE lease.connection_id = connection.id
                    AND (connection.name, bridge.name) IN (('home', 'attic'), ('barn', 'cellar'))
                """)
            let status = try await bridge("status").output
            #expect(status.contains("attic (1), cellar (1)"))
            let lines = status.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(lines.first { $0.first == "home" }?.last == "attic")
            #expect(lines.first { $0.first == "barn" }?.last == "cellar")
            #expect(lines.first { $0.first == "boat" }?.last == "-")
            let json = try await bridge("status", "--json").json as? [String: Any]
            let bridges = json?["bridges"] as? [[String: Any]]
            #expect(bridges?.map { $0["name"] as? String } == ["attic", "cellar"])
            let home = (json?["connections"] as? [[String: Any]])?.first { $0["name"] as? String == "home" }
            let lease = home?["lease"] as? [String: Any]
            #expect(lease?["bridge_name"] as? String == "attic" && lease?["epoch"] as? Int == 7)
            #expect(lease?["is_expired"] as? Bool == false)
        }
    }

    @Test func endsQuietlyWhenItsReaderGoesAway() async throws {
        try await Self.with { bridge, session in
            let file = try bridge.file("token", Self.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            try await Self.insertEvents(5_000, session)
            let outcome = try await bridge.shell(#""$HA" events --limit 5000 --json | head -n 2"#)
            #expect(outcome.status == 0 && outcome.errors.isEmpty)
            #expect(outcome.output.split(separator: "\n").count == 2)
        }
    }

    @Test func followsEventsAsTheyAreStored() async throws {
        try await Self.with { bridge, session in
            let file = try bridge.file("token", Self.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            try await Self.insertEvents(3, session)
            try await bridge.withRunning("events", "--follow", "--json", "--limit", "2") { output in
                func lines(_ count: Int) async throws -> [Substring] {
                    let end = ContinuousClock.now + .seconds(20)
                    while ContinuousClock.now < end, output().split(separator: "\n").count < count {
                        try await Task.sleep(for: .milliseconds(50))
                    }
                    return output().split(separator: "\n")
                }
                #expect(try await lines(2).count == 2)
                try await Self.insertEvents(1, session, age: "0 seconds", entity: "light.new")
                let last = try #require(try await lines(3).last)
                let event = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
                #expect(event?["entity_id"] as? String == "light.new")
                #expect(try await lines(3).count == 3)
            }
        }
    }

    /// Events of the last `count` times 55 seconds at most, half of them of a lamp, half of a thermometer.
    private static func insertEvents(
        _ count: Int, _ session: PostgresConnection, age: String = "30 seconds", entity: String? = nil
    ) async throws {
        let step = count > 100 ? "1 millisecond" : "55 seconds"
        _ = try await session.query(
            """
            INSERT INTO home_assistant_events
                (id, connection_id, event_type, entity_id, old_state, new_state, attributes, timestamp)
            SELECT gen_random_uuid(), connection.id, 'state_changed',
                coalesce($1, CASE n % 2 WHEN 0 THEN 'sensor.temperature' ELSE 'light.kitchen' END), '20.0', '21.0',
                '{"unit": "°C"}', now() - $2::interval - n * $3::interval
            FROM home_assistant_connections AS connection, generate_series(0, $4::int - 1) AS n
            """,
            [.optional(entity) { .text($0) }, .text(age), .text(step), .int(Int64(count))], name: "insert_events")
    }
}
