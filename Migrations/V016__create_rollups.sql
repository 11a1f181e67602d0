-- Roll-ups: numbers and durations by 5 minutes, hour and day, which outlive the events that they are made of.
-- How they are kept right under late, backfilled and duplicate events: README.md of this directory.
SET LOCAL ROLE ha_bridge_owner;

-- Roll-ups of states ---------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_states_5_minutes (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    bucket_start TIMESTAMPTZ NOT NULL,
    first_at TIMESTAMPTZ,
    last_at TIMESTAMPTZ,
    minimum DOUBLE PRECISION,
    maximum DOUBLE PRECISION,
    mean DOUBLE PRECISION,
    known_seconds DOUBLE PRECISION,
    last_value DOUBLE PRECISION,
    change DOUBLE PRECISION,
    counter_value DOUBLE PRECISION,
    sample_count INTEGER NOT NULL DEFAULT 0,
    -- "C": as in home_assistant_events.
    entity_id VARCHAR(255) COLLATE "C" NOT NULL,
    source VARCHAR(16) COLLATE "C" NOT NULL DEFAULT 'events',
    last_state TEXT,
    counter_reset TEXT,
    state_seconds JSONB,
    PRIMARY KEY (connection_id, entity_id, bucket_start),
    CONSTRAINT home_assistant_states_5_minutes_source_valid CHECK (source IN ('events', 'statistics')),
    CONSTRAINT home_assistant_states_5_minutes_samples_positive CHECK (sample_count >= 0),
    CONSTRAINT home_assistant_states_5_minutes_bucket_whole CHECK (
        date_bin('5 minutes', bucket_start, '2000-01-01 00:00:00+00') = bucket_start
    )
);
-- Everything of a period, whatever the entity: hours and days are made of it, and retention takes it away.
CREATE INDEX idx_home_assistant_states_5_minutes_bucket_start
    ON home_assistant_states_5_minutes (connection_id, bucket_start);

CREATE TABLE home_assistant_states_hourly (
    LIKE home_assistant_states_5_minutes INCLUDING DEFAULTS,
    PRIMARY KEY (connection_id, entity_id, bucket_start),
    FOREIGN KEY (connection_id) REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    CONSTRAINT home_assistant_states_hourly_source_valid CHECK (source IN ('events', 'statistics')),
    CONSTRAINT home_assistant_states_hourly_samples_positive CHECK (sample_count >= 0),
    CONSTRAINT home_assistant_states_hourly_bucket_whole CHECK (
        date_bin('1 hour', bucket_start, '2000-01-01 00:00:00+00') = bucket_start
    )
);
CREATE INDEX idx_home_assistant_states_hourly_bucket_start ON home_assistant_states_hourly (connection_id, bucket_start);

CREATE TABLE home_assistant_states_daily (
    LIKE home_assistant_states_5_minutes INCLUDING DEFAULTS,
    PRIMARY KEY (connection_id, entity_id, bucket_start),
    FOREIGN KEY (connection_id) REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    CONSTRAINT home_assistant_states_daily_source_valid CHECK (source IN ('events', 'statistics')),
    CONSTRAINT home_assistant_states_daily_samples_positive CHECK (sample_count >= 0)
);
CREATE INDEX idx_home_assistant_states_daily_bucket_start ON home_assistant_states_daily (connection_id, bucket_start);

-- Roll-ups of metrics --------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_metrics_5_minutes (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    bucket_start TIMESTAMPTZ NOT NULL,
    minimum DOUBLE PRECISION NOT NULL,
    maximum DOUBLE PRECISION NOT NULL,
    mean DOUBLE PRECISION NOT NULL,
    last_value DOUBLE PRECISION NOT NULL,
    sample_count INTEGER NOT NULL,
    metric_type VARCHAR(50) COLLATE "C" NOT NULL,
    PRIMARY KEY (connection_id, metric_type, bucket_start),
    CONSTRAINT home_assistant_metrics_5_minutes_samples_positive CHECK (sample_count >= 1)
);
CREATE INDEX idx_home_assistant_metrics_5_minutes_bucket_start
    ON home_assistant_metrics_5_minutes (connection_id, bucket_start);

