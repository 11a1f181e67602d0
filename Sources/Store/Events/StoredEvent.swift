import BridgeCore
import PostgresClient

/// A row of `home_assistant_events`, without its embedding.
package struct StoredEvent: Sendable, Equatable {
    package let id: EventID
    package let connectionID: ConnectionID
    /// The connection's name, `nil` where its row is gone.
    package let connectionName: String?
    package let eventType: String
    package let entityID: String?
    package let oldState: String?
    package let newState: String?
    /// JSON text: attributes of the new state, or the event's data.
    package let attributes: String?
    /// Home Assistant's own time of the event.
    package let timestamp: Timestamp
    /// When the row was stored.
    package let createdAt: Timestamp?
    /// The new state as a number, where it is one.
    package let value: Double?
    /// `live`, `snapshot`, `backfill` or `import`.
    package let source: String
    package let contextID: String?
    package let contextParentID: String?
    package let contextUserID: String?
}

extension StoredEvent {
    /// Columns of `home_assistant_events AS event` left-joined with `home_assistant_connections AS connection`.
    static let columns = """
        event.id, event.connection_id, connection.name AS connection_name, event.event_type, event.entity_id,
        event.old_state, event.new_state, event.attributes, event.timestamp, event.created_at, event.value, event.source,
        event.context_id, event.context_parent_id, event.context_user_id
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        connectionID = try row.id("connection_id")
        connectionName = try row.optionalString("connection_name")
        eventType = try row.string("event_type")
        entityID = try row.optionalString("entity_id")
        oldState = try row.optionalString("old_state")
        newState = try row.optionalString("new_state")
        attributes = try row.optionalString("attributes")
        timestamp = try row.timestamp("timestamp")
        createdAt = try row.optionalTimestamp("created_at")
        value = try row.optionalDouble("value")
        source = try row.string("source")
        contextID = try row.optionalString("context_id")
        contextParentID = try row.optionalString("context_parent_id")
        contextUserID = try row.optionalString("context_user_id")
    }
}
