import BridgeCore
import Cryptography
import PostgresClient

/// A row of `home_assistant_connections` with its owner's name. No textual form of it shows the sealed token.
package struct StoredConnection: Sendable, Equatable {
    package let id: ConnectionID
    package let userID: UserID
    /// The owner's name.
    package let username: String
    package let name: String
    /// Normalised base URL.
    package let url: String
    /// The token as `TokenSealer` sealed it; empty where the connection was read to be shown.
    package let sealedToken: String
    package let status: ConnectionStatus
    package let homeAssistantVersion: String?
    package let supportedFeatures: [String]
    /// Whether the token belongs to an admin of Home Assistant; `nil` until it has connected once.
    package let isAdmin: Bool?
    package let timeZone: String?
    package let locationName: String?
    package let pausedAt: Timestamp?
    package let removedAt: Timestamp?
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    package let lastConnectedAt: Timestamp?
    /// Last frame or pong of Home Assistant.
    package let lastSeenAt: Timestamp?
    /// JSON text that the bridge wrote: the last error and current figures.
    package let health: String?
    /// What it demands of the certificate.
    package let trust: TLSTrust
}

extension StoredConnection: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(name) (\(id)) of \(username) at \(url), \(status.rawValue)" }
    package var debugDescription: String { description }
    /// Without children, so that neither `dump` nor a failed expectation prints the token.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension StoredConnection {
    /// What its token is bound to when it leads to `url`, its own where none is given, and demands `trust`. Throws
    /// `HomeAssistantURLError` for a stored URL that is none, else `.libraryFailure` only.
    package func tokenBinding(url: HomeAssistantURL? = nil, trust: TLSTrust? = nil) throws -> TokenBinding {
        try TokenBinding(
            connection: id, user: userID, url: try url ?? HomeAssistantURL(self.url), trust: trust ?? self.trust)
    }

    /// Columns of `home_assistant_connections AS connection` joined with `users AS owner`. Features travel as one text, split
    /// at U+001F: names of Home Assistant's components hold no control character.
    static let columns = columns(token: "connection.encrypted_token")

    /// The same for who may not read the token, which is then empty.
    static let shownColumns = columns(token: "'' AS encrypted_token")

    private static func columns(token: String) -> String {
        """
        connection.id, connection.user_id, coalesce(owner.username, '') AS username, connection.name, connection.url, \(token), connection.status, connection.home_assistant_version,
        array_to_string(connection.supported_features, chr(31)) AS supported_features,
        connection.is_admin, connection.time_zone, connection.location_name, connection.paused_at, connection.removed_at,
        connection.created_at, connection.updated_at, connection.last_connected_at, connection.last_seen_at,
        connection.connection_health, connection.tls_authority, connection.tls_public_key
        """
    }

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.id("id")
        userID = try row.id("user_id")
        username = try row.string("username")
        name = try row.string("name")
        url = try row.string("url")
        sealedToken = try row.string("encrypted_token")
        status = try row.enumeration("status")
        homeAssistantVersion = try row.optionalString("home_assistant_version")
        supportedFeatures = (try row.optionalString("supported_features") ?? "").split(separator: "\u{1F}").map(
            String.init)
        isAdmin = try row.optionalBool("is_admin")
        timeZone = try row.optionalString("time_zone")
        locationName = try row.optionalString("location_name")
        pausedAt = try row.optionalTimestamp("paused_at")
        removedAt = try row.optionalTimestamp("removed_at")
        createdAt = try row.timestamp("created_at")
        updatedAt = try row.timestamp("updated_at")
        lastConnectedAt = try row.optionalTimestamp("last_connected_at")
        lastSeenAt = try row.optionalTimestamp("last_seen_at")
        health = try row.optionalString("connection_health")
        trust = TLSTrust(
            authority: try row.optionalString("tls_authority"), publicKey: try row.optionalString("tls_public_key"))
    }
}
