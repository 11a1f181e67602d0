import BridgeCore
import PostgresClient

/// An entity as it is now, with what a person calls it.
package struct EntityState: Sendable, Equatable {
    package let connectionID: ConnectionID
    package let connectionName: String
    package let entityID: String
    /// What the owner calls it, else what it calls itself.
    package let name: String?
    package let device: String?
    package let area: String?
    package let state: String
    /// The state as a number, where it is one.
    package let value: Double?
    /// JSON text; `nil` where retention has taken the event.
    package let attributes: String?
    package let unit: String?
    package let deviceClass: String?
    /// Whether it says of itself that its states are measured.
    package let isMeasured: Bool
    package let lastUpdated: Timestamp
    /// The event that says so; `nil` where retention has taken it.
    package let eventID: EventID?

    /// `light` of `light.kitchen`.
    package var domain: String { String(entityID.prefix { $0 != "." }) }

    /// Whether its past is a curve; else it is a row of states.
    package var isNumber: Bool { value != nil || unit != nil || isMeasured }
}

extension EntityState {
    init(row: PostgresRow) throws(PostgresError) {
        connectionID = try row.id("connection_id")
        connectionName = try row.string("connection_name")
        entityID = try row.string("entity_id")
        name = try row.optionalString("name")
        device = try row.optionalString("device")
        area = try row.optionalString("area")
        state = try row.string("state")
        value = try row.optionalDouble("value")
        attributes = try row.optionalString("attributes")
        unit = try row.optionalString("unit")
        deviceClass = try row.optionalString("device_class")
        isMeasured = try row.bool("is_measured")
        lastUpdated = try row.timestamp("last_updated")
        eventID = try row.optionalID("event_id")
    }
}
