/// The SQL that makes roll-ups. Times of buckets are numbers: how many 5 minutes since 1970.
enum RollupSQL {
    /// Computes 5 minutes of a connection from their events, and marks the hours and days around what has changed.
    ///
    /// `$1` the connection, `$2` the buckets, `$3` their entities, `$4` the time zone of the days. With `forEntities` each bucket is
    /// computed for the entity at its side; else for every entity, and `$3` is NULL.
    ///
    /// Returns the rows that are to be computed because what they carry on has changed (`entity_id`, `bucket`), and in each of them
    /// `written`, how many rows were written; at least one row, whose entity may be NULL.
    static func fiveMinutes(forEntities: Bool) -> String {
        let events =
            forEntities
            ? "event.entity_id = mark.entity_id" : "event.entity_id IS NOT NULL"
        return """
            WITH mark AS MATERIALIZED (
                SELECT to_timestamp(bucket * 300) AS bucket_start, to_timestamp(bucket * 300 + 300) AS bucket_end, entity_id
                FROM unnest($2::text[]::bigint[], $3::text[]) AS given (bucket, entity_id)
            ),
            event AS MATERIALIZED (
                SELECT
                    mark.bucket_start, event.entity_id, event.timestamp, event.new_state, event.value,
                    event.attributes ->> 'state_class' AS state_class, event.attributes ->> 'last_reset' AS last_reset,
                    row_number() OVER series AS number,
                    extract(epoch FROM
                        lead(event.timestamp, 1, mark.bucket_end) OVER series - event.timestamp)::double precision AS seconds
                FROM mark
                -- OFFSET 0: bucket by bucket, which finds the month and its index. As a join, the planner would rather read every month
                -- in the order of the entities.
                CROSS JOIN LATERAL (
                    SELECT event.* FROM home_assistant_events AS event
                    WHERE event.connection_id = $1 AND \(events) AND event.event_type = 'state_changed'
                        AND event.timestamp >= mark.bucket_start AND event.timestamp < mark.bucket_end
                    OFFSET 0
                ) AS event
                WINDOW series AS (
                    PARTITION BY event.entity_id, mark.bucket_start
                    -- An entity that is removed in the moment of its last change stays removed.
                    ORDER BY event.timestamp, event.new_state IS NULL, event.id
                )
            ),
            old AS MATERIALIZED (
                -- By an array of the buckets, for which there is an index: to a join, all of the table might look cheaper.
                SELECT stored.* FROM home_assistant_states_5_minutes AS stored
                WHERE stored.connection_id = $1 AND stored.bucket_start = ANY (ARRAY(SELECT DISTINCT bucket_start FROM mark))\(
                    forEntities ? " AND stored.entity_id = ANY ($3::text[])" : "")
            ),
            \(counters),
            \(durations),
            own AS (
                SELECT
                    event.entity_id, event.bucket_start, count(*)::integer AS sample_count,
                    min(event.timestamp) AS first_at, max(event.timestamp) AS last_at,
                    min(event.value) AS minimum, max(event.value) AS maximum,
                    coalesce(sum(event.seconds) FILTER (WHERE event.value IS NOT NULL), 0) AS known_seconds,
                    coalesce(sum(\(tame("event.value")) * (event.seconds / 300)) FILTER (WHERE event.value IS NOT NULL), 0)
                        AS weighted,
                    (array_agg(event.value ORDER BY event.number DESC))[1] AS last_value,
                    (array_agg(event.new_state ORDER BY event.number DESC))[1] AS last_state
                FROM event LEFT JOIN old USING (entity_id, bucket_start)
                GROUP BY event.entity_id, event.bucket_start
                -- Once events of a bucket have gone, its row stays as it is: what remains is not the whole. Events go from the oldest on.
                HAVING bool_and(old.source IS DISTINCT FROM 'events')
                    OR bool_or(event.timestamp = old.first_at) AND count(*) >= max(old.sample_count)
                        AND max(event.timestamp) >= max(old.last_at)
            ),
            \(carried),
            final AS MATERIALIZED (
                SELECT
                    entity_id, bucket_start, sample_count, first_at, last_at,
                    least(minimum, CASE WHEN carried_seconds > 0 THEN carried_value END) AS minimum,
                    greatest(maximum, CASE WHEN carried_seconds > 0 THEN carried_value END) AS maximum,
                    (weighted + CASE WHEN carried_value IS NULL THEN 0
                        ELSE \(tame("carried_value")) * (carried_seconds / 300) END)
                        / nullif(
                            (known_seconds + CASE WHEN carried_value IS NULL THEN 0 ELSE carried_seconds END) / 300, 0)
                        AS mean,
                    known_seconds + CASE WHEN carried_value IS NULL THEN 0 ELSE carried_seconds END AS known_seconds,
                    last_value, last_state,
                    inner_change + \(step(
                        from: "carried_counter", "carried_reset", to: "first_counter", "first_reset", "first_class"))
                        AS change,
                    coalesce(own_counter, carried_counter) AS counter_value,
                    CASE WHEN own_counter IS NULL THEN carried_reset ELSE own_reset END AS counter_reset,
                    CASE WHEN carried_seconds > 0 AND carried_value IS NULL AND carried_state IS NOT NULL
                        THEN coalesce(state_seconds, '{}') || jsonb_build_object(
                            carried_state,
                            trim_scale(carried_seconds::numeric + coalesce((state_seconds ->> carried_state)::numeric, 0)))
                        ELSE state_seconds
                    END AS state_seconds
                FROM carried
            ),
            written AS (
                INSERT INTO home_assistant_states_5_minutes AS stored (connection_id, \(columnList), source)
                SELECT $1, \(columnList), 'events' FROM final
                ORDER BY entity_id, bucket_start
                ON CONFLICT (connection_id, entity_id, bucket_start) DO UPDATE SET
                    \(values.map { "\($0) = EXCLUDED.\($0)" }.joined(separator: ", ")), source = 'events'
                WHERE (\(values.map { "stored.\($0)" }.joined(separator: ", ")), stored.source)
                    IS DISTINCT FROM (\(values.map { "EXCLUDED.\($0)" }.joined(separator: ", ")), 'events')
                RETURNING bucket_start
            ),
            marked AS (
                INSERT INTO home_assistant_rollup_pending (connection_id, kind, bucket_start)
                SELECT $1, 'hour', start FROM (
                    SELECT DISTINCT date_bin('1 hour', bucket_start, '2000-01-01Z') AS start FROM written
                ) AS hour
                UNION ALL
                SELECT $1, 'day', start FROM (
                    SELECT DISTINCT home_assistant_day_start(bucket_start, $4) AS start FROM written
                ) AS day
                ON CONFLICT (connection_id, kind, bucket_start) DO UPDATE SET generation = EXCLUDED.generation
            ),
            following AS (
                SELECT DISTINCT final.entity_id, (extract(epoch FROM next.bucket_start) / 300)::bigint AS bucket
                FROM final
                LEFT JOIN old USING (entity_id, bucket_start)
                CROSS JOIN LATERAL (
                    SELECT stored.bucket_start FROM home_assistant_states_5_minutes AS stored
                    WHERE stored.connection_id = $1 AND stored.entity_id = final.entity_id
                        AND stored.bucket_start > final.bucket_start AND stored.source = 'events'
                    ORDER BY stored.bucket_start LIMIT 1
                ) AS next
                WHERE (old.source, final.last_state, final.last_value, final.counter_value, final.counter_reset)
                    IS DISTINCT FROM ('events', old.last_state, old.last_value, old.counter_value, old.counter_reset)
                    AND NOT EXISTS (
                        SELECT FROM final AS computed
                        WHERE computed.entity_id = final.entity_id AND computed.bucket_start = next.bucket_start
                    )
            )
            SELECT following.entity_id, following.bucket, counted.written
            FROM (SELECT count(*) AS written FROM written) AS counted LEFT JOIN following ON true
            ORDER BY following.bucket, following.entity_id
            """
    }

