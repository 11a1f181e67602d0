import BridgeCore
import Store

/// Who asks: a signed-in person, or a script with that person's token.
package struct Principal: Sendable, Equatable {
    /// How the request shows whose it is.
    package enum Credential: Sendable, Equatable {
        /// The cookie of a browser's session.
        case session(id: UUIDText)
        /// The header of a script's token.
        case token(id: UUIDText)
    }

    package typealias UUIDText = String

    package let user: UserID
    package let username: String
    package let role: UserRole
    package let credential: Credential
    /// What this credential is good for; never more than the role is.
    package let scopes: Set<AccessScope>

    /// Makes one of a user's row and of a credential that was checked. `granted` is what the credential itself allows.
    package init(
        user: UserID, username: String, role: UserRole, credential: Credential,
        granted: Set<AccessScope> = Set(AccessScope.allCases)
    ) {
        self.user = user
        self.username = username
        self.role = role
        self.credential = credential
        scopes = granted.intersection(AccessScope.all(of: role))
    }
}

/// What a request may do; tokens name them.
package enum AccessScope: String, Sendable, CaseIterable, Codable {
    /// Look at everything that the user may see.
    case read
    /// Decide: approve, reject, stop, give feedback, change safety rules.
    case govern
    /// Make and end tokens, end sessions, change the password. Never a token's: only a person who is signed in.
    case account

    /// What a role may do at most.
    package static func all(of role: UserRole) -> Set<AccessScope> {
        switch role {
        case .admin, .user: [.read, .govern, .account]
        case .observer: [.read, .account]
        }
    }
}
