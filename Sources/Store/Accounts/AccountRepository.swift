import BridgeCore
import FoundationEssentials
import PostgresClient

/// What the sign-in needs of `users`. Uses sessions that act for everybody. Methods throw `StoreError` for what a person can mend
/// and `PostgresError` for the rest.
package struct AccountRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// A user and the stored form of the password, `nil` where none is set.
    package struct Credentials: Sendable {
        package let user: StoredUser
        package let passwordHash: String?
    }

    /// Whoever has this name in any mixture of cases; inactive people, too.
    package func credentials(of username: String) async throws -> Credentials? {
        try await credentials(where: "lower(username) = lower($1)", .text(StorableText.fitting(username)))
    }

    /// The user of this id.
    package func credentials(of user: UserID) async throws -> Credentials? {
        try await credentials(where: "id = $1", .id(user))
    }

    private func credentials(where condition: String, _ value: PostgresValue) async throws -> Credentials? {
        try await pool.withConnection { session in
            try await session.query(
                "SELECT \(StoredUser.columns), password_hash FROM users WHERE \(condition)", [value],
                name: "credentials"
            ).first.map { row throws(PostgresError) in
                Credentials(user: try StoredUser(row: row), passwordHash: try row.optionalString("password_hash"))
            }
        }
    }

    /// Sets a password's stored form and ends every session of the user but `kept`, and every link.
    package func setPassword(_ hash: String, of user: UserID, keeping kept: UUID?) async throws {
        try await pool.withConnection { session in
            try await session.transaction { session in
                _ = try session.query(
                    "UPDATE users SET password_hash = $2 WHERE id = $1", [.id(user), .text(hash)], name: "set_password")
                try Self.endEverything(of: user, keeping: kept, session)
            }
        }
    }

    /// Ends what an earlier password let in. Tokens stay: they were made on purpose and are ended by themselves.
    static func endEverything(of user: UserID, keeping kept: UUID?, _ session: isolated PostgresConnection) throws {
        _ = try session.query(
            """
            UPDATE console_session SET revoked_at = now()
            WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $2::uuid
            """, [.id(user), .optional(kept) { .uuid($0) }], name: "end_sessions")
        _ = try session.query(
            "UPDATE sign_in_link SET used_at = now() WHERE user_id = $1 AND used_at IS NULL", [.id(user)],
            name: "end_links")
    }

    /// Notes that the user signed in.
    package func noteSignIn(_ user: UserID) async throws {
        try await pool.withConnection { session in
            _ = try await session.query(
                "UPDATE users SET last_login = now(), last_active_at = now() WHERE id = $1", [.id(user)],
                name: "note_sign_in")
        }
    }

    /// The ids of the users who have a password.
    package func withPassword() async throws -> Set<UserID> {
        try await pool.withConnection { session in
            Set(
                try await session.query("SELECT id FROM users WHERE password_hash IS NOT NULL", name: "with_password")
                    .map { row throws(PostgresError) in try row.id("id", as: UserID.self) })
        }
    }

    /// Whether anybody can sign in: an active user has a password.
    package func anybodyCanSignIn() async throws -> Bool {
        try await pool.withConnection { session in
            try await session.query(Self.anybody, name: "anybody_can_sign_in")
                .one { row throws(PostgresError) in try row.bool("anybody") }
        }
    }

    static let anybody = "SELECT EXISTS (SELECT FROM users WHERE is_active AND password_hash IS NOT NULL) AS anybody"

    /// The administrator who was added first and is active, for whom the first link is; `nil` where there is none.
    package func firstAdministrator() async throws -> StoredUser? {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredUser.columns) FROM users WHERE is_active AND role = 'admin' ORDER BY created_at, id LIMIT 1
                """, name: "first_administrator"
            ).first.map(StoredUser.init(row:))
        }
    }
}