    /// What a row of the events' roll-ups holds beside its key and its source.
    static let values = [
        "sample_count", "first_at", "last_at", "minimum", "maximum", "mean", "known_seconds", "last_value",
        "last_state",
        "change", "counter_value", "counter_reset", "state_seconds",
    ]

    /// A number that can be multiplied by a share of its bucket without an error of the range.
    private static func tame(_ value: String) -> String {
        "CASE WHEN abs(\(value)) < 1e-280 THEN 0 ELSE greatest(least(\(value), 1e300), -1e300) END"
    }

    private static let columnList = (["entity_id", "bucket_start"] + values).joined(separator: ", ")

    /// What a counter rose by from one reading to the next, by the rules of Home Assistant's own statistics: a new `last_reset`, or
    /// a fall by more than a tenth of what always rises, is a reset, and the new reading counts from 0.
    private static func step(
        from value: String, _ reset: String, to newValue: String, _ newReset: String, _ stateClass: String
    ) -> String {
        """
        CASE
            WHEN \(value) IS NULL THEN 0
            WHEN \(stateClass) = 'total_increasing' AND \(newValue) < 0.9 * \(value) THEN \(newValue)
            WHEN \(stateClass) = 'total' AND \(newReset) IS NOT NULL AND \(newReset) IS DISTINCT FROM \(reset) THEN \(newValue)
            ELSE \(newValue) - \(value)
        END
        """
    }

