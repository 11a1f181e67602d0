/// Writes what the migrator would do as a script for `psql`.
enum MigrationScript {
    /// A migration undone, and the SQL that does it.
    struct Undo {
        let applied: AppliedMigration
        let sql: String
    }

    /// What a role may limit for ordinary statements would cut a migration short. A lock is not waited for without end: what
    /// waits for an exclusive lock holds up everyone behind it.
    static let limits = """
        SET LOCAL statement_timeout = 0;
        SET LOCAL idle_in_transaction_session_timeout = 0;
        SET LOCAL lock_timeout = '60s';
        SET LOCAL client_min_messages = warning;
        """

    /// From migration 7 on the schema has an owner, to whom all that comes belongs.
    static let takeOwner = """
        SELECT pg_catalog.set_config('role', rolname, true) FROM pg_catalog.pg_class
        JOIN pg_catalog.pg_roles ON pg_roles.oid = relowner
        WHERE pg_class.oid = to_regclass('schema_migrations') AND rolname = '\(DatabaseRole.owner.rawValue)';
        """

    static func up(_ migrations: [Migration]) -> String {
        guard !migrations.isEmpty else { return "-- The schema is current: nothing to apply.\n" }
        return migrations.map { migration in
            transaction(
                "Migration \(migration.version) (\(migration.description))",
                """
                \(AppliedMigration.createTable)
                \(migration.up)
                INSERT INTO schema_migrations (version, description, rollback_sql, checksum) VALUES (
                    \(migration.version), \(literal(migration.description)),
                    \(literal(migration.down)),
                    \(literal(migration.checksum)));
                """)
        }.joined(separator: "\n")
    }

    static func down(_ steps: [Undo]) -> String {
        guard !steps.isEmpty else { return "-- Nothing to undo.\n" }
        return steps.map { step in
            transaction(
                "Undo of migration \(step.applied.version) (\(step.applied.description))",
                """
                \(step.sql)
                DELETE FROM schema_migrations WHERE version = \(step.applied.version);
                """)
        }.joined(separator: "\n")
    }

    private static func transaction(_ title: String, _ body: String) -> String {
        // The title may come from the database: a line break in it would end the comment.
        let title = String(title.map { $0.isNewline ? " " : $0 })
        return "-- \(title)\nBEGIN;\n\(limits)\n\(takeOwner)\n\(body)\nCOMMIT;\n"
    }

    /// An `E` literal means the same under every setting of standard_conforming_strings.
    private static func literal(_ text: String) -> String {
        let escaped = text.map { character in
            switch character {
            case "'": "''"
            case "\\": "\\\\"
            default: String(character)
            }
        }
        return "E'" + escaped.joined() + "'"
    }
}
