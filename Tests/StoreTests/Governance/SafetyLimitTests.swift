import PostgresClient
import TestSupport
import Testing

@testable import Store

/// Limits, the language of rules, and what proposals of any shape do to the database.
@Suite(.needsPostgres) struct SafetyLimitTests {
    /// Approved workflows that dim a lamp, by their number.
    private static func workflows(_ count: Int) -> String {
        """
        INSERT INTO user_safety_configuration (user_id, automation_modification_approval_required)
        VALUES ('\(ManagedHouse.owner)', false);
        INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, name)
        SELECT ('a1000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, '\(ManagedHouse.connection)', 'lamp' || n, 'Lamp'
        FROM generate_series(1, \(count)) AS n;
        INSERT INTO approval_workflow (id, automation_id, workflow_type, description, proposed_changes, required_approvals)
        SELECT ('f1000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid,
            ('a1000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'MODIFICATION', 'Dim',
            '{"operation": "modify", "configuration": {"actions": [{"action": "light.toggle"}]}}', '{0}'
        FROM generate_series(1, \(count)) AS n
        """
    }

    private static func begin(_ number: Int) -> String {
        let digits = String(repeating: "0", count: 12 - String(number).count) + String(number)
        return """
            INSERT INTO automation_apply_operation (automation_id, workflow_id)
            VALUES ('a1000000-0000-0000-0000-\(digits)', 'f1000000-0000-0000-0000-\(digits)')
            """
    }

