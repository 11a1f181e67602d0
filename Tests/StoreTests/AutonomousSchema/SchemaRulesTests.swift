import PostgresClient
import Testing

@testable import Store

/// What holds for the tables of automation management as such.
@Suite(.needsPostgres) struct SchemaRulesTests {
    /// What a plain insert cannot reach, or another suite tries.
    private static let triedElsewhere: Set<String> = [
        "approval_workflow_digest_given", "automation_apply_operation_step_valid",
        "automation_apply_operation_status_valid", "automation_apply_operation_digest_length",
        "automation_apply_operation_completed", "automation_apply_operation_order",
        "home_assistant_audit_log_action_format", "home_assistant_audit_log_duration_positive",
    ]

    @Test func everyCheckRefusesWhatItIsThereFor() async throws {
        try await ManagedHouse.with { database in
            for value in BadValue.all {
                let error = try await database.refusal(of: value.sql)
                #expect(error.sqlState == "23514" && error.constraint == value.constraint, "\(value): \(error)")
            }
        }
    }

    @Test func everyCheckIsTried() async throws {
        try await ManagedHouse.with { database in
            let checks = try await database.column(
                """
                SELECT conname FROM pg_constraint
                WHERE contype = 'c' AND connamespace = current_schema()::regnamespace
                    AND conrelid::regclass::text = ANY ($1)
                """, [.textArray(Array(BadValue.good.keys))])
            let tried = Set(BadValue.all.map(\.constraint)).union(Self.triedElsewhere)
            #expect(Set(checks) == tried)
        }
    }

    @Test func theRowsThatTheBadOnesAreMadeOfAreGood() async throws {
        try await ManagedHouse.with { database in
            try await database.vote(2)
            // What is decided takes no further approver; the votes have their own suite.
            for table in BadValue.good.keys.sorted() where table != "approval_workflow_approvers" {
                let row = BadValue("none", table, [:])
                await #expect(throws: Never.self, "\(row)") {
                    try await database.session.execute("BEGIN; \(row.sql); ROLLBACK")
                }
            }
        }
    }

    @Test func everyNamedValueIsAccepted() async throws {
        let values: [(table: String, column: String, values: [String])] = [
            ("approval_workflow", "workflow_type", ["CREATION", "MODIFICATION", "RETIREMENT"]),
            ("approval_workflow", "status", ["PENDING", "REJECTED", "CANCELLED", "EXPIRED"]),
            ("approval_workflow", "priority", ["LOW", "NORMAL", "HIGH", "CRITICAL"]),
            ("approval_workflow", "risk_level", ["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
            ("automation_backup", "backup_type", ["AUTOMATIC", "MANUAL", "BEFORE_CHANGE"]),
            ("rollback_operation", "rollback_type", ["MANUAL", "AUTOMATIC", "EMERGENCY"]),
            ("rollback_operation", "status", ["IN_PROGRESS", "COMPLETED", "FAILED"]),
            (
                "automation_audit_trail", "action_type", ["CREATE", "MODIFY", "DELETE", "ENABLE", "DISABLE", "EXECUTE"]
            ),
            ("ai_decision_audit", "decision_type", ["SUGGESTION", "OPTIMIZATION", "RETIREMENT", "CREATION"]),
            ("ai_decision_audit", "user_feedback", ["APPROVED", "REJECTED", "MODIFIED", "PENDING"]),
            ("safety_rule", "rule_type", ["AUTOMATION_LIMIT", "RISK_THRESHOLD", "APPROVAL_REQUIRED"]),
            ("safety_rule", "rule_action", ["BLOCK", "WARN", "REQUIRE_APPROVAL"]),
            ("automation_management", "mode", ["single", "restart", "queued", "parallel"]),
            (
                "automation_executions", "status",
                ["success", "failure", "aborted", "cancelled", "blocked", "unknown"]
            ),
        ]
        try await ManagedHouse.with { database in
            for (table, column, words) in values {
                for word in words {
                    let row = BadValue("none", table, [column: "'\(word)'"])
                    await #expect(throws: Never.self, "\(row)") {
                        try await database.session.execute("BEGIN; \(row.sql); ROLLBACK")
                    }
                }
            }
        }
    }

    @Test func everythingCarriesAComment() async throws {
        try await StoreDatabase.with { database in
            let silent = try await database.column(
                """
                SELECT 'table ' || relname FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
                    AND relname <> 'schema_migrations' AND obj_description(oid, 'pg_class') IS NULL
                UNION ALL
                SELECT 'function ' || oid::regprocedure FROM pg_proc
                WHERE pronamespace = current_schema()::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
                    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
                """)
            #expect(silent == [])
        }
    }

    @Test func everyFunctionHasItsSearchPathFixed() async throws {
        try await StoreDatabase.with { database in
            let loose = try await database.column(
                """
                SELECT oid::regprocedure::text FROM pg_proc
                WHERE pronamespace = current_schema()::regnamespace AND NOT coalesce(proconfig::text, '') LIKE '%search_path=%'
                    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
                """)
            #expect(loose == [])
        }
    }

    @Test func undoingAndRedoingGivesTheSameSchema() async throws {
        try await StoreDatabase.with(isMigrated: false) { database in
            // Everything but what later migrations add, column by column and rule by rule.
            let picture = """
                SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
                    SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || a.attnotnull
                        || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || coalesce(col_description(c.oid, a.attnum), '')
                    FROM pg_class AS c
                    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
                    WHERE c.relnamespace = current_schema()::regnamespace
                    UNION ALL SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) FROM pg_constraint
                        WHERE connamespace = current_schema()::regnamespace
                    UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
                    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc
                        WHERE pronamespace = current_schema()::regnamespace AND prokind = 'f'
                            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
                    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
                ) AS lines (line)
                """
            let migrator = Migrator(migrations: MigrationCatalog.all.filter { $0.version <= 4 })
            let earlier = Migrator(migrations: MigrationCatalog.all.filter { $0.version <= 3 })
            _ = try await earlier.up(on: database.session)
            let before = try await database.scalar(picture)
            _ = try await migrator.up(on: database.session)
            let first = try await database.scalar(picture)
            #expect(first != before)
            _ = try await migrator.down(to: 3, on: database.session)
            #expect(try await database.scalar(picture) == before)
            _ = try await migrator.up(on: database.session)
            #expect(try await database.scalar(picture) == first)
        }
    }
}
