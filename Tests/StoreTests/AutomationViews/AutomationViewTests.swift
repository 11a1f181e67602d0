import BridgeCore
import PostgresClient
import Testing

@testable import Store

/// The views of automations, and what their queries lean on.
@Suite(.needsPostgres) struct AutomationViewTests {
    private static let automation = ManagedHouse.automation

    /// Stores runs of the automation: status, start, milliseconds.
    private func add(_ runs: [(String, String, Int?)], _ database: StoreDatabase) async throws {
        for (number, run) in runs.enumerated() {
            _ = try await database.session.query(
                """
                INSERT INTO automation_executions (automation_id, run_id, status, started_at, completed_at, error_message)
                VALUES ($1, $2, $3, $4::timestamptz, $4::timestamptz + make_interval(secs => $5::float8 / 1000), $6)
                """,
                [
                    .text(Self.automation), .text("r\(number)"), .text(run.0), .text(run.1),
                    .optional(run.2) { .int(Int64($0)) }, run.0 == "failure" ? .text("broken \(number)") : .null,
                ])
        }
    }

    @Test func daysAreThoseOfTheHouse() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute("UPDATE home_assistant_connections SET time_zone = 'Europe/Berlin'")
            try await add(
                [
                    // 23:30 on the 1st and 00:30 on the 2nd in Berlin.
                    ("success", "2026-07-01 21:30Z", 100), ("success", "2026-07-01 22:30Z", 300),
                    ("failure", "2026-07-02 10:00Z", 9_000), ("aborted", "2026-07-02 10:01Z", 1),
                    ("cancelled", "2026-07-02 10:02Z", 1), ("unknown", "2026-07-02 10:03Z", nil),
                    ("blocked", "2026-07-02 10:04Z", 1), ("running", "2026-07-02 10:05Z", nil),
                    ("success", "2026-07-02 10:06Z", 500),
                ], database)
            try await database.session.execute(
                "UPDATE automation_executions SET overridden_at = started_at WHERE run_id = 'r8'")
            let days = """
                SELECT concat_ws('|', connection_name, automation_name, day, runs, succeeded, failed, aborted, cancelled,
                    unknown, blocked, running, undone, success_rate, average_ms, longest_ms)
                FROM automation_daily_runs ORDER BY day
                """
            #expect(
                try await database.column(days) == [
                    "home|Night light|2026-07-01|1|1|0|0|0|0|0|0|0|100.00|100|100",
                    "home|Night light|2026-07-02|6|2|1|1|1|1|1|1|1|66.67|400|500",
                ])
        }
    }

    @Test(arguments: [nil, "Mars/Olympus", ""])
    func aTimeZoneThatPostgresDoesNotKnowIsUTC(zone: String?) async throws {
        try await ManagedHouse.with { database in
            _ = try await database.session.query(
                "UPDATE home_assistant_connections SET time_zone = $1", [.optional(zone) { .text($0) }])
            try await add([("success", "2026-07-01 23:59:59Z", 1)], database)
            #expect(try await database.column("SELECT day FROM automation_daily_runs") == ["2026-07-01"])
        }
    }

    @Test func failuresAreThoseThatAnErrorEnded() async throws {
        try await ManagedHouse.with { database in
            try await add(
                [
                    ("success", "2026-07-01 10:00Z", 1), ("failure", "2026-07-01 11:00Z", 70),
                    ("aborted", "2026-07-01 12:00Z", 1), ("failure", "2026-07-01 13:00Z", 80),
                ], database)
            let failures = """
                SELECT concat_ws('|', connection_name, automation_name, lifecycle_state, error_message, duration_ms)
                FROM automation_failures ORDER BY started_at DESC
                """
            #expect(
                try await database.column(failures) == [
                    "home|Night light|ACTIVE|broken 3|80", "home|Night light|ACTIVE|broken 1|70",
                ])
        }
    }

    @Test func theOverviewHasOneRowForEachAutomation() async throws {
        try await ManagedHouse.with { database in
            try await add([("failure", "2026-07-01 10:00Z", 70), ("blocked", "2026-07-01 11:00Z", 1)], database)
            try await database.session.execute(
                """
                UPDATE automation_management SET score_breakdown = '{"explanation": "74: well"}', performance_score = 74
                WHERE id = '\(Self.automation)';
                SELECT automation_change_lifecycle('\(Self.automation)', 'DEGRADED', 'It failed 3 times in a row.');
                INSERT INTO automation_backup (automation_id, backup_name, backup_type, configuration_snapshot)
                VALUES ('\(Self.automation)', 'second', 'AUTOMATIC', '{"alias": "Night"}')
                """)
            let overview = """
                SELECT concat_ws('|', connection_name, name, lifecycle_state, lifecycle_reason, performance_score,
                    score_explanation, last_run_status, backup_version)
                FROM automation_overview ORDER BY name
                """
            #expect(
                try await database.column(overview) == [
                    "home|Morning light|PROPOSED|Proposed; Home Assistant does not have it.",
                    "home|Night light|DEGRADED|It failed 3 times in a row.|74.00|74: well|blocked|2",
                ])
        }
    }

    @Test func aConnectionThatIsBeingRemovedIsInNoView() async throws {
        try await ManagedHouse.with { database in
            try await add([("failure", "2026-07-01 10:00Z", 70)], database)
            try await database.session.execute("UPDATE home_assistant_connections SET removed_at = now()")
            for view in ["automation_overview", "automation_daily_runs", "automation_failures"] {
                #expect(try await database.scalar("SELECT count(*) FROM \(view)") == "0", "\(view)")
            }
        }
    }

    @Test func viewsAreCommentedAndAskAsWhoReadsThem() async throws {
        try await ManagedHouse.with { database in
            for view in ["automation_overview", "automation_daily_runs", "automation_failures"] {
                #expect(try await database.scalar("SELECT obj_description('\(view)'::regclass)") != nil, "\(view)")
                let options = try await database.scalar(
                    "SELECT array_to_string(reloptions, ',') FROM pg_class WHERE oid = '\(view)'::regclass")
                #expect(options == "security_invoker=true", "\(view)")
            }
        }
    }

    /// The figures of README.md depend on it.
    @Test func theFactsOfAScoreCanBeHadFromTheIndexAlone() async throws {
        try await ManagedHouse.with { database in
            // Whether the planner prefers it depends on what other sessions leave visible; whether it can be had does not.
            try await database.session.execute(
                "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_indexscan = off")
            let plan = try await database.column(
                "EXPLAIN " + ScoreFacts.query, [.textArray([Self.automation]), .timestamp(.now)])
            #expect(
                plan.contains { $0.contains("Index Only Scan using idx_automation_executions_outcomes") },
                "\(plan.joined(separator: "\n"))")
        }
    }

    @Test func changesComeFromTheirIndex() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute(
                """
                INSERT INTO automation_executions (automation_id, run_id, status, started_at, completed_at, updated_at)
                SELECT '\(Self.automation)', 'r' || n, 'success', now() - n * interval '1 h', now(), now() - n * interval '1 h'
                FROM generate_series(1, 20000) AS n
                """)
            try await database.session.execute("ANALYZE automation_executions")
            let connection = try #require(ConnectionID(ManagedHouse.connection))
            let now = try await ScoreRepository(database.pool).now()
            let found = try await ScoreRepository(database.pool).changes(since: [
                connection: now.adding(seconds: -86_400), ConnectionID(): now.adding(seconds: -86_400),
            ])
            let changes = try #require(found[connection])
            #expect(found.count == 1)
            // The automation itself moved into its first state a moment ago; what is only proposed is left out.
            #expect(changes.map(\.automation.description) == [Self.automation])
            #expect((22...25).contains(changes.first?.rows ?? 0), "\(changes)")
            #expect(
                try await ScoreRepository(database.pool).changes(since: [connection: now.adding(seconds: 60)]).isEmpty
            )
        }
    }
}
