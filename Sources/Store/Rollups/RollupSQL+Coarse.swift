extension RollupSQL {
    /// The connections for which a step would find something to do, all asked at once: a step of its own for each of many quiet
    /// houses costs more than all else that is done for them.
    static let due = """
        SELECT connection.id
        FROM home_assistant_connections AS connection
        LEFT JOIN home_assistant_rollup_progress AS progress ON progress.connection_id = connection.id
        WHERE connection.removed_at IS NULL AND (
            progress.connection_id IS NULL OR progress.marked_until < 'infinity'
            OR progress.time_zone <> automation_time_zone(connection.time_zone)
            OR EXISTS (
                SELECT FROM home_assistant_rollup_dirty
                WHERE connection_id = connection.id AND \(isFiveMinutesOver)
            )
            OR EXISTS (
                SELECT FROM (
                    SELECT \(end(zone: "progress.time_zone")) AS bucket_end FROM home_assistant_rollup_pending
                    WHERE connection_id = connection.id AND bucket_start < now() - interval '1 hour'
                    -- OFFSET 0: the end of a day costs a call, so the index comes first.
                    OFFSET 0
                ) AS mark
                WHERE \(isOver)
            )
        )
        ORDER BY connection.id
        """

    /// Of a mark of 5 minutes: they are over, and their last events have had time to come.
    static let isFiveMinutesOver = "bucket_start < now() - interval '5 minutes 10 seconds'"

    /// When what a row of the pending ones stands for ends.
    private static func end(zone: String) -> String {
        """
        CASE WHEN kind IN ('day', 'metrics_day') THEN home_assistant_next_day_start(bucket_start, \(zone))
            ELSE bucket_start + interval '1 hour' END
        """
    }

    private static let isOver = "bucket_end < now() - interval '15 seconds'"

    /// Marks of `$1`, a connection, of the kind `$2`, whose time is over by the zone `$3`; of what still waits for its 5 minutes, none.
    /// At most `$4`, the oldest first.
    static let pending = """
        SELECT (extract(epoch FROM bucket_start) / 300)::bigint AS bucket, generation
        FROM (
            SELECT pending.*, \(end(zone: "$3")) AS bucket_end
            FROM home_assistant_rollup_pending AS pending
            WHERE connection_id = $1 AND kind = $2 AND bucket_start < now() - interval '1 hour'
        ) AS mark
        WHERE \(isOver)
            AND NOT EXISTS (
                SELECT FROM home_assistant_rollup_dirty AS dirty
                WHERE dirty.connection_id = $1 AND dirty.bucket_start >= mark.bucket_start
                    AND dirty.bucket_start < mark.bucket_end AND $2 IN ('hour', 'day')
            )
            AND NOT EXISTS (
                SELECT FROM home_assistant_rollup_pending AS hour
                WHERE hour.connection_id = $1 AND hour.kind = 'metrics' AND hour.bucket_start >= mark.bucket_start
                    AND hour.bucket_start < mark.bucket_end AND $2 = 'metrics_day'
            )
        ORDER BY bucket_start LIMIT $4
        """

    /// Hours or days of the states of `$1` that begin at `$2`, the days in the zone `$3`; `level` is `hourly` or `daily`.
    static func compose(_ level: String) -> String {
        let end =
            level == "daily" ? "home_assistant_next_day_start(bucket.start, $3)" : "bucket.start + interval '1 hour'"
        let newValues = values.map { "composed.\($0)" }.joined(separator: ", ")
        return """
            WITH bucket AS (
                SELECT start, \(end) AS stop
                FROM (SELECT to_timestamp(number * 300) AS start FROM unnest($2::text[]::bigint[]) AS number) AS bucket
                -- Of which the zone counts for days alone.
                WHERE $3::text IS NOT NULL
            ),
            written AS (
                INSERT INTO home_assistant_states_\(level) AS stored (
                    connection_id, entity_id, bucket_start, \(values.joined(separator: ", ")), source)
                SELECT $1, composed.entity_id, bucket.start, \(newValues), 'events'
                FROM bucket
                CROSS JOIN LATERAL home_assistant_compose_rollup($1, NULL, bucket.start, bucket.stop, bucket.stop) AS composed
                LEFT JOIN home_assistant_states_\(level) AS old
                    ON old.connection_id = $1 AND old.entity_id = composed.entity_id AND old.bucket_start = bucket.start
                WHERE CASE old.source
                    -- Once some of its 5 minutes have gone, it stays as it is.
                    WHEN 'events' THEN composed.sample_count >= old.sample_count AND composed.first_at <= old.first_at
                    -- Home Assistant's own statistics stay where the events do not tell of all of the time.
                    WHEN 'statistics' THEN composed.known_seconds + coalesce((
                            SELECT sum(value::double precision) FROM jsonb_each_text(composed.state_seconds)
                        ), 0) > extract(epoch FROM bucket.stop - bucket.start)::double precision - 0.001
                    ELSE true
                END
                ORDER BY composed.entity_id, bucket.start
                ON CONFLICT (connection_id, entity_id, bucket_start) DO UPDATE SET
                    \(values.map { "\($0) = EXCLUDED.\($0)" }.joined(separator: ", ")), source = 'events'
                WHERE (\(values.map { "stored.\($0)" }.joined(separator: ", ")), stored.source)
                    IS DISTINCT FROM (\(values.map { "EXCLUDED.\($0)" }.joined(separator: ", ")), 'events')
                RETURNING 1
            )
            SELECT count(*) AS written FROM written
            """
    }

    /// 5 minutes and hours of the metrics of `$1` in the hours that begin at `$2`; marks the days of `$3` around them.
    static let metricHours = """
        WITH sample AS MATERIALIZED (
            SELECT
                stored.metric_type, stored.metric_value::double precision AS value, stored.timestamp,
                date_bin('5 minutes', stored.timestamp, '2000-01-01Z') AS bucket_start
            FROM unnest($2::text[]::bigint[]) AS number
            JOIN home_assistant_connection_metrics AS stored ON stored.connection_id = $1
                AND stored.timestamp >= to_timestamp(number * 300) AND stored.timestamp < to_timestamp(number * 300 + 3600)
        ),
        fine AS (
            \(metricUpsert("5_minutes", "bucket_start"))
        ),
        coarse AS (
            \(metricUpsert("hourly", "date_bin('1 hour', bucket_start, '2000-01-01Z')"))
        ),
        marked AS (
            INSERT INTO home_assistant_rollup_pending (connection_id, kind, bucket_start)
            SELECT DISTINCT $1::uuid, 'metrics_day', home_assistant_day_start(bucket_start, $3) FROM fine
            ORDER BY 3
            ON CONFLICT (connection_id, kind, bucket_start) DO UPDATE SET generation = EXCLUDED.generation
        )
        SELECT (SELECT count(*) FROM fine) + (SELECT count(*) FROM coarse) AS written
        """

    private static func metricUpsert(_ level: String, _ bucket: String) -> String {
        """
        INSERT INTO home_assistant_metrics_\(level) AS stored
                (connection_id, metric_type, bucket_start, sample_count, minimum, maximum, mean, last_value)
            SELECT
                $1, metric_type, \(bucket) AS bucket, count(*), min(value), max(value), avg(value),
                (array_agg(value ORDER BY timestamp DESC))[1]
            FROM sample GROUP BY metric_type, bucket
            ORDER BY metric_type, bucket
            ON CONFLICT (connection_id, metric_type, bucket_start) DO UPDATE SET \(metricAssignments)
            RETURNING bucket_start
        """
    }

    /// What was made of more samples stays: some of them have gone.
    private static let metricAssignments = """
        sample_count = EXCLUDED.sample_count, minimum = EXCLUDED.minimum, maximum = EXCLUDED.maximum,
            mean = EXCLUDED.mean, last_value = EXCLUDED.last_value
            WHERE EXCLUDED.sample_count >= stored.sample_count
        """

    /// Days of the metrics of `$1` that begin at `$2` in the zone `$3`.
    static let metricDays = """
        WITH written AS (
            INSERT INTO home_assistant_metrics_daily AS stored
                (connection_id, metric_type, bucket_start, sample_count, minimum, maximum, mean, last_value)
            SELECT
                $1, part.metric_type, day.start, sum(part.sample_count), min(part.minimum), max(part.maximum),
                sum(part.mean * part.sample_count) / sum(part.sample_count),
                (array_agg(part.last_value ORDER BY part.bucket_start DESC))[1]
            FROM (SELECT to_timestamp(number * 300) AS start FROM unnest($2::text[]::bigint[]) AS number) AS day
            JOIN home_assistant_metrics_5_minutes AS part ON part.connection_id = $1
                AND part.bucket_start >= day.start AND part.bucket_start < home_assistant_next_day_start(day.start, $3)
            GROUP BY part.metric_type, day.start
            ORDER BY part.metric_type, day.start
            ON CONFLICT (connection_id, metric_type, bucket_start) DO UPDATE SET \(metricAssignments)
            RETURNING 1
        )
        SELECT count(*) AS written FROM written
        """
}
