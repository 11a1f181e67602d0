import BridgeCore
import PostgresClient

/// An event that a search found.
package struct SearchHit: Sendable, Equatable {
    package let eventID: EventID
    package let key: EventKey
    /// Home Assistant's own time of the event.
    package let timestamp: Timestamp
    package let eventType: String
    package let entityID: String?
    package let area: String?
    /// What happened, as an English sentence; `nil` where its document is gone.
    package let text: String?
    package let oldState: String?
    package let newState: String?
    /// The cosine between the vectors of query and event, -1 to 1.
    package let score: Double
    /// How many events of the same key the period holds, this one included; counted among the newest 20,000 events of the
    /// entity in the period.
    package let occurrences: Int
}

extension SearchHit {
    /// Reads a row of `SearchSQL.expand`.
    init(row: PostgresRow, score: Double) throws(PostgresError) {
        eventID = try row.id("id")
        key = try EventKey(row: row)
        timestamp = try row.timestamp("timestamp")
        eventType = try row.string("event_type")
        entityID = try row.optionalString("entity_id")
        area = try row.optionalString("area")
        text = try row.optionalString("text")
        oldState = try row.optionalString("old_state")
        newState = try row.optionalString("new_state")
        self.score = score
        occurrences = try row.int("occurrences")
    }

    /// Best first, the newer first among equals.
    static func isBefore(_ left: SearchHit, _ right: SearchHit) -> Bool {
        if left.score != right.score { return left.score > right.score }
        if left.timestamp != right.timestamp { return left.timestamp > right.timestamp }
        return left.eventID.description < right.eventID.description
    }
}
