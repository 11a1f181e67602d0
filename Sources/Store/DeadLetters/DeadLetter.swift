import BridgeCore
import FoundationEssentials

/// A row of `home_assistant_dead_letters`: an event that could not be stored as a row, with every byte that came.
package struct DeadLetter: Sendable, Equatable {
    /// Derived from the connection and the payload, so that a replay is harmless.
    package let id: UUID
    package let connectionID: ConnectionID?
    package let receivedAt: Timestamp
    /// A word of a closed set, `[a-z][a-z0-9_]*`, for counting.
    package let reasonCode: String
    /// A sentence for a person.
    package let reason: String
    /// The SQLSTATE with which PostgreSQL refused the row; `nil` where the bridge refused it.
    package let sqlState: String?
    package let eventType: String?
    /// The frame or the event as Home Assistant sent it.
    package let payload: [UInt8]

    /// Makes a letter; `id` is a pure function of the connection and the payload.
    package init(
        id: UUID, connectionID: ConnectionID?, receivedAt: Timestamp, reasonCode: String, reason: String,
        sqlState: String? = nil, eventType: String? = nil, payload: [UInt8]
    ) {
        self.id = id
        self.connectionID = connectionID
        self.receivedAt = receivedAt
        self.reasonCode = reasonCode
        self.reason = reason
        self.sqlState = sqlState
        self.eventType = eventType
        self.payload = payload
    }
}
