import Foundation
import TestSupport
import Testing

/// `doctor`: what it finds in a place that is well, and in places that are not.
@Suite(.enabled(if: TestDatabase.isAvailable), .serialized) struct DoctorCommandTests {
    private struct Found {
        let status: Int32
        let errors: String
        let findings: [[String: String]]

        func of(_ subject: String) -> [[String: String]] { findings.filter { $0["subject"] == subject } }
        func grades(_ subject: String) -> [String] { of(subject).compactMap { $0["grade"] } }
    }

    private static func ask(_ bridge: CommandRunner, _ options: String..., database: String? = nil) async throws
        -> Found
    {
        let outcome = try await bridge(["doctor", "--json"] + options, database: database)
        let findings = outcome.objects.map { $0.compactMapValues { $0 as? String } }
        #expect(!findings.isEmpty, "\(outcome.errors)")
        for finding in findings where finding["grade"] != "well" {
            #expect(finding["advice"]?.isEmpty == false, "\(finding)")
        }
        return Found(status: outcome.status, errors: outcome.errors, findings: findings)
    }

    @Test(.enabled(if: TestHomeAssistant.given != nil)) func findsNothingWrongBesideARealHomeAssistant() async throws {
        let (url, _) = try #require(TestHomeAssistant.given)
        let house = try RealHouse()
        try await ProcessRig.with { rig in
            try await rig.addConnection(url: url, token: house.token)
            let bridge = try rig.start()
            let isConnected = try await rig.eventually(within: .seconds(60)) { try await rig.status() == "connected" }
            try #require(isConnected, "\(bridge.log)")
            let found = try await Self.ask(rig.bridge)
            // A server for tests alone does without fsync, which is to be found.
            let isSafe = try await rig.value("SELECT current_setting('fsync')") == "on"
            #expect(found.status == (isSafe ? 0 : 1), "\(found.errors) \(found.findings)")
            let wrong = found.findings.filter { $0["grade"] == "wrong" }
            #expect(wrong.count == (isSafe ? 0 : 1), "\(found.findings)")
            #expect(wrong.allSatisfy { $0["what"]?.contains("fsync") == true }, "\(found.findings)")
            for subject in ["PostgreSQL", "Schema", "Keyring", "Spool", "Bridge", "Clock", "Partitions", "Jobs"] {
                #expect(found.grades(subject).contains("well"), "\(subject): \(found.of(subject))")
            }
            // Its version and rights, its clock, its recorder.
            #expect(found.grades("House “home”") == ["well", "well", "well"], "\(found.of("House “home”"))")
            let words = try await rig.bridge("doctor").output
            #expect(words.contains("House “home”") && words.contains("an administrator's"))
            let quick = try await Self.ask(rig.bridge, "--no-houses")
            #expect(quick.of("House “home”").isEmpty)
            // The login of the tests is a superuser, which is to be minded.
            #expect(try await Self.ask(rig.bridge, "--no-houses", "--strict").status == 1)
        }
    }

    @Test func saysWhatIsMissing() async throws {
        try await ProcessRig.with(hasSchema: false, hasKeyring: false) { rig in
            let found = try await Self.ask(rig.bridge)
            #expect(found.status == 1)
            #expect(found.grades("Schema") == ["wrong"])
            #expect(found.grades("Keyring") == ["wrong"])
            #expect(found.grades("Bridge") == ["mind"])
            #expect(found.of("Schema").first?["advice"]?.contains("ha-bridge migrate up") == true)
        }
    }

    @Test func saysThatTheDatabaseDoesNotAnswer() async throws {
        try await ProcessRig.with { rig in
            let found = try await Self.ask(rig.bridge, database: "postgresql://nobody@127.0.0.1:9/none")
            #expect(found.status == 1)
            #expect(found.grades("PostgreSQL") == ["wrong"])
            #expect(found.grades("Keyring") == ["well"])
        }
    }

    @Test func saysWhatTheTablesTellAndWhichHouseIsAway() async throws {
        try await ProcessRig.with { rig in
            try await rig.addConnection("away", url: "http://127.0.0.1:9")
            try await rig.addConnection("resting", url: "http://127.0.0.1:19")
            #expect(try await rig.bridge("connection", "pause", "resting").status == 0)
            for statement in [
                """
                INSERT INTO home_assistant_dead_letters (id, connection_id, received_at, reason_code, reason, payload)
                SELECT gen_random_uuid(), id, now(), 'odd', 'It is odd.', '\\x00' FROM home_assistant_connections LIMIT 1
                """,
                """
                INSERT INTO maintenance_job (job_name, next_run_at, failures_in_a_row, last_error)
                VALUES ('rollups', now(), 3, 'The disk is full.')
                ON CONFLICT (job_name) DO UPDATE SET failures_in_a_row = 3, last_error = 'The disk is full.'
                """,
                """
                INSERT INTO home_assistant_event_gaps (id, connection_id, cause, started_at, backfill_from, status)
                SELECT gen_random_uuid(), id, 'disconnected', now() - interval '2 hours', now() - interval '2 hours', 'open'
                FROM home_assistant_connections WHERE name = 'away'
                """,
                """
                INSERT INTO automation_management
                    (id, connection_id, home_assistant_automation_id, name, lifecycle_state, created_by, modified_by)
                SELECT 'a0000000-0000-0000-0000-000000000001', id, 'a', 'Night light', 'ACTIVE', user_id, user_id
                FROM home_assistant_connections WHERE name = 'away'
                """,
                """
                INSERT INTO automation_executions (id, automation_id, connection_id, run_id, status, started_at)
                SELECT gen_random_uuid(), 'a0000000-0000-0000-0000-000000000001', id, n::text, 'unknown', now() - interval '1 day'
                FROM home_assistant_connections CROSS JOIN generate_series(1, 4) AS n WHERE name = 'away'
                """,
            ] { try await rig.session.execute(statement) }
            let found = try await Self.ask(rig.bridge)
            #expect(found.status == 1)
            #expect(found.grades("Writer") == ["mind"])
            #expect(found.grades("Gaps") == ["mind"])
            #expect(found.grades("Jobs") == ["wrong"])
            #expect(found.of("Jobs").first?["what"]?.contains("The disk is full.") == true)
            #expect(found.grades("House “away”") == ["wrong", "mind"])
            #expect(found.of("House “away”").last?["what"]?.contains("4 runs of “Night light”") == true)
            #expect(found.grades("House “resting”") == ["mind"])
        }
    }
}
