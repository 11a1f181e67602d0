import PostgresClient
import Testing

@testable import Store

/// Writes to Home Assistant and emergency stops, between sessions of their own.
@Suite(.needsPostgres) struct WriteLockTests {
    private static let lock = "SELECT automation_lock_writes('\(ManagedHouse.connection)')"
    private static let stop = "INSERT INTO automation_emergency_stop (connection_id, reason) VALUES"

    @Test(arguments: ["NULL", "'\(ManagedHouse.connection)'"])
    func aStopWaitsForWritesAndHoldsForAllAfterIt(connection: String) async throws {
        try await ManagedHouse.with { database in
            let first = try await database.connect()
            let second = try await database.connect()
            let writer = database.writer
            try await writer.execute("BEGIN")
            #expect(try await writer.query(Self.lock).first?[0].bool == true)
            let stopping = Task { try await first.execute("\(Self.stop) (\(connection), 'Smoke')") }
            try await database.waitForLock("ExclusiveLock")
            // Whoever asks now waits behind the stop, and is told of it.
            let asking = Task { try await second.query(Self.lock).first?[0].bool }
            try await database.waitForLock("ShareLock")
            try await writer.execute("COMMIT")
            try await stopping.value
            #expect(try await asking.value == false)
            try await database.session.execute(
                "UPDATE automation_emergency_stop SET released_at = clock_timestamp() WHERE released_at IS NULL")
            #expect(try await second.query(Self.lock).first?[0].bool == true)
            await first.close()
            await second.close()
        }
    }

    @Test func aStopOfAnotherHouseWaitsForNothing() async throws {
        try await ManagedHouse.with { database in
            try await database.writer.execute("BEGIN")
            _ = try await database.writer.query("SELECT automation_lock_writes(gen_random_uuid())")
            try await database.session.execute("\(Self.stop) ('\(ManagedHouse.connection)', 'Smoke')")
            #expect(try await database.writer.query(Self.lock).first?[0].bool == false)
            try await database.writer.execute("ROLLBACK")
        }
    }

    @Test func isNotAskedWithOneSnapshotForAll() async throws {
        try await ManagedHouse.with { database in
            try await database.session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            try await database.expectRefused(Self.lock, "25000")
            try await database.session.execute("ROLLBACK")
        }
    }

    @Test func tellsOfApprovalsAndSteps() async throws {
        try await ManagedHouse.with { database in
            let bridge = try await database.connect()
            try await bridge.listen(to: OperationRepository.notificationChannel)
            try await database.vote(2)
            var heard = try await bridge.notifications(waitingAtMost: .seconds(30))
            #expect(heard.map(\.payload) == [ManagedHouse.connection])
            try await database.session.execute(BadValue("none", "automation_apply_operation", [:]).sql)
            heard = try await bridge.notifications(waitingAtMost: .seconds(30))
            #expect(heard.map(\.payload) == [ManagedHouse.connection])
            try await database.session.execute("UPDATE automation_apply_operation SET step = 'BACKUP'")
            heard = try await bridge.notifications(waitingAtMost: .seconds(30))
            #expect(heard.map(\.payload) == [ManagedHouse.connection])
            await bridge.close()
        }
    }
}

extension StoreDatabase {
    /// Waits until a session waits for an advisory lock of this mode.
    fileprivate func waitForLock(_ mode: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            let waiting = try await scalar(
                """
                SELECT count(*) FROM pg_locks
                WHERE locktype = 'advisory' AND NOT granted AND mode = '\(mode)'
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
            if waiting != "0" { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("Nobody waits for a lock.")
    }
}