    /// The readings of counters: the first and the last of each bucket, and what they rose by in between.
    private static let counters = """
        reading AS (
            SELECT
                entity_id, bucket_start, value, last_reset, state_class,
                row_number() OVER series AS number,
                row_number() OVER (PARTITION BY entity_id, bucket_start ORDER BY number DESC) AS number_from_end,
                lag(value) OVER series AS previous_value, lag(last_reset) OVER series AS previous_reset
            FROM event
            -- Between these, no sum or product is out of range.
            WHERE (value = 0 OR abs(value) BETWEEN 1e-280 AND 1e290)
                AND (state_class = 'total' OR state_class = 'total_increasing' AND value >= 0)
            WINDOW series AS (PARTITION BY entity_id, bucket_start ORDER BY number)
        ),
        counter AS (
            SELECT
                entity_id, bucket_start,
                coalesce(sum(\(step(
                    from: "previous_value", "previous_reset", to: "value", "last_reset", "state_class")))
                    FILTER (WHERE number > 1), 0) AS inner_change,
                max(value) FILTER (WHERE number = 1) AS first_counter,
                max(last_reset) FILTER (WHERE number = 1) AS first_reset,
                max(state_class) FILTER (WHERE number = 1) AS first_class,
                max(value) FILTER (WHERE number_from_end = 1) AS own_counter,
                max(last_reset) FILTER (WHERE number_from_end = 1) AS own_reset
            FROM reading
            GROUP BY entity_id, bucket_start
        )
        """

    /// How long each state held that is no number. Whole microseconds, so that sums are exact.
    private static let durations = """
        duration AS (
            SELECT entity_id, bucket_start, jsonb_object_agg(new_state, seconds) AS state_seconds
            FROM (
                SELECT entity_id, bucket_start, new_state, trim_scale(sum(seconds::numeric)) AS seconds
                FROM event
                WHERE value IS NULL AND new_state IS NOT NULL
                GROUP BY entity_id, bucket_start, new_state
            ) AS state
            GROUP BY entity_id, bucket_start
        )
        """

