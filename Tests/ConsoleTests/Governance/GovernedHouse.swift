import BridgeCore
import Cryptography
import Foundation
import HTTPTypes
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Console

/// The houses of `ConsoleHouse` with an automation each, its versions, runs and moves, a proposal, a decision and a rule.
///
/// Ids are such as a test can write down: Anna's end with 01, Bert's with 02.
struct GovernedHouse {
    let house: ConsoleHouse

    static func automation(_ number: Int) -> String { "a0000000-0000-0000-0000-00000000000\(number)" }
    static func workflow(_ number: Int) -> String { "f0000000-0000-0000-0000-00000000000\(number)" }
    static func decision(_ number: Int) -> String { "d0000000-0000-0000-0000-00000000000\(number)" }
    static func rule(_ number: Int) -> String { "e0000000-0000-0000-0000-00000000000\(number)" }

    var anna: Principal { house.anna }
    var bert: Principal { house.bert }
    var carl: Principal { house.carl }

    /// Makes all of it and lends it to `body`. What is decided is signed where `isSigned`.
    static func with(isSigned: Bool = false, _ body: (GovernedHouse) async throws -> Void) async throws {
        let keys = isSigned ? AuditKeys(try keyring()) : nil
        try await ConsoleHouse.with(auditKeys: keys) { house in
            let governed = GovernedHouse(house: house)
            for (number, connection, owner) in [(1, house.home, house.anna), (2, house.cabin, house.bert)] {
                for statement in seed(number, connection, owner.user) {
                    try await house.session.execute(statement, name: "fill_governed_house")
                }
            }
            try await body(governed)
        }
    }

    /// A fresh keyring, which never stays on the disk.
    private static func keyring() throws -> Keyring {
        let path = FileManager.default.temporaryDirectory.appending(path: "keyring-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Keyring.create(path: path)
    }

    /// Runs a statement as the superuser.
    func execute(_ statement: String) async throws {
        try await house.session.execute(statement, name: "change_governed_house")
    }

    /// The first column of a statement's rows, as the superuser sees them.
    func column(_ statement: String) async throws -> [String] {
        try await house.session.query(statement, name: "look_at_governed_house")
            .map { row throws(PostgresError) in try row.optionalString("value") ?? "-" }
    }

    func get(_ path: String, as person: Principal?) async throws -> ConsoleHouse.Answer {
        try await house.get(path, as: person)
    }

    func post(_ path: String, as person: Principal?, body: String = "{}") async throws -> ConsoleHouse.Answer {
        try await house.post(path, as: person, body: body)
    }

    /// Every item of a list, page by page, and how many pages there were.
    func pages(of path: String, limit: Int, as person: Principal) async throws -> (ids: [String], pages: Int) {
        var ids: [String] = []
        var pages = 0
        var cursor = ""
        repeat {
            let sign = path.contains("?") ? "&" : "?"
            let answer = try await get("\(path)\(sign)limit=\(limit)\(cursor)", as: person)
            try #require(answer.status == 200, "\(answer.body)")
            #expect(answer.count <= limit)
            pages += 1
            for index in 0..<max(0, answer.count) { ids.append(Self.key(answer["items.\(index)"])) }
            guard case .string(let next)? = answer["next_cursor"] else { break }
            cursor = "&cursor=\(next)"
        } while pages < 50
        return (ids, pages)
    }

    /// What tells items apart.
    private static func key(_ item: JSONValue?) -> String {
        guard case .object(let members)? = item else { return "-" }
        for name in ["id", "version", "changed_at"] {
            switch members[name] {
            case .string(let text): return text
            case .integer(let number): return String(number)
            default: continue
            }
        }
        return "-"
    }

    private static func seed(_ number: Int, _ connection: ConnectionID, _ owner: UserID) -> [String] {
        let automation = automation(number)
        let other = number == 1 ? "Night light" : "Cabin light"
        func configuration(_ brightness: Int) -> String {
            #"{"id": "light", "alias": "\#(other)", "triggers": [], "actions": [{"action": "light.turn_on", "data": {"brightness": \#(brightness)}}]}"#
        }
        return [
            """
            INSERT INTO automation_management
                (id, connection_id, home_assistant_automation_id, entity_id, name, lifecycle_state, performance_score,
                    score_breakdown, scored_at)
            VALUES ('\(automation)', '\(connection)', 'light', 'automation.light', '\(other)', 'ACTIVE', 82.5,
                '\(breakdown)', now())
            """,
            "SELECT automation_change_lifecycle('\(automation)', 'PAUSED', 'Switched off by hand.', '\(owner)')",
            "SELECT automation_change_lifecycle('\(automation)', 'ACTIVE', 'Switched on by hand.', '\(owner)')",
            """
            INSERT INTO automation_backup (automation_id, backup_name, backup_type, configuration_snapshot, sealed_secrets, created_by)
            VALUES ('\(automation)', 'first', 'AUTOMATIC', '\(configuration(10))', 'v1.k1.n.c.t', NULL)
            """,
            """
            INSERT INTO automation_backup (automation_id, backup_name, backup_type, configuration_snapshot, created_by)
            VALUES ('\(automation)', 'second', 'MANUAL', '\(configuration(20))', '\(owner)')
            """,
            """
            INSERT INTO automation_executions (automation_id, run_id, started_at, completed_at, status, trigger, trace_summary)
            SELECT '\(automation)', 'run' || n, '2026-01-01Z'::timestamptz + n * interval '1 minute',
                '2026-01-01Z'::timestamptz + n * interval '1 minute' + interval '2 seconds',
                CASE WHEN n = 3 THEN 'failure' ELSE 'success' END, 'time', '{"steps": 1}'
            FROM generate_series(1, 5) AS n
            """,
            """
            INSERT INTO approval_workflow
                (id, automation_id, workflow_type, risk_level, risk_score, risk_assessment, description, proposed_changes,
                    base_digest, created_by)
            SELECT '\(workflow(number))', '\(automation)', 'MODIFICATION', 'MEDIUM', 0.4, '{"reasons": ["It calls a light."]}',
                'Make it brighter', '{"operation": "modify", "automation_id": "light", "configuration": \(configuration(99))}',
                configuration_digest, '\(owner)'
            FROM automation_backup WHERE automation_id = '\(automation)' AND version = 2
            """,
            """
            INSERT INTO approval_workflow_approvers (workflow_id, approver_id, status)
            VALUES ('\(workflow(number))', '\(owner)', 'PENDING')
            """,
            """
            INSERT INTO ai_decision_audit (id, automation_id, decision_type, decision_description, confidence_score)
            VALUES ('\(decision(number))', '\(automation)', 'SUGGESTION', 'Switch it off at night.', 91)
            """,
            """
            INSERT INTO safety_rule (id, connection_id, rule_name, rule_type, rule_condition, rule_action)
            VALUES ('\(rule(number))', '\(connection)', 'no locks', 'APPROVAL_REQUIRED', '{"domains": ["lock"]}', 'BLOCK')
            """,
        ]
    }

    private static let breakdown = """
        {"version": 1, "days": 30, "explanation": "82: none of 5 runs failed", "executions": 5, "unknown": 0,
        "failures_in_row": 0, "reliability": {"points": 41.5, "of": 50, "successes": 4, "failures": 1},
        "acceptance": {"points": 21, "of": 25, "checked": 4, "undone": 0},
        "speed": {"points": 15, "of": 15, "present_runs": 4, "earlier_runs": 0},
        "vitality": {"points": 5, "of": 10, "finding": "running"},
        "recent": {"days": 14, "executions": 5, "failures": 1, "undone": 0}}
        """
}
