import BridgeCore
import PostgresClient

/// A partition of `home_assistant_events` as searches see it.
package struct EmbeddingPartition: Sendable, Equatable {
    /// The table's name.
    package let name: String
    /// The name, quoted and with its schema, for SQL.
    let table: String
    /// The schema, quoted.
    let schema: String
    /// The first moment that it takes, and the first that it takes no more; `nil` for the default partition.
    let from: Timestamp?
    let to: Timestamp?
    /// Whether it has an index for vectors that is complete.
    package let hasVectorIndex: Bool

    var isDefault: Bool { from == nil }

    /// Whether events between the two moments may lie in it.
    func mayHold(since: Timestamp?, until: Timestamp?) -> Bool {
        guard let from, let to else { return true }
        return until.map { from < $0 } ?? true && since.map { to > $0 } ?? true
    }

    init(row: PostgresRow) throws(PostgresError) {
        name = try row.string("name")
        table = try row.string("quoted")
        schema = try row.string("schema")
        from = try row.optionalTimestamp("from_time")
        to = try row.optionalTimestamp("to_time")
        hasVectorIndex = try row.bool("has_vector_index")
    }

    /// All partitions, the newest month first, the default one last.
    static let listing = """
        SELECT
            child.relname AS name, format('%I.%I', space.nspname, child.relname) AS quoted,
            quote_ident(space.nspname) AS schema,
            substring(bound.text FROM $$FROM \\('([^']*)'\\)$$)::timestamptz AS from_time,
            substring(bound.text FROM $$TO \\('([^']*)'\\)$$)::timestamptz AS to_time,
            EXISTS (
                SELECT FROM pg_index
                JOIN pg_class AS own ON own.oid = pg_index.indexrelid
                JOIN pg_am ON pg_am.oid = own.relam
                WHERE pg_index.indrelid = child.oid AND pg_index.indisvalid AND pg_am.amname = 'hnsw'
            ) AS has_vector_index
        FROM pg_inherits
        JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
        JOIN pg_namespace AS space ON space.oid = child.relnamespace
        CROSS JOIN LATERAL (SELECT pg_get_expr(child.relpartbound, child.oid) AS text) AS bound
        WHERE pg_inherits.inhparent = 'home_assistant_events'::regclass
        ORDER BY from_time DESC NULLS LAST
        """

    static func list(_ pool: PostgresPool) async throws -> [EmbeddingPartition] {
        try await pool.withConnection { session in
            try await session.query(listing, name: "list_embedding_partitions").map(EmbeddingPartition.init(row:))
        }
    }
}
