import BridgeCore

extension StoredConnection {
    /// All that may be shown of a connection; the sealed token is not among it.
    package var jsonMembers: [String: JSONValue] {
        [
            "id": .string(id.description),
            "name": .string(name),
            "username": .string(username),
            "url": .string(url),
            "status": .string(status.rawValue),
            "home_assistant_version": .optional(homeAssistantVersion),
            "location_name": .optional(locationName),
            "time_zone": .optional(timeZone),
            "is_admin": isAdmin.map { .bool($0) } ?? .null,
            "supported_features": .array(supportedFeatures.map { .string($0) }),
            "paused_at": .time(pausedAt),
            "created_at": .time(createdAt),
            "updated_at": .time(updatedAt),
            "last_connected_at": .time(lastConnectedAt),
            "last_seen_at": .time(lastSeenAt),
            "connection_health": .parsed(health),
            "own_authority": .bool(trust.authority != nil),
            "pinned_key": .optional(trust.publicKey),
        ]
    }

    package var jsonValue: JSONValue { .object(jsonMembers) }
}
