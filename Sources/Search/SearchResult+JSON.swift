import BridgeCore

extension SearchResult {
    /// All that is known of the result.
    package var jsonValue: JSONValue {
        .object([
            "event_id": .string(eventID.description),
            "connection_id": .string(connection.description),
            "connection": .optional(connectionName),
            "timestamp": .time(timestamp),
            "local_time": .string(HouseTime.iso8601(timestamp, secondsFromUTC: secondsFromUTC)),
            "event_type": .string(eventType),
            "entity_id": .optional(entityID),
            "area": .optional(area),
            "text": .string(text),
            "old_state": .optional(oldState),
            "new_state": .optional(newState),
            "score": .number(score),
            "occurrences": .integer(Int64(occurrences)),
            "other_times": .array(otherTimes.map { .time($0) }),
        ])
    }
}
