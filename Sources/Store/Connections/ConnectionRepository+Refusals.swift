import BridgeCore
import PostgresClient

/// Turns what the table refuses into sentences.
extension ConnectionRepository {
    static func check(name: String) throws(StoreError) {
        let isPadded = name.first?.isWhitespace == true || name.last?.isWhitespace == true
        guard !name.isEmpty, !isPadded, !name.unicodeScalars.contains("\0"), name.unicodeScalars.count <= 255 else {
            throw StoreError(
                .invalidValue,
                "“\(name)” cannot be a connection's name. Take one of 1 to 255 characters without blanks at its ends.")
        }
    }

    static func check(url: String) throws(StoreError) {
        guard url.unicodeScalars.count <= 500 else {
            throw StoreError(
                .invalidValue, "The URL is longer than the 500 characters that are stored. Take a shorter one.")
        }
    }

    /// The refusal behind `error`, or `error` itself. Looks up which connection stands in the way.
    func explained(_ error: PostgresError, userID: UserID, name: String, url: String) async throws -> any Error {
        switch error.constraint {
        case "home_assistant_connections_user_id_name_key":
            return StoreError(
                .duplicateName,
                "There is already a connection named “\(name)”. Take another name, or remove that one with"
                    + " `ha-bridge connection remove \(name)`.")
        case "home_assistant_connections_user_id_url_key":
            guard let other = try await list(user: userID).first(where: { $0.url == url }) else {
                return StoreError(
                    .duplicateURL, "There was a connection to \(url) a moment ago. Run the command again.")
            }
            return StoreError(
                .duplicateURL,
                "The connection “\(other.name)” leads to \(url) already. Give it a new token with"
                    + " `ha-bridge connection set-token \(other.name)`, or remove it first.")
        case "home_assistant_connections_user_id_fkey":
            return StoreError(
                .notFound, "The user of this connection does not exist. `ha-bridge user list` shows those there are.")
        case "home_assistant_connections_url_format":
            return StoreError(
                .invalidValue, "\(url) is no URL of a Home Assistant. It begins with http:// or https://.")
        case "home_assistant_connections_token_sealed":
            return StoreError(.invalidValue, "The token of this connection was not sealed, and was not stored.")
        case "home_assistant_connections_tls_needs_https":
            return StoreError(
                .invalidValue,
                "This connection demands something of a certificate, which only https has. Take an https URL, or take the"
                    + " demands away with `ha-bridge connection set-tls`.")
        default:
            return error
        }
    }
}
