import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of `api_token`: a script's way in. What opens it is not here.
package struct APIToken: Sendable, Equatable {
    package let id: UUID
    package let userID: UserID
    package let name: String
    /// `read`, `govern`.
    package let scopes: [String]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// To the minute; `nil` before the first use.
    package let lastUsedAt: Timestamp?
    package let revokedAt: Timestamp?

    static let columns =
        "id, user_id, name, array_to_string(scopes, ',') AS scope_list, created_at, expires_at, last_used_at, revoked_at"

    init(row: PostgresRow) throws(PostgresError) {
        id = try row.uuid("id")
        userID = try row.id("user_id")
        name = try row.string("name")
        scopes = try row.string("scope_list").split(separator: ",").map(String.init)
        createdAt = try row.timestamp("created_at")
        expiresAt = try row.timestamp("expires_at")
        lastUsedAt = try row.optionalTimestamp("last_used_at")
        revokedAt = try row.optionalTimestamp("revoked_at")
    }
}

/// The table `api_token`. Methods throw `StoreError` for what a person can mend and `PostgresError` for the rest.
package struct APITokenRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// How long a token may live, in days.
    package static let days = 1...366
    /// A user's living tokens at most.
    private static let limit = 100
    private static let alive = "revoked_at IS NULL AND expires_at > now()"

    /// Adds a token; `digest` is the SHA-256 of what is shown once. Throws `.invalidValue` for a blank name, no scope, or a user who
    /// has too many.
    package func add(
        user: UserID, name: String, scopes: Set<String>, days: Int, digest: [UInt8]
    ) async throws -> APIToken {
        let name = StorableText.fitting(name)
        guard name.contains(where: { !$0.isWhitespace }), name.unicodeScalars.count <= 100 else {
            throw StoreError(.invalidValue, "The name of a token has 1 to 100 characters. Say what it is for.")
        }
        guard !scopes.isEmpty, scopes.isSubset(of: ["read", "govern"]), Self.days.contains(days) else {
            throw StoreError(
                .invalidValue,
                "A token has the scope read, govern or both, and lives for 1 to \(Self.days.upperBound) days.")
        }
        guard try await list(user: user).count < Self.limit else {
            throw StoreError(
                .invalidValue, "There are \(Self.limit) tokens already. End one that is not needed any more.")
        }
        return try await pool.withConnection { session in
            try await session.query(
                """
                INSERT INTO api_token (user_id, name, scopes, secret_hash, expires_at)
                VALUES ($1, $2, $3, $4, now() + make_interval(days => $5::integer)) RETURNING \(APIToken.columns)
                """,
                [.id(user), .text(name), .textArray(scopes.sorted()), .bytes(digest), .int(Int64(days))],
                name: "add_token"
            ).one(APIToken.init(row:))
        }
    }

    /// The living token with this digest and its user, who is active; notes that it was used.
    package func find(digest: [UInt8]) async throws -> (token: APIToken, user: StoredUser)? {
        try await pool.withConnection { session in
            let found = try await session.query(
                "SELECT \(APIToken.columns) FROM api_token WHERE secret_hash = $1 AND \(Self.alive)",
                [.bytes(digest)], name: "find_token")
            guard let token = try found.first.map(APIToken.init(row:)),
                let user = try await AccountSQL.activeUser(token.userID, session)
            else { return nil }
            _ = try await session.query(
                """
                UPDATE api_token SET last_used_at = now()
                WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
                """, [.uuid(token.id)], name: "touch_token")
            return (token, user)
        }
    }

    /// The user's living tokens, or everybody's, the newest first.
    package func list(user: UserID?) async throws -> [APIToken] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(APIToken.columns) FROM api_token WHERE ($1::uuid IS NULL OR user_id = $1::uuid) AND \(Self.alive)
                ORDER BY created_at DESC, id
                """, [.optional(user) { .id($0) }], name: "list_tokens"
            ).map(APIToken.init(row:))
        }
    }

    /// Ends a token, of `user` where one is given. Returns the token, `nil` where there is no such.
    package func end(_ id: UUID, of user: UserID?) async throws -> APIToken? {
        try await pool.withConnection { session in
            try await session.query(
                """
                UPDATE api_token SET revoked_at = now()
                WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2::uuid) AND revoked_at IS NULL
                RETURNING \(APIToken.columns)
                """, [.uuid(id), .optional(user) { .id($0) }], name: "end_token"
            ).first.map(APIToken.init(row:))
        }
    }

    /// The one living token whose id begins with `prefix`. Throws `.notFound`, `.ambiguous`, `.invalidValue`.
    package func find(prefix: String) async throws -> APIToken {
        try await ShortID.find(prefix, noun: "token", list: "ha-bridge token list") { prefix in
            try await pool.withConnection { session in
                try await session.query(
                    """
                    SELECT \(APIToken.columns) FROM api_token WHERE starts_with(id::text, $1) AND \(Self.alive) LIMIT 2
                    """, [.text(prefix)], name: "find_token_by_prefix"
                ).map(APIToken.init(row:))
            }
        }
    }
}
