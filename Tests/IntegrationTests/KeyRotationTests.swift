import Automation
import BridgeConcurrency
import BridgeCore
import Cryptography
import Foundation
import HomeAssistantClient
import PostgresClient
import TestSupport
import Testing

/// `key rotate` as a person runs it, beside a bridge that runs.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct KeyRotationTests {
    /// The fixed names of what the tests add beside connections that are connected.
    private static let idleCount = 998

    private static func keyring(_ rig: ProcessRig) throws -> Keyring {
        try Keyring.load(path: rig.bridge.directory.appending(path: "a/state/keyring").path)
    }

    /// Adds paused connections that each have a token of their own: `token-N`.
    private static func addIdleConnections(_ count: Int, _ rig: ProcessRig) async throws {
        let sealer = TokenSealer(keyring: try keyring(rig))
        let user = try #require(try await rig.value("SELECT id FROM users LIMIT 1").flatMap { UUID(uuidString: $0) })
        var ids: [String] = []
        var tokens: [String] = []
        for number in 0..<count {
            let id = ConnectionID()
            let binding = TokenBinding(
                connectionID: id, userID: UserID(user), origin: "http://house-\(number).example:8123")
            ids.append(id.description)
            tokens.append(try sealer.seal(Secret("token-\(number)".utf8), for: binding))
        }
        _ = try await rig.session.query(
            """
            INSERT INTO home_assistant_connections (id, name, url, encrypted_token, user_id, status, paused_at)
            SELECT id, 'house-' || n, 'http://house-' || n || '.example:8123', token, $3, 'paused', now()
            FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS added (id, token, number),
                LATERAL (SELECT number - 1 AS n) AS numbered
            """, [.textArray(ids), .textArray(tokens), .uuid(user)])
    }

    /// The tokens that do not open with the keyring as its file is, by name.
    private static func unopened(_ rig: ProcessRig) async throws -> Set<String> {
        let rows = try await rig.session.query(
            "SELECT id, user_id, name, url, encrypted_token FROM home_assistant_connections")
        // The file after the rows: a rotation that goes on may have taken a key out of it meanwhile.
        let sealer = TokenSealer(keyring: try keyring(rig))
        var names: Set<String> = []
        for row in rows {
            let name = try row.string("name")
            let binding = TokenBinding(
                connectionID: try row.id("id"), userID: try row.id("user_id"),
                origin: try HomeAssistantURL(try row.string("url")).origin)
            let expected = name.hasPrefix("house-") ? "token-\(name.dropFirst(6))" : ProcessRig.token
            let token = try? sealer.open(try row.string("encrypted_token"), for: binding)
            if token?.withBytes({ $0.elementsEqual(expected.utf8) }) != true { names.insert(name) }
        }
        return names
    }

    /// How many tokens are sealed with each key.
    private static func keys(_ rig: ProcessRig) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        let sql =
            "SELECT split_part(encrypted_token, '.', 2) AS key, count(*) AS n FROM home_assistant_connections GROUP BY 1"
        for row in try await rig.session.query(sql) { counts[try row.string("key")] = try row.int("n") }
        return counts
    }

    @Test(.timeLimit(.minutes(5))) func killedAnywhereItLosesNoTokenAndTheNextRunEndsIt() async throws {
        let seed = TestSeed.value
        var generator = SeededGenerator(seed: seed)
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection("near", url: fake.url)
            try await Self.addIdleConnections(Self.idleCount, rig)
            let process = try rig.start()
            #expect(await fake.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            let first = try Self.keyring(rig)
            #expect(try await Self.keys(rig) == [first.primaryKeyID: Self.idleCount + 1])

            var kills: [String] = []
            var attempts = 0
            while kills.count < 10, attempts < 60 {
                attempts += 1
                let comment = "seed \(seed), after \(kills)"
                let before = try Self.keyring(rig)
                let left = try await Self.keys(rig).filter { $0.key != before.primaryKeyID }
                let end: (status: Int32, where: String)
                if attempts % 3 == 0 {
                    let delay = Double.random(in: 0.02..<1.2, using: &generator)
                    let outcome = try await rig.bridge.shell("timeout -s KILL \(delay) \"$HA\" key rotate")
                    end = (outcome.status, "after \(delay) s")
                } else {
                    let point = try #require(CrashPoint.ofRotation.randomElement(using: &generator))
                    let isPaged = point == .beforeReseal || point == .afterReseal
                    let place = "\(point.rawValue):\(isPaged ? Int.random(in: 1...20, using: &generator) : 1)"
                    rig.bridge.environment["BRIDGE_CRASH_AT"] = place
                    let outcome = try await rig.bridge("key", "rotate")
                    rig.bridge.environment["BRIDGE_CRASH_AT"] = nil
                    end = (outcome.status, place)
                }
                if [9, 137].contains(end.status) {
                    kills.append(end.where)
                } else {
                    #expect(end.status == 0, "\(comment)")
                }
                #expect(try await Self.unopened(rig) == [], "\(comment), \(end)")
                // What was begun is ended before another key is made.
                if !left.isEmpty {
                    #expect(try Self.keyring(rig).primaryKeyID == before.primaryKeyID, "\(comment), \(end)")
                }
            }
            #expect(kills.count == 10)

            // One to end what was begun, one from the beginning.
            var reports: [String] = []
            for _ in 0..<2 {
                let outcome = try await rig.bridge("key", "rotate")
                #expect(outcome.status == 0, "\(outcome.errors), seed \(seed)")
                reports.append(outcome.errors)
            }
            #expect(reports.last?.contains("Made the key") == true, "\(reports)")
            let last = try Self.keyring(rig)
            #expect(try await Self.unopened(rig) == [], "seed \(seed), after \(kills)")
            #expect(try await Self.keys(rig) == [last.primaryKeyID: Self.idleCount + 1], "seed \(seed), after \(kills)")
            #expect(last.tokenKeyIDs == [last.primaryKeyID] && !last.holdsTokenKey(first.primaryKeyID))
            #expect(last.verifier.keyIDs.contains(try #require(first.signer?.keyID)))

            // The bridge was never disturbed, and opens tokens with the newest key.
            #expect(fake.snapshot.connections.count == 1 && fake.snapshot.subscriptionCount == 1)
            try #require(try await rig.bridge("connection", "pause", "near").status == 0)
            #expect(await fake.wait(.seconds(10)) { $0.subscriptionCount == 0 })
            try #require(try await rig.bridge("connection", "resume", "near").status == 0)
            #expect(await fake.wait(.seconds(10)) { $0.subscriptionCount == 1 })
            #expect(
                process.lines(with: " ERROR ").isEmpty && process.lines(with: " WARNING ").isEmpty, "\(process.log)")
            #expect(
                try await rig.count("SELECT count(*) FROM home_assistant_audit_log WHERE action = 'key_rotate'") >= 2)
            process.terminate()
            #expect(try await process.ended()?.status == 0)
        }
    }

    @Test func everyTokenOpensAtEachMoment() async throws {
        try await ProcessRig.with { rig in
            try await Self.addIdleConnections(300, rig)
            let isDone = LockedBox(false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let runner = rig.bridge
                let path = runner.directory.appending(path: "a/state/keyring").path
                let watcher = try await rig.database.connect()
                group.addTask {
                    var looks = 0
                    while !isDone.withLock({ $0 }) || looks < 3 {
                        looks += 1
                        // As a bridge does: the row first, then the key that it names.
                        let rows = try await watcher.query(
                            "SELECT id, user_id, url, encrypted_token FROM home_assistant_connections")
                        let sealer = TokenSealer(try KeyringSource(path: path))
                        for row in rows {
                            let binding = TokenBinding(
                                connectionID: try row.id("id"), userID: try row.id("user_id"),
                                origin: try HomeAssistantURL(try row.string("url")).origin)
                            var sealed = try row.string("encrypted_token")
                            var opened = try? sealer.open(sealed, for: binding)
                            if opened == nil {
                                // Sealed anew since it was read.
                                sealed =
                                    try await watcher.query(
                                        "SELECT encrypted_token FROM home_assistant_connections WHERE id = $1",
                                        [.id(binding.connectionID)]
                                    ).first?[0].string ?? ""
                                opened = try? TokenSealer(keyring: try Keyring.load(path: path)).open(
                                    sealed, for: binding)
                            }
                            #expect(opened != nil)
                        }
                    }
                    await watcher.close()
                }
                for _ in 0..<3 { #expect(try await runner("key", "rotate").status == 0) }
                isDone.withLock { $0 = true }
                try await group.waitForAll()
            }
        }
    }

    @Test func namesWhatDoesNotOpenAndKeepsItsKey() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection("good", url: fake.url)
            try await Self.addIdleConnections(4, rig)
            let old = try Self.keyring(rig).primaryKeyID
            // Two swapped, one edited, one of a foreign key.
            try await rig.session.execute(
                """
                UPDATE home_assistant_connections AS a SET encrypted_token = b.encrypted_token
                FROM home_assistant_connections AS b
                WHERE (a.name, b.name) IN (('house-0', 'house-1'), ('house-1', 'house-0'));
                UPDATE home_assistant_connections
                SET encrypted_token = regexp_replace(encrypted_token, '[.][^.]{4}([^.]*[.][^.]*)$', '.AAAA\\1') WHERE name = 'house-2';
                UPDATE home_assistant_connections
                SET encrypted_token = replace(encrypted_token, '.\(old).', '.kf0re1gn.') WHERE name = 'house-3';
                UPDATE home_assistant_connections SET paused_at = NULL, url = replace(url, '.example', '.invalid')
                WHERE name = 'house-0'
                """)
            let process = try rig.start()
            #expect(await fake.wait(.seconds(20)) { $0.subscriptionCount == 1 })
            #expect(try await rig.eventually { try await rig.status("house-0") == "error" })
            #expect(process.lines(with: "belongs to another connection, user or URL").count == 1)

            let outcome = try await rig.bridge("key", "rotate", "--json")
            #expect(outcome.status == 78)
            for number in 0..<4 { #expect(outcome.errors.contains("“house-\(number)” of anna"), "\(outcome.errors)") }
            #expect(!outcome.errors.contains("“good”"))
            #expect(outcome.errors.contains("ha-bridge connection set-token house-2 --user anna"))
            let report = outcome.json as? [String: Any]
            #expect(report?["resealed_tokens"] as? Int == 1 && (report?["unopened"] as? [String])?.count == 4)
            let keyring = try Self.keyring(rig)
            #expect(keyring.holdsTokenKey(old) && keyring.primaryKeyID != old)
            #expect(try await Self.keys(rig) == [keyring.primaryKeyID: 1, old: 3, "kf0re1gn": 1])
            #expect(fake.snapshot.connections.count == 1)

            // Given anew, they follow, and the old key goes.
            let file = try rig.tokenFile(ProcessRig.token)
            for number in 0..<4 {
                let given = try await rig.bridge(
                    "connection", "set-token", "house-\(number)", "--token-file", file, "--no-test")
                #expect(given.status == 0, "\(given.errors)")
            }
            #expect(try await rig.bridge("key", "rotate").status == 0)
            let last = try Self.keyring(rig)
            #expect(last.tokenKeyIDs == [last.primaryKeyID])
            let audit = "SELECT count(*) FROM home_assistant_audit_log WHERE action = 'key_rotate' AND success ="
            #expect(try await rig.count("\(audit) false") == 1)
            #expect(try await rig.count("\(audit) true") == 1)
        }
    }

    @Test func aConnectionRecoversWhenTheKeyringIsThereAgain() async throws {
        let fake = try ProcessRig.fake()
        defer { fake.stop() }
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: fake.url)
            let path = rig.bridge.directory.appending(path: "a/state/keyring")
            let right = try Data(contentsOf: path)
            // Another keyring than the one that the token was sealed with.
            try FileManager.default.removeItem(at: path)
            try #require(try await rig.bridge("key", "new").status == 0)
            let process = try rig.start()
            #expect(try await rig.eventually { try await rig.status() == "error" })
            #expect(process.lines(with: "which is not in the keyring").count == 1)
            try right.write(to: path)
            #expect(await fake.wait(.seconds(25)) { $0.subscriptionCount == 1 })
            // A bad file changes nothing, and is told of once.
            try Data("nonsense".utf8).write(to: path)
            #expect(
                try await rig.eventually { process.lines(with: "cannot be used. The one of before stays").count == 1 })
            #expect(fake.snapshot.subscriptionCount == 1)
        }
    }

    @Test func sealsWhatAutomationsKeepSecretAnewAndNamesWhatDoesNotOpen() async throws {
        try await ProcessRig.with { rig in
            try await Self.addIdleConnections(1, rig)
            let id = try await rig.value("SELECT id FROM home_assistant_connections") ?? ""
            let home = ConnectionID(try #require(UUID(uuidString: id)))
            let old = try Self.keyring(rig)
            // Long enough for several parts.
            let text = String(repeating: "a secret of some length ", count: 1_000)
            let configuration = try #require(ConfigurationValue(json: Array(#"{"password": "\#(text)"}"#.utf8)))
            let automation = AutomationID()
            let sealed = try ConfigurationSealer(TokenSealer(keyring: old)).seal(
                configuration, of: automation, connection: home)
            let secrets = try #require(sealed.sealedSecrets)
            #expect(secrets.split(separator: " ").count > 1)
            _ = try await rig.session.query(
                """
                INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, name)
                VALUES ($1, $2, 'night_light', 'Night light')
                """, [.id(automation), .id(home)])
            let insert = """
                INSERT INTO automation_backup (automation_id, backup_name, backup_type, configuration_snapshot, sealed_secrets)
                VALUES ($1, 'b', 'MANUAL', $2::jsonb, $3)
                """
            let edited = secrets.dropLast(30) + String(repeating: "A", count: 30)
            for text in [secrets, String(edited)] {
                _ = try await rig.session.query(insert, [.id(automation), .json(sealed.snapshot.json), .text(text)])
            }
            let outcome = try await rig.bridge("key", "rotate")
            #expect(outcome.status == 78 && outcome.errors.contains("version 2 of “Night light”"), "\(outcome.errors)")
            #expect(!outcome.errors.contains("version 1"))
            let new = try Self.keyring(rig)
            let stored = try #require(
                try await rig.value("SELECT sealed_secrets FROM automation_backup WHERE version = 1"))
            #expect(stored.split(separator: " ").allSatisfy { $0.hasPrefix("v1.\(new.primaryKeyID).") })
            let opened = try ConfigurationSealer(TokenSealer(keyring: new)).open(
                sealed.snapshot, sealedSecrets: stored, of: automation, connection: home, revealsSecrets: true)
            #expect(opened == configuration)
            #expect(
                try await rig.value("SELECT sealed_secrets FROM automation_backup WHERE version = 2") == String(edited))
            #expect(new.holdsTokenKey(old.primaryKeyID))
        }
    }

    @Test func keepsOldKeysOnRequestAndTakesNothingUnderRetiredOnes() async throws {
        try await ProcessRig.with { rig in
            try await Self.addIdleConnections(3, rig)
            let path = rig.bridge.directory.appending(path: "a/state/keyring")
            let first = try Self.keyring(rig)
            let copy = try Data(contentsOf: path)
            #expect(try await rig.bridge("key", "rotate", "--keep-old").status == 0)
            let second = try Self.keyring(rig)
            #expect(second.tokenKeyIDs == [first.primaryKeyID, second.primaryKeyID].sorted())
            #expect(try await rig.bridge("key", "rotate").status == 0)
            let third = try Self.keyring(rig)
            #expect(third.tokenKeyIDs == [third.primaryKeyID])
            let shown = try await rig.bridge("key", "list", "--json").objects
            #expect(shown.map { $0["purpose"] as? String } == ["verify", "verify", "token", "sign"])

            // With an old copy of the keyring nothing can be stored, until the keys are rotated.
            try copy.write(to: path)
            let file = try rig.tokenFile(ProcessRig.token)
            func setToken(_ name: String) async throws -> CommandRunner.Outcome {
                try await rig.bridge("connection", "set-token", name, "--token-file", file, "--no-test")
            }
            let refused = try await setToken("house-0")
            #expect(refused.status == 75 && refused.errors.contains("ha-bridge key rotate"), "\(refused.errors)")
            #expect(try await rig.bridge("key", "rotate").status == 78)
            for number in 0..<3 { #expect(try await setToken("house-\(number)").status == 0) }
            #expect(try await rig.bridge("key", "rotate").status == 0)
        }
    }

    @Test func twoRotationsDoNotMeet() async throws {
        try await ProcessRig.with { rig in
            let path = rig.bridge.directory.appending(path: "a/state/keyring").path
            let editor = try KeyringEditor(path: path)
            let outcome = try await rig.bridge("key", "rotate")
            #expect(outcome.status == 75 && outcome.errors.contains("Another process is changing the keyring"))
            _ = try editor.keyring()
        }
    }
}
