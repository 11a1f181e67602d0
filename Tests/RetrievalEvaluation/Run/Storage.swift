import PostgresClient

/// The room that events take in PostgreSQL.
struct Storage: Sendable {
    var events: Int
    var exemplars: Int
    var documents: Int
    /// Bytes of all partitions with their indexes.
    var eventBytes: Int
    /// Bytes of the documents with their indexes.
    var documentBytes: Int

    /// Measures. Throws `PostgresError`.
    static func measure(_ pool: PostgresPool) async throws -> Storage {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT
                    (SELECT count(*) FROM home_assistant_events) AS events,
                    (SELECT count(*) FROM home_assistant_events WHERE embedding_vector IS NOT NULL) AS exemplars,
                    (SELECT count(*) FROM home_assistant_embedding_documents) AS documents,
                    (SELECT sum(pg_total_relation_size(relid))::bigint
                        FROM pg_partition_tree('home_assistant_events')) AS event_bytes,
                    pg_total_relation_size('home_assistant_embedding_documents') AS document_bytes
                """, name: "measure_storage", deadline: .seconds(120))
            guard let row = result.first else {
                return Storage(events: 0, exemplars: 0, documents: 0, eventBytes: 0, documentBytes: 0)
            }
            return Storage(
                events: try row.int("events"), exemplars: try row.int("exemplars"),
                documents: try row.int("documents"), eventBytes: try row.int("event_bytes"),
                documentBytes: try row.int("document_bytes"))
        }
    }

    /// Bytes of everything for each event.
    var bytesPerEvent: Int { events == 0 ? 0 : (eventBytes + documentBytes) / events }
}
