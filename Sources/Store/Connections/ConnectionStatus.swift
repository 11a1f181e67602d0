/// How a connection fares, as the column `status` holds it.
package enum ConnectionStatus: String, Sendable, Codable, CaseIterable {
    case disconnected
    case connecting
    case connected
    /// Home Assistant refused the token; nothing is tried until it changes.
    case authFailed = "auth_failed"
    /// A person paused it.
    case paused
    /// It fails and is tried again.
    case error
}
