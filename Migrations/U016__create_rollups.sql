-- Undoes V016. Loses the roll-ups: those of times whose events have gone cannot be made again.
SET LOCAL ROLE ha_bridge_owner;

DROP FUNCTION home_assistant_rollup_daily(uuid, text, timestamptz, timestamptz);
DROP FUNCTION home_assistant_rollup_hourly(uuid, text, timestamptz, timestamptz);
DROP FUNCTION home_assistant_rollup_5_minutes(uuid, text, timestamptz, timestamptz);
DROP FUNCTION home_assistant_fill_rollup(text, uuid, text, timestamptz, timestamptz);
DROP FUNCTION home_assistant_carried_state(uuid, text, timestamptz);
DROP FUNCTION home_assistant_compose_rollup(uuid, text, timestamptz, timestamptz, timestamptz);
DROP FUNCTION home_assistant_next_day_start(timestamptz, text);
DROP FUNCTION home_assistant_day_start(timestamptz, text);
DROP FUNCTION home_assistant_rollups_are_current(uuid, timestamptz);
DROP TRIGGER mark_home_assistant_connection_metrics_rollups ON home_assistant_connection_metrics;
DROP FUNCTION home_assistant_mark_metric_rollups();
DROP FUNCTION home_assistant_mark_rollups(uuid[], bigint[]);

CREATE OR REPLACE FUNCTION home_assistant_delete_connection_rows() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM home_assistant_events WHERE connection_id IN (SELECT id FROM deleted_connections);
    DELETE FROM home_assistant_dead_letters WHERE connection_id IN (SELECT id FROM deleted_connections);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_delete_connection_rows() IS
    'Trigger: deletes the events and dead letters of deleted connections.';
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION home_assistant_delete_connection_rows() SET search_path = %I, pg_catalog, pg_temp',
        current_schema());
END;
$$;

DROP TABLE home_assistant_rollup_progress;
DROP TABLE home_assistant_rollup_pending;
DROP TABLE home_assistant_rollup_dirty;
DROP SEQUENCE home_assistant_rollup_generation;
DROP TABLE home_assistant_metrics_daily;
DROP TABLE home_assistant_metrics_hourly;
DROP TABLE home_assistant_metrics_5_minutes;
DROP TABLE home_assistant_states_daily;
DROP TABLE home_assistant_states_hourly;
DROP TABLE home_assistant_states_5_minutes;
