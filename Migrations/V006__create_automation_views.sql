-- What a person asks of the automations, as views, and the indexes of the score.
-- Departures and their reasons: README.md of this directory.

-- Indexes -------------------------------------------------------------------------------------------------------------------

-- Which automations have runs that are new, or known better, since the last look at the scores.
CREATE INDEX idx_automation_executions_updated_at ON automation_executions (connection_id, updated_at) INCLUDE (automation_id);
-- All that a score is made of, so that it need not look at the rows themselves, which lie all over the table.
CREATE INDEX idx_automation_executions_outcomes ON automation_executions (automation_id, started_at)
    INCLUDE (status, duration_ms, overrides_checked_at, overridden_at) WHERE status NOT IN ('running', 'blocked');
-- What went wrong lately, without a walk through all that went well.
CREATE INDEX idx_automation_executions_failures ON automation_executions (connection_id, started_at) WHERE status = 'failure';

-- Days ----------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION automation_time_zone(p_name text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM CURRENT_TIMESTAMP AT TIME ZONE p_name;
    RETURN coalesce(p_name, 'UTC');
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN 'UTC';
END;
$$;
COMMENT ON FUNCTION automation_time_zone(text) IS
    'The time zone of that name, or UTC where it is NULL or PostgreSQL does not know it.';

CREATE VIEW automation_daily_runs WITH (security_invoker = true) AS
WITH house AS MATERIALIZED (
    SELECT id, name, automation_time_zone(time_zone) AS time_zone FROM home_assistant_connections WHERE removed_at IS NULL
)
SELECT
    run.connection_id,
    house.name AS connection_name,
    run.automation_id,
    automation.name AS automation_name,
    automation.entity_id,
    (run.started_at AT TIME ZONE house.time_zone)::date AS day,
    count(*) FILTER (WHERE run.status NOT IN ('running', 'blocked')) AS runs,
    count(*) FILTER (WHERE run.status = 'success') AS succeeded,
    count(*) FILTER (WHERE run.status = 'failure') AS failed,
    count(*) FILTER (WHERE run.status = 'aborted') AS aborted,
    count(*) FILTER (WHERE run.status = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE run.status = 'unknown') AS unknown,
    count(*) FILTER (WHERE run.status = 'blocked') AS blocked,
    count(*) FILTER (WHERE run.status = 'running') AS running,
    count(run.overridden_at) AS undone,
    round(
        100.0 * count(*) FILTER (WHERE run.status = 'success')
            / nullif(count(*) FILTER (WHERE run.status IN ('success', 'failure')), 0), 2) AS success_rate,
    round(avg(run.duration_ms) FILTER (WHERE run.status = 'success'))::bigint AS average_ms,
    max(run.duration_ms) FILTER (WHERE run.status = 'success') AS longest_ms
FROM automation_executions AS run
JOIN house ON house.id = run.connection_id
JOIN automation_management AS automation
    ON automation.connection_id = run.connection_id AND automation.id = run.automation_id
GROUP BY run.connection_id, house.name, run.automation_id, automation.name, automation.entity_id, day;

COMMENT ON VIEW automation_daily_runs IS
    'How often each automation ran on each day of its house''s calendar, and how that ended. Stable.';
COMMENT ON COLUMN automation_daily_runs.day IS 'The day in the time zone of the house.';
COMMENT ON COLUMN automation_daily_runs.runs IS 'Runs whose actions began and are over; blocked ones are not among them.';
COMMENT ON COLUMN automation_daily_runs.unknown IS 'Runs whose trace Home Assistant dropped before it could be read.';
COMMENT ON COLUMN automation_daily_runs.blocked IS 'Triggered, but its conditions did not hold, or it was busy.';
COMMENT ON COLUMN automation_daily_runs.undone IS 'Runs of which a person reversed an effect within five minutes.';
COMMENT ON COLUMN automation_daily_runs.success_rate IS 'Percent: successes of successes and failures.';
COMMENT ON COLUMN automation_daily_runs.average_ms IS 'Mean time of the runs that succeeded, in milliseconds.';
COMMENT ON COLUMN automation_daily_runs.longest_ms IS 'The longest of the runs that succeeded, in milliseconds.';

-- Failures ------------------------------------------------------------------------------------------------------------------

CREATE VIEW automation_failures WITH (security_invoker = true) AS
SELECT
    run.started_at,
    run.connection_id,
    house.name AS connection_name,
    run.automation_id,
    automation.name AS automation_name,
    automation.entity_id,
    automation.lifecycle_state,
    run.error_message,
    run.last_step,
    run.trigger,
    run.duration_ms,
    run.run_id,
    run.context_id,
    run.id AS execution_id
FROM automation_executions AS run
JOIN automation_management AS automation
    ON automation.connection_id = run.connection_id AND automation.id = run.automation_id
JOIN home_assistant_connections AS house ON house.id = run.connection_id AND house.removed_at IS NULL
WHERE run.status = 'failure';

COMMENT ON VIEW automation_failures IS
    'Each run that an error ended, with the error and the step where it happened. Stable.';
COMMENT ON COLUMN automation_failures.lifecycle_state IS 'Where the automation stands now.';
COMMENT ON COLUMN automation_failures.last_step IS 'Path of the last step that ran, such as action/2.';
COMMENT ON COLUMN automation_failures.trigger IS 'What triggered it, in Home Assistant''s words.';
COMMENT ON COLUMN automation_failures.context_id IS
    'Home Assistant''s context of the run: home_assistant_events with the same one are what it caused.';

-- Overview ------------------------------------------------------------------------------------------------------------------

CREATE VIEW automation_overview WITH (security_invoker = true) AS
SELECT
    automation.id AS automation_id,
    automation.connection_id,
    house.name AS connection_name,
    automation.name,
    automation.entity_id,
    automation.home_assistant_automation_id,
    automation.mode,
    automation.is_enabled,
    automation.lifecycle_state,
    automation.lifecycle_changed_at,
    move.change_reason AS lifecycle_reason,
    automation.performance_score,
    automation.score_breakdown ->> 'explanation' AS score_explanation,
    automation.scored_at,
    automation.execution_count,
    automation.success_rate,
    automation.average_execution_time_ms,
    automation.last_execution_time,
    last_run.started_at AS last_run_at,
    last_run.status AS last_run_status,
    last_run.error_message AS last_run_error,
    automation.problems,
    automation.read_only_reason,
    backup.version AS backup_version,
    backup.created_at AS backup_created_at,
    automation.created_at,
    automation.last_seen_at
FROM automation_management AS automation
JOIN home_assistant_connections AS house ON house.id = automation.connection_id AND house.removed_at IS NULL
LEFT JOIN LATERAL (
    SELECT past.change_reason
    FROM automation_lifecycle_history AS past
    WHERE past.automation_id = automation.id
    ORDER BY past.sequence DESC LIMIT 1
) AS move ON true
LEFT JOIN LATERAL (
    SELECT run.started_at, run.status, run.error_message
    FROM automation_executions AS run
    WHERE run.automation_id = automation.id
    ORDER BY run.started_at DESC LIMIT 1
) AS last_run ON true
LEFT JOIN LATERAL (
    SELECT snapshot.version, snapshot.created_at
    FROM automation_backup AS snapshot
    WHERE snapshot.automation_id = automation.id
    ORDER BY snapshot.version DESC LIMIT 1
) AS backup ON true;

COMMENT ON VIEW automation_overview IS
    'Each automation of each connection: where it stands and why, its score in words, how its last run ended. Stable.';
COMMENT ON COLUMN automation_overview.lifecycle_reason IS 'Why it came into its present state.';
COMMENT ON COLUMN automation_overview.score_explanation IS 'What performance_score comes from, in words.';
COMMENT ON COLUMN automation_overview.last_run_at IS
    'When it was last triggered, blocked triggers included; last_execution_time knows of runs alone.';
COMMENT ON COLUMN automation_overview.last_run_status IS
    'running, success, failure, aborted, cancelled, blocked or unknown; see automation_executions.status.';
COMMENT ON COLUMN automation_overview.problems IS 'What it lacks, one sentence each.';
COMMENT ON COLUMN automation_overview.backup_version IS 'The number of its newest stored configuration.';
