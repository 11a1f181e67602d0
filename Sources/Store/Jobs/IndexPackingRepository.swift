import PostgresClient

/// The indexes of months that are over. While a month is written to, rows of many entities take turns, and the pages of its indexes
/// split in the middle: they end half empty. Methods throw `PostgresError`.
package struct IndexPackingRepository: Sendable {
    /// How an attempt ended.
    package enum Outcome: Sendable, Equatable {
        /// Bytes before and after.
        case packed(from: Int64, to: Int64)
        /// The login may not act as the owner, who alone may do this while events go on being written.
        case ownerNeeded
    }

    /// What is smaller is not worth the work.
    package static let worthwhileBytes: Int64 = 4 << 20
    /// Says in the catalogue that it has been done.
    static let mark = "Packed."

    private let pool: PostgresPool
    private let worthwhileBytes: Int64

    /// Uses connections of `pool`, one for each call. `worthwhileBytes` is for tests.
    package init(_ pool: PostgresPool, worthwhileBytes: Int64 = IndexPackingRepository.worthwhileBytes) {
        self.pool = pool
        self.worthwhileBytes = worthwhileBytes
    }

    /// Indexes, by their names as SQL, of months that ended two days ago and earlier and that are not packed yet; those of the
    /// oldest month first.
    package func candidates() async throws -> [String] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT index.indexrelid::regclass::text AS name
                FROM pg_inherits
                JOIN pg_index AS index ON index.indrelid = inhrelid AND index.indisvalid
                JOIN pg_class AS class ON class.oid = index.indexrelid
                JOIN pg_am ON pg_am.oid = class.relam AND pg_am.amname = 'btree'
                CROSS JOIN LATERAL (
                    SELECT substring(relname FROM '^home_assistant_events_y([0-9]{4}m[0-9]{2})$') AS month
                    FROM pg_class WHERE oid = inhrelid
                ) AS partition
                WHERE inhparent = 'home_assistant_events'::regclass AND partition.month IS NOT NULL
                    AND to_date(partition.month, 'YYYY"m"MM') + interval '1 month 2 days' < now()
                    AND obj_description(class.oid, 'pg_class') IS DISTINCT FROM $1
                    AND pg_relation_size(class.oid) >= $2
                ORDER BY partition.month, class.relname
                """, [.text(Self.mark), .int(worthwhileBytes)], name: "indexes_to_pack", deadline: .seconds(60)
            ).map { row throws(PostgresError) in try row.string("name") }
        }
    }

    /// Builds the index anew with full pages, while its month is read and written; minutes for a large one. What an attempt that was
    /// cut short left behind is dropped first.
    package func pack(_ index: String, deadline: Duration = .seconds(6 * 3_600)) async throws -> Outcome {
        try await pool.withConnection { session in
            try await session.withOwnerRole { isOwner in
                isOwner ? try await Self.pack(index, session, deadline) : .ownerNeeded
            }
        }
    }

    private static func pack(
        _ index: String, _ session: PostgresConnection, _ deadline: Duration
    ) async throws -> Outcome {
        let remains = try await session.query(
            """
            SELECT other.indexrelid::regclass::text AS name
            FROM pg_index AS given JOIN pg_index AS other ON other.indrelid = given.indrelid AND NOT other.indisvalid
            JOIN pg_class ON pg_class.oid = other.indexrelid
            WHERE given.indexrelid = $1::regclass AND relname ~ '_cc(new|old)[0-9]*$'
            """, [.text(index)], name: "unfinished_indexes"
        ).map { row throws(PostgresError) in try row.string("name") }
        for name in remains {
            try await session.execute("DROP INDEX CONCURRENTLY IF EXISTS \(name)", name: "drop_unfinished_index")
        }
        let before = try await size(of: index, session)
        // Hardly anything comes to a month that is over.
        try await session.execute("ALTER INDEX \(index) SET (fillfactor = 100)", name: "fill_index")
        try await session.execute("REINDEX INDEX CONCURRENTLY \(index)", name: "pack_index", deadline: deadline)
        try await session.execute("COMMENT ON INDEX \(index) IS '\(mark)'", name: "mark_index")
        return .packed(from: before, to: try await size(of: index, session))
    }

    private static func size(of index: String, _ session: PostgresConnection) async throws -> Int64 {
        try await session.query(
            "SELECT pg_relation_size($1::regclass) AS size", [.text(index)], name: "index_size"
        ).one { row throws(PostgresError) in Int64(try row.int("size")) }
    }
}
