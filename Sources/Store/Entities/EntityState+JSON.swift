import BridgeCore

extension EntityState {
    /// What a list shows of it.
    package var jsonMembers: [String: JSONValue] {
        [
            "connection_id": .string(connectionID.description),
            "connection": .string(connectionName),
            "entity_id": .string(entityID),
            "domain": .string(domain),
            "name": .optional(name),
            "device": .optional(device),
            "area": .optional(area),
            "state": .string(state),
            "value": value.map { .number($0) } ?? .null,
            "unit": .optional(unit),
            "device_class": .optional(deviceClass),
            "last_updated": .time(lastUpdated),
            "event_id": .optional(eventID?.description),
        ]
    }
}
