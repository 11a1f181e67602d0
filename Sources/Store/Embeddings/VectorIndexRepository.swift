import BridgeCore
import PostgresClient

/// The indexes for vectors of the partitions that have outgrown an exact search. Methods throw `PostgresError`.
package struct VectorIndexRepository: Sendable {
    /// How a partition stands.
    package struct Candidate: Sendable, Equatable {
        package let partition: EmbeddingPartition
        /// Vectors in it.
        package let exemplars: Int
        /// Those of them that another version made.
        package let outdated: Int
    }

    /// How an attempt ended.
    package enum Outcome: Sendable, Equatable {
        case done
        /// Another bridge is at it.
        case busy
        /// The login may not act as the owner, and the month is not over: no index is built without holding up its writers.
        case notYet
    }

    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The monthly partitions and how many vectors each holds. Reads every exemplar: for once an hour.
    package func candidates(version: String) async throws -> [Candidate] {
        var candidates: [Candidate] = []
        for partition in try await EmbeddingPartition.list(pool) where !partition.isDefault {
            let (count, outdated) = try await pool.withConnection { session in
                try await session.query(
                    """
                    SELECT count(*) AS count, count(*) FILTER (WHERE embedder_version IS DISTINCT FROM $1) AS outdated
                    FROM \(partition.table) WHERE embedding_vector IS NOT NULL
                    """, [.text(version)], name: "count_exemplars", deadline: .seconds(120)
                ).one { row throws(PostgresError) in (try row.int("count"), try row.int("outdated")) }
            }
            candidates.append(Candidate(partition: partition, exemplars: count, outdated: outdated))
        }
        return candidates
    }

    /// Builds the index of a partition; minutes for large ones. What an earlier attempt left unfinished is dropped first. Does
    /// nothing where there is one.
    ///
    /// Only the owner may build an index. Where the login may act as the owner, events go on being written meanwhile. Elsewhere
    /// a function of the owner does it, for months that are over, since whoever writes to the month waits.
    package func build(_ partition: EmbeddingPartition, deadline: Duration = .seconds(6 * 3_600)) async throws
        -> Outcome
    {
        try await locked(partition) { session, isOwner in
            let result = try await session.query(
                """
                SELECT coalesce(bool_or(indisvalid), false) AS is_valid, count(*) AS count
                FROM pg_index WHERE indexrelid = to_regclass($1)
                """, [.text(Self.index(of: partition))], name: "find_vector_index")
            let (isValid, count) = try result.one { row throws(PostgresError) in
                (try row.bool("is_valid"), try row.int("count"))
            }
            if isValid { return .done }
            guard isOwner else {
                let isBuilt = try await session.query(
                    "SELECT home_assistant_build_vector_index($1::regclass) AS is_built", [.text(partition.table)],
                    name: "build_vector_index", deadline: deadline
                ).one { row throws(PostgresError) in try row.bool("is_built") }
                return isBuilt ? .done : .notYet
            }
            if count > 0 {
                try await session.execute(
                    "DROP INDEX CONCURRENTLY IF EXISTS \(Self.index(of: partition))", name: "drop_unfinished_index",
                    deadline: deadline)
            }
            // With less than all vectors take, the graph is finished on disk, which takes many times as long.
            try await session.execute("SET maintenance_work_mem = '256MB'", name: "index_memory")
            do {
                try await session.execute(
                    """
                    CREATE INDEX CONCURRENTLY \(Self.name(of: partition)) ON \(partition.table)
                    USING hnsw (embedding_vector vector_cosine_ops) WITH (m = 16, ef_construction = 64)
                    """, name: "build_vector_index", deadline: deadline)
            } catch {
                try? await session.execute("RESET maintenance_work_mem")
                throw error
            }
            try await session.execute("RESET maintenance_work_mem", name: "index_memory")
            return .done
        }
    }

    /// Drops the index of a partition, where there is one.
    package func drop(_ partition: EmbeddingPartition) async throws -> Outcome {
        try await locked(partition) { session, isOwner in
            if isOwner {
                try await session.execute(
                    "DROP INDEX CONCURRENTLY IF EXISTS \(Self.index(of: partition))", name: "drop_vector_index",
                    deadline: .seconds(600))
            } else {
                _ = try await session.query(
                    "SELECT home_assistant_drop_vector_index($1::regclass)", [.text(partition.table)],
                    name: "drop_vector_index", deadline: .seconds(600))
            }
            return .done
        }
    }

    /// Runs `body` under the lock of the partition, as the owner where that may be.
    private func locked(
        _ partition: EmbeddingPartition, _ body: (PostgresConnection, _ isOwner: Bool) async throws -> Outcome
    ) async throws -> Outcome {
        let key: [PostgresValue] = [.text("home_assistant_vector_index \(partition.table)")]
        return try await pool.withConnection { session in
            let isMine = try await session.query(
                "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked", key, name: "lock_vector_index"
            ).one { row throws(PostgresError) in try row.bool("locked") }
            guard isMine else { return .busy }
            do {
                let outcome = try await session.withOwnerRole { try await body(session, $0) }
                _ = try await session.query(
                    "SELECT pg_advisory_unlock(hashtextextended($1, 0))", key, name: "unlock_vector_index")
                return outcome
            } catch {
                // A session that is lost has lost its lock; one that keeps it must not go back to the pool.
                await Task {
                    do {
                        _ = try await session.query("SELECT pg_advisory_unlock(hashtextextended($1, 0))", key)
                    } catch {
                        await session.close()
                    }
                }.value
                throw error
            }
        }
    }

    /// `<partition>_vector`: the undoing of the migration knows it.
    private static func name(of partition: EmbeddingPartition) -> String {
        "\"" + (partition.name + "_vector").replacing("\"", with: "\"\"") + "\""
    }

    /// The same in the partition's schema.
    private static func index(of partition: EmbeddingPartition) -> String {
        partition.schema + "." + name(of: partition)
    }
}
