import PostgresClient
import Testing

@testable import Store

/// Backups, changes, rollbacks, and the emergency stop.
@Suite(.needsPostgres) struct OperationTests {
    private static func apply(_ columns: [String: String] = [:]) -> String {
        BadValue("none", "automation_apply_operation", columns).sql
    }

    private static let rollback = BadValue("none", "rollback_operation", [:]).sql

    @Test func onlyWhatWasApprovedIsApplied() async throws {
        try await ManagedHouse.with { database in
            try await database.expectRefused(Self.apply(), "HB003")
            try await database.vote(2)
            try await database.expectRefused(Self.apply(["automation_id": "'\(ManagedHouse.automation)'"]), "HB003")
            try await database.expectRefused(Self.apply(["proposal_digest": "sha256('else')"]), "HB003")
            try await database.session.execute(Self.apply())
            try await database.expectRefused(Self.apply(), "23505")
            try await database.expectRefused("UPDATE approval_workflow SET status = 'CANCELLED'", "HB003")
            try await database.expectRefused(
                "UPDATE automation_apply_operation SET proposal_digest = sha256('else')", "HB003")
        }
    }

    @Test func aFailedChangeMayBeTriedAgainADoneOneMayNot() async throws {
        try await ManagedHouse.with { database in
            try await database.vote(2)
            try await database.session.execute(Self.apply())
            try await database.session.execute("UPDATE automation_apply_operation SET status = 'FAILED'")
            try await database.expectRefused("UPDATE automation_apply_operation SET status = 'IN_PROGRESS'", "55000")
            try await database.session.execute(Self.apply())
            try await database.session.execute(
                """
                UPDATE automation_apply_operation SET status = 'COMPLETED', step = 'WATCH' WHERE status = 'IN_PROGRESS'
                """)
            #expect(
                try await database.scalar(
                    "SELECT bool_and(completed_at IS NOT NULL) FROM automation_apply_operation") == "t")
            try await database.expectRefused(Self.apply(), "23505")
        }
    }

    @Test func anApprovalThatWasCancelledOrEditedIsWorthNothing() async throws {
        try await ManagedHouse.with { database in
            try await database.vote(2)
            // As the owner of the table could, whom no trigger stops.
            try await database.session.execute(
                """
                ALTER TABLE approval_workflow DISABLE TRIGGER USER;
                UPDATE approval_workflow SET proposed_changes = '{"alias": "Front door"}';
                ALTER TABLE approval_workflow ENABLE TRIGGER USER
                """)
            let edited = try await database.refusal(of: Self.apply())
            #expect(edited.sqlState == "HB003" && edited.message.contains("is not what was approved"))
            try await database.session.execute("UPDATE approval_workflow SET status = 'CANCELLED'")
            try await database.expectRefused(Self.apply(), "HB003")
        }
    }

    @Test(arguments: [
        ("automation_apply_operation_step_valid", ["step": "'WAIT'"]),
        ("automation_apply_operation_status_valid", ["status": "'HALF'"]),
        ("automation_apply_operation_completed", ["completed_at": "now() + interval '1 hour'"]),
        (
            "automation_apply_operation_order",
            ["status": "'FAILED'", "completed_at": "now() - interval '1 hour'"]
        ),
    ])
    func itsChecksRefuse(constraint: String, columns: [String: String]) async throws {
        try await ManagedHouse.with { database in
            try await database.vote(2)
            #expect(try await database.refusal(of: Self.apply(columns)).constraint == constraint)
            try await database.session.execute("ALTER TABLE automation_apply_operation DISABLE TRIGGER USER")
            let short = Self.apply(["proposal_digest": "'\\x00'", "connection_id": "'\(ManagedHouse.connection)'"])
            let error = try await database.refusal(of: short)
            #expect(error.constraint == "automation_apply_operation_digest_length")
        }
    }

    @Test func anEmergencyStopFreezesWritesUntilItIsReleased() async throws {
        try await ManagedHouse.with { database in
            let allowed = "SELECT automation_writes_allowed('\(ManagedHouse.connection)')"
            let stop = BadValue("none", "automation_emergency_stop", [:]).sql
            let own = BadValue(
                "none", "automation_emergency_stop", ["connection_id": "'\(ManagedHouse.connection)'"]
            ).sql
            try await database.vote(2)
            try await database.session.execute(stop)
            try await database.expectRefused(stop, "23505")
            try await database.session.execute(own)
            try await database.expectRefused(Self.apply(), "HB004")
            try await database.expectRefused(Self.rollback, "HB004")
            let release = """
                UPDATE automation_emergency_stop SET released_at = clock_timestamp(), release_reason = 'Only toast'
                WHERE connection_id IS NOT DISTINCT FROM
                """
            try await database.session.execute(release + " NULL")
            #expect(try await database.scalar(allowed) == "f")
            #expect(try await database.scalar("SELECT automation_writes_allowed(gen_random_uuid())") == "t")
            try await database.session.execute(release + " '\(ManagedHouse.connection)'")
            #expect(try await database.scalar(allowed) == "t")
            try await database.session.execute(Self.apply())
            try await database.session.execute(Self.rollback)
        }
    }

    @Test func anEmergencyStopIsReleasedOnceAndNeverRewritten() async throws {
        try await ManagedHouse.with { database in
            let own = BadValue(
                "none", "automation_emergency_stop", ["connection_id": "'\(ManagedHouse.connection)'"]
            ).sql
            try await database.session.execute(own)
            for sql in [
                "DELETE FROM automation_emergency_stop", "TRUNCATE automation_emergency_stop",
                "UPDATE automation_emergency_stop SET reason = 'Nothing'",
                "UPDATE automation_emergency_stop SET connection_id = NULL",
                "UPDATE automation_emergency_stop SET engaged_by = '\(ManagedHouse.owner)'",
            ] {
                try await database.expectRefused(sql, "42501")
            }
            try await database.session.execute("UPDATE automation_emergency_stop SET released_at = clock_timestamp()")
            try await database.expectRefused("UPDATE automation_emergency_stop SET released_at = NULL", "42501")
            try await database.session.execute(own)
        }
    }

    @Test func anEmergencyStopWakesEveryBridge() async throws {
        try await ManagedHouse.with { database in
            let bridge = try await database.connect()
            try await bridge.listen(to: "automation_emergency_stop")
            try await database.session.execute(BadValue("none", "automation_emergency_stop", [:]).sql)
            let notifications = try await bridge.notifications(waitingAtMost: .seconds(30))
            #expect(notifications == [PostgresNotification(channel: "automation_emergency_stop", payload: "")])
            await bridge.close()
        }
    }

    @Test func backupsAreCountedAndStayAsTheyAre() async throws {
        try await ManagedHouse.with { database in
            let backup = BadValue("none", "automation_backup", [:]).sql
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let connection = try await database.connect()
                        try await connection.execute(backup)
                        await connection.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await database.column("SELECT version::text FROM automation_backup ORDER BY version")
                    == ["1", "2", "3", "4", "5"])
            for change in ["configuration_snapshot = '{}'", "configuration_digest = sha256('')", "version = 9"] {
                try await database.expectRefused("UPDATE automation_backup SET \(change)", "42501")
            }
            try await database.session.execute("UPDATE automation_backup SET is_active = false")
        }
    }

    @Test func aRollbackUsesABackupOfItsOwnAutomationAndSurvivesItsDeletion() async throws {
        try await ManagedHouse.with { database in
            let foreign = BadValue("none", "rollback_operation", ["automation_id": "'\(ManagedHouse.proposed)'"])
            try await database.expectRefused(foreign.sql, "23503")
            try await database.session.execute(Self.rollback)
            try await database.expectRefused(Self.rollback, "23505")
            try await database.session.execute("UPDATE rollback_operation SET status = 'COMPLETED'")
            try await database.session.execute("DELETE FROM automation_backup")
            #expect(
                try await database.scalar("SELECT count(*) FROM rollback_operation WHERE backup_id IS NULL") == "1")
        }
    }
}
