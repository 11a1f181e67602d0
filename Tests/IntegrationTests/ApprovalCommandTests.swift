import Foundation
import PostgresClient
import TestSupport
import Testing

/// What a person sees and does with proposals and emergency stops, by the built program.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct ApprovalCommandTests {
    private static let automation = "a0000000-0000-0000-0000-000000000001"
    private static let workflow = "f3a90000-0000-0000-0000-000000000001"

    /// A house of anna's with one automation in two versions, a proposal to change it that ben decides, and carl, who does not.
    private static func with(risk: String = "HIGH", _ body: (ProcessRig) async throws -> Void) async throws {
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: "http://127.0.0.1:9")
            for name in ["ben", "carl"] {
                let added = try await rig.bridge("user", "add", name, "--email", "\(name)@example.org")
                try #require(added.status == 0)
            }
            for statement in seed(risk) { try await rig.session.execute(statement) }
            try await body(rig)
        }
    }

    private static func seed(_ risk: String) -> [String] {
        [
            """
            INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, entity_id, name, lifecycle_state)
            SELECT '\(automation)', id, 'night_light', 'automation.night_light', 'Night light', 'ACTIVE'
            FROM home_assistant_connections
            """,
            """
            INSERT INTO automation_backup (automation_id, backup_name, backup_type, configuration_snapshot) VALUES
                ('\(automation)', 'First', 'AUTOMATIC', '{"id": "night_light", "alias": "Night light", "mode": "single"}'),
                ('\(automation)', 'Second', 'AUTOMATIC', '{"id": "night_light", "alias": "Night light", "mode": "queued"}')
            """,
            """
            INSERT INTO approval_workflow (id, automation_id, workflow_type, risk_level, risk_score, risk_assessment, description,
                proposed_changes, base_digest, created_by, expires_at)
            SELECT '\(workflow)', '\(automation)', 'MODIFICATION', '\(risk)', 0.85,
                '{"reasons": ["It opens a lock."], "backtest": {"runs_per_day": 3, "days": 14}, "findings": ["Nobody is at home."], "rules": [{"rule": "locks", "action": "REQUIRE_APPROVAL", "is_certain": false}]}',
                'Restart the night light',
                '{"operation": "modify", "automation_id": "night_light", "configuration":
                    {"id": "night_light", "alias": "Night light", "mode": "restart"}}',
                backup.configuration_digest, anna.id, now() + interval '7 days'
            FROM users AS anna, automation_backup AS backup WHERE anna.username = 'anna' AND backup.version = 1
            """,
            """
            INSERT INTO approval_workflow_approvers (workflow_id, approver_id)
            SELECT '\(workflow)', id FROM users WHERE username IN ('anna', 'ben')
            """,
        ]
    }

    @Test func showsAProposalWithItsRiskAndWhatWouldChange() async throws {
        try await Self.with { rig in
            let list = try await rig.bridge("approval", "list", "--json").objects
            #expect(list.map { $0["id"] as? String } == [Self.workflow])
            let shown = try await rig.bridge("approval", "show", "f3a9")
            for text in [
                "HIGH (0.85)", "- It opens a lock.", "runs per day: 3", "- Nobody is at home.",
                "- locks: REQUIRE_APPROVAL (cannot be ruled out)",
                "1 approval, 1 more",
                "change “Night light”", "--- version 1", "+++ proposed", "- mode: single", "+ mode: restart", "ben",
            ] { #expect(shown.output.contains(text), "\(text) is missing in \(shown.output)") }
            #expect(shown.errors.contains("ha-bridge approval approve f3a90000 --digest"))
            let json = try #require(try await rig.bridge("approval", "show", "f3a9", "--json").json as? [String: Any])
            #expect(json["added"] as? [String] == ["mode: restart"] && json["is_exact_base"] as? Bool == true)
            let status = try await rig.bridge("status").output
            #expect(status.contains("1 proposal waits for a decision"), "\(status)")
            let wrong = try await rig.bridge("approval", "show", "0000")
            #expect(wrong.status == 64 && wrong.errors.contains("0000"))
        }
    }

    @Test func refusesWhoMayNotAndWaitsForABridge() async throws {
        try await Self.with { rig in
            let own = try await rig.bridge("approval", "approve", "f3a9")
            #expect(own.status == 77 && own.errors.contains("who proposed it cannot approve it"), "\(own.errors)")
            #expect(!own.errors.contains("SQLSTATE") && !own.errors.contains(Self.workflow))
            let carl = try await rig.bridge("approval", "approve", "f3a9", "--user", "carl")
            #expect(carl.status == 77 && carl.errors.contains("These may: anna, ben."), "\(carl.errors)")
            let nobody = try await rig.bridge("approval", "approve", "f3a9", "--user", "dora")
            #expect(nobody.status == 64 && nobody.errors.contains("dora"))
            let other = try await rig.bridge("approval", "approve", "f3a9", "--user", "ben", "--digest", "000000000000")
            #expect(other.status == 64 && other.errors.contains("not the one of this digest"))
            let ben = try await rig.bridge("approval", "approve", "f3a9", "--user", "ben", "--comment", "Go on.")
            #expect(ben.status == 75 && ben.errors.contains("No bridge speaks for “home” now."), "\(ben.errors)")
            let again = try await rig.bridge("approval", "reject", "f3a9", "--user", "anna", "--reason", "No.")
            #expect(again.status == 64 && again.errors.contains("is approved already, by ben"), "\(again.errors)")
            let cancelled = try await rig.bridge("approval", "cancel", "f3a9", "--reason", "After all.")
            #expect(cancelled.status == 0, "\(cancelled.errors)")
            let verified = try await rig.bridge("audit", "verify")
            #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
            let trail = try await rig.session.query(
                "SELECT string_agg(action_type, ' ' ORDER BY chain_sequence) AS actions FROM automation_audit_trail")
            #expect(try trail.first?.string("actions") == "APPROVE CANCEL")
        }
    }

    /// As though a bridge spoke for the house.
    private func holdLease(_ rig: ProcessRig) async throws {
        for statement in [
            """
            INSERT INTO home_assistant_bridges (id, name, version, started_at, expires_at)
            VALUES ('b0000000-0000-0000-0000-000000000001', 'test', '1', now(), now() + interval '1 hour')
            """,
            """
            UPDATE home_assistant_connection_leases SET holder = 'b0000000-0000-0000-0000-000000000001', holder_name = 'test',
                epoch = epoch + 1, acquired_at = now(), expires_at = now() + interval '1 hour'
            """,
        ] { try await rig.session.execute(statement) }
    }

    /// What `approve` says and exits with, depending on how the operation of a bridge goes.
    @Test(arguments: [
        (end: "step = 'WATCH'", status: Int32(0), text: "The bridge watches its first runs"),
        (end: "status = 'COMPLETED'", status: 0, text: "Done: the change is in place."),
        (end: "status = 'FAILED', error_message = 'It differs.'", status: 1, text: "step READ_BACK: It differs."),
    ])
    func waitsForTheBridge(end: String, status: Int32, text: String) async throws {
        try await Self.with(risk: "LOW") { rig in
            try await holdLease(rig)
            // A bridge that begins as soon as the approval is there.
            try await rig.session.execute(
                """
                CREATE FUNCTION act_as_bridge() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO automation_apply_operation (automation_id, workflow_id, step)
                    VALUES (NEW.automation_id, NEW.id, 'READ_BACK');
                    UPDATE automation_apply_operation SET \(end);
                    RETURN NULL;
                END;
                $$;
                CREATE CONSTRAINT TRIGGER act_as_bridge AFTER UPDATE ON approval_workflow DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW WHEN (NEW.status = 'APPROVED') EXECUTE FUNCTION act_as_bridge()
                """)
            let approved = try await rig.bridge("approval", "approve", "f3a9", "--user", "ben")
            #expect(
                approved.status == status && approved.errors.contains(text), "\(approved.status) \(approved.errors)")
        }
    }

    @Test func tellsHowTheChangeEnded() async throws {
        try await Self.with(risk: "LOW") { rig in
            try await holdLease(rig)
            let noted = try await rig.bridge("approval", "approve", "f3a9", "--user", "ben", "--no-wait")
            #expect(noted.status == 0 && noted.errors.contains("carries it out now"), "\(noted.errors)")
            try await rig.session.execute(
                """
                INSERT INTO automation_apply_operation (automation_id, workflow_id, step, status, error_message)
                VALUES ('\(Self.automation)', '\(Self.workflow)', 'READ_BACK', 'FAILED', 'Home Assistant holds another configuration.')
                """)
            let shown = try await rig.bridge("approval", "show", "f3a9").output
            #expect(shown.contains("READ_BACK") && shown.contains("Home Assistant holds another configuration."))
        }
    }

    @Test func stopsAndReleases() async throws {
        try await Self.with { rig in
            let stop = try await rig.bridge("emergency", "stop", "--reason", "Smoke", "--user", "ben")
            #expect(stop.status == 0 && stop.errors.contains("nothing is written to any house"), "\(stop.errors)")
            let again = try await rig.bridge("emergency", "stop", "--reason", "Fire")
            #expect(again.status == 0 && again.errors.contains("by ben: Smoke"), "\(again.errors)")
            let status = try await rig.bridge("status")
            #expect(status.output.contains("An emergency stop holds for every house"), "\(status.output)")
            let list = try await rig.bridge("emergency", "status", "--json").objects
            #expect(list.count == 1 && list[0]["is_engaged"] as? Bool == true)
            let other = try await rig.bridge("emergency", "release", "--connection", "home", "--reason", "Toast")
            #expect(other.status == 64 && other.errors.contains("of that connection"), "\(other.errors)")
            let release = try await rig.bridge("emergency", "release", "--reason", "Toast", "--user", "anna")
            #expect(release.status == 0, "\(release.errors)")
            let after = try await rig.bridge("emergency", "status").output
            #expect(after.contains("released") && after.contains("Toast"), "\(after)")
            let rows = try await rig.bridge("emergency", "status", "--json").objects
            #expect(rows.count == 1 && rows[0]["is_engaged"] as? Bool == false)
            #expect(try await rig.bridge("audit", "verify").status == 0)
            let blank = try await rig.bridge("emergency", "stop", "--reason", " ")
            #expect(blank.status == 64 && blank.errors.contains("reason"))
        }
    }

    @Test func namesAPhone() async throws {
        try await Self.with { rig in
            let empty = try await rig.bridge("approval", "notify")
            #expect(empty.status == 0 && empty.errors.contains("No proposals are sent to phones."))
            let set = try await rig.bridge(
                "approval", "notify", "home", "--user", "ben", "--service", "notify.mobile_app_ben",
                "--home-assistant-user", "5d1f0c", "--allow-high-risk")
            #expect(set.status == 0 && set.errors.contains("notify.mobile_app_ben"), "\(set.errors)")
            let list = try await rig.bridge("approval", "notify", "--json").objects
            #expect(list.map { $0["user"] as? String } == ["ben"] && list[0]["may_approve_high_risk"] as? Bool == true)
            let odd = try await rig.bridge(
                "approval", "notify", "home", "--user", "carl", "--service", "Mobile App", "--home-assistant-user", "x")
            #expect(odd.status == 64 && odd.errors.contains("mobile_app_phone"), "\(odd.errors)")
            #expect(try await rig.bridge("approval", "notify", "home", "--user", "ben", "--off").status == 0)
            #expect(try await rig.bridge("approval", "notify", "home", "--user", "ben", "--off").status == 64)
        }
    }
}
