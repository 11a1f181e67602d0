import PostgresClient

/// The session's advisory lock under which the schema is changed: one process works, others wait.
///
/// One key for the whole database, also where bridges live in several schemas of it: `CREATE EXTENSION` is shared by all.
/// The connection must lead straight to the server: behind a pooler that hands out transactions, the lock would stay with a
/// session that the next statement does not run in.
struct MigrationLock: Sendable {
    /// "habridge" in ASCII.
    static let key: Int64 = 0x6861_6272_6964_6765

    let connection: PostgresConnection
    let clock: any Clock<Duration>
    let timeout: Duration

    /// Holds the lock for the length of `body`. Throws `.locked` after `timeout`.
    func hold<Result>(
        progress: (MigrationEvent) -> Void, _ body: () async throws -> Result
    ) async throws -> Result {
        try await acquire(progress: progress)
        do {
            let result = try await body()
            try await release()
            return result
        } catch {
            // A session that cannot give the lock back, as in a cancelled task, must end: its end gives it back.
            do { try await release() } catch { await connection.close() }
            throw error
        }
    }

    /// Asks again and again: a statement that waited for the lock would hold a snapshot, and the process that migrates could
    /// never finish a `CREATE INDEX CONCURRENTLY`.
    private func acquire(progress: (MigrationEvent) -> Void) async throws {
        let pause = Duration.milliseconds(200)
        var waited = Duration.zero
        var nextReport = Duration.zero
        while true {
            let result = try await connection.query(
                "SELECT pg_try_advisory_lock($1::bigint) AS locked", [.int(Self.key)], name: "lock_migrations")
            if try result.first?.bool("locked") == true { return }
            if waited >= timeout {
                throw MigrationError(
                    .locked,
                    "Another process has migrated this database for \(waited.components.seconds) s and is not done. Try again"
                        + " when it is; `SELECT * FROM pg_stat_activity` shows what it does.")
            }
            if waited >= nextReport {
                progress(.waitingForLock(since: waited))
                nextReport = waited + .seconds(5)
            }
            try await clock.sleep(for: pause)
            waited += pause
        }
    }

    private func release() async throws {
        _ = try await connection.query(
            "SELECT pg_advisory_unlock($1::bigint) AS unlocked", [.int(Self.key)], name: "unlock_migrations")
    }

    /// Throws `.lockLost` unless the session of the running transaction holds the lock.
    static func check(on connection: isolated PostgresConnection) throws {
        let result = try connection.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_locks
                WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
                    AND objsubid = 1 AND (classid::bigint << 32) | objid::bigint = $1::bigint
            ) AS held
            """, [.int(key)], name: "check_migration_lock")
        guard try result.first?.bool("held") == true else {
            throw MigrationError(
                .lockLost,
                "The session lost its lock on the migrations, and nothing was changed. Connect to PostgreSQL itself, not to a"
                    + " pooler that hands out transactions (such as PgBouncer), and run the command again.")
        }
    }
}
