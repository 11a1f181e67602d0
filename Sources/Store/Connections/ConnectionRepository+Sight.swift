import BridgeCore
import PostgresClient

extension ConnectionRepository {
    /// The connections that the session sees, those that were removed left out, by id. Asks for nothing that a reader may not
    /// read.
    package func visible() async throws -> [ConnectionID] {
        try await pool.withConnection { session in
            try await session.query(
                "SELECT id FROM home_assistant_connections WHERE removed_at IS NULL ORDER BY id",
                name: "visible_connections"
            ).map { row throws(PostgresError) in try row.id("id") }
        }
    }
}
