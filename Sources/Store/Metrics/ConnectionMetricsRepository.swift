import BridgeCore
import PostgresClient

/// The table `home_assistant_connection_metrics`. Methods throw `PostgresError`.
package struct ConnectionMetricsRepository: Sendable {
    let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Stores samples. One of an interval and type that is stored already changes nothing, nor does one of a connection that is
    /// gone, nor one whose value is NaN. With `claims`, nor one of a connection whose lease is not held as claimed until the
    /// commit.
    package func append(_ samples: [MetricSample], under claims: LeaseClaims? = nil) async throws {
        let samples = samples.filter { !$0.value.isNaN }
        guard !samples.isEmpty else { return }
        _ = try await pool.withConnection { session in
            // The rows of the connections are locked against deletion, in the order of their ids: the foreign key would
            // otherwise fail the whole batch for one that goes meanwhile.
            try await session.query(
                """
                WITH known AS (
                    SELECT id FROM home_assistant_connections WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE
                ), held AS MATERIALIZED (
                    \(LeaseClaims.held(known: "known", first: 5))
                )
                INSERT INTO home_assistant_connection_metrics (connection_id, metric_type, metric_value, timestamp)
                SELECT sample.connection_id, sample.metric_type, sample.metric_value, sample.timestamp
                FROM unnest($1::uuid[], $2::text[], $3::numeric[], $4::timestamptz[]) WITH ORDINALITY
                    AS sample (connection_id, metric_type, metric_value, timestamp, position)
                JOIN known ON known.id = sample.connection_id
                WHERE $5::uuid IS NULL OR known.id IN (SELECT id FROM held)
                ORDER BY sample.connection_id, sample.metric_type, sample.timestamp, sample.position
                ON CONFLICT DO NOTHING
                """,
                [
                    .textArray(samples.map(\.connectionID.description)), .textArray(samples.map(\.type)),
                    .textArray(samples.map { "\($0.value)" }), .textArray(samples.map(\.timestamp.iso8601)),
                ] + LeaseClaims.parameters(claims), name: "append_metrics")
        }
    }

    /// The samples of a connection from `since` on, oldest first, all types.
    package func recent(connection: ConnectionID, since: Timestamp) async throws -> [MetricSample] {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT connection_id, metric_type, metric_value, timestamp
                FROM home_assistant_connection_metrics
                WHERE connection_id = $1 AND timestamp >= $2
                ORDER BY timestamp, metric_type
                """, [.id(connection), .timestamp(since)], name: "recent_metrics")
            return try result.map { row in
                MetricSample(
                    connectionID: try row.id("connection_id"), type: try row.string("metric_type"),
                    value: try row.double("metric_value"), timestamp: try row.timestamp("timestamp"))
            }
        }
    }
}
