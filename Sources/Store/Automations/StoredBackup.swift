import BridgeCore
import FoundationEssentials
import PostgresClient

/// Why a version of a configuration was stored (`automation_backup.backup_type`).
package enum BackupType: String, Sendable, CaseIterable, Codable {
    /// The configuration was found to differ.
    case automatic = "AUTOMATIC"
    /// A person asked.
    case manual = "MANUAL"
    /// The bridge was about to write.
    case beforeChange = "BEFORE_CHANGE"
}

/// A row of `automation_backup`.
package struct StoredBackup: Sendable, Equatable {
    package let id: BackupID
    package let automation: AutomationID
    /// Counts the backups of the automation from 1.
    package let version: Int
    package let name: String
    package let type: BackupType
    /// A JSON object with placeholders for sealed values.
    package let snapshot: String
    /// 32 bytes by which versions are told apart.
    package let digest: [UInt8]
    /// The values behind the placeholders; `nil` where there are none.
    package let sealedSecrets: String?
    /// A JSON object.
    package let metadata: String?
    /// Who asked for it.
    package let createdBy: String?
    package let createdAt: Timestamp

    static let columns = """
        backup.id, backup.automation_id, backup.version, backup.backup_name, backup.backup_type,
        backup.configuration_snapshot, backup.configuration_digest, backup.sealed_secrets, backup.metadata,
        author.username AS created_by, backup.created_at
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        automation = try row.id("automation_id")
        version = try row.int("version")
        name = try row.string("backup_name")
        type = try row.enumeration("backup_type")
        snapshot = try row.string("configuration_snapshot")
        digest = try row.bytes("configuration_digest")
        sealedSecrets = try row.optionalString("sealed_secrets")
        metadata = try row.optionalString("metadata")
        createdBy = try row.optionalString("created_by")
        createdAt = try row.timestamp("created_at")
    }
}

/// A row of `automation_backup`.
package struct BackupID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// A version of a configuration that is to be stored.
package struct NewBackup: Sendable, Equatable {
    package var name: String
    package var type: BackupType
    /// A JSON object with placeholders for sealed values.
    package var snapshot: String
    /// 32 bytes.
    package var digest: [UInt8]
    package var sealedSecrets: String?
    /// A JSON object.
    package var metadata: String?
    package var createdBy: UserID?

    package init(
        name: String, type: BackupType, snapshot: String, digest: [UInt8], sealedSecrets: String? = nil,
        metadata: String? = nil, createdBy: UserID? = nil
    ) {
        self.name = name
        self.type = type
        self.snapshot = snapshot
        self.digest = digest
        self.sealedSecrets = sealedSecrets
        self.metadata = metadata
        self.createdBy = createdBy
    }
}
