import PostgresClient
import Testing

@testable import Store

/// What the database itself refuses, whoever writes to it: all statements here are the writer's.
@Suite(.needsPostgres) struct SafetyEnforcementTests {
    /// A house in which nothing may touch locks, with a lock, a lamp and a garage door in the area `hall`.
    static func with(_ body: (StoreDatabase) async throws -> Void) async throws {
        try await ManagedHouse.with { database in
            for statement in seed { try await database.session.execute(statement) }
            try await body(database)
        }
    }

    static let noLocks = rule("No locks", #"{"domains": ["lock"]}"#, "BLOCK")

    static func rule(_ name: String, _ condition: String, _ action: String, connection: String = "NULL") -> String {
        """
        INSERT INTO safety_rule (connection_id, rule_name, rule_type, rule_condition, rule_action)
        VALUES (\(connection), '\(name)', 'APPROVAL_REQUIRED', '\(condition)', '\(action)')
        """
    }

    private static let seed = [
        noLocks,
        """
        INSERT INTO home_assistant_areas (connection_id, area_id, name, floor_id, labels)
        VALUES ('\(ManagedHouse.connection)', 'hall', 'Hall', 'ground', '{}')
        """,
        "INSERT INTO home_assistant_labels (connection_id, label_id, name) VALUES ('\(ManagedHouse.connection)', 'entry', 'Entry')",
        """
        INSERT INTO home_assistant_devices (connection_id, device_id, name, area_id)
        VALUES ('\(ManagedHouse.connection)', 'd1', 'Door', 'hall'), ('\(ManagedHouse.connection)', 'd2', 'Lamp', 'hall')
        """,
        """
        INSERT INTO home_assistant_entities (connection_id, registry_id, entity_id, device_id, labels)
        VALUES ('\(ManagedHouse.connection)', '0123456789abcdef0123456789abcdef', 'lock.front', 'd1', '{entry}'),
            ('\(ManagedHouse.connection)', 'r2', 'light.hall', 'd2', '{}'),
            ('\(ManagedHouse.connection)', 'r3', 'light.porch', NULL, '{entry}')
        """,
    ]

    static func proposal(_ actions: String, risk: String = "HIGH", assessment: String = "NULL") -> String {
        """
        INSERT INTO approval_workflow (automation_id, workflow_type, risk_level, description, proposed_changes, risk_assessment)
        VALUES ('\(ManagedHouse.automation)', 'MODIFICATION', '\(risk)', 'Try it', jsonb_build_object(
            'operation', 'modify', 'automation_id', 'night_light', 'configuration', '\(actions)'::jsonb), \(assessment))
        """
    }

    /// The SQLSTATE of what the writer tries; `nil` where it succeeds.
    static func outcome(_ sql: String, _ database: StoreDatabase) async -> String? {
        do {
            _ = try await database.writer.query(sql)
            return nil
        } catch {
            return error.sqlState ?? "\(error)"
        }
    }

    /// Ways to open a lock, or to leave it to something that may.
    private static let ways = [
        #"{"actions": [{"action": "lock.unlock", "target": {"entity_id": "lock.front"}}]}"#,
        #"{"action": [{"service": "lock.unlock", "entity_id": "lock.front"}]}"#,
        #"{"action": {"service_template": "lock.unlock"}}"#,
        #"{"actions": [{"action": " LOCK.Unlock ", "target": {"entity_id": "LOCK.FRONT"}}]}"#,
        #"{"actions": [{"action": "{{ \"lock\" }}.unlock"}]}"#,
        #"{"actions": [{"action": "‹text 0123456789abcdef›"}]}"#,
        #"{"actions": [{"action": 5}]}"#,
        #"{"actions": [{"device_id": "d1", "domain": "lock", "type": "unlock", "entity_id": "x"}]}"#,
        #"{"actions": [{"device_id": "d1", "domain": "{{ d }}", "type": "unlock"}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": {"area_id": "hall"}}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": {"floor_id": ["ground"]}}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": {"label_id": "entry"}}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": {"device_id": ["d2", "d1"]}}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": {"entity_id": "0123456789abcdef0123456789abcdef"}}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": {"entity_id": "light.hall, lock.front"}}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": "{{ everything }}"}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "data": "{{ everything }}"}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": {"area_id": "{{ area }}"}}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "target": {"entity_id": "all"}}]}"#,
        #"{"actions": [{"action": "homeassistant.turn_off", "data": {"entity_id": ["lock.front"]}}]}"#,
        #"{"actions": [{"action": "scene.apply", "data": {"entities": {"lock.front": "unlocked"}}}]}"#,
        #"{"actions": [{"action": "scene.turn_on", "target": {"entity_id": "scene.night"}}]}"#,
        #"{"actions": [{"scene": "scene.night"}]}"#,
        #"{"actions": [{"action": "script.open_up"}]}"#,
        #"{"actions": [{"action": "script.turn_on", "target": {"entity_id": "script.open_up"}}]}"#,
        #"{"actions": [{"action": "group.set", "data": {"entities": "lock.front"}}]}"#,
        #"{"actions": [{"action": "automation.trigger", "target": {"entity_id": "automation.open_up"}}]}"#,
        #"{"actions": [{"action": "conversation.process", "data": {"text": "open the door"}}]}"#,
        #"{"actions": [{"action": "zwave_js.set_value", "target": {"device_id": "d1"}}]}"#,
        #"{"actions": [{"choose": [{"conditions": [], "sequence": [{"action": "lock.unlock"}]}]}]}"#,
        #"{"actions": [{"if": [], "then": [], "else": {"action": "lock.unlock"}}]}"#,
        #"{"actions": [{"repeat": {"count": 2, "sequence": [[{"parallel": [{"action": "lock.open"}]}]]}}]}"#,
        #"{"actions": [{"action": "lock.unlock", "enabled": false}]}"#,
        #"{"actions": [{"condition": "template", "action": "lock.unlock"}]}"#,
        #"{"use_blueprint": {"path": "open.yaml"}}"#,
        #"{"sequence": [{"action": "lock.unlock"}]}"#,
    ]

    @Test func noSpellingPassesByARuleAgainstLocks() async throws {
        try await Self.with { database in
            for way in Self.ways {
                let configuration = way.replacing("'", with: "''")
                #expect(
                    await Self.outcome(Self.proposal(configuration, risk: "CRITICAL"), database) == "HB006", "\(way)")
                // Not even with facts that lie.
                let lie = #"'{"facts": {"services": ["light.turn_on"], "entities": [], "domains": ["light"]}}'"#
                let lying = Self.proposal(configuration, risk: "CRITICAL", assessment: lie)
                #expect(await Self.outcome(lying, database) == "HB006", "\(way)")
            }
        }
    }

