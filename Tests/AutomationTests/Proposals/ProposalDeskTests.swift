import BridgeCore
import Cryptography
import Foundation
import HomeAssistantClient
import PostgresClient
import TestSupport
import Testing

@testable import Automation
@testable import Store

/// Proposals from a file to the row that waits, against a house in memory and a real database.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct ProposalDeskTests {
    /// A house with a lamp, a lock, a scene and a script, and two automations: `night_light` in the file and `packaged` in a package.
    private static let states: [String: HouseState] = [
        "light.hall": HouseState("off"), "light.porch": HouseState("off"), "lock.front": HouseState("locked"),
        "binary_sensor.door": HouseState("off"),
        "scene.night": HouseState("x", attributes: .object(["entity_id": .array([.string("lock.front")])])),
        "scene.cosy": HouseState("x", attributes: .object(["entity_id": .array([.string("light.hall")])])),
        "automation.night_light": HouseState(
            "on", attributes: .object(["id": .string("night_light"), "friendly_name": .string("Night light")])),
        "automation.packaged": HouseState(
            "on", attributes: .object(["id": .string("packaged"), "friendly_name": .string("Packaged")])),
        "automation.nameless": HouseState("on", attributes: .object(["friendly_name": .string("Nameless")])),
    ]

    private static let present = #"""
        {"id": "night_light", "alias": "Night light", "triggers": [{"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}],
        "actions": [{"action": "light.turn_on", "target": {"entity_id": "light.hall"}}], "mode": "single"}
        """#

    private static let house = ProposalHouse(
        states: { states },
        services: {
            [
                "light.turn_on", "light.turn_off", "lock.unlock", "notify.phone", "script.open_up", "script.cosy",
                "scene.turn_on",
            ]
        },
        validate: { configuration in
            configuration.json.contains("nope")
                ? [.init(part: "triggers", error: "Invalid trigger 'nope' specified")] : []
        },
        configuration: { id in
            switch id {
            case "night_light": ConfigurationValue(json: present).map { .found($0) } ?? .missing
            case "broken": .unreadable("Home Assistant cannot read automations.yaml: a `!secret` is in it.")
            default: .missing
            }
        },
        script: { entity in
            entity == "script.open_up"
                ? ConfigurationValue(
                    json: #"{"sequence": [{"action": "lock.unlock", "target": {"entity_id": "lock.front"}}]}"#)
                : entity == "script.cosy"
                    ? ConfigurationValue(
                        json: #"{"sequence": {"service": "light.turn_on", "entity_id": "light.hall"}}"#) : nil
        })

    private struct Rig {
        let desk: ProposalDesk
        let pool: PostgresPool
        let session: PostgresConnection
        let connection: StoredConnection
        let owner: StoredUser

        func terms() -> ProposalTerms {
            let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
            var terms = ProposalTerms(proposer: owner, expiresAt: now.adding(seconds: 86_400), now: now)
            terms.reason = "To see at night."
            return terms
        }

        func propose(_ json: String) async throws -> PreparedProposal {
            try await desk.prepare(try #require(ConfigurationValue(json: json)), terms: terms())
        }

        func scalar(_ sql: String) async throws -> String? {
            try await session.query(sql).first?[0].optionalString
        }
    }

    private static func with(_ body: (Rig) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "proposal-test-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let sealer = ConfigurationSealer(
            TokenSealer(keyring: try Keyring.create(path: directory.appending(path: "keyring").path)))
        try await TestDatabase.withSchema { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration.taking(.writer), size: 2, logger: TestDatabase.quietLogger)
            do {
                let owner = try await UserRepository(pool).add(username: "ada", email: "ada@example.org")
                let connection = try await ConnectionRepository(pool).add(
                    id: ConnectionID(), userID: owner.id, name: "home", url: "http://home.local:8123",
                    sealedToken: "v1.k1.n.c.t")
                for id in ["night_light", "packaged"] {
                    _ = try await session.query(
                        """
                        INSERT INTO automation_management (connection_id, home_assistant_automation_id, entity_id, name)
                        VALUES ($1, $2::text, 'automation.' || $2::text, $2::text)
                        """, [.id(connection.id), .text(id)])
                }
                try await body(
                    Rig(
                        desk: ProposalDesk(pool, connection: connection, house: house, sealer: sealer, keys: nil),
                        pool: pool, session: session, connection: connection, owner: owner))
            } catch {
                await pool.close()
                await session.close()
                throw error
            }
            await pool.close()
            await session.close()
        }
    }

    private static func lamp(_ action: String, alias: String = "Porch") -> String {
        #"{"alias": "\#(alias)", "triggers": [{"trigger": "state", "entity_id": "binary_sensor.door", "to": "on"}], "actions": [\#(action)]}"#
    }

    private static let turnOn = #"{"action": "light.turn_on", "target": {"entity_id": "light.porch"}}"#

    @Test func aNewAutomationBecomesARowThatWaits() async throws {
        try await Self.with { rig in
            let prepared = try await rig.propose(Self.lamp(Self.turnOn))
            #expect(prepared.refusal == nil && prepared.risk.level == .low && prepared.base == nil)
            let stored = try await rig.desk.store(prepared)
            #expect(stored.status == .pending && stored.type == .creation && stored.baseDigest == nil)
            let change = try #require(stored.changes.flatMap { ProposedChange(json: $0) })
            #expect(change.operation == .create && change.homeAssistantID.count == 13)
            #expect(change.configuration?["mode"]?.text == "single")
            #expect(
                try await rig.scalar("SELECT lifecycle_state FROM automation_management WHERE name = 'Porch'")
                    == "PENDING_APPROVAL")
            // Of low risk the proposer may approve.
            #expect(
                try await rig.scalar(
                    "SELECT string_agg(username, ',') FROM approval_workflow_approvers JOIN users ON users.id = approver_id"
                )
                    == "ada")
            #expect(
                try await rig.scalar(
                    "SELECT action_type || ' ' || workflow_id FROM automation_audit_trail ORDER BY timestamp DESC LIMIT 1"
                )
                    == "PROPOSE \(stored.id)")
            // The same once more: its id is another one, and both wait.
            #expect(try await rig.desk.store(try await rig.propose(Self.lamp(Self.turnOn))).status == .pending)
        }
    }

    @Test func whatIsThereIsChangedAndItsDigestKept() async throws {
        try await Self.with { rig in
            let other = Self.present.replacing("light.hall", with: "light.porch")
            let prepared = try await rig.propose(other)
            #expect(prepared.change.operation == .modify && prepared.change.entityID == "automation.night_light")
            #expect(!prepared.difference.isEmpty && prepared.draft.baseDigest?.count == 32)
            let stored = try await rig.desk.store(prepared)
            #expect(stored.type == .modification && stored.baseDigest == prepared.draft.baseDigest)
            let again = try await rig.propose(other.replacing("porch", with: "attic"))
            #expect(again.others.map(\.id) == [stored.id] && again.draft.baseDigest == stored.baseDigest)
            // By its name alone, too; and as it is, nothing changes.
            let named = try await rig.propose(Self.lamp(Self.turnOn, alias: "night LIGHT"))
            #expect(named.change.homeAssistantID == "night_light")
            let refusal = await #expect(throws: ProposalRefusal.self) { _ = try await rig.propose(Self.present) }
            #expect(refusal?.description.contains("nothing would change") == true)
        }
    }

    @Test func whatCannotBeWrittenIsNamedBeforeAnybodyApproves() async throws {
        try await Self.with { rig in
            for (json, kind, word) in [
                (Self.present.replacing("night_light", with: "packaged"), ProposalRefusal.Kind.readOnly, "package"),
                (Self.lamp(Self.turnOn, alias: "Nameless"), .readOnly, "Nameless"),
                (Self.present.replacing("night_light", with: "broken"), .readOnly, "!secret"),
                (Self.lamp(Self.turnOn).replacing("\"state\"", with: "\"nope\""), .invalid, "Invalid trigger"),
            ] {
                let refusal = await #expect(throws: ProposalRefusal.self) { _ = try await rig.propose(json) }
                #expect(
                    refusal?.kind == kind && refusal?.description.contains(word) == true,
                    "\(refusal?.description ?? "-")")
            }
            let missing = try await rig.propose(Self.lamp(#"{"action": "light.blink"}"#))
            #expect(missing.refusal?.description.contains("light.blink") == true)
            let entity = try await rig.propose(Self.lamp(Self.turnOn.replacing("porch", with: "attic")))
            #expect(entity.refusal == nil && entity.findings.warnings.contains { $0.contains("light.attic") })
        }
    }

    @Test func whatIsCalledByItCounts() async throws {
        try await Self.with { rig in
            for action in [
                #"{"action": "script.open_up"}"#, #"{"scene": "scene.night"}"#,
                #"{"action": "scene.turn_on", "target": {"entity_id": "scene.night"}}"#,
            ] {
                let prepared = try await rig.propose(Self.lamp(action))
                #expect(prepared.risk.level >= .high && prepared.facts.entities.contains("lock.front"), "\(action)")
                // Nobody but the proposer is there to be asked.
                #expect(prepared.refusal?.kind == .nobodyToAsk)
            }
            for action in [#"{"action": "script.cosy"}"#, #"{"scene": "scene.cosy"}"#] {
                let prepared = try await rig.propose(Self.lamp(action))
                #expect(!prepared.facts.hasUnknownServices && !prepared.facts.hasUnknownEntities, "\(action)")
            }
            let unknown = try await rig.propose(Self.lamp(#"{"action": "script.gone"}"#))
            #expect(unknown.facts.hasUnknownServices && unknown.risk.level >= .high)
        }
    }

    @Test func highRiskIsAskedOfOthers() async throws {
        try await Self.with { rig in
            let bob = try await UserRepository(rig.pool).add(username: "bob", email: "bob@example.org", role: .admin)
            let unlock = Self.lamp(#"{"action": "lock.unlock", "target": {"entity_id": "lock.front"}}"#)
            let stored = try await rig.desk.store(try await rig.propose(unlock))
            #expect(stored.risk >= .high && stored.requiredApprovals == [1])
            #expect(
                try await rig.scalar("SELECT string_agg(approver_id::text, ',') FROM approval_workflow_approvers")
                    == bob.id.description)
            try await rig.session.execute(
                """
                INSERT INTO safety_rule (rule_name, rule_type, rule_condition, rule_action)
                VALUES ('No locks', 'APPROVAL_REQUIRED', '{"domains": ["lock"]}', 'BLOCK')
                """)
            let blocked = try await rig.propose(unlock)
            #expect(blocked.refusal?.kind == .blocked && blocked.refusal?.description.contains("No locks") == true)
            var forced = blocked
            forced.refusal = nil
            let error = await #expect(throws: PostgresError.self) { _ = try await rig.desk.store(forced) }
            #expect(error?.sqlState == "HB006")
            #expect(try await rig.scalar("SELECT count(*) FROM approval_workflow") == "1")
            #expect(try await rig.scalar("SELECT count(*) FROM automation_management WHERE name = 'Porch'") == "1")
        }
    }

    @Test func nobodyIsAskedWhereTheOwnerSaysSo() async throws {
        try await Self.with { rig in
            _ = try await SafetyConfigurationRepository(rig.pool).update(
                of: rig.owner.id,
                audit: { _, _ in
                    AutomationAuditEntry(
                        action: .safetyChange, description: "Changed.", timestamp: Timestamp(microseconds: 1))
                }, { $0.modificationNeedsApproval = false })
            let automation = try await AutomationRepository(rig.pool).find("night_light")
            let paused = try await rig.desk.store(
                try await rig.desk.prepare(.pause, of: automation, terms: rig.terms()))
            #expect(paused.status == .approved && paused.requiredApprovals == [0] && paused.baseDigest != nil)
            let retired = try await rig.desk.store(
                try await rig.desk.prepare(.retire, of: automation, terms: rig.terms()))
            #expect(retired.status == .pending && retired.type == .retirement)
            await #expect(throws: ProposalRefusal.self) {
                _ = try await rig.desk.prepare(.resume, of: automation, terms: rig.terms())
            }
        }
    }

    @Test func noSecretIsStoredInClear() async throws {
        try await Self.with { rig in
            let prepared = try await rig.propose(
                Self.lamp(
                    #"{"action": "notify.phone", "data": {"message": "The code is hunter2", "password": "s3cr3t-value"}}"#
                ))
            let stored = try await rig.desk.store(prepared)
            let tables = ["approval_workflow", "automation_audit_trail", "automation_management"]
            for table in tables {
                let text = try await rig.scalar("SELECT string_agg(to_jsonb(row)::text, '') FROM \(table) AS row") ?? ""
                #expect(!text.contains("hunter2") && !text.contains("s3cr3t"), "\(table)")
            }
            let sealed = try #require(
                try await rig.scalar("SELECT sealed_secrets FROM approval_workflow WHERE id = '\(stored.id)'"))
            let configuration = try #require(prepared.change.configuration)
            let opened = try rig.desk.sealer.open(
                configuration, sealedSecrets: sealed, of: prepared.draft.automation, connection: rig.connection.id,
                revealsSecrets: true)
            #expect(opened.json.contains("hunter2") && opened.json.contains("s3cr3t-value"))
            // A rotation finds it.
            let values = try await SealedValueRepository(rig.pool).values(in: .proposals, notUnder: "other", limit: 10)
            #expect(values.map(\.text) == [sealed])
            let error = await #expect(throws: PostgresError.self) {
                _ = try await rig.session.query("UPDATE approval_workflow SET sealed_secrets = NULL")
            }
            #expect(error?.sqlState == "HB003")
        }
    }

    @Test func theStoredEventsAreReplayed() async throws {
        try await Self.with { rig in
            _ = try await rig.session.query(
                """
                INSERT INTO home_assistant_events (connection_id, event_type, entity_id, old_state, new_state, timestamp)
                SELECT $1, 'state_changed', 'binary_sensor.door', CASE n % 2 WHEN 0 THEN 'on' ELSE 'off' END,
                    CASE n % 2 WHEN 0 THEN 'off' ELSE 'on' END, now() - interval '3 days' + n * interval '1 hour'
                FROM generate_series(1, 60) AS n
                """, [.id(rig.connection.id)])
            let prepared = try await rig.propose(Self.lamp(Self.turnOn))
            let backtest = try #require(prepared.backtest)
            #expect(backtest.count == 30 && backtest.examples.count == 5 && backtest.gaps.isEmpty)
            let stored = try await rig.desk.store(prepared)
            #expect(stored.assessment.flatMap { ConfigurationValue(json: $0) }?["backtest"]?["count"]?.scalar == "30")
        }
    }
}
