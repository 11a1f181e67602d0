import BridgeCore
import PostgresClient

/// The table `home_assistant_connections`: what a person adds and changes. What the bridge writes about how a connection fares
/// is in `ConnectionRepository+Status.swift`, removal in `ConnectionRepository+Removal.swift`.
///
/// Methods throw `StoreError` for what a person can mend and `PostgresError` for the rest. A change made here wakes the bridge
/// by a notification on `notificationChannel`, which a trigger sends at commit with the connection's id as payload.
package struct ConnectionRepository: Sendable {
    let pool: PostgresPool

    /// The channel to LISTEN on for connections that were added, changed or deleted.
    package static let notificationChannel = "home_assistant_connections"

    /// Uses connections of `pool`, one for each call or batch.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Adds a connection. `url` is normalised and `sealedToken` sealed for this id, user and URL by the caller. Throws
    /// `.duplicateName`, `.duplicateURL`, `.invalidValue`, or `.notFound` for an unknown user.
    package func add(
        id: ConnectionID, userID: UserID, name: String, url: String, sealedToken: String, trust: TLSTrust = .system
    ) async throws -> StoredConnection {
        try Self.check(name: name)
        try Self.check(url: url)
        do {
            return try await pool.withConnection { connection in
                let result = try await connection.query(
                    """
                    WITH connection AS (
                        INSERT INTO home_assistant_connections (
                            id, user_id, name, url, encrypted_token, tls_authority, tls_public_key)
                        VALUES ($1, $2, $3, $4, $5, $6, $7)
                        RETURNING *
                    )
                    SELECT \(StoredConnection.columns)
                    FROM connection
                    JOIN users AS owner ON owner.id = connection.user_id
                    """,
                    [.id(id), .id(userID), .text(name), .text(url), .text(sealedToken)] + Self.values(trust),
                    name: "add_connection")
                return try result.one(StoredConnection.init(row:))
            }
        } catch let error as PostgresError {
            throw try await explained(error, userID: userID, name: name, url: url)
        }
    }

    /// Connections by name, those of `user` alone where one is given; removed ones only on request.
    package func list(user: UserID? = nil, includingRemoved: Bool = false) async throws -> [StoredConnection] {
        try await pool.withConnection { connection in
            let result = try await connection.query(
                """
                SELECT \(StoredConnection.columns)
                FROM home_assistant_connections AS connection
                JOIN users AS owner ON owner.id = connection.user_id
                WHERE ($1::uuid IS NULL OR connection.user_id = $1::uuid)
                    AND ($2::boolean OR connection.removed_at IS NULL)
                ORDER BY connection.name, owner.username, connection.created_at, connection.id
                """, [.optional(user) { .id($0) }, .bool(includingRemoved)], name: "list_connections")
            return try result.map(StoredConnection.init(row:))
        }
    }

    /// The connection of this id, removed or not, or `nil`.
    package func find(id: ConnectionID) async throws -> StoredConnection? {
        try await pool.withConnection { connection in
            let result = try await connection.query(
                """
                SELECT \(StoredConnection.columns)
                FROM home_assistant_connections AS connection
                JOIN users AS owner ON owner.id = connection.user_id
                WHERE connection.id = $1
                """, [.id(id)], name: "find_connection")
            return try result.first.map(StoredConnection.init(row:))
        }
    }

    /// The connection of this name, among those of `user` where one is given. Throws `.notFound`, and `.ambiguous` where several
    /// users have one of that name.
    package func find(name: String, user: String? = nil) async throws -> StoredConnection {
        let found = try await pool.withConnection { connection in
            let result = try await connection.query(
                """
                SELECT \(StoredConnection.columns)
                FROM home_assistant_connections AS connection
                JOIN users AS owner ON owner.id = connection.user_id
                WHERE connection.name = $1 AND connection.removed_at IS NULL
                    AND ($2::text IS NULL OR lower(owner.username) = lower($2::text))
                ORDER BY owner.username
                """,
                [.text(StorableText.fitting(name)), user.map { .text(StorableText.fitting($0)) } ?? .null],
                name: "find_connection_by_name")
            return try result.map(StoredConnection.init(row:))
        }
        if found.count > 1 {
            throw StoreError(
                .ambiguous,
                "“\(name)” is the name of a connection of each of these users:"
                    + " \(found.map(\.username).joined(separator: ", ")). Add --user NAME.")
        }
        guard let connection = found.first else {
            let whose = user.map { " of the user “\($0)”" } ?? ""
            throw StoreError(
                .notFound,
                "There is no connection\(whose) named “\(name)”. `ha-bridge connection list` shows those there are.")
        }
        return connection
    }

    /// Replaces the token if it is still `old`; false when somebody else was faster or the connection is removed. A connection
    /// that had failed for its token is tried again.
    package func setToken(_ id: ConnectionID, sealedToken: String, expecting old: String) async throws -> Bool {
        try await change(
            """
            UPDATE home_assistant_connections
            SET encrypted_token = $2, status = CASE status WHEN 'auth_failed' THEN 'disconnected' ELSE status END
            WHERE id = $1 AND encrypted_token = $3 AND removed_at IS NULL
            """, [.id(id), .text(sealedToken), .text(old)], name: "set_token")
    }

    /// Replaces what is demanded of the certificate together with the token, which is sealed for exactly that, if the token is
    /// still `old`; false when somebody else was faster or the connection is removed.
    package func setTrust(
        _ id: ConnectionID, _ trust: TLSTrust, sealedToken: String, expecting old: String
    ) async throws -> Bool {
        try await change(
            """
            UPDATE home_assistant_connections SET encrypted_token = $2, tls_authority = $4, tls_public_key = $5
            WHERE id = $1 AND encrypted_token = $3 AND removed_at IS NULL
            """, [.id(id), .text(sealedToken), .text(old)] + Self.values(trust), name: "set_trust")
    }

    static func values(_ trust: TLSTrust) -> [PostgresValue] {
        [.optional(trust.authority) { .text($0) }, .optional(trust.publicKey) { .text($0) }]
    }

    /// Replaces the URL together with the token, which is sealed for one origin. Throws `.duplicateURL`, `.invalidValue` or
    /// `.notFound`.
    package func setURL(_ id: ConnectionID, url: String, sealedToken: String) async throws {
        try Self.check(url: url)
        do {
            let isChanged = try await change(
                """
                UPDATE home_assistant_connections
                SET url = $2, encrypted_token = $3,
                    status = CASE status WHEN 'auth_failed' THEN 'disconnected' ELSE status END
                WHERE id = $1 AND removed_at IS NULL
                """, [.id(id), .text(url), .text(sealedToken)], name: "set_url")
            guard isChanged else { throw Self.gone(id) }
        } catch let error as PostgresError {
            guard let stored = try await find(id: id) else { throw error }
            throw try await explained(error, userID: stored.userID, name: stored.name, url: url)
        }
    }

    /// Makes the bridge leave the connection alone until `resume`; a paused one stays as it is. Throws `.notFound`.
    package func pause(_ id: ConnectionID) async throws {
        let isChanged = try await change(
            """
            UPDATE home_assistant_connections
            SET paused_at = coalesce(paused_at, CURRENT_TIMESTAMP), status = 'paused'
            WHERE id = $1 AND removed_at IS NULL
            """, [.id(id)], name: "pause_connection")
        guard isChanged else { throw Self.gone(id) }
    }

    /// Lets the bridge connect again; one that is not paused stays as it is. Throws `.notFound`.
    package func resume(_ id: ConnectionID) async throws {
        let isChanged = try await change(
            """
            UPDATE home_assistant_connections
            SET paused_at = NULL, status = CASE status WHEN 'paused' THEN 'disconnected' ELSE status END
            WHERE id = $1 AND removed_at IS NULL
            """, [.id(id)], name: "resume_connection")
        guard isChanged else { throw Self.gone(id) }
    }

    /// Runs a statement and says whether it changed a row.
    func change(_ sql: String, _ parameters: [PostgresValue], name: String) async throws -> Bool {
        try await pool.withConnection { connection in
            try await connection.query(sql, parameters, name: name).affectedRows > 0
        }
    }

    static func gone(_ id: ConnectionID) -> StoreError {
        StoreError(
            .notFound,
            "The connection \(id) is not there any more. `ha-bridge connection list` shows those there are.")
    }
}
