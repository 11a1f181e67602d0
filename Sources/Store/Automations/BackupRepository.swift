import BridgeCore
import PostgresClient

/// The table `automation_backup`: the versions of each automation's configuration. Methods throw `StoreError` for what a person
/// can mend and `PostgresError` for the rest.
package struct BackupRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The newest versions of an automation, the newest first; those before `version`, where it is given.
    package func list(
        of automation: AutomationID, before version: Int? = nil, limit: Int = 100
    ) async throws -> [StoredBackup] {
        try await read(
            """
            backup.automation_id = $1 AND ($3::bigint IS NULL OR backup.version < $3::bigint)
            ORDER BY backup.version DESC LIMIT $2
            """,
            [.id(automation), .int(Int64(max(0, limit))), .optional(version) { .int(Int64($0)) }], name: "list_backups")
    }

    /// One version of an automation. Throws `.notFound`.
    package func find(_ version: Int, of automation: AutomationID) async throws -> StoredBackup {
        let found = try await read(
            "backup.automation_id = $1 AND backup.version = $2", [.id(automation), .int(Int64(version))],
            name: "find_backup")
        guard let backup = found.first else {
            throw StoreError(
                .notFound,
                "There is no version \(version) of it. `ha-bridge automation backups` shows those there are.")
        }
        return backup
    }

    /// The newest version of each of these automations that has one.
    package func newest(of automations: some Collection<AutomationID>) async throws -> [AutomationID: StoredBackup] {
        let found = try await read(
            """
            backup.automation_id = ANY ($1::uuid[]) AND backup.version = (
                SELECT max(version) FROM automation_backup AS other WHERE other.automation_id = backup.automation_id)
            """, [.textArray(automations.map(\.description))], name: "newest_backups")
        return Dictionary(found.map { ($0.automation, $0) }) { first, _ in first }
    }

    /// Stores a version that a person asked for, whether it is news or not, and returns its number. Throws `.notFound` for an
    /// automation that is gone meanwhile.
    package func add(_ backup: NewBackup, of automation: AutomationID) async throws -> Int {
        let number = try await pool.withConnection { session in
            let parameters = Self.parameters(backup, automation)
            let result = try await session.query(Self.insert(), parameters, name: "add_backup")
            return try result.first?.int("version")
        }
        guard let number else {
            throw StoreError(
                .notFound,
                "The automation is not there any more. `ha-bridge automation list` shows those there are.")
        }
        return number
    }

    // MARK: Writing

    /// Within a transaction: stores a version unless the newest one has the same digest. Returns its number, or `nil`.
    static func insertIfNew(
        _ backup: NewBackup, of automation: AutomationID, _ session: isolated PostgresConnection
    ) throws -> Int? {
        let statement = insert(
            """
            AND $5::bytea IS DISTINCT FROM (
                SELECT configuration_digest FROM automation_backup WHERE automation_id = $1::uuid
                ORDER BY version DESC LIMIT 1)
            """)
        return try session.query(statement, parameters(backup, automation), name: "add_version").first?.int("version")
    }

    static func insert(_ condition: String = "") -> String {
        """
        INSERT INTO automation_backup (
            automation_id, connection_id, backup_name, backup_type, configuration_snapshot, configuration_digest,
            sealed_secrets, metadata, created_by, retention_days)
        SELECT automation.id, automation.connection_id, $2, $3, $4::jsonb, $5::bytea, $6, $7::jsonb, $8::uuid,
            -- How long the owner wants versions to be kept; without a wish as long as the column of wishes says.
            coalesce(safety.backup_retention_days, 30)
        FROM automation_management AS automation
        JOIN home_assistant_connections AS connection ON connection.id = automation.connection_id
        LEFT JOIN user_safety_configuration AS safety ON safety.user_id = connection.user_id
        WHERE automation.id = $1::uuid \(condition)
        RETURNING version
        """
    }

    static func parameters(_ backup: NewBackup, _ automation: AutomationID) -> [PostgresValue] {
        [
            .id(automation), .text(StorableText.fitting(backup.name, limit: 255)), .text(backup.type.rawValue),
            .json(backup.snapshot), .bytes(backup.digest), .optional(backup.sealedSecrets) { .text($0) },
            .optional(backup.metadata) { .json($0) }, .optional(backup.createdBy) { .id($0) },
        ]
    }

    func read(
        _ conditions: String, _ parameters: [PostgresValue], name: String
    ) async throws -> [StoredBackup] {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT \(StoredBackup.columns)
                FROM automation_backup AS backup
                LEFT JOIN users AS author ON author.id = backup.created_by
                WHERE \(conditions)
                """, parameters, name: name)
            return try result.map(StoredBackup.init(row:))
        }
    }
}
