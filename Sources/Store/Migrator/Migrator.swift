import PostgresClient

/// Brings the schema of a database to that of this program, and back.
///
/// Every method takes a connection of its own that leads straight to the server (see `MigrationLock`). Errors are
/// `MigrationError` or, where the database itself fails, `PostgresError`.
package struct Migrator: Sendable {
    private let migrations: [Migration]
    private let clock: any Clock<Duration>
    private let lockTimeout: Duration

    /// `lockTimeout` bounds how long `up` and `down` wait for another process that migrates.
    package init(
        migrations: [Migration] = MigrationCatalog.all, clock: any Clock<Duration> = ContinuousClock(),
        lockTimeout: Duration = .seconds(3_600)
    ) {
        self.migrations = migrations.sorted { $0.version < $1.version }
        self.clock = clock
        self.lockTimeout = lockTimeout
    }

    /// What is applied and what is wrong; changes nothing and throws only where the database cannot be read.
    package func status(on connection: PostgresConnection) async throws -> MigrationStatus {
        try await comparison(on: connection).status
    }

    /// Returns when the schema is exactly that of this program; else throws `.edited`, `.missing`, `.newer` or `.pending`.
    package func verify(on connection: PostgresConnection) async throws {
        let pending = try await pending(on: connection)
        guard pending.isEmpty else { throw MigrationError.pending(pending.map(\.version)) }
    }

    /// The SQL that `up` would run now, fit for `psql`. Changes nothing and needs no lock. Throws as `up` does.
    package func plan(on connection: PostgresConnection) async throws -> String {
        MigrationScript.up(try await pending(on: connection))
    }

    /// The SQL that `down` would run now, fit for `psql`. Changes nothing and needs no lock.
    package func planDown(to version: Int, on connection: PostgresConnection) async throws -> String {
        var steps: [MigrationScript.Undo] = []
        for applied in try await undoable(to: version, on: connection) {
            steps.append(.init(applied: applied, sql: try await rollback(applied, on: connection)))
        }
        return MigrationScript.down(steps)
    }

    /// Applies what is pending, one transaction each, and returns the versions applied; waits while another process migrates.
    ///
    /// A migration that fails leaves nothing of itself behind; those before it stay. Run it again at any time.
    package func up(
        on connection: PostgresConnection, progress: (MigrationEvent) -> Void = { _ in }
    ) async throws -> [Int] {
        let lock = MigrationLock(connection: connection, clock: clock, timeout: lockTimeout)
        return try await lock.hold(progress: progress) {
            var done: [Int] = []
            for migration in try await pending(on: connection) {
                progress(.applying(version: migration.version, description: migration.description))
                let took = try await timed { try await apply(migration, on: connection) }
                progress(.applied(version: migration.version, description: migration.description, took: took))
                done.append(migration.version)
            }
            return done
        }
    }

    /// Undoes every applied version above `version`, newest first, one transaction each, and returns them.
    ///
    /// It runs the SQL that the database has kept, so it also undoes what this program does not know, and does not ask whether
    /// the rest of the schema fits this program.
    package func down(
        to version: Int, on connection: PostgresConnection, progress: (MigrationEvent) -> Void = { _ in }
    ) async throws -> [Int] {
        let lock = MigrationLock(connection: connection, clock: clock, timeout: lockTimeout)
        return try await lock.hold(progress: progress) {
            var done: [Int] = []
            for applied in try await undoable(to: version, on: connection) {
                progress(.undoing(version: applied.version, description: applied.description))
                let took = try await timed { try await undo(applied, on: connection) }
                progress(.undone(version: applied.version, description: applied.description, took: took))
                done.append(applied.version)
            }
            return done
        }
    }

    // MARK: - Steps

    private func comparison(on connection: PostgresConnection) async throws -> MigrationComparison {
        if let unusable = migrations.first(where: { $0.checksum.isEmpty }) {
            throw MigrationError(
                .checksumUnavailable(unusable.version),
                "The checksum of migration \(unusable.version) cannot be computed: OpenSSL offers no SHA-256. Repair the"
                    + " machine's OpenSSL.")
        }
        return MigrationComparison(known: migrations, applied: try await AppliedMigration.all(on: connection))
    }

    /// What is to be applied, once the rest fits.
    private func pending(on connection: PostgresConnection) async throws -> [Migration] {
        let comparison = try await comparison(on: connection)
        if let problem = comparison.firstProblem() { throw problem }
        return comparison.pending
    }

    /// What lies above `version`, newest first.
    private func undoable(to version: Int, on connection: PostgresConnection) async throws -> [AppliedMigration] {
        guard version >= 0 else {
            throw MigrationError(
                .invalidTarget(version), "There is no migration \(version). Go down to 0 to undo all of them.")
        }
        return try await AppliedMigration.all(on: connection).filter { $0.version > version }.reversed()
    }

    private func rollback(_ applied: AppliedMigration, on connection: PostgresConnection) async throws -> String {
        let result = try await connection.query(
            "SELECT rollback_sql FROM schema_migrations WHERE version = $1", [.int(Int64(applied.version))],
            name: "read_rollback")
        guard let sql = try result.first?.optionalString("rollback_sql"), !sql.allSatisfy(\.isWhitespace) else {
            throw MigrationError(
                .irreversible(applied.version),
                "Migration \(applied.version) (\(applied.description)) cannot be undone: the database keeps no SQL for that."
                    + " Restore a backup from before it.")
        }
        return sql
    }

    private func apply(_ migration: Migration, on connection: PostgresConnection) async throws {
        try await step(migration.version, migration.description, undoing: false, on: connection) { connection in
            try connection.execute(AppliedMigration.createTable, deadline: Self.deadline)
            try connection.execute(migration.up, deadline: Self.deadline)
            _ = try connection.query(
                """
                INSERT INTO schema_migrations (version, description, rollback_sql, checksum) VALUES ($1, $2, $3, $4)
                """,
                [
                    .int(Int64(migration.version)), .text(migration.description), .text(migration.down),
                    .text(migration.checksum),
                ],
                name: "record_migration")
        }
    }

    private func undo(_ applied: AppliedMigration, on connection: PostgresConnection) async throws {
        let sql = try await rollback(applied, on: connection)
        try await step(applied.version, applied.description, undoing: true, on: connection) { connection in
            try connection.execute(sql, deadline: Self.deadline)
            _ = try connection.query(
                "DELETE FROM schema_migrations WHERE version = $1", [.int(Int64(applied.version))],
                name: "forget_migration")
        }
    }

    /// A transaction that outlives the limits of ordinary statements, and that runs only while the lock is held.
    private func step(
        _ version: Int, _ description: String, undoing: Bool, on connection: PostgresConnection,
        _ body: @Sendable (isolated PostgresConnection) throws -> Void
    ) async throws {
        do {
            try await connection.transaction(deadline: Self.deadline) { connection in
                try connection.execute(MigrationScript.limits, deadline: Self.deadline)
                try MigrationLock.check(on: connection)
                try connection.execute(MigrationScript.takeOwner, name: "take_owner")
                try body(connection)
            }
        } catch let error as PostgresError {
            throw MigrationError.failed(version, description, undoing: undoing, cause: error)
        }
    }

    private func timed(_ body: () async throws -> Void) async throws -> Duration {
        let start = ContinuousClock.now
        try await body()
        return start.duration(to: .now)
    }

    /// Rewriting a large table takes its time.
    private static let deadline = Duration.seconds(24 * 3_600)
}
