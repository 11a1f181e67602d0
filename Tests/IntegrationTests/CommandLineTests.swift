import Foundation
import TestSupport
import Testing

/// The built program as a person and a script use it, with a real database: how one begins, and what it says when something is wrong.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct CommandLineTests {
    @Test func bringsTheSchemaUpAndDown() async throws {
        try await CommandHouse.with(hasSchema: false, hasKeyring: false) { bridge, session in
            #expect(try await bridge("migrate", "verify").status == 78)
            let plan = try await bridge("migrate", "up", "--dry-run")
            #expect(plan.status == 0 && plan.output.contains("CREATE TABLE home_assistant_connections"))
            #expect(try await CommandHouse.text(session, "SELECT to_regclass('users')") == nil)
            let up = try await bridge("migrate", "up")
            #expect(up.status == 0 && up.output.isEmpty && up.errors.contains("Applied migration 1"))
            #expect(try await bridge("migrate", "verify").status == 0)
            let status = try await bridge("migrate", "status", "--json").objects
            #expect(status.count >= 2 && status.allSatisfy { $0["state"] as? String == "applied" })
            #expect(try await bridge("migrate", "down", "--to", "0", "--dry-run").output.contains("DROP TABLE"))
            #expect(try await bridge("migrate", "down", "--to", "0").status == 0)
            #expect(try await CommandHouse.text(session, "SELECT to_regclass('users')") == nil)
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
        try await CommandHouse.with(hasKeyring: false, users: []) { bridge, session in
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
            let actions = try await CommandHouse.text(
                session, "SELECT string_agg(action, ' ' ORDER BY created_at) FROM home_assistant_audit_log")
            #expect(actions == "user_add user_deactivate")
        }
    }

    @Test func endsWithTheStatusOfWhatWentWrong() async throws {
        try await CommandHouse.with { bridge, _ in
            let file = try bridge.file("token", CommandHouse.token)
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
        try await CommandHouse.with(users: []) { bridge, _ in
            let file = try bridge.file("token", CommandHouse.token)
            let add = try await bridge(
                "connection", "add", "home", "--url", "http://h", "--token-file", file, "--no-test")
            #expect(add.status == 64 && add.errors.contains("ha-bridge user add"))
            #expect(try await bridge("connection", "list").errors.contains("ha-bridge connection add"))
        }
        try await CommandHouse.with(hasSchema: false, hasKeyring: false) { bridge, _ in
            let list = try await bridge("user", "list")
            #expect(list.status == 78 && list.errors.contains("ha-bridge migrate up"))
            let status = try await bridge("status")
            #expect(status.status == 0 && status.output.contains("ha-bridge migrate up"))
            bridge.environment["DATABASE_URL"] = nil
            let unset = try await bridge("user", "list")
            #expect(unset.status == 78 && unset.errors.contains("DATABASE_URL"))
        }
    }
}
