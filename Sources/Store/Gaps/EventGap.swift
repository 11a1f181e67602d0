import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `home_assistant_event_gaps`.
package struct GapID: TypedIdentifier {
    package let uuid: UUID
    package init(_ uuid: UUID) { self.uuid = uuid }
}

/// Why the bridge could not see a Home Assistant.
package enum GapCause: String, Sendable, CaseIterable, Codable {
    /// The connection ended.
    case disconnected
    /// More was waiting than memory and disk may hold.
    case overflow
    /// Home Assistant could not send an event.
    case undelivered
    /// A person paused the connection.
    case paused
    /// The bridge was stopped, or gave the connection to another one.
    case bridgeStopped = "bridge_stopped"
    /// The bridge was killed, frozen or cut off.
    case bridgeLost = "bridge_lost"
    /// Records of the spool could not be read.
    case spoolDamaged = "spool_damaged"
    /// A person asked for the history of this time.
    case requested
}

/// What became of a gap.
package enum GapStatus: String, Sendable, CaseIterable {
    case open
    /// Every state that Home Assistant's history holds of it is stored.
    case backfilled
    /// Some states could not be had.
    case partial
    /// None could be had.
    case unrecoverable
}

/// A stretch of time in which the bridge could not see a Home Assistant, and what was recovered of it.
package struct EventGap: Sendable, Equatable {
    package let id: GapID
    package let connectionID: ConnectionID
    package let connectionName: String
    package let cause: GapCause
    package let detail: String?
    /// The last moment up to which everything is known to be stored.
    package let startedAt: Timestamp
    /// When events flowed again; `nil` while they do not.
    package let endedAt: Timestamp?
    /// Where reading the history begins.
    package let backfillFrom: Timestamp
    package let status: GapStatus
    /// How often the history was read.
    package let passes: Int
    /// Entities whose history was asked for.
    package let entities: Int?
    /// States of the history in the gap, in the last pass.
    package let rowsFound: Int
    /// Rows that the gap needed.
    package let rowsAdded: Int
    /// How many events were lost, where that is known.
    package let eventsLost: Int?
    /// Types of events that Home Assistant keeps no history of, set when the gap is closed.
    package let unrecoverableTypes: [String]
    /// Why not everything could be had.
    package let reason: String?
    package let openedAt: Timestamp
    package let closedAt: Timestamp?
}

extension EventGap {
    /// Columns of `home_assistant_event_gaps AS gap` joined with `home_assistant_connections AS connection`.
    static let columns = """
        gap.id, gap.connection_id, connection.name AS connection_name, gap.cause, gap.detail, gap.started_at, gap.ended_at,
        gap.backfill_from, gap.status, gap.passes, gap.entities, gap.rows_found, gap.rows_added, gap.events_lost,
        array_to_string(gap.unrecoverable_types, chr(31)) AS unrecoverable_types, gap.reason, gap.opened_at, gap.closed_at
        """

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        connectionID = try row.id("connection_id")
        connectionName = try row.string("connection_name")
        cause = try row.enumeration("cause")
        detail = try row.optionalString("detail")
        startedAt = try row.timestamp("started_at")
        endedAt = try row.optionalTimestamp("ended_at")
        backfillFrom = try row.timestamp("backfill_from")
        status = try row.enumeration("status")
        passes = try row.int("passes")
        entities = try row.optionalInt("entities")
        rowsFound = try row.int("rows_found")
        rowsAdded = try row.int("rows_added")
        eventsLost = try row.optionalInt("events_lost")
        unrecoverableTypes = (try row.optionalString("unrecoverable_types") ?? "").split(separator: "\u{1F}")
            .map(String.init)
        reason = try row.optionalString("reason")
        openedAt = try row.timestamp("opened_at")
        closedAt = try row.optionalTimestamp("closed_at")
    }
}
