import BridgeCore
import PostgresClient

/// A connection by its name, with the clock of its house.
package struct HouseName: Sendable, Equatable {
    package let id: ConnectionID
    package let name: String
    /// An IANA name; `nil` until it has connected once.
    package let timeZone: String?
}

/// What a session may read that sees the rows of one user: everything but the tokens.
extension ConnectionRepository {
    /// The names of the connections that the session sees, by name; without removed ones.
    package func houses() async throws -> [HouseName] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT id, name, time_zone FROM home_assistant_connections
                WHERE removed_at IS NULL
                ORDER BY name, created_at, id
                """, name: "list_houses"
            ).map { row throws(PostgresError) in
                HouseName(
                    id: try row.id("id"), name: try row.string("name"), timeZone: try row.optionalString("time_zone"))
            }
        }
    }

    /// The connections that the session sees, by name and without their tokens; one alone where `id` is given.
    package func shown(id: ConnectionID? = nil) async throws -> [StoredConnection] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredConnection.shownColumns)
                FROM home_assistant_connections AS connection
                -- Of a house that somebody shares, a reader does not see the owner.
                LEFT JOIN users AS owner ON owner.id = connection.user_id
                WHERE connection.removed_at IS NULL AND ($1::uuid IS NULL OR connection.id = $1::uuid)
                ORDER BY connection.name, connection.created_at, connection.id
                """, [.optional(id) { .id($0) }], name: "show_connections"
            ).map(StoredConnection.init(row:))
        }
    }
}
