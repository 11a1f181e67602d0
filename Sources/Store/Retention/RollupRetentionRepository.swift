import BridgeCore
import PostgresClient

/// Deletes what is past its time in the roll-ups and in the metrics of connections, in small steps. Methods throw `PostgresError`.
///
/// The newest row of each entity stays: it is what holds until now.
package struct RollupRetentionRepository: Sendable {
    private let pool: PostgresPool
    /// How long the roll-ups to 5 minutes are kept of which no rule speaks; hours and days are kept for ever.
    private let days: Int
    /// How long the metrics of connections are kept as they were measured.
    private let metricsDays: Int

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool, days: Int, metricsDays: Int) {
        self.pool = pool
        self.days = days
        self.metricsDays = metricsDays
    }

    private static let step = 5_000
    private static let deadline = Duration.seconds(300)

    /// Deletes everything that is past its time at the moment `now`; `progress` gets the table and how
    /// many rows of it went.
    package func deleteOld(
        now: Timestamp, progress: (String, Int) -> Void = { _, _ in }
    ) async throws -> [RetentionRecord] {
        var records: [RetentionRecord] = []
        for data in RetentionData.allCases {
            guard let table = data.rollupTable else { continue }
            let statement = Self.deleteStates(table)
            let parameters: [PostgresValue] = [
                .timestamp(now), data == .states5Minutes ? .int(Int64(days)) : .null, .text(data.rawValue),
            ]
            records += try await deleteAll(statement, parameters, table, progress)
        }
        let before = now.adding(seconds: -Int64(days) * 86_400)
        records += try await deleteAll(
            Self.deleteBefore("home_assistant_metrics_5_minutes", "bucket_start"), [.timestamp(before)],
            "home_assistant_metrics_5_minutes", progress)
        return records
    }

    /// Deletes metrics of connections that are past their time at the moment `now`, once they are rolled up.
    package func deleteOldMetrics(now: Timestamp) async throws -> [RetentionRecord] {
        let before = now.adding(seconds: -Int64(metricsDays) * 86_400)
        let table = "home_assistant_connection_metrics"
        let statement = Self.deleteBefore(
            table, "timestamp",
            where: """
                AND connection_id IN (
                    SELECT id FROM home_assistant_connections WHERE home_assistant_rollups_are_current(id, $1))
                """)
        return try await deleteAll(statement, [.timestamp(before)], table) { _, _ in }
    }

    private func deleteAll(
        _ statement: String, _ parameters: [PostgresValue], _ table: String, _ progress: (String, Int) -> Void
    ) async throws -> [RetentionRecord] {
        var counts: [ConnectionID: Int] = [:]
        var last = Self.step
        while last >= Self.step {
            try Task.checkCancellation()
            let step = try await pool.withConnection { session in
                var step: [ConnectionID: Int] = [:]
                let rows = try await session.query(
                    statement, parameters, name: "delete_old_rows", deadline: Self.deadline)
                for row in rows { step[try row.id("connection_id")] = try row.int("count") }
                return step
            }
            last = step.values.reduce(0, +)
            counts.merge(step, uniquingKeysWith: +)
            if last > 0 { progress(table, counts.values.reduce(0, +)) }
        }
        return counts.map { RetentionRecord(connection: $0.key, table: table, rows: $0.value) }
    }

    private static func deleteBefore(_ table: String, _ time: String, where condition: String = "") -> String {
        """
        WITH deleted AS (
            DELETE FROM \(table) WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM \(table) WHERE \(time) < $1::timestamptz \(condition) ORDER BY \(time) LIMIT \(step)
                FOR UPDATE SKIP LOCKED))
            RETURNING connection_id
        )
        SELECT connection_id, count(*) AS count FROM deleted GROUP BY connection_id
        """
    }

    /// `$1` now, `$2` days without a rule, NULL for ever, `$3` what it is about for the rules.
    private static func deleteStates(_ table: String) -> String {
        """
        WITH RECURSIVE pair AS (
            (SELECT connection_id, entity_id FROM \(table) ORDER BY connection_id, entity_id LIMIT 1)
            UNION ALL
            SELECT following.connection_id, following.entity_id
            FROM pair CROSS JOIN LATERAL (
                SELECT row.connection_id, row.entity_id FROM \(table) AS row
                WHERE (row.connection_id, row.entity_id) > (pair.connection_id, pair.entity_id)
                ORDER BY row.connection_id, row.entity_id LIMIT 1
            ) AS following
        ), resolved AS MATERIALIZED (
            SELECT pair.*, home_assistant_retention_rule_for($3, pair.connection_id, NULL, pair.entity_id) AS rule_id
            FROM pair
        ), judged AS MATERIALIZED (
            SELECT resolved.connection_id, resolved.entity_id, least(
                    $1::timestamptz - interval '24 hours' * CASE
                        WHEN resolved.rule_id IS NULL THEN $2::integer ELSE rule.keep_days END,
                    (
                        SELECT row.bucket_start FROM \(table) AS row
                        WHERE row.connection_id = resolved.connection_id AND row.entity_id = resolved.entity_id
                        ORDER BY row.bucket_start DESC LIMIT 1
                    )) AS until
            FROM resolved LEFT JOIN home_assistant_retention_rule AS rule ON rule.id = resolved.rule_id
            WHERE CASE WHEN resolved.rule_id IS NULL THEN $2::integer ELSE rule.keep_days END IS NOT NULL
        ), deleted AS (
            DELETE FROM \(table) WHERE ctid = ANY (ARRAY(
                SELECT old.ctid FROM judged CROSS JOIN LATERAL (
                    SELECT row.ctid FROM \(table) AS row
                    WHERE row.connection_id = judged.connection_id AND row.entity_id = judged.entity_id
                        AND row.bucket_start < judged.until
                    LIMIT \(step) FOR UPDATE SKIP LOCKED
                ) AS old LIMIT \(step)))
            RETURNING connection_id
        )
        SELECT connection_id, count(*) AS count FROM deleted GROUP BY connection_id
        """
    }
}
