import BridgeCore
import PostgresClient

/// A row of `schema_migrations`.
struct AppliedMigration: Sendable {
    let version: Int
    let description: String
    let appliedAt: Timestamp
    let checksum: String

    /// All rows in order, without the SQL that undoes them, which is long.
    static func all(on connection: PostgresConnection) async throws -> [AppliedMigration] {
        let table = try await connection.query("SELECT to_regclass('schema_migrations') IS NOT NULL AS found")
        guard try table.first?.bool("found") == true else { return [] }
        do {
            return try await rows(on: connection)
        } catch let error as PostgresError where error.sqlState == "42703" || error.code == .decoding {
            throw MigrationError(
                .foreignTable,
                "The table schema_migrations of this database belongs to another program. Give ha-bridge a database, or a"
                    + " schema at the front of search_path, of its own.")
        }
    }

    private static func rows(on connection: PostgresConnection) async throws -> [AppliedMigration] {
        let result = try await connection.query(
            """
            SELECT version, description, applied_at, coalesce(checksum, '') AS checksum
            FROM schema_migrations
            ORDER BY version
            """, name: "list_migrations")
        return try result.map { try AppliedMigration(row: $0) }
    }

    private init(row: PostgresRow) throws(PostgresError) {
        version = try row.int("version")
        description = try row.string("description")
        appliedAt = try row.timestamp("applied_at")
        checksum = try row.string("checksum")
    }

    /// Creates the table; the caller holds the lock.
    static let createTable = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version INTEGER PRIMARY KEY,
            description VARCHAR(500) NOT NULL,
            applied_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
            rollback_sql TEXT NOT NULL,
            checksum VARCHAR(64) NOT NULL
        );
        COMMENT ON TABLE schema_migrations IS
            'The steps of this schema that have been taken; written by ha-bridge migrate.';
        COMMENT ON COLUMN schema_migrations.rollback_sql IS
            'Undoes the step; kept here so that a program that does not know it can.';
        COMMENT ON COLUMN schema_migrations.checksum IS
            'SHA-256 of the file that was applied, in hexadecimal digits.';
        """
}
