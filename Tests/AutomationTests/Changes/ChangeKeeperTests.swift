import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

/// Changes and rollbacks that go as they should, and those that the house or another hand forbids.
@Suite(.enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { TestDatabase.isAvailable })
struct ChangeKeeperTests {
    @Test func createsChangesRollsBackDeletesAndRestores() async throws {
        try await ChangeRig.with { rig in
            try await rig.keeping {
                let row = try await rig.addProposed("hall")
                let workflow = try await rig.propose(.create, "hall", of: row, alias: "First")
                var operation = try await rig.ended(row)
                #expect(operation.status == .completed && operation.step == .watch && operation.before == nil)
                #expect(rig.house.alias("hall") == "First")
                #expect(try await rig.lifecycle(row) == .active)
                #expect(operation.workflow == workflow && operation.initiatedBy == rig.bob)

                try await rig.propose(.modify, "hall", of: row, alias: "Second")
                operation = try await rig.ended(row, count: 2)
                #expect(operation.status == .completed && operation.before != nil)
                #expect(rig.house.alias("hall") == "Second")

                let versions = try await rig.backups.list(of: row)
                #expect(versions.map(\.version) == [3, 2, 1])
                #expect(versions.count { $0.isReadFromFile } == 3)
                #expect(versions.map(\.type) == [.automatic, .beforeChange, .automatic])
                rig.house.update { $0.entities["automation.hall"]?.state = .off }
                try await rig.rollBack(row, to: 1)
                operation = try await rig.ended(row, .rollback)
                #expect(operation.status == .completed, "\(operation)")
                #expect(rig.house.alias("hall") == "First")
                #expect(operation.wasEnabled == false)
                #expect(rig.house.update { $0.entities["automation.hall"]?.state } == .off)

                // A person deletes it in the editor; the inventory sees it go.
                rig.house.update { state in
                    state.file["hall"] = nil
                    state.entities["automation.hall"] = nil
                }
                _ = try await rig.session.query(
                    "SELECT automation_change_lifecycle($1, 'RETIRED', 'Gone from Home Assistant.')", [.id(row)])
                try await rig.rollBack(row, to: 3)
                operation = try await rig.ended(row, .rollback, count: 2)
                #expect(operation.status == .completed && operation.before == nil)
                #expect(rig.house.alias("hall") == "Second")
                #expect(try await rig.lifecycle(row) == .active)

                try await rig.propose(.retire, "hall", of: row)
                operation = try await rig.ended(row, count: 3)
                #expect(operation.status == .completed && rig.house.configuration("hall") == nil)
                #expect(try await rig.lifecycle(row) == .retired)

                let trail = try await rig.audit(row)
                #expect(
                    trail.map(\.action) == [
                        .create, .backup, .modify, .rollback, .backup, .rollback, .rollback, .restore, .backup, .delete,
                    ])
                let modified = try #require(trail.first { $0.action == .modify })
                #expect(modified.before?.contains("First") == true && modified.after?.contains("Second") == true)
                #expect(
                    try await rig.column("SELECT DISTINCT status FROM approval_workflow") == ["APPROVED"])
            }
        }
    }

    @Test func switchesOffAndOn() async throws {
        try await ChangeRig.with { rig in
            let row = try await rig.add("fan")
            try await rig.keeping {
                try await rig.propose(.pause, "fan", of: row)
                #expect(try await rig.ended(row).status == .completed)
                #expect(try await rig.lifecycle(row) == .paused)
                try await rig.propose(.resume, "fan", of: row)
                #expect(try await rig.ended(row, count: 2).status == .completed)
                #expect(try await rig.lifecycle(row) == .active)
            }
            #expect(rig.house.writes == ["turn automation.fan off", "turn automation.fan on"])
            #expect(try await rig.audit(row).map(\.action) == [.disable, .enable])
            #expect(try await rig.backups.list(of: row).isEmpty)
        }
    }

    @Test func whatFailsItsCheckIsTakenBack() async throws {
        try await ChangeRig.with { rig in
            let changed = try await rig.add("changed")
            let created = try await rig.addProposed("created")
            let failing = try await rig.add("failing")
            let knownBad = try await rig.add("known_bad")
            var pacing = ChangeRig.quick
            pacing.watch = .seconds(30)
            try await rig.keeping(pacing) {
                try await rig.propose(.modify, "changed", of: changed, alias: "Broken")
                try await rig.propose(.create, "created", of: created, alias: "Broken")
                var undo = try await rig.ended(changed, .rollback)
                #expect(undo.status == .completed && undo.rollbackType == .automatic, "\(undo)")
                #expect(rig.house.alias("changed") == "Old changed")
                var apply = try #require(try await rig.newest(changed, .apply))
                #expect(apply.status == .failed && apply.step == .readBack && undo.undone == apply.id)
                #expect(apply.errorMessage?.hasSuffix("It is being rolled back.") == true)
                undo = try await rig.ended(created, .rollback)
                #expect(undo.status == .completed && rig.house.configuration("created") == nil, "\(undo)")
                #expect(try await rig.lifecycle(created) == .rejected)

                // Runs of a change that is in place: one fails.
                try await rig.propose(.modify, "failing", of: failing, alias: "Fails")
                try await eventually { try await rig.newest(failing)?.step == .watch }
                try await Self.run(rig, failing, "failure", error: "No light.hall")
                undo = try await rig.ended(failing, .rollback)
                apply = try #require(try await rig.newest(failing, .apply))
                #expect(apply.errorMessage?.contains("“No light.hall”") == true)
                #expect(rig.house.alias("failing") == "Old failing" && undo.status == .completed)

                // It failed before, too: that says nothing of the change. Three runs end the watch.
                try await Self.run(rig, knownBad, "failure", error: "Old trouble")
                try await rig.propose(.modify, "known_bad", of: knownBad, alias: "Better")
                try await eventually { try await rig.newest(knownBad)?.step == .watch }
                for status in ["failure", "success", "success"] { try await Self.run(rig, knownBad, status) }
                #expect(try await rig.ended(knownBad).status == .completed)
                #expect(rig.house.alias("known_bad") == "Better")
            }
        }
    }

    private static func run(
        _ rig: ChangeRig, _ row: AutomationID, _ status: String, error: String? = nil
    ) async throws {
        _ = try await rig.session.query(
            """
            INSERT INTO automation_executions (automation_id, run_id, status, started_at, completed_at, error_message)
            VALUES ($1, gen_random_uuid()::text, $2, clock_timestamp(), clock_timestamp(), $3)
            """, [.id(row), .text(status), .optional(error) { .text($0) }])
    }

    @Test func doesNotOverwriteWhatAnotherHandDid() async throws {
        try await ChangeRig.with { rig in
            let early = try await rig.add("early")
            let late = try await rig.add("late")
            let gone = try await rig.add("gone")
            let package = try await rig.add("package")
            let taken = try await rig.addProposed("taken")
            for (id, row) in [("early", early), ("gone", gone), ("package", package)] {
                try await rig.propose(.modify, id, of: row)
            }
            try await rig.propose(.create, "taken", of: taken)
            rig.house.put(ChangeRig.json("early", "By hand"))
            rig.house.put(ChangeRig.json("taken", "By hand"))
            rig.house.update { state in
                state.file["gone"] = nil
                state.entities["automation.gone"] = nil
                state.file["package"] = nil
            }
            try await rig.keeping {
                #expect(try await rig.ended(early).errorMessage?.contains("was changed in Home Assistant") == true)
                #expect(try await rig.ended(gone).errorMessage?.contains("was deleted in Home Assistant") == true)
                #expect(try await rig.ended(package).errorMessage?.contains("read-only") == true)
                #expect(try await rig.ended(taken).errorMessage?.contains("has come to be") == true)
                #expect(try await rig.lifecycle(taken) == .rejected)
                #expect(rig.house.writes.isEmpty)
                // Between the backup and the write.
                rig.house.onCall { call, _ in
                    guard call == .automations else { return }
                    rig.house.put(ChangeRig.json("late", "By hand"))
                }
                try await rig.propose(.modify, "late", of: late)
                let operation = try await rig.ended(late)
                #expect(operation.step == .write && operation.errorMessage?.contains("Somebody else") == true)
                rig.house.onCall(nil)
            }
            #expect(rig.house.alias("late") == "By hand" && rig.house.alias("early") == "By hand")
            #expect(rig.house.writes.isEmpty)
        }
    }

    @Test func refusesWhatWasEditedSinceItsApproval() async throws {
        try await ChangeRig.with { rig in
            let before = try await rig.add("before")
            let between = try await rig.add("between")
            let edit: @Sendable (WorkflowID) async throws -> Void = { workflow in
                try await rig.session.execute("ALTER TABLE approval_workflow DISABLE TRIGGER USER")
                _ = try await rig.session.query(
                    """
                    UPDATE approval_workflow SET proposed_changes = replace(proposed_changes::text, 'light.hall', 'lock.front')::jsonb
                    WHERE id = $1
                    """, [.id(workflow)])
                try await rig.session.execute("ALTER TABLE approval_workflow ENABLE TRIGGER USER")
            }
            try await edit(try await rig.propose(.modify, "before", of: before))
            let second = try await rig.propose(.modify, "between", of: between, isApproved: false)
            rig.house.onCall { call, _ in
                if call == .automations { try? await edit(second) }
            }
            try await rig.keeping {
                try await eventually {
                    try await rig.column("SELECT status FROM approval_workflow").contains("CANCELLED")
                }
                #expect(try await rig.audit(before).map(\.action) == [.cancel])
                try await rig.approve(second)
                let operation = try await rig.ended(between)
                #expect(operation.status == .failed)
                #expect(operation.errorMessage?.contains("not what was approved") == true, "\(operation)")
            }
            #expect(rig.house.writes.isEmpty)
        }
    }

    @Test func aRuleHoldsAChangeBackUntilItIsGone() async throws {
        try await ChangeRig.with { rig in
            let row = try await rig.add("hall")
            try await rig.session.execute(
                """
                CREATE FUNCTION no_change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'The rule “No change” forbids it.' USING ERRCODE = 'HB006'; END; $$;
                CREATE TRIGGER a_rule BEFORE INSERT ON automation_apply_operation
                    FOR EACH ROW EXECUTE FUNCTION no_change();
                """)
            try await rig.propose(.modify, "hall", of: row)
            try await rig.keeping {
                try await Task.sleep(for: .milliseconds(300))
                #expect(try await rig.newest(row) == nil && rig.house.writes.isEmpty)
                try await rig.session.execute("DROP TRIGGER a_rule ON automation_apply_operation")
                #expect(try await rig.ended(row).status == .completed)
                try await rig.session.execute(
                    """
                    CREATE TRIGGER a_rule BEFORE UPDATE OF step ON automation_apply_operation
                        FOR EACH ROW WHEN (NEW.step = 'WRITE') EXECUTE FUNCTION no_change()
                    """)
                try await rig.propose(.modify, "hall", of: row, alias: "Newer")
                let operation = try await rig.ended(row, count: 2)
                #expect(operation.status == .failed && operation.errorMessage?.contains("“No change”") == true)
            }
            #expect(rig.house.alias("hall") == "New")
        }
    }
}
