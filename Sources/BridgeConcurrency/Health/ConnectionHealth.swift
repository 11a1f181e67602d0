import BridgeCore

/// How one connection to a Home Assistant fares, as its session reports it.
package struct ConnectionHealth: Sendable, Equatable {
    /// What a session is doing. The raw value is what `/healthz` shows.
    package enum State: String, Sendable, Codable, CaseIterable {
        /// Looks up the name, connects, shakes hands.
        case connecting
        /// Waits for the answer to its token.
        case authenticating
        /// Waits for Home Assistant to finish its start.
        case awaitingRunning = "awaiting_running"
        /// Subscribes and takes the first snapshot.
        case subscribing
        /// Events flow.
        case connected
        /// Lost; waits before the next attempt.
        case backingOff = "backing_off"
        /// The token was refused; nothing more is tried until the row changes.
        case authFailed = "auth_failed"
        /// Cannot start at all, such as when the token cannot be opened; nothing more is tried until the row changes.
        case failed
        /// Switched off by its owner.
        case paused

        /// Whether an owner has nothing to do.
        package var isHealthy: Bool { self == .connected || self == .paused }
    }

    package var id: ConnectionID
    package var name: String
    package var state: State
    /// Since when the state holds.
    package var since: Timestamp
    /// When the last event arrived.
    package var lastEventAt: Timestamp?
    package var homeAssistantVersion: String?
    /// How often the connection was made again after the first time.
    package var reconnects: Int
    /// Events received since the process started.
    package var eventsReceived: Int
    /// The last error in one sentence, without secrets; stays after the connection recovered.
    package var lastError: String?
    package var lastErrorAt: Timestamp?
    /// The last round trip of a ping.
    package var latencyMilliseconds: Double?

    /// A connection in `state` since `since`; the rest is unknown or zero.
    package init(id: ConnectionID, name: String, state: State, since: Timestamp) {
        self.id = id
        self.name = name
        self.state = state
        self.since = since
        reconnects = 0
        eventsReceived = 0
    }
}
