import BridgeConcurrency
import BridgeCore
import Logging
import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable)) struct BackupRetentionKeeperTests {
    /// Waits until the log says so.
    private func shows(_ text: String, _ log: LogCollector) async -> Bool {
        for _ in 0..<2_000 {
            if log.text.contains(text) { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test func goesOnUntilNothingHasExpiredAndAfterAFailure() async throws {
        try await TestDatabase.with { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration, size: 1, logger: TestDatabase.quietLogger)
            let log = LogCollector()
            // Before there is a schema every look fails.
            let keeper = BackupRetentionKeeper(
                backups: BackupRepository(pool), interval: .milliseconds(20), logger: log.logger)
            let task = Task { await keeper.run() }
            #expect(await shows("Cannot delete old versions", log))
            _ = try await Migrator().up(on: session)
            try await session.execute(
                """
                SET session_replication_role = replica;
                INSERT INTO users (id, username, email)
                VALUES ('00000000-0000-4000-8000-000000000001', 'u', 'u@example.org');
                INSERT INTO home_assistant_connections (id, name, url, encrypted_token, user_id)
                VALUES ('00000000-0000-4000-8000-000000000002', 'home', 'http://h:8123', 'v1.x', '00000000-0000-4000-8000-000000000001');
                INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, name)
                VALUES ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000002', 'a', 'a');
                INSERT INTO automation_backup (connection_id, automation_id, version, backup_name, backup_type,
                    configuration_snapshot, configuration_digest, created_at)
                SELECT '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003', n, 'b', 'AUTOMATIC',
                    '{}', sha256('x'), now() - interval '40 days'
                FROM generate_series(1, 1200) AS n;
                SET session_replication_role = origin;
                """, name: "past")
            #expect(await shows("\"count\": 1199", log))
            task.cancel()
            await task.value
            await pool.close()
            await session.close()
        }
    }
}
