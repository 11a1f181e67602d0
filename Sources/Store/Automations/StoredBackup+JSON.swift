import BridgeCore

extension StoredBackup {
    /// All that is known of the version, with placeholders for what is sealed.
    package var jsonValue: JSONValue {
        .object([
            "id": .string(id.description),
            "automation_id": .string(automation.description),
            "version": .integer(Int64(version)),
            "backup_name": .string(name),
            "backup_type": .string(type.rawValue),
            "configuration_snapshot": .parsed(snapshot),
            "has_sealed_values": .bool(sealedSecrets != nil),
            "metadata": .parsed(metadata),
            "created_by": .optional(createdBy),
            "created_at": .time(createdAt),
        ])
    }
}
