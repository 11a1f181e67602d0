-- Roll-ups of the events of load-events, for measurements of what reads them: as many rows as the job makes, of about the same
-- values (the means are not weighted by time, and a state counts as held for its whole hour).
SET search_path = public, pg_catalog, pg_temp;
SET synchronous_commit = off;
SET work_mem = '256MB';
SET jit = off;

INSERT INTO home_assistant_states_5_minutes
    (connection_id, entity_id, bucket_start, first_at, last_at, minimum, maximum, mean, known_seconds, last_value, change, counter_value, sample_count,
        last_state, state_seconds)
SELECT connection_id, entity_id, bucket_start, min(timestamp), max(timestamp), min(value), max(value), avg(value),
    CASE WHEN max(value) IS NOT NULL THEN 300 END, (array_agg(value ORDER BY timestamp DESC))[1],
    CASE WHEN entity_id LIKE '%\_energy%' THEN greatest(max(value) - min(value), 0) END,
    CASE WHEN entity_id LIKE '%\_energy%' THEN max(value) END, count(*), (array_agg(new_state ORDER BY timestamp DESC))[1],
    CASE WHEN max(value) IS NULL THEN jsonb_build_object((array_agg(new_state ORDER BY timestamp DESC))[1], 300) END
FROM (
    SELECT *, date_bin('5 minutes', timestamp, '2000-01-01 00:00:00+00') AS bucket_start FROM home_assistant_events
    WHERE event_type = 'state_changed' AND timestamp > current_setting('load.until')::timestamptz - interval '16 days'
) AS event
GROUP BY connection_id, entity_id, bucket_start;

-- By month, so that no sort outgrows its memory.
DO $$
DECLARE
    month text;
BEGIN
    FOR month IN
        SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'home_assistant_events'::regclass ORDER BY inhrelid::regclass::text
    LOOP
        EXECUTE format(
            'INSERT INTO home_assistant_states_hourly
                (connection_id, entity_id, bucket_start, first_at, last_at, minimum, maximum, mean, known_seconds, last_value, change,
                    counter_value, sample_count, last_state, state_seconds)
            SELECT connection_id, entity_id, date_bin(''1 hour'', timestamp, ''2000-01-01 00:00:00+00''), min(timestamp), max(timestamp), min(value),
                max(value), avg(value), CASE WHEN max(value) IS NOT NULL THEN 3600 END, max(value),
                CASE WHEN entity_id LIKE ''%%\_energy%%'' THEN greatest(max(value) - min(value), 0) END,
                CASE WHEN entity_id LIKE ''%%\_energy%%'' THEN max(value) END, count(*), max(new_state),
                CASE WHEN max(value) IS NULL THEN jsonb_build_object(min(new_state), 600, max(new_state), 3000) END
            FROM %s WHERE event_type = ''state_changed'' AND new_state IS NOT NULL GROUP BY 1, 2, 3
            ON CONFLICT DO NOTHING', month);
        COMMIT;
    END LOOP;
END;
$$;

INSERT INTO home_assistant_states_daily
    (connection_id, entity_id, bucket_start, first_at, last_at, minimum, maximum, mean, known_seconds, last_value, change, counter_value,
        sample_count, last_state)
SELECT bucket.connection_id, entity_id, date_trunc('day', bucket_start, house.time_zone), min(first_at), max(last_at), min(minimum), max(maximum), avg(mean),
    sum(known_seconds), max(last_value), sum(change), max(counter_value), sum(sample_count), max(last_state)
FROM home_assistant_states_hourly AS bucket JOIN home_assistant_connections AS house ON house.id = bucket.connection_id
GROUP BY bucket.connection_id, entity_id, date_trunc('day', bucket_start, house.time_zone);

INSERT INTO home_assistant_metrics_hourly (connection_id, metric_type, bucket_start, minimum, maximum, mean, last_value, sample_count)
SELECT connection_id, metric_type, date_trunc('hour', timestamp), min(metric_value), max(metric_value), avg(metric_value),
    max(metric_value), count(*)
FROM home_assistant_connection_metrics GROUP BY 1, 2, 3;
INSERT INTO home_assistant_rollup_progress (connection_id, marked_until, time_zone)
SELECT id, 'infinity', time_zone FROM home_assistant_connections
ON CONFLICT (connection_id) DO UPDATE SET marked_until = 'infinity';
DELETE FROM home_assistant_rollup_dirty;
DELETE FROM home_assistant_rollup_pending;