CREATE TABLE home_assistant_metrics_hourly (
    LIKE home_assistant_metrics_5_minutes,
    PRIMARY KEY (connection_id, metric_type, bucket_start),
    FOREIGN KEY (connection_id) REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    CONSTRAINT home_assistant_metrics_hourly_samples_positive CHECK (sample_count >= 1)
);
CREATE INDEX idx_home_assistant_metrics_hourly_bucket_start ON home_assistant_metrics_hourly (connection_id, bucket_start);

CREATE TABLE home_assistant_metrics_daily (
    LIKE home_assistant_metrics_5_minutes,
    PRIMARY KEY (connection_id, metric_type, bucket_start),
    FOREIGN KEY (connection_id) REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    CONSTRAINT home_assistant_metrics_daily_samples_positive CHECK (sample_count >= 1)
);
CREATE INDEX idx_home_assistant_metrics_daily_bucket_start ON home_assistant_metrics_daily (connection_id, bucket_start);

-- What is to be computed ------------------------------------------------------------------------------------------------------

-- Never the same number twice: a mark that went and came again differs from the one that a job has read.
CREATE SEQUENCE home_assistant_rollup_generation;
COMMENT ON SEQUENCE home_assistant_rollup_generation IS 'Numbers the marks of what is to be rolled up.';

-- Without a foreign key: the writer of events inserts behind the lease that it holds, a deletion comes from the connection to
-- the lease, and each would wait for the other. A trigger of the connections deletes the marks.
CREATE TABLE home_assistant_rollup_dirty (
    connection_id UUID NOT NULL,
    bucket_start TIMESTAMPTZ NOT NULL,
    generation BIGINT NOT NULL DEFAULT nextval('home_assistant_rollup_generation'),
    PRIMARY KEY (connection_id, bucket_start)
)
-- Updated with each batch of events.
WITH (fillfactor = 50);

CREATE TABLE home_assistant_rollup_pending (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    kind VARCHAR(16) COLLATE "C" NOT NULL,
    bucket_start TIMESTAMPTZ NOT NULL,
    generation BIGINT NOT NULL DEFAULT nextval('home_assistant_rollup_generation'),
    PRIMARY KEY (connection_id, kind, bucket_start),
    CONSTRAINT home_assistant_rollup_pending_kind_valid CHECK (kind IN ('hour', 'day', 'metrics', 'metrics_day'))
)
WITH (fillfactor = 50);

