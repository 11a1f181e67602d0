import BridgeCore
import PostgresClient

/// How a version of a configuration was read, as `automation_backup.metadata` says.
package enum BackupOrigin {
    /// As it stands in Home Assistant's file: nothing in it came from `!secret`.
    package static let file = #"{"read_by": "file"}"#
    /// By the command `automation/config`, which resolves `!secret`.
    package static let command = #"{"read_by": "automation/config"}"#
}

extension StoredBackup {
    /// Whether it was read from Home Assistant's file, as it stands there: then no value in it came from `!secret`.
    package var isReadFromFile: Bool { metadata?.contains(#""read_by": "file""#) == true }
}

extension BackupRepository {
    /// The version of this row id; `nil` where it is gone.
    package func find(id: BackupID) async throws -> StoredBackup? {
        try await read("backup.id = $1", [.id(id)], name: "find_backup_by_id").first
    }

    /// Whether a version with the same digest was read from Home Assistant's file.
    package func isKnownFromFile(_ backup: StoredBackup) async throws -> Bool {
        if backup.isReadFromFile { return true }
        return try await !read(
            "backup.automation_id = $1 AND backup.configuration_digest = $2 AND backup.metadata ->> 'read_by' = 'file' LIMIT 1",
            [.id(backup.automation), .bytes(backup.digest)], name: "find_backup_from_file"
        ).isEmpty
    }

    /// Within a transaction: stores a version, whether it is news or not, and returns its row's id; `nil` where the automation is gone.
    static func store(
        _ backup: NewBackup, of automation: AutomationID, _ session: isolated PostgresConnection
    ) throws -> BackupID? {
        let version = try session.query(insert(), parameters(backup, automation), name: "store_version")
            .first?.int("version")
        guard let version else { return nil }
        return try session.query(
            "SELECT id FROM automation_backup WHERE automation_id = $1 AND version = $2",
            [.id(automation), .int(Int64(version))], name: "find_stored_version"
        ).first?.id("id")
    }

    /// Within a transaction: stores a version that was read from Home Assistant's file, unless the newest one is the same and was
    /// read so, too.
    static func storeUnlessRead(
        _ backup: NewBackup, of automation: AutomationID, _ session: isolated PostgresConnection
    ) throws {
        let statement = insert(
            """
            AND NOT EXISTS (
                SELECT FROM (
                    SELECT configuration_digest, metadata FROM automation_backup
                    WHERE automation_id = $1::uuid ORDER BY version DESC LIMIT 1) AS newest
                WHERE newest.configuration_digest = $5::bytea AND newest.metadata ->> 'read_by' = 'file')
            """)
        _ = try session.query(statement, parameters(backup, automation), name: "store_read_version")
    }
}
