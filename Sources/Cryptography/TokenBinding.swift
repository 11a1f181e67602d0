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

extension TokenBinding {
    /// The binding of a stored connection's token. What the connection demands of the certificate belongs to it: whoever takes a
    /// demand out of the database, or puts in another, has a token that does not open. Throws `.libraryFailure` only.
    package init(
        connection: ConnectionID, user: UserID, url: HomeAssistantURL, trust: TLSTrust
    ) throws(CryptographyError) {
        var origin = url.origin
        if let authority = trust.authority { origin += " authority=\(try sha256Hex(authority.utf8))" }
        if let key = trust.publicKey { origin += " key=\(key)" }
        self.init(connectionID: connection, userID: user, origin: origin)
    }
}
