import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `automation_emergency_stop`: engaged, or released by now.
package struct StoredEmergencyStop: Sendable, Equatable {
    package let id: UUID
    /// The house it holds for; `nil` for every house.
    package let connection: ConnectionID?
    package let connectionName: String?
    package let reason: String
    /// `nil` where the bridge engaged it, or the person was erased.
    package let engagedByName: String?
    package let engagedAt: Timestamp
    package let releaseReason: String?
    package let releasedByName: String?
    /// `nil` while it is engaged.
    package let releasedAt: Timestamp?

    package var isEngaged: Bool { releasedAt == nil }

    /// `every house`, or the connection's name.
    package var place: String { connectionName ?? (connection == nil ? "every house" : "a house") }

    /// One sentence that says where, since when, by whom and why.
    package var sentence: String {
        let person = engagedByName.map { " by \($0)" } ?? ""
        return "An emergency stop holds for \(place) since \(engagedAt.iso8601)\(person): “\(reason)”."
    }

    static let selection = """
        SELECT stop.id, stop.connection_id, connection.name AS connection_name, stop.reason, engaged.username AS engaged_by_name,
            stop.engaged_at, stop.release_reason, released.username AS released_by_name, stop.released_at
        FROM automation_emergency_stop AS stop
        LEFT JOIN home_assistant_connections AS connection ON connection.id = stop.connection_id
        LEFT JOIN users AS engaged ON engaged.id = stop.engaged_by
        LEFT JOIN users AS released ON released.id = stop.released_by
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.uuid("id")
        connection = try row.optionalID("connection_id")
        connectionName = try row.optionalString("connection_name")
        reason = try row.string("reason")
        engagedByName = try row.optionalString("engaged_by_name")
        engagedAt = try row.timestamp("engaged_at")
        releaseReason = try row.optionalString("release_reason")
        releasedByName = try row.optionalString("released_by_name")
        releasedAt = try row.optionalTimestamp("released_at")
    }
}