    /// With what each bucket begins: the end of the bucket before, computed now or stored, whichever is later. Where the 5 minutes
    /// have gone, hours and days know it.
    private static let carried = """
        joined AS (
            SELECT
                own.*, duration.state_seconds, counter.inner_change, counter.first_counter, counter.first_reset,
                counter.first_class, counter.own_counter, counter.own_reset,
                coalesce(before.last_at, coarse.last_at) AS before_at,
                CASE WHEN before.last_at IS NULL THEN coarse.last_state ELSE before.last_state END AS before_state,
                CASE WHEN before.last_at IS NULL THEN coarse.last_value ELSE before.last_value END AS before_value,
                CASE WHEN before.last_at IS NULL THEN coarse.counter_value ELSE before.counter_value END AS before_counter,
                CASE WHEN before.last_at IS NULL THEN coarse.counter_reset ELSE before.counter_reset END AS before_reset
            FROM own
            LEFT JOIN duration USING (entity_id, bucket_start)
            LEFT JOIN counter USING (entity_id, bucket_start)
            LEFT JOIN LATERAL (
                SELECT stored.last_at, stored.last_state, stored.last_value, stored.counter_value, stored.counter_reset
                FROM home_assistant_states_5_minutes AS stored
                WHERE stored.connection_id = $1 AND stored.entity_id = own.entity_id
                    AND stored.bucket_start < own.bucket_start AND stored.source = 'events'
                ORDER BY stored.bucket_start DESC LIMIT 1
            ) AS before ON true
            LEFT JOIN LATERAL (
                (
                    SELECT stored.last_at, stored.last_state, stored.last_value, stored.counter_value, stored.counter_reset
                    FROM home_assistant_states_hourly AS stored
                    WHERE before.last_at IS NULL AND stored.connection_id = $1 AND stored.entity_id = own.entity_id
                        AND stored.bucket_start < own.bucket_start AND stored.last_at < own.bucket_start
                        AND stored.source = 'events'
                    ORDER BY stored.bucket_start DESC LIMIT 1
                )
                UNION ALL
                (
                    SELECT stored.last_at, stored.last_state, stored.last_value, stored.counter_value, stored.counter_reset
                    FROM home_assistant_states_daily AS stored
                    WHERE before.last_at IS NULL AND stored.connection_id = $1 AND stored.entity_id = own.entity_id
                        AND stored.bucket_start < own.bucket_start AND stored.last_at < own.bucket_start
                        AND stored.source = 'events'
                    ORDER BY stored.bucket_start DESC LIMIT 1
                )
                ORDER BY last_at DESC LIMIT 1
            ) AS coarse ON true
        ),
        sequenced AS (
            SELECT
                joined.*,
                lag(last_state) OVER series AS previous_state,
                lag(last_value) OVER series AS previous_value,
                -- True where the bucket before is stored and not one of those that are computed now.
                lag(last_at) OVER series IS NULL OR before_at > lag(last_at) OVER series AS is_after_stored
            FROM joined
            WINDOW series AS (PARTITION BY entity_id ORDER BY bucket_start)
        ),
        grouped AS (
            SELECT
                sequenced.*,
                count(*) FILTER (WHERE is_after_stored) OVER (PARTITION BY entity_id ORDER BY bucket_start) AS run
            FROM sequenced
        ),
        read AS (
            SELECT
                grouped.*,
                array_agg(own_counter) FILTER (WHERE own_counter IS NOT NULL) OVER earlier AS counters,
                array_agg(own_reset) FILTER (WHERE own_counter IS NOT NULL) OVER earlier AS resets,
                first_value(before_counter) OVER whole AS run_counter, first_value(before_reset) OVER whole AS run_reset
            FROM grouped
            WINDOW
                whole AS (PARTITION BY entity_id, run ORDER BY bucket_start),
                earlier AS (
                    PARTITION BY entity_id, run ORDER BY bucket_start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ),
        carried AS (
            SELECT
                read.*,
                extract(epoch FROM first_at - bucket_start)::double precision AS carried_seconds,
                CASE WHEN is_after_stored THEN before_state ELSE previous_state END AS carried_state,
                CASE WHEN is_after_stored THEN before_value ELSE previous_value END AS carried_value,
                coalesce(counters[cardinality(counters)], run_counter) AS carried_counter,
                CASE WHEN counters IS NULL THEN run_reset ELSE resets[cardinality(resets)] END AS carried_reset
            FROM read
        )
        """
}
