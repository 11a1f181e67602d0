import BridgeCore
import PostgresClient

/// What comes before the first roll-up of a connection, and after its time zone changed.
extension RollupRepository {
    /// Marks a part of what was stored before there were roll-ups, a month at most, and makes the days anew when the house has
    /// moved to another time zone. Call it until it is finished.
    package func prepare(_ connection: ConnectionID) async throws -> RollupStep {
        try await alone(connection) { session in
            try Self.begin(connection, session)
            try Self.followTimeZone(connection, session)
            let result = try session.query(
                Self.markHistory, [.id(connection)], name: "mark_rollup_history", deadline: Self.deadline)
            guard let row = result.first else { return RollupStep() }
            return RollupStep(buckets: try row.int("marked"), isUnfinished: try row.bool("is_unfinished"))
        }
    }

    /// Whether everything older than `time` is rolled up, so that its events may go.
    package func isCurrent(_ connection: ConnectionID, until time: Timestamp) async throws -> Bool {
        try await pool.withConnection { session in
            try await session.query(
                "SELECT home_assistant_rollups_are_current($1, $2) AS is_current", [.id(connection), .timestamp(time)],
                name: "rollups_are_current"
            ).one { row throws(PostgresError) in try row.bool("is_current") }
        }
    }

    /// The row that says how far the connection is; with it, all metrics are marked.
    private static func begin(_ connection: ConnectionID, _ session: isolated PostgresConnection) throws {
        let added = try session.query(
            """
            INSERT INTO home_assistant_rollup_progress (connection_id, time_zone)
            SELECT id, automation_time_zone(time_zone) FROM home_assistant_connections WHERE id = $1
            ON CONFLICT DO NOTHING
            """, [.id(connection)], name: "begin_rollups"
        ).affectedRows
        guard added > 0 else { return }
        _ = try session.query(
            """
            INSERT INTO home_assistant_rollup_pending (connection_id, kind, bucket_start)
            SELECT DISTINCT $1::uuid, 'metrics', date_bin('1 hour', timestamp, '2000-01-01Z')
            FROM home_assistant_connection_metrics WHERE connection_id = $1
            ORDER BY 3
            ON CONFLICT (connection_id, kind, bucket_start) DO UPDATE SET generation = EXCLUDED.generation
            """, [.id(connection)], name: "mark_metric_history", deadline: deadline)
    }

    /// Days begin at another moment in another zone. Those whose 5 minutes are there are made anew; older ones stay as they are.
    private static func followTimeZone(_ connection: ConnectionID, _ session: isolated PostgresConnection) throws {
        let moved = try session.query(
            """
            UPDATE home_assistant_rollup_progress AS progress
            SET time_zone = automation_time_zone(connection.time_zone), updated_at = now()
            FROM home_assistant_connections AS connection
            WHERE connection.id = $1 AND progress.connection_id = $1
                AND progress.time_zone <> automation_time_zone(connection.time_zone)
            RETURNING progress.time_zone
            """, [.id(connection)], name: "follow_time_zone")
        guard let zone = try moved.first?.string("time_zone") else { return }
        for (kind, states) in [("day", "states"), ("metrics_day", "metrics")] {
            // The first day of which the 5 minutes are whole: the one before may have lost some.
            let condition = states == "states" ? "AND source = 'events'" : ""
            let first = """
                (SELECT bucket_start FROM home_assistant_\(states)_5_minutes WHERE connection_id = $1 \(condition)
                ORDER BY bucket_start LIMIT 1)
                """
            _ = try session.query(
                "DELETE FROM home_assistant_rollup_pending WHERE connection_id = $1 AND kind = $2",
                [.id(connection), .text(kind)], name: "forget_days")
            _ = try session.query(
                """
                DELETE FROM home_assistant_\(states)_daily WHERE connection_id = $1 \(condition)
                AND bucket_start > \(first) - interval '25 hours'
                """, [.id(connection)], name: "delete_days", deadline: deadline)
            _ = try session.query(
                """
                INSERT INTO home_assistant_rollup_pending (connection_id, kind, bucket_start)
                SELECT DISTINCT $1::uuid, $2, home_assistant_day_start(bucket_start, $3)
                FROM (
                    SELECT DISTINCT bucket_start FROM home_assistant_\(states)_5_minutes WHERE connection_id = $1 \(condition)
                ) AS bucket
                ORDER BY 3
                ON CONFLICT (connection_id, kind, bucket_start) DO UPDATE SET generation = EXCLUDED.generation
                """, [.id(connection), .text(kind), .text(zone)], name: "mark_days", deadline: deadline)
        }
    }

    /// From the first event that is not marked, a month. The index on connection and time alone is read. What is stored from now on
    /// marks itself.
    private static let markHistory = """
        WITH step AS (
            SELECT first.timestamp AS from_time, coalesce(first.timestamp + interval '31 days', 'infinity') AS until_time
            FROM home_assistant_rollup_progress AS progress
            LEFT JOIN LATERAL (
                SELECT event.timestamp FROM home_assistant_events AS event
                WHERE event.connection_id = $1 AND event.timestamp >= progress.marked_until
                ORDER BY event.timestamp LIMIT 1
            ) AS first ON true
            WHERE progress.connection_id = $1 AND progress.marked_until < 'infinity'
        ),
        marked AS (
            INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start)
            SELECT DISTINCT $1::uuid, date_bin('5 minutes', event.timestamp, '2000-01-01Z')
            FROM step JOIN home_assistant_events AS event
                ON event.connection_id = $1 AND event.timestamp >= step.from_time AND event.timestamp < step.until_time
            ORDER BY 2
            ON CONFLICT (connection_id, bucket_start) DO UPDATE SET generation = EXCLUDED.generation
            RETURNING 1
        ),
        moved AS (
            UPDATE home_assistant_rollup_progress AS progress SET marked_until = step.until_time, updated_at = now()
            FROM step WHERE progress.connection_id = $1
        )
        SELECT (SELECT count(*) FROM marked) AS marked, step.until_time < 'infinity' AS is_unfinished FROM step
        """
}
