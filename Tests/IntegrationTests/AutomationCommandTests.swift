import Foundation
import PostgresClient
import TestSupport
import Testing

/// What a person is told of automations and decisions, by the built program over rows that a bridge has left.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct AutomationCommandTests {
    /// A house of two automations, one with 41 runs of which three failed and one was undone, and two decisions.
    private static func with(_ body: (ProcessRig) async throws -> Void) async throws {
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: "http://127.0.0.1:9")
            for statement in seed { try await rig.session.execute(statement) }
            try await body(rig)
        }
    }

    private static let automation = "a0000000-0000-0000-0000-000000000001"
    private static let decision = "d0000000-0000-0000-0000-000000000001"

    private static let seed = [
        """
        INSERT INTO automation_management
            (id, connection_id, home_assistant_automation_id, entity_id, name, mode, lifecycle_state, last_seen_at, problems)
        SELECT given.id::uuid, home.id, given.ha, 'automation.' || given.ha, given.name, 'single', given.state, now(), given.problems
        FROM home_assistant_connections AS home CROSS JOIN (VALUES
            ('\(automation)', 'night_light', 'Night light', 'ACTIVE', '{}'::text[]),
            ('a0000000-0000-0000-0000-000000000002', 'porch', 'Porch', 'PAUSED', '{It has no id.}')
        ) AS given (id, ha, name, state, problems)
        """,
        """
        INSERT INTO automation_executions
            (automation_id, run_id, context_id, started_at, completed_at, status, script_execution, error_message, trigger,
             overrides_checked_at, overridden_at)
        SELECT '\(automation)', 'run' || n, 'context' || n, time, time + interval '40 ms',
            CASE WHEN n <= 3 THEN 'failure' ELSE 'success' END, CASE WHEN n <= 3 THEN 'error' ELSE 'finished' END,
            CASE WHEN n <= 3 THEN 'Action nope.missing not found' END, 'state of binary_sensor.hall',
            CASE WHEN n > 3 THEN time + interval '5 min' END, CASE WHEN n = 9 THEN time + interval '30 s' END
        FROM generate_series(1, 41) AS n, LATERAL (SELECT now() - n * interval '5 h' AS time) AS moment
        """,
        """
        INSERT INTO automation_backup (automation_id, backup_name, backup_type, configuration_snapshot) VALUES
            ('\(automation)', 'First version seen', 'AUTOMATIC', '{"alias": "Night light", "mode": "single"}'),
            ('\(automation)', 'Changed', 'AUTOMATIC', '{"alias": "Night light", "mode": "restart"}')
        """,
        """
        INSERT INTO ai_decision_audit
            (id, automation_id, decision_type, decision_description, subject_key, ai_model_version, confidence_score,
             input_data, output_data, reasoning_explanation, user_feedback)
        VALUES ('\(decision)', '\(automation)', 'OPTIMIZATION', 'Look at “Night light”', 'blocked:night_light', 'local-1', 82,
            '{"runs": 41}', '{"share": 0.9}', 'Most of its triggers were blocked.', 'PENDING')
        """,
    ]

    @Test func listsAndExplainsAutomations() async throws {
        try await Self.with { rig in
            #expect(try await rig.bridge("automation", "score", "--all").status == 0)
            let list = try await rig.bridge("automation", "list", "--json").objects
            #expect(list.map { $0["name"] as? String } == ["Night light", "Porch"])
            let score = try #require(list.first?["performance_score"] as? Double)
            #expect(score > 60 && score < 100)
            #expect(list.last?["performance_score"] is NSNull)
            let paused = try await rig.bridge("automation", "list", "--state", "paused").output
            #expect(paused.contains("Porch") && !paused.contains("Night light"))

            let shown = try await rig.bridge("automation", "show", "night_light").output
            #expect(shown.contains("3 of 41 runs failed"), "\(shown)")
            #expect(shown.contains("Action nope.missing not found"))
            let failures = try await rig.bridge("automation", "runs", "Night light", "--status", "failure", "--json")
            #expect(failures.objects.count == 3)
            let runs = try await rig.bridge("automation", "runs", Self.automation, "--limit", "100").output
            #expect(runs.contains("undone by hand 29 s later") || runs.contains("undone by hand 30 s later"), "\(runs)")
            let history = try await rig.bridge("automation", "history", "automation.porch").output
            #expect(history.contains("PAUSED") && history.contains("switched off"))
        }
    }

    @Test func showsWhatChangedBetweenVersions() async throws {
        try await Self.with { rig in
            let backups = try await rig.bridge("automation", "backups", "night_light", "--json").objects
            #expect(backups.map { $0["version"] as? Int } == [2, 1])
            let difference = try await rig.bridge("automation", "diff", "night_light").output
            #expect(difference.contains("- mode: single") && difference.contains("+ mode: restart"), "\(difference)")
        }
    }

    @Test func namesThatFitNothingOrSeveralAreToldApart() async throws {
        try await Self.with { rig in
            let missing = try await rig.bridge("automation", "show", "nothing")
            #expect(missing.status != 0 && missing.output.isEmpty && missing.errors.contains("nothing"))
            try await rig.session.execute("UPDATE automation_management SET name = 'Same'")
            let several = try await rig.bridge("automation", "runs", "same")
            #expect(several.status != 0 && several.errors.contains("porch"), "\(several.errors)")
        }
    }

    @Test func takesAnAnswerToADecision() async throws {
        try await Self.with { rig in
            let list = try await rig.bridge("decision", "list", "--json").objects
            #expect(list.map { $0["id"] as? String } == [Self.decision])
            let shown = try await rig.bridge("decision", "show", "d0000000").output
            #expect(shown.contains("Most of its triggers were blocked."))
            let answer = try await rig.bridge(
                "decision", "feedback", "d0000000", "rejected", "--comment", "It is fine.")
            #expect(answer.status == 0, "\(answer.errors)")
            #expect(try await rig.bridge("decision", "list", "--json").objects.isEmpty)
            let all = try await rig.bridge("decision", "list", "--all", "--json").objects
            #expect(all.first?["feedback"] as? String == "REJECTED")
            #expect(all.first?["feedback_comment"] as? String == "It is fine.")
            let wrong = try await rig.bridge("decision", "feedback", "ffff", "approved")
            #expect(wrong.status != 0 && wrong.errors.contains("ffff"))
        }
    }
}
