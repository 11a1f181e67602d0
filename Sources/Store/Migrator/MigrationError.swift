import PostgresClient

/// Why the schema of the database cannot be used or changed by this program. Each message names the version and says what to do.
package struct MigrationError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Code: Sendable, Hashable {
        /// The migration differs from what was applied under its version.
        case edited(Int)
        /// The version lies below an applied one, yet is not applied, or is not known to this program.
        case missing(Int)
        /// The database is ahead of this program.
        case newer(Int)
        /// These versions are still to be applied.
        case pending([Int])
        /// The SQL of the version failed; nothing of it remains. `cause` says why.
        case failed(Int)
        /// The database holds no SQL that undoes the version.
        case irreversible(Int)
        /// Another process held the lock for longer than the migrator waits.
        case locked
        /// The session lost the lock while it worked, as behind a transaction pooler.
        case lockLost
        /// `schema_migrations` belongs to another program.
        case foreignTable
        /// The version to go down to is negative.
        case invalidTarget(Int)
        /// The checksum of the version cannot be computed on this machine.
        case checksumUnavailable(Int)

        /// A bounded word for metric labels and JSON.
        package var label: String {
            switch self {
            case .edited: "edited"
            case .missing: "missing"
            case .newer: "newer"
            case .pending: "pending"
            case .failed: "failed"
            case .irreversible: "irreversible"
            case .locked: "locked"
            case .lockLost: "lock_lost"
            case .foreignTable: "foreign_table"
            case .invalidTarget: "invalid_target"
            case .checksumUnavailable: "checksum_unavailable"
            }
        }
    }

    /// What is wrong.
    package let code: Code
    /// What happened and what to do next.
    package let message: String
    /// What PostgreSQL said, for `.failed`.
    package let cause: PostgresError?

    init(_ code: Code, _ message: String, cause: PostgresError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { message }

    /// True when the same command may succeed later without anyone doing anything else.
    package var isRetriable: Bool {
        switch code {
        case .locked: true
        case .failed: cause?.isRetriable ?? false
        default: false
        }
    }
}

extension MigrationError {
    static func edited(_ migration: Migration, applied: AppliedMigration) -> MigrationError {
        MigrationError(
            .edited(migration.version),
            "Migration \(migration.version) (\(migration.description)) was edited after it had been applied: the database has"
                + " checksum \(applied.checksum.prefix(12))…, this program \(migration.checksum.prefix(12))…."
                + " Use the release that applied it, or restore its file and put the change into a new migration.")
    }

    static func hole(_ migration: Migration, below newest: Int) -> MigrationError {
        MigrationError(
            .missing(migration.version),
            "Migration \(migration.version) (\(migration.description)) is missing from the database, although migration"
                + " \(newest) is applied. Undo what came after it with `ha-bridge migrate down --to \(migration.version - 1)`,"
                + " or restore its row in schema_migrations from a backup.")
    }

    static func unknown(_ applied: AppliedMigration, newestKnown: Int) -> MigrationError {
        MigrationError(
            .missing(applied.version),
            "The database has migration \(applied.version) (\(applied.description)), which is missing from this program,"
                + " although it knows migration \(newestKnown). Use the release of ha-bridge that applied it.")
    }

    static func newer(_ applied: AppliedMigration, newestKnown: Int) -> MigrationError {
        MigrationError(
            .newer(applied.version),
            "The database has migration \(applied.version) (\(applied.description)), which is newer than this program (its"
                + " newest is \(newestKnown)). Use a newer release of ha-bridge, or undo it with"
                + " `ha-bridge migrate down --to \(newestKnown)`, which deletes what it has added.")
    }

    static func pending(_ versions: [Int]) -> MigrationError {
        let list = versions.map(String.init).joined(separator: ", ")
        let subject = versions.count == 1 ? "Migration \(list) is" : "Migrations \(list) are"
        return MigrationError(.pending(versions), "\(subject) not applied yet. Run `ha-bridge migrate up`.")
    }

    static func failed(_ version: Int, _ description: String, undoing: Bool, cause: PostgresError) -> MigrationError {
        let what = undoing ? "Undoing migration" : "Migration"
        guard !cause.isConnectionLoss else {
            return MigrationError(
                .failed(version),
                "\(what) \(version) (\(description)) was interrupted: \(cause) It is either whole or not there at all."
                    + " Run the command again.",
                cause: cause)
        }
        return MigrationError(
            .failed(version),
            "\(what) \(version) (\(description)) failed, and nothing of it remains in the database: \(cause)"
                + " Mend the cause and run the command again.",
            cause: cause)
    }
}
