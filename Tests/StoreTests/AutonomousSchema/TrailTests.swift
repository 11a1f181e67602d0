import PostgresClient
import Testing

@testable import Store

/// What stays on record, and what goes with a house or a person.
@Suite(.needsPostgres) struct TrailTests {
    @Test(arguments: ["automation_audit_trail", "ai_decision_audit"])
    func theTrailIsOnlyAddedTo(table: String) async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(BadValue("none", table, [:]).sql)
            for sql in [
                "UPDATE \(table) SET automation_id = NULL", "DELETE FROM \(table)", "DELETE FROM \(table) WHERE false",
                "TRUNCATE \(table)",
            ] {
                try await database.expectRefused(sql, "42501")
            }
            #expect(
                try await database.scalar(
                    "SELECT tgenabled FROM pg_trigger WHERE tgname = 'refuse_\(table)_change'") == "A")
        }
    }

    @Test(arguments: ["automation_audit_trail", "ai_decision_audit", "home_assistant_audit_log"])
    func aPlaceInAChainIsTakenOnce(table: String) async throws {
        try await ManagedHouse.with { database in
            func row(_ place: String, connection: String) -> String {
                BadValue(
                    "none", table,
                    [
                        "connection_id": connection, "chain_sequence": place, "previous_digest": "sha256('')",
                        "cryptographic_signature": "'\(ManagedHouse.signature)'",
                    ]
                ).sql
            }
            let house = "'\(ManagedHouse.connection)'"
            for sql in [row("1", connection: house), row("2", connection: house), row("1", connection: "NULL")] {
                try await database.session.execute(sql)
            }
            try await database.expectRefused(row("2", connection: house), "23505")
            try await database.expectRefused(row("1", connection: "NULL"), "23505")
            // Rows that are not signed have no place.
            for _ in 0..<2 { try await database.session.execute(BadValue("none", table, [:]).sql) }
        }
    }

    @Test func aDecisionShowsTheNewestWordOnIt() async throws {
        try await ManagedHouse.with { database in
            let decision = "d0000000-0000-0000-0000-000000000001"
            let made = BadValue(
                "none", "ai_decision_audit",
                ["id": "'\(decision)'", "automation_id": "'\(ManagedHouse.automation)'", "confidence_score": "87.5"])
            try await database.session.execute(made.sql)
            let word = "SELECT user_feedback || coalesce(' ' || feedback_comment, '') FROM ai_decisions"
            #expect(try await database.column(word) == ["PENDING"])
            for (feedback, comment) in [("REJECTED", "Never"), ("APPROVED", "Well then")] {
                let answer = BadValue(
                    "none", "ai_decision_audit",
                    [
                        "feedback_on": "'\(decision)'", "user_feedback": "'\(feedback)'",
                        "reasoning_explanation": "'\(comment)'", "user_id": "'\(ManagedHouse.owner)'",
                    ])
                try await database.session.execute(answer.sql)
                #expect(try await database.column(word) == ["\(feedback) \(comment)"])
            }
            // The connection came from the automation.
            #expect(try await database.scalar("SELECT connection_id FROM ai_decisions") == ManagedHouse.connection)
        }
    }

    @Test func aRunIsOneRowWhicheverWayItBecameKnown() async throws {
        try await ManagedHouse.with { database in
            func run(_ id: String, context: String, status: String = "'success'") -> String {
                BadValue(
                    "none", "automation_executions", ["run_id": id, "context_id": context, "status": status]
                ).sql
            }
            try await database.session.execute(run("NULL", context: "'c1'", status: "'unknown'"))
            try await database.expectRefused(run("'r1'", context: "'c1'"), "23505")
            try await database.session.execute("UPDATE automation_executions SET run_id = 'r1', status = 'success'")
            try await database.expectRefused(run("'r1'", context: "'c2'"), "23505")
            try await database.session.execute(run("'r2'", context: "'c2'", status: "'blocked'"))
            #expect(
                try await database.column("SELECT DISTINCT duration_ms::text FROM automation_executions") == ["1000"])
        }
    }

    @Test func aHouseGoesWithEverythingButItsTrail() async throws {
        try await ManagedHouse.with { database in
            try await fill(database)
            try await database.session.execute("DELETE FROM home_assistant_connections")
            #expect(try await counts(in: database) == ["2", "0"])
        }
    }

    @Test func aPersonIsErasedAndWhatTheyDecidedStands() async throws {
        try await ManagedHouse.with { database in
            try await fill(database)
            try await database.session.execute("DELETE FROM users WHERE id = '\(ManagedHouse.user(2))'")
            #expect(
                try await database.scalar(
                    "SELECT status || coalesce(approved_by::text, ' by nobody') FROM approval_workflow")
                    == "APPROVED by nobody")
            #expect(
                try await database.scalar(
                    "SELECT status FROM approval_workflow_approvers WHERE approver_id IS NULL") == "APPROVED")
            // The owner takes the house along.
            try await database.session.execute("DELETE FROM users WHERE id = '\(ManagedHouse.owner)'")
            #expect(try await counts(in: database) == ["2", "0"])
        }
    }

    /// A row in every table that belongs to the house, with user 2 wherever a person is named.
    private func fill(_ database: StoreDatabase) async throws {
        let person = "'\(ManagedHouse.user(2))'"
        try await database.vote(2)
        for (table, columns) in [
            ("automation_executions", [:]), ("automation_apply_operation", ["initiated_by": person]),
            ("rollback_operation", ["initiated_by": person]), ("automation_backup", ["created_by": person]),
            ("safety_rule", ["connection_id": "'\(ManagedHouse.connection)'", "created_by": person]),
            (
                "automation_emergency_stop",
                ["connection_id": "'\(ManagedHouse.connection)'", "engaged_by": person]
            ),
            ("automation_audit_trail", ["automation_id": "'\(ManagedHouse.automation)'", "user_id": person]),
            ("ai_decision_audit", ["automation_id": "'\(ManagedHouse.automation)'", "user_id": person]),
            ("user_safety_configuration", ["user_id": "'\(ManagedHouse.owner)'"]),
        ] as [(String, [String: String])] {
            try await database.session.execute(BadValue("none", table, columns).sql)
        }
        try await database.session.execute(
            "SELECT automation_change_lifecycle('\(ManagedHouse.automation)', 'PAUSED', 'Holidays', \(person))")
    }

    /// How many rows of the trail are left, and how many of the house.
    private func counts(in database: StoreDatabase) async throws -> [String] {
        try await database.column(
            """
            SELECT unnest(ARRAY[
                (SELECT count(*) FROM automation_audit_trail) + (SELECT count(*) FROM ai_decision_audit),
                (SELECT count(*) FROM automation_management) + (SELECT count(*) FROM automation_lifecycle_history)
                    + (SELECT count(*) FROM automation_executions) + (SELECT count(*) FROM automation_backup)
                    + (SELECT count(*) FROM approval_workflow) + (SELECT count(*) FROM approval_workflow_approvers)
                    + (SELECT count(*) FROM automation_apply_operation) + (SELECT count(*) FROM rollback_operation)
                    + (SELECT count(*) FROM safety_rule WHERE connection_id IS NOT NULL) + (SELECT count(*) FROM automation_emergency_stop)
            ])::text
            """)
    }
}
