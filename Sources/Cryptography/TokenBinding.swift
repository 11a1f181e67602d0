import BridgeCore

/// What a sealed token belongs to. It opens for exactly the same binding and no other, so a row whose URL, owner or
/// id was
/// edited in the database cannot make the bridge send a token elsewhere.
package struct TokenBinding: Hashable, Sendable {
    /// The row of `home_assistant_connections`.
    package let connectionID: ConnectionID

    /// The owner of that row.
    package let userID: UserID

    /// Scheme, host and port to which the token may be sent: `HomeAssistantURL.origin`.
    package let origin: String

    /// Binds to a connection by its parts.
    package init(connectionID: ConnectionID, userID: UserID, origin: String) {
        self.connectionID = connectionID
        self.userID = userID
        self.origin = origin
    }

    /// The associated data. Only the last field could hold a `|`, so two bindings never give the same bytes.
    func associatedData(keyID: String) -> [UInt8] {
        Array("ha-bridge/token/v1|\(connectionID)|\(userID)|\(keyID)|\(origin)".utf8)
    }
}