    @Test func whatHasNothingToDoWithLocksPasses() async throws {
        try await Self.with { database in
            for configuration in [
                #"{"actions": [{"action": "light.turn_on", "target": {"area_id": "hall"}}]}"#,
                #"{"actions": [{"action": "light.turn_on", "target": {"entity_id": "{{ lamp }}"}}]}"#,
                #"{"triggers": [{"trigger": "state", "entity_id": "lock.front"}], "conditions": [{"condition": "state", "entity_id": "lock.front", "state": "locked"}], "actions": [{"action": "light.turn_off", "target": {"entity_id": "light.hall"}}]}"#,
                #"{"actions": [{"condition": "state", "entity_id": "lock.front", "state": "locked"}, {"if": [{"condition": "state", "entity_id": "lock.front", "state": "x"}], "then": [{"action": "light.toggle", "target": {"entity_id": "light.hall"}}]}]}"#,
                #"{"actions": [{"action": "notify.phone", "data": {"message": "{{ states(\"lock.front\") }}", "data": {"actions": [{"action": "OPEN", "title": "Open"}]}}}]}"#,
                #"{"actions": [{"wait_for_trigger": [{"trigger": "state", "entity_id": "lock.front"}]}, {"delay": 5}]}"#,
                #"{"actions": []}"#,
            ] {
                #expect(
                    await Self.outcome(Self.proposal(configuration.replacing("'", with: "''")), database) == nil,
                    "\(configuration)")
            }
        }
    }

    @Test func whatIsKnownOfScriptsAndScenesCounts() async throws {
        try await Self.with { database in
            let configuration = #"{"actions": [{"action": "script.cosy"}, {"scene": "scene.night"}]}"#
            let known = #"'{"facts": {"resolved": ["script.cosy", "scene.night"], "entities": ["light.hall"]}}'"#
            #expect(await Self.outcome(Self.proposal(configuration, assessment: known), database) == nil)
            let locking = #"'{"facts": {"resolved": ["script.cosy", "scene.night"], "entities": ["lock.front"]}}'"#
            #expect(await Self.outcome(Self.proposal(configuration, assessment: locking), database) == "HB006")
        }
    }

    @Test func aRuleThatComesLaterStopsWhatWasApproved() async throws {
        try await ManagedHouse.with { database in
            let approved = """
                INSERT INTO approval_workflow (id, automation_id, workflow_type, risk_level, description, proposed_changes, created_by)
                VALUES ('f0000000-0000-0000-0000-000000000002', '\(ManagedHouse.automation)', 'MODIFICATION', 'HIGH', 'Open',
                    '{"operation": "modify", "automation_id": "night_light", "configuration":
                        {"id": "night_light", "actions": [{"action": "lock.unlock"}]}}', '\(ManagedHouse.owner)')
                """
            #expect(await Self.outcome(approved, database) == nil)
            let begin = """
                INSERT INTO automation_apply_operation (automation_id, workflow_id)
                VALUES ('\(ManagedHouse.automation)', 'f0000000-0000-0000-0000-000000000002')
                """
            let vote = """
                INSERT INTO approval_workflow_approvers (workflow_id, approver_id, status)
                VALUES ('f0000000-0000-0000-0000-000000000002', '\(ManagedHouse.user(2))', 'APPROVED')
                """
            let switchOff = "UPDATE safety_rule SET is_active = false WHERE rule_name = 'No locks'"
            let switchOn = "UPDATE safety_rule SET is_active = true WHERE rule_name = 'No locks'"
            try await database.session.execute(Self.noLocks)
            // Neither by the vote that would complete it, nor by the bridge that would begin it, nor at the last moment.
            #expect(await Self.outcome(vote, database) == "HB006")
            #expect(await Self.outcome(switchOff, database) == nil)
            #expect(await Self.outcome(vote, database) == nil)
            #expect(await Self.outcome(switchOn, database) == nil)
            #expect(await Self.outcome(begin, database) == "HB006")
            #expect(await Self.outcome(switchOff, database) == nil)
            #expect(await Self.outcome(begin, database) == nil)
            #expect(await Self.outcome(switchOn, database) == nil)
            #expect(await Self.outcome("UPDATE automation_apply_operation SET step = 'WRITE'", database) == "HB006")
            #expect(await Self.outcome("UPDATE automation_apply_operation SET status = 'FAILED'", database) == nil)
        }
    }

    @Test func noVersionComesBackThatARuleBlocks() async throws {
        try await Self.with { database in
            try await database.session.execute(
                """
                INSERT INTO automation_backup (id, automation_id, backup_name, backup_type, configuration_snapshot) VALUES
                    ('b0000000-0000-0000-0000-000000000002', '\(ManagedHouse.automation)', 'open', 'AUTOMATIC',
                    '{"alias": "Open", "actions": [{"action": "lock.unlock"}]}')
                """)
            func rollback(_ columns: [String: String]) -> String {
                BadValue(
                    "none", "rollback_operation",
                    ["backup_id": "'b0000000-0000-0000-0000-000000000002'"].merging(columns) { $1 }
                ).sql
            }
            #expect(await Self.outcome(rollback([:]), database) == "HB006")
            #expect(await Self.outcome(rollback(["rollback_type": "'EMERGENCY'"]), database) == "HB006")
            // The word alone makes no undo of a change.
            #expect(await Self.outcome(rollback(["rollback_type": "'AUTOMATIC'"]), database) == "HB006")
            #expect(
                await Self.outcome(rollback(["backup_id": "'\(ManagedHouse.backup)'"]), database) == nil)
            #expect(
                await Self.outcome(
                    "UPDATE rollback_operation SET rollback_configuration = '{\"actions\": [{\"action\": \"lock.open\"}]}'",
                    database) == "HB006")
        }
    }

    @Test func aFailedChangeComesUndoneAllTheSame() async throws {
        try await Self.with { database in
            try await database.vote(2)
            try await database.session.execute(BadValue("none", "automation_apply_operation", [:]).sql)
            try await database.session.execute(
                """
                INSERT INTO automation_backup (id, automation_id, backup_name, backup_type, configuration_snapshot) VALUES
                    ('b0000000-0000-0000-0000-000000000002', '\(ManagedHouse.proposed)', 'open', 'BEFORE_CHANGE',
                    '{"alias": "Open", "actions": [{"action": "lock.unlock"}]}');
                UPDATE automation_apply_operation SET backup_id = 'b0000000-0000-0000-0000-000000000002', step = 'READ_BACK'
                """)
            let undo = """
                INSERT INTO rollback_operation (automation_id, backup_id, apply_operation_id, rollback_reason, rollback_type)
                SELECT automation_id, backup_id, id, 'It failed', 'AUTOMATIC' FROM automation_apply_operation
                """
            #expect(await Self.outcome(undo, database) == nil)
            #expect(await Self.outcome("UPDATE rollback_operation SET step = 'WRITE'", database) == nil)
            #expect(await Self.outcome("UPDATE rollback_operation SET status = 'COMPLETED'", database) == nil)
            // What was done with success is no failure to be undone.
            try await database.session.execute("UPDATE automation_apply_operation SET status = 'COMPLETED'")
            #expect(await Self.outcome(undo, database) == "HB006")
        }
    }

    @Test func resumingIsDoingWhatItDid() async throws {
        try await Self.with { database in
            let resume = """
                INSERT INTO approval_workflow (automation_id, workflow_type, risk_level, description, proposed_changes)
                VALUES ('\(ManagedHouse.automation)', 'MODIFICATION', 'HIGH', 'Resume',
                    '{"operation": "resume", "automation_id": "night_light", "entity_id": "automation.night_light"}')
                """
            #expect(await Self.outcome(resume, database) == nil)
            try await database.session.execute(
                """
                INSERT INTO automation_backup (automation_id, backup_name, backup_type, configuration_snapshot) VALUES
                    ('\(ManagedHouse.automation)', 'open', 'AUTOMATIC', '{"actions": [{"action": "lock.unlock"}]}')
                """)
            #expect(await Self.outcome(resume, database) == "HB006")
            for operation in ["pause", "retire"] {
                #expect(await Self.outcome(resume.replacing("resume", with: operation), database) == nil)
            }
        }
    }

    @Test func aRuleHoldsForItsHouseAlone() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(
                """
                INSERT INTO home_assistant_connections (id, name, url, encrypted_token, user_id) VALUES
                    ('c0000000-0000-0000-0000-000000000002', 'hut', 'http://hut.local:8123', 'v1.k1.n.c.t', '\(ManagedHouse.owner)')
                """)
            let unlock = Self.proposal(#"{"actions": [{"action": "lock.unlock"}]}"#)
            try await database.session.execute(
                Self.rule("Hut", "{}", "BLOCK", connection: "'c0000000-0000-0000-0000-000000000002'"))
            #expect(await Self.outcome(unlock, database) == nil)
            try await database.session.execute(
                Self.rule("Home", "{}", "BLOCK", connection: "'\(ManagedHouse.connection)'"))
            #expect(await Self.outcome(unlock, database) == "HB006")
        }
    }

    @Test func nobodySetsTheRiskTooLowOrAsksNobody() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(
                """
                INSERT INTO user_safety_configuration (user_id, automation_modification_approval_required)
                VALUES ('\(ManagedHouse.owner)', false)
                """)
            #expect(
                await Self.outcome(Self.proposal(#"{"actions": [{"action": "lock.unlock"}]}"#, risk: "LOW"), database)
                    == "HB006")
            func asksNobody(_ action: String) -> String {
                Self.proposal(#"{"actions": [\#(action)]}"#, risk: "LOW").replacing(
                    "INSERT INTO approval_workflow (", with: "INSERT INTO approval_workflow (required_approvals, "
                ).replacing("VALUES (", with: "VALUES ('{0}', ")
            }
            #expect(await Self.outcome(asksNobody(#"{"action": "light.toggle"}"#), database) == nil)
            #expect(await Self.outcome(asksNobody(#"{"action": "{{ x }}"}"#), database) == "HB006")
            #expect(
                await Self.outcome(
                    asksNobody(#"{"action": "cover.open_cover", "target": {"entity_id": "cover.garage_left"}}"#),
                    database) == "HB006")
        }
    }
}
