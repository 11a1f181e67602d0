import Maintenance
import PostgresClient
import Store
import TestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable)) struct BackupRetentionJobTests {
    @Test func goesOnUntilNothingHasExpired() async throws {
        try await TestDatabase.with { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration, size: 1, logger: TestDatabase.quietLogger)
            let job = BackupRetentionJob(BackupRepository(pool))
            // Before there is a schema it says so.
            await #expect(throws: PostgresError.self) { try await job.run() }
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
            let outcome = try await job.run()
            #expect(outcome.items == 1_199)
            #expect(outcome.summary == "Deleted 1199 old versions of configurations.")
            #expect(try await job.run() == .nothing)
            await pool.close()
            await session.close()
        }
    }
}
