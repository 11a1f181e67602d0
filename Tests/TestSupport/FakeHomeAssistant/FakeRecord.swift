/// What a `FakeHomeAssistant` has seen so far.
package struct FakeRecord: Sendable {
    /// One TCP connection.
    package struct Connection: Sendable {
        package let number: Int
        package var isOpen = true
        /// The bytes that arrived, after decryption. With TLS: only what came through a finished handshake.
        package var byteCount = 0
        /// The request for the upgrade, as sent.
        package var requestHead = ""
        package var isUpgraded = false
        package var isAuthenticated = false
        package var isCoalescing = false
        /// Text messages with their mask undone.
        package var messages: [String] = []
        /// The types of commands, in order.
        package var commands: [String] = []
        /// Live subscriptions: id and event type, nil for all.
        package var subscriptions: [Int: String?] = [:]
        package var webSocketPings = 0
        /// The code of the client's close frame.
        package var closeCode: UInt16?
        /// Whether it was dropped because it read too slowly.
        package var isDropped = false
    }

    /// All connections since the start, open and ended, in order.
    package var connections: [Connection] = []

    /// Messages of type `auth`.
    package var authAttempts = 0

    /// Whether the text arrived on any connection, in a head or in a message.
    package func saw(_ text: String) -> Bool {
        connections.contains { $0.requestHead.contains(text) || $0.messages.contains { $0.contains(text) } }
    }

    /// Connections dropped because they read too slowly.
    package var drops: Int { connections.count { $0.isDropped } }

    /// Connections that are open and authenticated.
    package var authenticated: [Connection] { connections.filter { $0.isOpen && $0.isAuthenticated } }

    /// Live subscriptions of open connections.
    package var subscriptionCount: Int { connections.reduce(0) { $0 + ($1.isOpen ? $1.subscriptions.count : 0) } }
}
