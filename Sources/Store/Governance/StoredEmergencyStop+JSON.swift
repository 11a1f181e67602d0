import BridgeCore

extension StoredEmergencyStop {
    /// All that is stored of the stop.
    package var jsonValue: JSONValue {
        .object([
            "id": .string(id.uuidString.lowercased()),
            "is_engaged": .bool(isEngaged),
            "connection": .optional(connectionName),
            "connection_id": .optional(connection?.description),
            "reason": .string(reason),
            "engaged_by": .optional(engagedByName),
            "engaged_at": .time(engagedAt),
            "release_reason": .optional(releaseReason),
            "released_by": .optional(releasedByName),
            "released_at": .time(releasedAt),
        ])
    }
}