CREATE TABLE home_assistant_rollup_progress (
    connection_id UUID PRIMARY KEY REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    marked_until TIMESTAMPTZ NOT NULL DEFAULT '-infinity',
    time_zone TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- What the columns mean -------------------------------------------------------------------------------------------------------

DO $$
DECLARE
    granularity record;
BEGIN
    FOR granularity IN
        SELECT * FROM (VALUES
            ('5_minutes', '5 minutes', 'Start of the 5 minutes.'), ('hourly', 'hour', 'Start of the hour (UTC).'),
            ('daily', 'day', 'Midnight in the time zone of the house.')
        ) AS level (suffix, name, start_comment)
    LOOP
        EXECUTE format(
            'COMMENT ON TABLE home_assistant_states_%s IS %L', granularity.suffix,
            format(
                'States by %s: one row for each entity and %s with at least one event. Between two rows the last one holds on; home_assistant_rollup_%s(…) fills that in. Stable.',
                granularity.name, granularity.name, granularity.suffix));
        EXECUTE format(
            'COMMENT ON COLUMN home_assistant_states_%s.bucket_start IS %L', granularity.suffix, granularity.start_comment);
        EXECUTE format(
            'COMMENT ON TABLE home_assistant_metrics_%s IS %L', granularity.suffix,
            format('home_assistant_connection_metrics by %s. Stable.', granularity.name));
        EXECUTE format(
            'COMMENT ON COLUMN home_assistant_metrics_%s.bucket_start IS %L', granularity.suffix, granularity.start_comment);
        EXECUTE format(
            $comments$
            COMMENT ON COLUMN home_assistant_states_%1$s.first_at IS 'Time of the first event.';
            COMMENT ON COLUMN home_assistant_states_%1$s.last_at IS 'Time of the last event.';
            COMMENT ON COLUMN home_assistant_states_%1$s.minimum IS 'Smallest number, with the one that held when the bucket began.';
            COMMENT ON COLUMN home_assistant_states_%1$s.maximum IS 'Largest number, with the one that held when the bucket began.';
            COMMENT ON COLUMN home_assistant_states_%1$s.mean IS 'Mean number, each weighted by how long it held.';
            COMMENT ON COLUMN home_assistant_states_%1$s.known_seconds IS 'How long a number was known.';
            COMMENT ON COLUMN home_assistant_states_%1$s.last_value IS 'The number at the end; NULL where none is known then.';
            COMMENT ON COLUMN home_assistant_states_%1$s.last_state IS 'The state at the end; NULL where the entity was removed.';
            COMMENT ON COLUMN home_assistant_states_%1$s.change IS
                'What a counter rose by, such as the energy used, resets handled; NULL for what is no counter.';
            COMMENT ON COLUMN home_assistant_states_%1$s.counter_value IS
                'The newest reading of a counter, also from before; what the next change is counted from.';
            COMMENT ON COLUMN home_assistant_states_%1$s.counter_reset IS 'The attribute last_reset of that reading.';
            COMMENT ON COLUMN home_assistant_states_%1$s.sample_count IS 'How many events it is made of.';
            COMMENT ON COLUMN home_assistant_states_%1$s.state_seconds IS
                'Seconds in each state that is no number, such as {"on": 120.5, "off": 179.5}; NULL where there was none.';
            COMMENT ON COLUMN home_assistant_states_%1$s.source IS
                'events; or statistics: imported from Home Assistant''s own, where there were no events.';
            COMMENT ON COLUMN home_assistant_metrics_%1$s.mean IS 'Mean of the samples.';
            COMMENT ON COLUMN home_assistant_metrics_%1$s.last_value IS 'The newest sample.';
            COMMENT ON COLUMN home_assistant_metrics_%1$s.sample_count IS 'How many samples it is made of.';
            $comments$, granularity.suffix);
    END LOOP;
END;
$$;

COMMENT ON TABLE home_assistant_rollup_dirty IS
    'Each 5 minutes in which events were stored since they were rolled up: marked in the transaction that stores them.';
COMMENT ON COLUMN home_assistant_rollup_dirty.generation IS
    'Another number with each mark: whoever has computed deletes the mark that it has read, and no newer one.';
COMMENT ON TABLE home_assistant_rollup_pending IS
    'Hours and days of which a finer roll-up has changed, and hours in which metrics were stored.';
COMMENT ON COLUMN home_assistant_rollup_pending.kind IS 'hour, day; metrics: an hour of them; metrics_day.';
COMMENT ON COLUMN home_assistant_rollup_pending.generation IS 'Another number with each mark.';
COMMENT ON TABLE home_assistant_rollup_progress IS 'How far the roll-ups of a connection are made.';
COMMENT ON COLUMN home_assistant_rollup_progress.marked_until IS
    'Up to here it is marked what was stored before there were roll-ups; infinity: all of it.';
COMMENT ON COLUMN home_assistant_rollup_progress.time_zone IS 'The time zone by which the days are made.';

DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY[
        'home_assistant_states_5_minutes', 'home_assistant_states_hourly', 'home_assistant_states_daily',
        'home_assistant_metrics_5_minutes', 'home_assistant_metrics_hourly', 'home_assistant_metrics_daily',
        'home_assistant_rollup_dirty', 'home_assistant_rollup_pending', 'home_assistant_rollup_progress'
    ] LOOP
        PERFORM home_assistant_protect_table(target::regclass, 'connection_id');
    END LOOP;
END;
$$;
GRANT USAGE ON SEQUENCE home_assistant_rollup_generation TO ha_bridge_writer;

-- Marks -----------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_mark_rollups(p_connections uuid[], p_buckets bigint[]) RETURNS void
LANGUAGE sql
AS $$
    -- In one order everywhere: two writers in opposite orders would wait for each other. The leases are those that the batch holds,
    -- so that no mark outlives its connection.
    INSERT INTO home_assistant_rollup_dirty AS mark (connection_id, bucket_start)
    SELECT DISTINCT marked.connection_id, to_timestamp(marked.bucket * 300)
    FROM unnest(p_connections, p_buckets) AS marked (connection_id, bucket)
    JOIN home_assistant_connection_leases AS lease ON lease.connection_id = marked.connection_id
    ORDER BY 1, 2
    ON CONFLICT (connection_id, bucket_start) DO UPDATE SET generation = EXCLUDED.generation
$$;
COMMENT ON FUNCTION home_assistant_mark_rollups(uuid[], bigint[]) IS
    'Marks 5 minutes of connections as to be rolled up again. The second array says which, by how many 5 minutes after 1970 they begin. Call it in the transaction that stores the events, behind home_assistant_seal_batch.';

CREATE FUNCTION home_assistant_mark_metric_rollups() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO home_assistant_rollup_pending (connection_id, kind, bucket_start)
    SELECT DISTINCT connection_id, 'metrics', date_bin('1 hour', timestamp, '2000-01-01Z') FROM stored_samples
    ORDER BY 1, 3
    ON CONFLICT (connection_id, kind, bucket_start) DO UPDATE SET generation = EXCLUDED.generation;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_mark_metric_rollups() IS
    'Trigger: marks the hours of new metrics as to be rolled up.';

CREATE TRIGGER mark_home_assistant_connection_metrics_rollups
    AFTER INSERT ON home_assistant_connection_metrics
    REFERENCING NEW TABLE AS stored_samples
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_mark_metric_rollups();

CREATE OR REPLACE FUNCTION home_assistant_delete_connection_rows() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM home_assistant_events WHERE connection_id IN (SELECT id FROM deleted_connections);
    DELETE FROM home_assistant_dead_letters WHERE connection_id IN (SELECT id FROM deleted_connections);
    DELETE FROM home_assistant_rollup_dirty WHERE connection_id IN (SELECT id FROM deleted_connections);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_delete_connection_rows() IS
    'Trigger: deletes the events, dead letters and marks of deleted connections.';

CREATE FUNCTION home_assistant_rollups_are_current(p_connection uuid, p_until timestamptz) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (
        SELECT FROM home_assistant_rollup_progress
        WHERE connection_id = p_connection AND marked_until >= p_until
    ) AND NOT EXISTS (
        SELECT FROM home_assistant_rollup_dirty WHERE connection_id = p_connection AND bucket_start < p_until
    ) AND NOT EXISTS (
        SELECT FROM home_assistant_rollup_pending WHERE connection_id = p_connection AND bucket_start < p_until
    )
$$;
COMMENT ON FUNCTION home_assistant_rollups_are_current(uuid, timestamptz) IS
    'Whether everything of a connection that is older than a moment is in its roll-ups. Ask in the statement that deletes: what is stored in between is then not deleted.';

-- Days ------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_day_start(p_at timestamptz, p_zone text) RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    -- Where clocks go back over midnight there are two; the second one counts, and what lies between belongs to the day before.
    SELECT CASE WHEN day.start <= p_at THEN day.start ELSE date_trunc('day', p_at - interval '3 hours', p_zone) END
    FROM (SELECT date_trunc('day', p_at, p_zone) AS start) AS day
$$;
COMMENT ON FUNCTION home_assistant_day_start(timestamptz, text) IS
    'The midnight in a time zone with which the day of a moment begins.';

CREATE FUNCTION home_assistant_next_day_start(p_at timestamptz, p_zone text) RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
    -- Days have 23 to 25 hours.
    SELECT home_assistant_day_start(home_assistant_day_start(p_at, p_zone) + interval '26 hours 30 minutes', p_zone)
$$;
COMMENT ON FUNCTION home_assistant_next_day_start(timestamptz, text) IS
    'The midnight in a time zone with which the day of a moment ends.';

-- Roll-ups of roll-ups --------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_compose_rollup(
    p_connection uuid, p_entity text, p_from timestamptz, p_to timestamptz, p_until timestamptz
) RETURNS SETOF home_assistant_states_5_minutes
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    -- Shares of it weigh the numbers, so that no sum is out of range.
    span double precision := extract(epoch FROM p_to - p_from);
BEGIN
    RETURN QUERY
    WITH part AS MATERIALIZED (
        SELECT
            bucket.*,
            row_number() OVER series AS number,
            row_number() OVER (PARTITION BY bucket.entity_id ORDER BY bucket.bucket_start DESC) AS number_from_end,
            extract(epoch FROM
                least(lead(bucket.bucket_start, 1, p_until) OVER series, p_until)
                    - bucket.bucket_start - interval '5 minutes')::double precision AS seconds_after
        FROM home_assistant_states_5_minutes AS bucket
        WHERE bucket.connection_id = p_connection AND (p_entity IS NULL OR bucket.entity_id = p_entity)
            AND bucket.bucket_start >= p_from AND bucket.bucket_start < p_to AND bucket.source = 'events'
        WINDOW series AS (PARTITION BY bucket.entity_id ORDER BY bucket.bucket_start)
    ),
    gap AS (
        -- Between two buckets, and after the last, the state at the end of the first holds.
        SELECT part.entity_id, part.last_state, part.last_value, part.seconds_after AS seconds
        FROM part WHERE part.seconds_after > 0
        UNION ALL
        SELECT
            part.entity_id, carried.last_state, carried.last_value,
            extract(epoch FROM part.bucket_start - p_from)::double precision
        FROM part
        CROSS JOIN LATERAL home_assistant_carried_state(p_connection, part.entity_id, p_from) AS carried
        WHERE part.number = 1 AND part.bucket_start > p_from
    ),
    weight AS (
        SELECT part.entity_id, part.minimum, part.maximum, part.mean, part.known_seconds AS seconds FROM part
        UNION ALL
        SELECT
            gap.entity_id, gap.last_value, gap.last_value,
            CASE WHEN abs(gap.last_value) < 1e-280 THEN 0 ELSE greatest(least(gap.last_value, 1e300), -1e300) END, gap.seconds
        FROM gap WHERE gap.last_value IS NOT NULL
    ),
    number AS (
        SELECT
            weight.entity_id, min(weight.minimum) AS minimum, max(weight.maximum) AS maximum,
            sum(CASE WHEN abs(weight.mean) < 1e-280 THEN 0 ELSE weight.mean END * (weight.seconds / span))
                FILTER (WHERE weight.mean IS NOT NULL)
                / nullif(sum(weight.seconds) FILTER (WHERE weight.mean IS NOT NULL) / span, 0) AS mean,
            sum(weight.seconds) AS known_seconds
        FROM weight GROUP BY weight.entity_id
    ),
    duration AS (
        SELECT entity_id, jsonb_object_agg(state, seconds) AS state_seconds
        FROM (
            -- A text that is another one all the time would fill the row: those that held longest keep their names.
            SELECT ranked.entity_id, ranked.name AS state, trim_scale(sum(ranked.seconds)) AS seconds
            FROM (
                SELECT
                    held.entity_id, sum(held.seconds) AS seconds,
                    CASE WHEN row_number() OVER (PARTITION BY held.entity_id ORDER BY sum(held.seconds) DESC, held.state) <= 100
                        THEN held.state ELSE '(other)' END AS name
                FROM (
                    SELECT part.entity_id, entry.key AS state, entry.value::numeric AS seconds
                    FROM part CROSS JOIN LATERAL jsonb_each_text(part.state_seconds) AS entry
                    UNION ALL
                    SELECT gap.entity_id, gap.last_state, gap.seconds::numeric FROM gap
                    WHERE gap.last_value IS NULL AND gap.last_state IS NOT NULL
                ) AS held
                GROUP BY held.entity_id, held.state
            ) AS ranked
            GROUP BY ranked.entity_id, ranked.name
        ) AS named
        GROUP BY named.entity_id
    ),
    total AS (
        SELECT
            part.entity_id, min(part.first_at) AS first_at, max(part.last_at) AS last_at, sum(part.change) AS change,
            sum(part.sample_count)::integer AS sample_count
        FROM part GROUP BY part.entity_id
    )
    SELECT
        p_connection, p_from, total.first_at, total.last_at, number.minimum, number.maximum, number.mean,
        coalesce(number.known_seconds, 0), last.last_value, total.change, last.counter_value, total.sample_count,
        total.entity_id, 'events'::varchar(16), last.last_state, last.counter_reset, duration.state_seconds
    FROM total
    JOIN part AS last ON last.entity_id = total.entity_id AND last.number_from_end = 1
    LEFT JOIN number ON number.entity_id = total.entity_id
    LEFT JOIN duration ON duration.entity_id = total.entity_id;
END;
$$;
COMMENT ON FUNCTION home_assistant_compose_rollup(uuid, text, timestamptz, timestamptz, timestamptz) IS
    'One row for each entity (or for one) that had events from the second to the third time, made of its 5 minutes and what held before them; the last state counts up to the fourth.';

CREATE FUNCTION home_assistant_carried_state(
    p_connection uuid, p_entity text, p_at timestamptz, OUT last_at timestamptz, OUT last_state text,
    OUT last_value double precision, OUT counter_value double precision
) RETURNS SETOF record
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    SELECT stored.last_at, stored.last_state, stored.last_value, stored.counter_value
    FROM home_assistant_states_5_minutes AS stored
    WHERE stored.connection_id = p_connection AND stored.entity_id = p_entity AND stored.bucket_start < p_at
        AND stored.source = 'events'
    ORDER BY stored.bucket_start DESC LIMIT 1;
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    (
        SELECT stored.last_at, stored.last_state, stored.last_value, stored.counter_value
        FROM home_assistant_states_hourly AS stored
        WHERE stored.connection_id = p_connection AND stored.entity_id = p_entity AND stored.bucket_start < p_at
            AND stored.last_at < p_at AND stored.source = 'events'
        ORDER BY stored.bucket_start DESC LIMIT 1
    )
    UNION ALL
    (
        SELECT stored.last_at, stored.last_state, stored.last_value, stored.counter_value
        FROM home_assistant_states_daily AS stored
        WHERE stored.connection_id = p_connection AND stored.entity_id = p_entity AND stored.bucket_start < p_at
            AND stored.last_at < p_at AND stored.source = 'events'
        ORDER BY stored.bucket_start DESC LIMIT 1
    )
    ORDER BY 1 DESC LIMIT 1;
END;
$$;
COMMENT ON FUNCTION home_assistant_carried_state(uuid, text, timestamptz) IS
    'The state of an entity just before a moment as the roll-ups know it: at most one row.';

-- Roll-ups without holes ------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_fill_rollup(
    p_granularity text, p_connection uuid, p_entity text, p_from timestamptz, p_to timestamptz
) RETURNS TABLE (
    bucket_start timestamptz, sample_count integer, minimum double precision, maximum double precision,
    mean double precision, known_seconds double precision, last_value double precision, last_state text,
    change double precision, state_seconds jsonb, source text
)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    zone text;
    level text := CASE p_granularity WHEN '5 minutes' THEN '5_minutes' WHEN 'hour' THEN 'hourly' WHEN 'day' THEN 'daily' END;
    from_time timestamptz := coalesce(p_from, '-infinity');
    to_time timestamptz := coalesce(p_to, 'infinity');
    horizon timestamptz;
    known_from timestamptz;
    starts timestamptz[];
    step interval := CASE p_granularity WHEN 'hour' THEN interval '1 hour' ELSE interval '5 minutes' END;
BEGIN
    IF level IS NULL THEN
        RAISE EXCEPTION 'There is no roll-up by %.', p_granularity
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Ask for 5 minutes, hour or day.';
    END IF;
    SELECT progress.time_zone INTO zone FROM home_assistant_rollup_progress AS progress
    WHERE progress.connection_id = p_connection;
    zone := coalesce(zone, 'UTC');

    -- Up to the newest 5 minutes that are rolled up.
    SELECT coalesce(min(mark.bucket_start), date_bin('5 minutes', now(), '2000-01-01Z')) INTO horizon
    FROM home_assistant_rollup_dirty AS mark
    WHERE mark.connection_id = p_connection AND mark.bucket_start BETWEEN now() - interval '1 hour' AND now();
    to_time := least(to_time, horizon);
    -- From the first moment of which anything is known.
    IF isfinite(from_time) THEN
        SELECT from_time INTO known_from FROM home_assistant_carried_state(p_connection, p_entity, from_time);
    END IF;
    IF known_from IS NULL THEN
        EXECUTE format(
            'SELECT greatest($3, min(bucket_start)) FROM (
                 (SELECT bucket_start FROM home_assistant_states_%s
                  WHERE connection_id = $1 AND entity_id = $2 AND bucket_start > $3 - interval ''25 hours''
                  ORDER BY bucket_start LIMIT 1)
                 UNION ALL
                 (SELECT bucket_start FROM home_assistant_states_5_minutes
                  WHERE connection_id = $1 AND entity_id = $2 AND bucket_start > $3 - interval ''5 minutes''
                  ORDER BY bucket_start LIMIT 1)
             ) AS first HAVING count(*) > 0', level)
        INTO known_from USING p_connection, p_entity, from_time;
    END IF;
    IF known_from IS NULL OR to_time <= known_from THEN
        RETURN;
    END IF;

    IF p_granularity = 'day' THEN
        -- Noon is on every day, however long that is.
        SELECT array_agg(DISTINCT day.start ORDER BY day.start) INTO starts
        FROM (
            SELECT home_assistant_day_start((midnight + interval '12 hours') AT TIME ZONE zone, zone) AS start
            FROM generate_series(
                (home_assistant_day_start(known_from, zone) AT TIME ZONE zone)::date::timestamp,
                (to_time AT TIME ZONE zone)::date::timestamp, interval '1 day') AS midnight
        ) AS day
        WHERE day.start < to_time;
    ELSE
        SELECT array_agg(start ORDER BY start) INTO starts
        FROM generate_series(
            date_bin(step, known_from, '2000-01-01Z'), to_time - interval '1 microsecond',
            step) AS start;
    END IF;

    RETURN QUERY EXECUTE format(
        $query$
        WITH bucket AS (
            SELECT
                start, CASE $5 WHEN '5 minutes' THEN start + interval '5 minutes' WHEN 'hour' THEN start + interval '1 hour'
                    ELSE home_assistant_next_day_start(start, $6) END AS stop
            FROM unnest($3) AS start
        ),
        made AS (
            SELECT
                bucket_start, sample_count, minimum, maximum, mean, known_seconds, last_value, last_state, change, counter_value,
                state_seconds, source
            FROM home_assistant_states_%1$s
            WHERE connection_id = $1 AND entity_id = $2 AND bucket_start >= $3[1] AND bucket_start <= $3[cardinality($3)]
        ),
        known AS (
            SELECT * FROM made
            UNION ALL
            -- What is not over, or not made yet.
            SELECT
                bucket.start, composed.sample_count, composed.minimum, composed.maximum, composed.mean,
                composed.known_seconds, composed.last_value, composed.last_state, composed.change, composed.counter_value,
                composed.state_seconds, composed.source
            FROM bucket CROSS JOIN LATERAL home_assistant_compose_rollup(
                $1, $2, bucket.start, bucket.stop, least(bucket.stop, $4)) AS composed
            WHERE bucket.start >= $4 - CASE $5 WHEN 'day' THEN interval '50 hours' WHEN 'hour' THEN interval '3 hours' END
                AND NOT EXISTS (SELECT FROM made WHERE made.bucket_start = bucket.start)
        ),
        series AS (
            SELECT
                bucket.start, extract(epoch FROM least(bucket.stop, $4) - bucket.start)::double precision AS span, known.*,
                count(known.bucket_start) OVER (ORDER BY bucket.start) AS run
            FROM bucket LEFT JOIN known ON known.bucket_start = bucket.start
        ),
        held AS (
            SELECT
                series.*,
                CASE WHEN run = 0 THEN carried.last_state ELSE first_value(series.last_state) OVER stretch END AS held_state,
                CASE WHEN run = 0 THEN carried.last_value ELSE first_value(series.last_value) OVER stretch END AS held_value,
                CASE WHEN run = 0 THEN carried.counter_value ELSE first_value(series.counter_value) OVER stretch END
                    AS held_counter
            FROM series
            LEFT JOIN home_assistant_carried_state($1, $2, $3[1]) AS carried ON true
            WINDOW stretch AS (PARTITION BY run ORDER BY series.start)
        )
        SELECT
            start, coalesce(sample_count, 0), coalesce(minimum, gap_value), coalesce(maximum, gap_value),
            coalesce(mean, gap_value), CASE WHEN is_made THEN known_seconds WHEN gap_value IS NULL THEN 0 ELSE span END,
            CASE WHEN is_made THEN last_value ELSE gap_value END, CASE WHEN is_made THEN last_state ELSE held_state END,
            CASE WHEN is_made THEN change WHEN held_counter IS NOT NULL THEN 0 END,
            CASE WHEN is_made THEN state_seconds
                WHEN held_value IS NULL AND held_state IS NOT NULL
                    THEN jsonb_build_object(held_state, trim_scale(span::numeric)) END,
            source::text
        FROM (
            SELECT
                held.*, bucket_start IS NOT NULL AS is_made, CASE WHEN bucket_start IS NULL THEN held_value END AS gap_value
            FROM held
        ) AS answer
        ORDER BY start
        $query$, level)
    USING p_connection, p_entity, starts, horizon, p_granularity, zone;
END;
$$;
COMMENT ON FUNCTION home_assistant_fill_rollup(text, uuid, text, timestamptz, timestamptz) IS
    'The roll-up of an entity by 5 minutes, hour or day, without holes; what home_assistant_rollup_hourly and its like are made of.';

DO $$
DECLARE
    granularity record;
BEGIN
    FOR granularity IN
        SELECT * FROM (VALUES
            ('5_minutes', '5 minutes'), ('hourly', 'hour'), ('daily', 'day')
        ) AS level (suffix, name)
    LOOP
        EXECUTE format(
            $definition$
            CREATE FUNCTION home_assistant_rollup_%1$s(
                p_connection uuid, p_entity text, p_from timestamptz DEFAULT NULL, p_to timestamptz DEFAULT NULL
            ) RETURNS TABLE (
                bucket_start timestamptz, sample_count integer, minimum double precision, maximum double precision,
                mean double precision, known_seconds double precision, last_value double precision, last_state text,
                change double precision, state_seconds jsonb, source text
            )
            LANGUAGE sql STABLE
            AS $body$
                SELECT * FROM home_assistant_fill_rollup(%2$L, p_connection, p_entity, p_from, p_to)
            $body$;
            $definition$, granularity.suffix, granularity.name);
        EXECUTE format(
            'COMMENT ON FUNCTION home_assistant_rollup_%s(uuid, text, timestamptz, timestamptz) IS %L', granularity.suffix,
            format(
                'An entity by %s, oldest first, without holes: where nothing happened, what held before, with a sample_count of 0 and no source. From the first moment of which something is known, up to what is rolled up; times left out mean all of it. SELECT bucket_start, mean FROM home_assistant_rollup_%s(''0198…'', ''sensor.kitchen_temperature'', now() - interval ''7 days''). Stable.',
                granularity.name, granularity.suffix));
    END LOOP;
END;
$$;

-- The functions that name tables find them in the schema of this migration, whatever the search_path of the caller.
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_mark_rollups(uuid[], bigint[])', 'home_assistant_mark_metric_rollups()',
        -- A function that is replaced loses its settings.
        'home_assistant_delete_connection_rows()', 'home_assistant_rollups_are_current(uuid, timestamptz)',
        'home_assistant_day_start(timestamptz, text)', 'home_assistant_next_day_start(timestamptz, text)',
        'home_assistant_compose_rollup(uuid, text, timestamptz, timestamptz, timestamptz)',
        'home_assistant_carried_state(uuid, text, timestamptz)',
        'home_assistant_fill_rollup(text, uuid, text, timestamptz, timestamptz)',
        'home_assistant_rollup_5_minutes(uuid, text, timestamptz, timestamptz)',
        'home_assistant_rollup_hourly(uuid, text, timestamptz, timestamptz)',
        'home_assistant_rollup_daily(uuid, text, timestamptz, timestamptz)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION home_assistant_mark_rollups(uuid[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION home_assistant_mark_rollups(uuid[], bigint[]) TO ha_bridge_writer;
