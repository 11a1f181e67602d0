import BridgeCore
import PostgresClient

extension SearchRepository {
    /// An event that others are to be compared with.
    package struct Subject: Sendable, Equatable {
        package let connection: ConnectionID
        package let entityID: String?
        /// Whether there is anything to compare.
        package let hasKey: Bool
    }

    /// What is stored of the event of this id; `nil` where there is none.
    package func subject(_ event: EventID) async throws -> Subject? {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT connection_id, entity_id, embedding_key IS NOT NULL AS has_key
                FROM home_assistant_events WHERE id = $1 LIMIT 1
                """, [.id(event)], name: "find_event")
            return try result.first.map { row in
                Subject(
                    connection: try row.id("connection_id"), entityID: try row.optionalString("entity_id"),
                    hasKey: try row.bool("has_key"))
            }
        }
    }

    /// How many events have a key and wait for its vector; counted up to a million.
    package func pendingEvents(of connection: ConnectionID? = nil) async throws -> Int {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT count(*) AS count FROM (
                    SELECT FROM home_assistant_events
                    WHERE embedding_key IS NOT NULL AND exemplar_id IS NULL
                        AND ($1::uuid IS NULL OR connection_id = $1::uuid)
                    LIMIT 1000000
                ) AS pending
                """, [.optional(connection) { .id($0) }], name: "count_pending_events")
            return try result.one { row throws(PostgresError) in try row.int("count") }
        }
    }
}
