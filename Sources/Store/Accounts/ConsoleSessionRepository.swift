import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `console_session`: a browser that signed in.
package struct ConsoleSession: Sendable, Equatable {
    package let id: UUID
    package let createdAt: Timestamp
    /// To the minute.
    package let lastSeenAt: Timestamp
    package let expiresAt: Timestamp
    package let address: String?
    package let userAgent: String?

    static let columns = "id, created_at, last_seen_at, expires_at, address, user_agent"

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.uuid("id")
        createdAt = try row.timestamp("created_at")
        lastSeenAt = try row.timestamp("last_seen_at")
        expiresAt = try row.timestamp("expires_at")
        address = try row.optionalString("address")
        userAgent = try row.optionalString("user_agent")
    }
}

/// The table `console_session`. A session is alive until it is revoked, 14 days after the sign-in, or 12 hours after its last request.
/// Methods throw `PostgresError`.
package struct ConsoleSessionRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Longest life of a session, in seconds.
    package static let lifetime = 14 * 86_400
    /// A user's sessions at most; the one that was away longest gives way.
    private static let limit = 50
    /// The condition under which a row is alive.
    private static let alive =
        "revoked_at IS NULL AND expires_at > now() AND last_seen_at > now() - interval '12 hours'"

    /// Begins a session; `digest` is the SHA-256 of its cookie.
    package func begin(
        user: UserID, digest: [UInt8], address: String, userAgent: String?
    ) async throws -> ConsoleSession {
        try await pool.withConnection { session in
            try await session.transaction { session in
                // What is over is of use for a while: to see where somebody was signed in.
                _ = try session.query(
                    "DELETE FROM console_session WHERE expires_at < now() - interval '30 days'",
                    name: "forget_sessions")
                _ = try session.query(
                    """
                    UPDATE console_session SET revoked_at = now() WHERE id IN (
                        SELECT id FROM console_session WHERE user_id = $1 AND \(Self.alive)
                        ORDER BY last_seen_at DESC, id OFFSET $2)
                    """, [.id(user), .int(Int64(Self.limit - 1))], name: "end_oldest_sessions")
                return try session.query(
                    """
                    INSERT INTO console_session (user_id, secret_hash, expires_at, address, user_agent)
                    VALUES ($1, $2, now() + make_interval(secs => $3::integer), $4, $5) RETURNING \(ConsoleSession.columns)
                    """,
                    [
                        .id(user), .bytes(digest), .int(Int64(Self.lifetime)),
                        .text(StorableText.fitting(address, limit: 64)),
                        .optional(userAgent) { .text(StorableText.fitting($0, limit: 255)) },
                    ], name: "begin_session"
                ).one(ConsoleSession.init(row:))
            }
        }
    }

    /// The living session with this digest and its user, who is active; notes that it was seen.
    package func find(digest: [UInt8]) async throws -> (session: ConsoleSession, user: StoredUser)? {
        try await pool.withConnection { session in
            let found = try await session.query(
                """
                SELECT \(ConsoleSession.columns), user_id, last_seen_at < now() - interval '1 minute' AS is_stale
                FROM console_session WHERE secret_hash = $1 AND \(Self.alive)
                """, [.bytes(digest)], name: "find_session")
            guard let row = found.first else { return nil }
            let user: UserID = try row.id("user_id")
            guard let person = try await AccountSQL.activeUser(user, session) else { return nil }
            let stored = try ConsoleSession(row: row)
            if try row.bool("is_stale") {
                _ = try await session.query(
                    "UPDATE console_session SET last_seen_at = now() WHERE id = $1", [.uuid(stored.id)],
                    name: "touch_session")
            }
            return (stored, person)
        }
    }

    /// The user's living sessions, the newest first.
    package func list(user: UserID) async throws -> [ConsoleSession] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(ConsoleSession.columns) FROM console_session WHERE user_id = $1 AND \(Self.alive)
                ORDER BY created_at DESC, id LIMIT $2
                """, [.id(user), .int(Int64(Self.limit))], name: "list_sessions"
            ).map(ConsoleSession.init(row:))
        }
    }

    /// Ends a session of the user. Returns whether there was one.
    package func end(_ id: UUID, of user: UserID) async throws -> Bool {
        try await pool.withConnection { session in
            try await session.query(
                "UPDATE console_session SET revoked_at = now() WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
                [.uuid(id), .id(user)], name: "end_session"
            ).affectedRows > 0
        }
    }
}

/// Statements that several tables of accounts need.
enum AccountSQL {
    /// The user of this id, where active.
    static func activeUser(_ user: UserID, _ session: PostgresConnection) async throws -> StoredUser? {
        try await session.query(
            "SELECT \(StoredUser.columns) FROM users WHERE id = $1 AND is_active", [.id(user)], name: "active_user"
        ).first.map(StoredUser.init(row:))
    }
}
