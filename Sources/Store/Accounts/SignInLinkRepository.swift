import BridgeCore
import PostgresClient

/// The table `sign_in_link`: links that set a password once, within an hour. Methods throw `StoreError` for what a person can mend
/// and `PostgresError` for the rest.
package struct SignInLinkRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// What a link is for.
    package enum Purpose: Sendable, Equatable {
        /// It sets this user's password.
        case password(username: String)
        /// It makes the first person.
        case firstPerson
    }

    /// Whom a link that was used let in.
    package enum Outcome: Sendable {
        case user(StoredUser)
        /// Used, expired, or never there: the three are told in the same words.
        case invalid
    }

    private static let alive = "used_at IS NULL AND expires_at > now()"

    /// Adds a link for a user, or for the first person; `digest` is the SHA-256 of what stands in it.
    package func add(user: UserID?, digest: [UInt8]) async throws {
        try await pool.withConnection { session in
            _ = try await session.query(
                """
                WITH forgotten AS (DELETE FROM sign_in_link WHERE expires_at < now() - interval '30 days')
                INSERT INTO sign_in_link (user_id, secret_hash, expires_at) VALUES ($1, $2, now() + interval '1 hour')
                """, [.optional(user) { .id($0) }, .bytes(digest)], name: "add_link")
        }
    }

    /// What the link with this digest is for; `nil` where it works no more, also because its user is inactive or somebody else was
    /// first.
    package func purpose(digest: [UInt8]) async throws -> Purpose? {
        try await pool.withConnection { session in
            let found = try await session.query(
                "SELECT user_id FROM sign_in_link WHERE secret_hash = $1 AND \(Self.alive)", [.bytes(digest)],
                name: "find_link")
            guard let row = found.first else { return nil }
            guard let id: UserID = try row.optionalID("user_id") else {
                let anybody = try await session.query(AccountRepository.anybody, name: "anybody_can_sign_in")
                    .one { row throws(PostgresError) in try row.bool("anybody") }
                return anybody ? nil : .firstPerson
            }
            return try await AccountSQL.activeUser(id, session).map { .password(username: $0.username) }
        }
    }

    /// Uses a link of a user up and sets the password, or does neither.
    package func setPassword(digest: [UInt8], hash: String) async throws -> Outcome {
        try await pool.withConnection { session in
            try await session.transaction { session -> Outcome in
                let used = try session.query(
                    "UPDATE sign_in_link SET used_at = now() WHERE secret_hash = $1 AND user_id IS NOT NULL AND \(Self.alive) RETURNING user_id",
                    [.bytes(digest)], name: "use_link")
                guard let row = used.first else { return .invalid }
                let user: UserID = try row.id("user_id")
                let changed = try session.query(
                    "UPDATE users SET password_hash = $2 WHERE id = $1 AND is_active RETURNING \(StoredUser.columns)",
                    [.id(user), .text(hash)], name: "set_password")
                guard let person = try changed.first.map(StoredUser.init(row:)) else { return .invalid }
                try AccountRepository.endEverything(of: user, keeping: nil, session)
                return .user(person)
            }
        }
    }

    /// Uses the link of the first start up and makes an administrator, or does neither. Throws `.duplicateUsername`,
    /// `.duplicateEmail`, `.invalidValue`; then the link still works.
    package func makeFirstPerson(
        digest: [UInt8], username: String, email: String, hash: String
    ) async throws -> Outcome {
        try UserRepository.check(username: username, email: email)
        do {
            return try await pool.withConnection { session in
                try await session.transaction { session -> Outcome in
                    // Two links at once make one first person.
                    try session.execute("LOCK TABLE sign_in_link IN SHARE ROW EXCLUSIVE MODE", name: "lock_links")
                    let anybody = try session.query(AccountRepository.anybody, name: "anybody_can_sign_in")
                        .one { row throws(PostgresError) in try row.bool("anybody") }
                    let used = try session.query(
                        "UPDATE sign_in_link SET used_at = now() WHERE secret_hash = $1 AND user_id IS NULL AND \(Self.alive)",
                        [.bytes(digest)], name: "use_link")
                    guard !anybody, used.affectedRows == 1 else { return .invalid }
                    return .user(
                        try session.query(
                            """
                            INSERT INTO users (username, email, role, password_hash) VALUES ($1, $2, 'admin', $3)
                            RETURNING \(StoredUser.columns)
                            """, [.text(username), .text(email), .text(hash)], name: "add_first_person"
                        ).one(StoredUser.init(row:)))
                }
            }
        } catch let error as PostgresError {
            throw UserRepository.explained(error, username: username, email: email)
        }
    }
}