    @Test func noMoreChangesThanTheOwnerAllows() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(Self.workflows(6))
            try await database.session.execute(
                "UPDATE user_safety_configuration SET max_automations_per_day = 2, max_automations_per_week = 3")
            let outcome = { (sql: String) in await SafetyEnforcementTests.outcome(sql, database) }
            #expect(await outcome(Self.begin(1)) == nil)
            // What failed before anything was written changed nothing.
            #expect(await outcome("UPDATE automation_apply_operation SET status = 'FAILED'") == nil)
            #expect(await outcome(Self.begin(2)) == nil)
            #expect(await outcome(Self.begin(3)) == nil)
            #expect(await outcome(Self.begin(4)) == "HB006")
            #expect(
                await outcome(
                    "UPDATE automation_apply_operation SET initiated_at = initiated_at - interval '25 hours'") == nil)
            #expect(await outcome(Self.begin(4)) == nil)
            let week = try await database.refusal(of: Self.begin(5))
            #expect(week.sqlState == "HB006" && week.message.contains("7 days"), "\(week)")
            #expect(
                await outcome(
                    "UPDATE automation_apply_operation SET initiated_at = initiated_at - interval '8 days'") == nil)
            #expect(await outcome(Self.begin(5)) == nil)
            #expect(await outcome("UPDATE user_safety_configuration SET max_automations_per_day = 0") == nil)
            #expect(await outcome(Self.begin(6)) == "HB006")
        }
    }

    @Test func theLastPlaceIsTakenOnce() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(Self.workflows(8))
            try await database.session.execute("UPDATE user_safety_configuration SET max_automations_per_day = 3")
            await withTaskGroup(of: Void.self) { group in
                for number in 1...8 {
                    group.addTask {
                        _ = try? await database.pool.withConnection { try await $0.query(Self.begin(number)) }
                    }
                }
            }
            #expect(try await database.scalar("SELECT count(*) FROM automation_apply_operation") == "3")
        }
    }

    private static let malformed = [
        #"{"service": ["lock.*"]}"#, #"{"services": "lock.*"}"#, #"{"services": []}"#,
        #"{"services": ["Lock.Unlock"]}"#,
        #"{"services": ["lock"]}"#, #"{"services": [5]}"#, #"{"domains": ["lock.front"]}"#, #"{"risk": "high"}"#,
        #"{"risk_score_over": -1}"#, #"{"risk_score_over": "0.5"}"#, #"{"operation": ["delete"]}"#,
        #"{"templated": "yes"}"#,
        #"{"all": []}"#, #"{"any": [{"x": 1}]}"#, #"{"not": []}"#, #"{"not": {"all": [{"risk": 1}]}}"#,
        #"{"entities": ["lock.front; drop"]}"#, #"{"executions_per_day_over": null}"#,
    ]

    @Test func aConditionThatIsNoneIsRefused() async throws {
        try await ManagedHouse.with { database in
            for condition in Self.malformed {
                let rule = SafetyEnforcementTests.rule("bad", condition, "WARN")
                #expect(await SafetyEnforcementTests.outcome(rule, database) == "23514", "\(condition)")
                let change = "UPDATE safety_rule SET rule_condition = '\(condition)'"
                #expect(await SafetyEnforcementTests.outcome(change, database) == "23514", "\(condition)")
            }
        }
    }

    @Test func conditionsHoldAsTheyAreWritten() async throws {
        try await ManagedHouse.with { database in
            let facts = """
                {"services": ["light.turn_on", "cover.open_cover"], "entities": ["cover.garage_left"], "domains": ["cover", "light"],
                "operation": "modify", "risk": "MEDIUM", "risk_score": 0.6, "per_day": 12, "templated": false,
                "unknown_services": false, "unknown_entities": false, "generic": false}
                """
            for (condition, holds) in [
                ("{}", "t"), (#"{"services": ["cover.*"]}"#, "t"), (#"{"services": ["cover.close*"]}"#, "f"),
                (#"{"services": ["light.turn?on"]}"#, "t"), (#"{"services": ["light_turn?on.x", "*.turn_on"]}"#, "t"),
                (#"{"entities": ["cover.garage*"]}"#, "t"), (#"{"entities": ["cover.garage"]}"#, "f"),
                (#"{"domains": ["lock", "cover"]}"#, "t"), (#"{"operation": ["create"]}"#, "f"),
                (#"{"operation": ["create", "modify"]}"#, "t"), (#"{"risk": "LOW"}"#, "t"), (#"{"risk": "HIGH"}"#, "f"),
                (#"{"risk_score_over": 0.6}"#, "f"), (#"{"risk_score_over": 0.59}"#, "t"),
                (#"{"executions_per_day_over": 11}"#, "t"), (#"{"executions_per_day_over": 12}"#, "f"),
                (#"{"templated": false}"#, "t"), (#"{"not": {"domains": ["lock"]}}"#, "t"),
                (#"{"all": [{"domains": ["cover"]}, {"risk": "HIGH"}]}"#, "f"),
                (#"{"any": [{"domains": ["lock"]}, {"risk": "MEDIUM"}]}"#, "t"),
                (#"{"domains": ["cover"], "operation": ["create"]}"#, "f"),
            ] {
                let found = try await database.scalar(
                    "SELECT safety_condition_holds($1::jsonb, $2::jsonb)", [.json(condition), .json(facts)])
                #expect(found == holds, "\(condition)")
            }
            // What is not known is neither yes nor no, whichever way it is asked.
            let unknown = facts.replacing(#""unknown_services": false"#, with: #""unknown_services": true"#)
            for (condition, holds) in [
                (#"{"services": ["lock.*"]}"#, nil), (#"{"not": {"services": ["lock.*"]}}"#, nil),
                (#"{"services": ["light.*"]}"#, "t"), (#"{"all": [{"domains": ["lock"]}, {"risk": "HIGH"}]}"#, "f"),
                (#"{"any": [{"domains": ["lock"]}, {"risk": "HIGH"}]}"#, nil),
            ] as [(String, String?)] {
                let found = try await database.scalar(
                    "SELECT safety_condition_holds($1::jsonb, $2::jsonb)", [.json(condition), .json(unknown)])
                #expect(found == holds, "\(condition)")
            }
        }
    }

    @Test func proposalsOfAnyShapeAreStoredOrRefusedAndNothingElse() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        try await SafetyEnforcementTests.with { database in
            for _ in 0..<400 {
                let value = Self.randomValue(&generator, depth: 0)
                let sql = """
                    INSERT INTO approval_workflow (automation_id, workflow_type, risk_level, description, proposed_changes, risk_assessment)
                    VALUES ('\(ManagedHouse.automation)', 'MODIFICATION', 'CRITICAL', 'Try', $1::jsonb, $2::jsonb)
                    """
                let assessment = Self.randomValue(&generator, depth: 0)
                do {
                    _ = try await database.writer.query(sql, [.json(value), .json(assessment)])
                } catch let error as PostgresError {
                    let state = error.sqlState ?? ""
                    #expect(["HB006", "23514"].contains(state), "seed \(seed): \(error) for \(value)")
                }
            }
        }
    }

    private static let keys = [
        "operation", "configuration", "actions", "action", "service", "target", "entity_id", "area_id", "data",
        "choose",
        "sequence", "condition", "device_id", "domain", "type", "facts", "backtest", "per_day", "resolved", "scene",
        "entities", "parallel", "repeat", "label_id", "",
    ]
    private static let scalars = [
        "null", "true", "5", "-1e400", "0.10", #""""#, #""lock.front""#, #""{{ x }}""#, #""modify""#, #""resume""#,
        #""a,b , light.x""#, #""\\""#, #""%_*?""#, #""‹text 0123456789abcdef›""#, #""d1""#, #""HALL""#,
    ]

    private static func randomValue(_ generator: inout SeededGenerator, depth: Int) -> String {
        switch Int.random(in: 0..<(depth == 0 ? 1 : depth > 5 ? 3 : 6), using: &generator) {
        case 0 where depth <= 5, 3, 4:
            let members = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                "\"\(keys.randomElement(using: &generator) ?? "")\": \(randomValue(&generator, depth: depth + 1))"
            }
            return "{\(members.joined(separator: ", "))}"
        case 5:
            let elements = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                randomValue(&generator, depth: depth + 1)
            }
            return "[\(elements.joined(separator: ", "))]"
        default: return scalars.randomElement(using: &generator) ?? "null"
        }
    }
}
