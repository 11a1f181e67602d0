import BridgeCore

extension EventGap {
    /// All that is known of the gap.
    package var jsonValue: JSONValue {
        .object([
            "id": .string(id.description),
            "connection": .string(connectionName),
            "connection_id": .string(connectionID.description),
            "cause": .string(cause.rawValue),
            "detail": .optional(detail),
            "started_at": .time(startedAt),
            "ended_at": .time(endedAt),
            "backfill_from": .time(backfillFrom),
            "status": .string(status.rawValue),
            "passes": .integer(Int64(passes)),
            "entities": entities.map { .integer(Int64($0)) } ?? .null,
            "rows_found": .integer(Int64(rowsFound)),
            "rows_added": .integer(Int64(rowsAdded)),
            "events_lost": eventsLost.map { .integer(Int64($0)) } ?? .null,
            "unrecoverable_types": .array(unrecoverableTypes.map { .string($0) }),
            "reason": .optional(reason),
            "opened_at": .time(openedAt),
            "closed_at": .time(closedAt),
        ])
    }
}
