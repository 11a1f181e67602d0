import Foundation
import PostgresClient
import TestSupport
import Testing

/// The audit trail by the built program, and the recipe of the README by nothing but a shell and OpenSSL.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct AuditCommandTests {
    private static let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "README.md")

    /// The shell text that the README gives under this name.
    private static func recipe(_ name: String) throws -> String {
        let text = try String(contentsOf: readme, encoding: .utf8)
        let start = try #require(text.range(of: "<!-- recipe: \(name) -->\n```sh\n")).upperBound
        let end = try #require(text.range(of: "\n```", range: start..<text.endIndex)).lowerBound
        return String(text[start..<end])
    }

    /// A migrated database with a keyring, users, a connection, and audit rows of all of that.
    private static func with(_ body: (CommandRunner, PostgresConnection) async throws -> Void) async throws {
        try await TestDatabase.withSchema { server in
            let bridge = try CommandRunner(databaseURL: server.url)
            #expect(try await bridge("key", "new").status == 0)
            for name in ["anna", "bert"] {
                #expect(try await bridge("user", "add", name, "--email", "\(name)@example.org").status == 0)
            }
            let token = try bridge.file("token", "not-a-real-token")
            let added = try await bridge(
                "connection", "add", "home", "--url", "http://127.0.0.1:9", "--user", "anna", "--token-file", token,
                "--no-test")
            #expect(added.status == 0, "\(added.errors)")
            for command in ["pause", "resume", "pause"] {
                #expect(try await bridge("connection", command, "home").status == 0)
            }
            let session = try await server.connect()
            try await body(bridge, session)
            await session.close()
        }
    }

    private static func tamper(_ sql: String, _ session: PostgresConnection) async throws {
        try await session.execute(
            """
            BEGIN; SET LOCAL ROLE ha_bridge_owner; ALTER TABLE home_assistant_audit_log NO FORCE ROW LEVEL SECURITY; \(sql);
            ALTER TABLE home_assistant_audit_log FORCE ROW LEVEL SECURITY; COMMIT
            """)
    }

    /// Runs the recipe over an export that is made now, after `change` to its lines.
    private func verifyByRecipe(
        _ bridge: CommandRunner, change: ([String]) -> [String] = { $0 }
    ) async throws -> [String] {
        let place = bridge.directory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let file = place.appending(path: "trail.jsonl")
        let exported = try await bridge("audit", "export", "--output", file.path)
        #expect(exported.status == 0, "\(exported.errors)")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        try Data((change(lines).joined(separator: "\n") + "\n").utf8).write(to: file)
        let program = "ha-bridge() { \"$HA\" \"$@\"; }"
        let outcome = try await bridge.shell(
            "cd \(place.path) && \(program)\n" + (try Self.recipe("keys")) + "\n" + (try Self.recipe("verify")))
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output.split(separator: "\n").map(String.init)
    }

    @Test func aStrangerVerifiesAnExportByTheRecipeOfTheReadme() async throws {
        try await Self.with { bridge, session in
            // 2 rows about users and a head; 4 about the connection and a head.
            #expect(try await verifyByRecipe(bridge) == ["verified 8 lines"])
            let changed = try await verifyByRecipe(bridge) { lines in
                lines.map { line in
                    // A digit of the message in base64 is another one.
                    let place = line.index(line.startIndex, offsetBy: 60)
                    let digit = line[place] == "A" ? "B" : "A"
                    return line == lines[1] ? line.replacingCharacters(in: place...place, with: digit) : line
                }
            }
            #expect(changed.contains("line 2: the signature does not fit"))
            let missing = try await verifyByRecipe(bridge) { $0.enumerated().filter { $0.offset != 4 }.map(\.element) }
            #expect(missing.contains { $0.hasSuffix("does not follow the row before it") })
            let short = try await verifyByRecipe(bridge) { $0.enumerated().filter { $0.offset != 6 }.map(\.element) }
            #expect(short == ["line 7: rows are missing at the end", "verified 7 lines"])
        }
    }

    @Test func verifyEndsWithOneAndNamesTheRow() async throws {
        try await Self.with { bridge, session in
            let sound = try await bridge("audit", "verify")
            #expect(sound.status == 0, "\(sound.errors)")
            #expect(sound.errors.contains("6 rows in 2 chains"))
            let checkpoint = try await bridge("audit", "checkpoint")
            let file = try bridge.file("checkpoints", checkpoint.output)
            #expect(try await bridge("audit", "verify", "--checkpoints", file).status == 0)
            #expect(try await bridge("audit", "verify", "--checkpoints", file + "x").status != 0)
            try await Self.tamper(
                "UPDATE home_assistant_audit_log SET success = false WHERE connection_id IS NOT NULL AND chain_sequence = 2",
                session)
            let edited = try await bridge("audit", "verify", "--json")
            #expect(edited.status == 1)
            let report = try #require(edited.json as? [String: Any])
            #expect(report["sound"] as? Bool == false)
            let findings = try #require(report["chains"] as? [[String: Any]]).flatMap {
                $0["findings"] as? [[String: Any]] ?? []
            }
            #expect(findings.map { $0["kind"] as? String } == ["edited"])
            #expect(findings.map { $0["sequence"] as? Int } == [2])
            let refused = try await bridge("audit", "prune", "--before", "0s", "--yes")
            #expect(refused.status == 1)
            #expect(refused.errors.contains("Nothing was taken out of this chain"))
            // The chain without connection is whole, and was pruned.
            #expect(refused.errors.contains("Deleted 2 audit rows."))
            #expect(try await bridge("audit", "prune", "--before", "0s", "--yes", "--accept-findings").status == 0)
            let pruned = try await bridge("audit", "verify", "--checkpoints", file)
            #expect(pruned.status == 0, "\(pruned.output) \(pruned.errors)")
            #expect(try await verifyByRecipe(bridge).last?.hasPrefix("verified") == true)
        }
    }

    @Test func theRunningBridgeLeavesCheckpoints() async throws {
        try await Self.with { bridge, session in
            let (descriptor, port) = try ProcessRelay.bound(0)
            close(descriptor)
            bridge.environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:\(port)"
            bridge.environment["HA_BRIDGE_EMBEDDER"] = "off"
            let file = bridge.directory.appending(path: "a/state/audit-checkpoints")
            let log = bridge.directory.appending(path: "log").path
            let run = try await bridge.shell(
                """
                "$HA" run 2> \(log) & pid=$!
                for i in $(seq 300); do [ -s \(file.path) ] && break; sleep 0.1; done
                kill $pid; wait $pid; cat \(log)
                """)
            let line = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .newlines)
            let signature = try #require(line.split(separator: "\"signature\":\"").last?.prefix(88))
            // The redaction of the log leaves it as it is.
            #expect(run.output.contains(signature))
            let verified = try await bridge("audit", "verify")
            #expect(
                verified.status == 0 && verified.errors.contains("1 checkpoints"),
                "\(verified.output) \(verified.errors)")
            // Everything gone, head and all: the database alone shows nothing.
            try await Self.tamper(
                """
                ALTER TABLE audit_chain_heads NO FORCE ROW LEVEL SECURITY; DELETE FROM audit_chain_heads;
                ALTER TABLE audit_chain_heads FORCE ROW LEVEL SECURITY; TRUNCATE home_assistant_audit_log
                """, session)
            let emptied = try await bridge("audit", "verify")
            #expect(emptied.status == 1)
            #expect(emptied.output.contains("truncated: Rows 1 to 2 of home_assistant_audit_log without connection"))
        }
    }

    @Test func aKeyringThatCannotBeReadIsSaid() async throws {
        try await Self.with { bridge, session in
            let keyring = bridge.directory.appending(path: "a/state/keyring")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: keyring.path)
            let outcome = try await bridge("connection", "resume", "home")
            #expect(outcome.status == 0)
            #expect(outcome.errors.contains("is not signed"))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyring.path)
            let verified = try await bridge("audit", "verify")
            #expect(verified.status == 1)
            #expect(verified.output.contains("unsigned: A row of home_assistant_audit_log"))
        }
    }
}
