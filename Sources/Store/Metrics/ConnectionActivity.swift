import BridgeCore
import PostgresClient

/// How a connection fared in an hour.
package struct ConnectionHour: Sendable, Equatable {
    package let connectionID: ConnectionID
    package let connectionName: String
    /// Its start.
    package let hour: Timestamp
    package let latencyMS: Double?
    package let worstLatencyMS: Double?
    package let uptimePercent: Double?
    package let errorRatePercent: Double?
    package let eventsPerSecond: Double?
    package let mostEventsPerSecond: Double?
}

/// How many events came in a stretch of time.
package struct ActivityBucket: Sendable, Equatable {
    /// `nil` for several connections together.
    package let connection: ConnectionID?
    package let start: Timestamp
    package let events: Double
    /// Percent of the time in which the connections stood; `nil` where nothing was measured.
    package let uptimePercent: Double?
}

extension ConnectionMetricsRepository {
    /// The hours of `connections` in a stretch of time, oldest first, as far as they are rolled up.
    package func hours(of connections: [ConnectionID], in range: Range<Timestamp>) async throws -> [ConnectionHour] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT
                    connection_id, house, hour, latency_ms, worst_latency_ms, uptime_percent, error_rate_percent,
                    events_per_second, most_events_per_second
                FROM home_assistant_metrics_by_hour
                WHERE connection_id = ANY($1::uuid[]) AND hour >= $2 AND hour < $3
                ORDER BY hour, house, connection_id
                """,
                [
                    .textArray(connections.map(\.description)), .timestamp(range.lowerBound),
                    .timestamp(range.upperBound),
                ], name: "metrics_by_hour"
            ).map { row throws(PostgresError) in
                ConnectionHour(
                    connectionID: try row.id("connection_id"), connectionName: try row.string("house"),
                    hour: try row.timestamp("hour"), latencyMS: try row.optionalDouble("latency_ms"),
                    worstLatencyMS: try row.optionalDouble("worst_latency_ms"),
                    uptimePercent: try row.optionalDouble("uptime_percent"),
                    errorRatePercent: try row.optionalDouble("error_rate_percent"),
                    eventsPerSecond: try row.optionalDouble("events_per_second"),
                    mostEventsPerSecond: try row.optionalDouble("most_events_per_second"))
            }
        }
    }

    /// How many events came from `connections` by five minutes, from the samples, from each or from all together; buckets without
    /// a sample are left out.
    package func activityByFiveMinutes(
        of connections: [ConnectionID], each: Bool, in range: Range<Timestamp>
    ) async throws -> [ActivityBucket] {
        try await activity(
            """
            SELECT
                CASE WHEN $4 THEN sample.connection_id END AS connection_id,
                date_bin('5 minutes', sample.timestamp, '2000-01-01Z') AS bucket,
                sum(sample.metric_value * 60) FILTER (WHERE sample.metric_type = 'event_rate') AS events,
                avg(sample.metric_value) FILTER (WHERE sample.metric_type = 'uptime') AS uptime
            FROM home_assistant_connection_metrics AS sample
            WHERE sample.connection_id = ANY($1::uuid[]) AND sample.metric_type IN ('event_rate', 'uptime')
                AND sample.timestamp >= $2 AND sample.timestamp < $3
            GROUP BY 1, 2
            """, connections, each, range)
    }

    /// The same by hour, from the roll-up, and what of the last hours is not in it from the samples.
    package func activityByHour(
        of connections: [ConnectionID], each: Bool, in range: Range<Timestamp>
    ) async throws -> [ActivityBucket] {
        try await activity(
            """
            WITH rolled AS (
                SELECT connection_id, metric_type, bucket_start, mean, sample_count
                FROM home_assistant_metrics_hourly
                WHERE connection_id = ANY($1::uuid[]) AND metric_type IN ('event_rate', 'uptime')
                    AND bucket_start >= $2 AND bucket_start < $3
            ), fresh AS (
                SELECT sample.connection_id, sample.metric_type, date_bin('1 hour', sample.timestamp, '2000-01-01Z') AS bucket_start,
                    avg(sample.metric_value) AS mean, count(*) AS sample_count
                FROM home_assistant_connection_metrics AS sample
                WHERE sample.connection_id = ANY($1::uuid[]) AND sample.metric_type IN ('event_rate', 'uptime')
                    AND sample.timestamp >= greatest($2::timestamptz, date_bin('1 hour', now() - interval '3 hours', '2000-01-01Z'))
                    AND sample.timestamp < $3
                GROUP BY 1, 2, 3
            ), bucket AS (
                SELECT * FROM fresh
                UNION ALL
                SELECT * FROM rolled WHERE NOT EXISTS (
                    SELECT FROM fresh WHERE fresh.connection_id = rolled.connection_id
                        AND fresh.metric_type = rolled.metric_type AND fresh.bucket_start = rolled.bucket_start)
            )
            SELECT
                CASE WHEN $4 THEN connection_id END AS connection_id,
                bucket_start AS bucket,
                sum(mean * sample_count * 60) FILTER (WHERE metric_type = 'event_rate') AS events,
                avg(mean) FILTER (WHERE metric_type = 'uptime') AS uptime
            FROM bucket GROUP BY 1, 2
            """, connections, each, range)
    }

    private func activity(
        _ sql: String, _ connections: [ConnectionID], _ each: Bool, _ range: Range<Timestamp>
    ) async throws -> [ActivityBucket] {
        try await pool.withConnection { session in
            try await session.query(
                sql,
                [
                    .textArray(connections.map(\.description)), .timestamp(range.lowerBound),
                    .timestamp(range.upperBound), .bool(each),
                ], name: "activity"
            ).map { row throws(PostgresError) in
                ActivityBucket(
                    connection: try row.optionalID("connection_id"), start: try row.timestamp("bucket"),
                    events: try row.optionalDouble("events") ?? 0,
                    uptimePercent: try row.optionalDouble("uptime"))
            }
        }
    }
}
