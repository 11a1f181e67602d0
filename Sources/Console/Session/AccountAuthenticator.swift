import BridgeCore
import Cryptography
import HummingbirdCore
import PostgresClient
import Store

/// Finds out whose a request is by its token or its cookie, as the tables have them at this moment: who was made inactive, signed out
/// or lost the token is out at once.
package struct AccountAuthenticator: Authenticator {
    private let sessions: ConsoleSessionRepository
    private let tokens: APITokenRepository

    /// Looks with sessions that act for everybody.
    package init(_ system: PostgresPool) {
        sessions = ConsoleSessionRepository(system)
        tokens = APITokenRepository(system)
    }

    package func principal(of request: Request, from address: String) async throws -> Principal? {
        if let header = request.headers[.authorization] { return try await owner(ofToken: header) }
        guard let secret = SessionCookie.value(in: request) else { return nil }
        guard let found = try await sessions.find(digest: try RandomSecret.digest(of: secret)) else { return nil }
        if !request.method.isSafe { try SiteCheck.require(request, secret) }
        return Principal(
            user: found.user.id, username: found.user.username, role: found.user.role,
            credential: .session(id: found.session.id.uuidString.lowercased()))
    }

    private func owner(ofToken header: String) async throws -> Principal {
        let words = header.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer", TokenText.isToken(words[1]),
            let found = try await tokens.find(digest: try RandomSecret.digest(of: String(words[1])))
        else {
            throw Problem(401, "invalid_token", "The token is not known, has expired, or was ended. Make another one.")
        }
        return Principal(
            user: found.user.id, username: found.user.username, role: found.user.role,
            credential: .token(id: found.token.id.uuidString.lowercased()),
            granted: Set(found.token.scopes.compactMap(AccessScope.init(rawValue:))).subtracting([.account]))
    }
}

/// The form of tokens: `hab_` and 43 characters, so that people and scanners of repositories know one when they see it.
package enum TokenText {
    private static let prefix = "hab_"

    /// A fresh one. Throws `CryptographyError`.
    package static func make() throws -> String { prefix + (try RandomSecret.text()) }

    static func isToken(_ text: Substring) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + 43
    }
}
