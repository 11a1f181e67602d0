import BridgeCore
import PostgresClient

/// The table `home_assistant_connection_share`: who sees a house besides its owner. Methods throw `PostgresError`.
package struct ConnectionShareRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Lets a user see a connection. Returns `false` where the user does so already.
    package func share(_ connection: ConnectionID, with user: UserID) async throws -> Bool {
        try await pool.withConnection { session in
            try await session.query(
                """
                INSERT INTO home_assistant_connection_share (connection_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
                """, [.id(connection), .id(user)], name: "share_connection"
            ).affectedRows > 0
        }
    }

    /// Lets a user see a connection no more. Returns `false` where the user did not.
    package func unshare(_ connection: ConnectionID, from user: UserID) async throws -> Bool {
        try await pool.withConnection { session in
            try await session.query(
                "DELETE FROM home_assistant_connection_share WHERE connection_id = $1 AND user_id = $2",
                [.id(connection), .id(user)], name: "unshare_connection"
            ).affectedRows > 0
        }
    }

    /// The names of those who see a connection besides its owner.
    package func viewers(of connection: ConnectionID) async throws -> [String] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT username FROM home_assistant_connection_share JOIN users ON users.id = user_id
                WHERE connection_id = $1 ORDER BY lower(username)
                """, [.id(connection)], name: "list_shares"
            ).map { row throws(PostgresError) in try row.string("username") }
        }
    }
}
