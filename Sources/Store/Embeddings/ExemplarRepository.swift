import BridgeCore
import PostgresClient

/// The vectors in `home_assistant_events`: one for each key and partition. Methods throw `PostgresError`.
package struct ExemplarRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The exemplars of these keys in any month, for a directory in memory. Those of the default partition are left out: they go
    /// when their month gets its partition.
    package func exemplars(of keys: [EventKey]) async throws -> [Exemplar] {
        guard !keys.isEmpty else { return [] }
        return try await read(
            """
            JOIN \([EventKey].table(1)) AS wanted
                ON wanted.connection_id = exemplar.connection_id AND wanted.embedding_key = exemplar.embedding_key
            """, "true", keys.parameters, name: "exemplars_of_keys")
    }

    /// The exemplars of a month, to fill a directory at the start; at most `limit`, the newest rows first.
    package func exemplars(in month: EventMonth, limit: Int = 50_000) async throws -> [Exemplar] {
        try await read(
            "",
            """
            exemplar.timestamp >= $1 AND exemplar.timestamp < $2 AND exemplar.embedding_key IS NOT NULL
            ORDER BY exemplar.timestamp DESC LIMIT $3
            """, [.timestamp(month.start), .timestamp(month.end), .int(Int64(limit))], name: "exemplars_of_month")
    }

    private func read(
        _ join: String, _ condition: String, _ parameters: [PostgresValue], name: String
    ) async throws -> [Exemplar] {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT exemplar.connection_id, exemplar.embedding_key, exemplar.timestamp, exemplar.id
                FROM home_assistant_events AS exemplar
                \(join)
                WHERE exemplar.embedding_vector IS NOT NULL
                    AND exemplar.tableoid <> 'home_assistant_events_default'::regclass AND \(condition)
                """, parameters, name: name)
            return try result.compactMap { row in
                guard let month = EventMonth(of: try row.timestamp("timestamp")) else { return nil }
                return Exemplar(key: try EventKey(row: row), month: month, id: try row.id("id"))
            }
        }
    }
}
