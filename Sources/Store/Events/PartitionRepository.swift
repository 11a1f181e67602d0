import BridgeCore
import PostgresClient

/// The monthly partitions of `home_assistant_events`. Methods throw `PostgresError`.
package struct PartitionRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Creates the partitions that are missing between two moments (months of UTC, both included), moves what the default
    /// partition holds of them, and returns how many it created. Safe to call at any time, also by two processes at once.
    ///
    /// Writers wait behind it while it waits for their locks: with `patience` no longer than that, and then an error is thrown whose
    /// `isLockTimeout` is true.
    package func ensureEventPartitions(
        from: Timestamp, to: Timestamp, patience: Duration? = nil
    ) async throws -> Int {
        try await pool.withConnection { session in
            try await session.transaction(deadline: .seconds(600)) { session in
                if let patience {
                    let limit = Int(patience / .milliseconds(1))
                    try session.execute("SET LOCAL lock_timeout = '\(limit)ms'", name: "partition_patience")
                }
                let result = try session.query(
                    "SELECT home_assistant_ensure_event_partitions($1, $2) AS created",
                    [.timestamp(from), .timestamp(to)], name: "ensure_event_partitions", deadline: .seconds(600))
                return try result.one { row throws(PostgresError) in try row.int("created") }
            }
        }
    }

    /// A moment of each month that the default partition holds rows of, the earliest first, and no more than `limit`; without those
    /// for which there can be no partition.
    package func monthsInDefaultPartition(limit: Int) async throws -> [Timestamp] {
        try await pool.withConnection { session in
            try await session.query(
                """
                WITH RECURSIVE month (moment) AS (
                    SELECT min(timestamp) FROM home_assistant_events_default WHERE timestamp >= '1970-01-01 00:00:00+00'
                    UNION ALL
                    SELECT (
                        SELECT min(event.timestamp) FROM home_assistant_events_default AS event
                        WHERE event.timestamp
                            >= (date_trunc('month', moment AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'
                    )
                    FROM month WHERE moment IS NOT NULL
                )
                SELECT moment FROM month WHERE moment < '9999-12-01 00:00:00+00' LIMIT $1
                """, [.int(Int64(limit))], name: "months_in_default_partition"
            ).map { row throws(PostgresError) in try row.timestamp("moment") }
        }
    }

    /// All partitions in the order of time, the default one last.
    package func list() async throws -> [EventPartition] {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT
                    child.relname AS name,
                    substring(bound.text FROM $$FROM \\('([^']*)'\\)$$)::timestamptz AS from_time,
                    substring(bound.text FROM $$TO \\('([^']*)'\\)$$)::timestamptz AS to_time,
                    pg_total_relation_size(child.oid) AS bytes,
                    greatest(child.reltuples, 0)::bigint AS estimated_rows
                FROM pg_inherits
                JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
                CROSS JOIN LATERAL (SELECT pg_get_expr(child.relpartbound, child.oid) AS text) AS bound
                WHERE pg_inherits.inhparent = 'home_assistant_events'::regclass
                ORDER BY from_time NULLS LAST, name
                """, name: "list_event_partitions")
            return try result.map { row in
                EventPartition(
                    name: try row.string("name"), from: try row.optionalTimestamp("from_time"),
                    to: try row.optionalTimestamp("to_time"), bytes: try row.int("bytes"),
                    estimatedRows: try row.int("estimated_rows"))
            }
        }
    }
}
