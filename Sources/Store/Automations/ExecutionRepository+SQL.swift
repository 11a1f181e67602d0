extension ExecutionRepository {
    /// The runs `$2` of connection `$1`, of automations that are there.
    private static let incoming = """
        incoming AS MATERIALIZED (
            SELECT run.*
            FROM jsonb_to_recordset($2::jsonb) AS run (
                automation_id uuid, run_id text, status text, started_at timestamptz, completed_at timestamptz,
                script_execution text, error_message text, trigger text, last_step text, context_id text,
                context_parent_id text, context_user_id text, trace_summary text)
            JOIN automation_management AS automation
                ON automation.connection_id = $1 AND automation.id = run.automation_id
        )
        """

    /// Gives rows that events made the ids of their traces.
    static let joinTraces = """
        WITH \(incoming)
        UPDATE automation_executions AS known SET run_id = incoming.run_id
        FROM incoming
        WHERE known.connection_id = $1 AND known.automation_id = incoming.automation_id
            AND known.context_id = incoming.context_id AND known.run_id IS NULL
            AND NOT EXISTS (
                SELECT FROM automation_executions AS other
                WHERE other.connection_id = $1 AND other.automation_id = incoming.automation_id
                    AND other.run_id = incoming.run_id)
        """

    /// Inserts runs, or brings their rows further. What a row says already counts, unless it knows less: an event alone, a run under
    /// way, a lost trace that was found after all, or an outcome without its steps.
    static let upsertTraces = """
        WITH \(incoming)
        INSERT INTO automation_executions AS known (
            connection_id, automation_id, run_id, status, source, started_at, completed_at, script_execution, error_message,
            trigger, last_step, context_id, context_parent_id, context_user_id, trace_summary)
        SELECT $1::uuid, automation_id, run_id, status, 'trace', started_at, completed_at, script_execution, error_message,
            trigger, last_step,
            -- Of two runs that claim one context the first has it: a run too many is worse than a context too few.
            CASE WHEN NOT EXISTS (
                SELECT FROM automation_executions AS other
                WHERE other.connection_id = $1 AND other.automation_id = incoming.automation_id
                    AND other.context_id = incoming.context_id AND other.run_id IS DISTINCT FROM incoming.run_id
            ) THEN context_id END,
            context_parent_id, context_user_id, trace_summary::jsonb
        FROM incoming
        ON CONFLICT (connection_id, automation_id, run_id) WHERE run_id IS NOT NULL DO UPDATE SET
            status = EXCLUDED.status, source = EXCLUDED.source, started_at = EXCLUDED.started_at,
            completed_at = EXCLUDED.completed_at, script_execution = EXCLUDED.script_execution,
            error_message = EXCLUDED.error_message, trigger = coalesce(EXCLUDED.trigger, known.trigger),
            last_step = EXCLUDED.last_step, context_id = coalesce(EXCLUDED.context_id, known.context_id),
            context_parent_id = coalesce(EXCLUDED.context_parent_id, known.context_parent_id),
            context_user_id = coalesce(EXCLUDED.context_user_id, known.context_user_id),
            trace_summary = EXCLUDED.trace_summary
        WHERE known.source <> 'trace'
            OR known.status = 'running'
                AND (known.status, known.last_step, known.context_id)
                    IS DISTINCT FROM (EXCLUDED.status, EXCLUDED.last_step, EXCLUDED.context_id)
            OR known.status = 'unknown' AND EXCLUDED.status NOT IN ('running', 'unknown')
            OR known.status NOT IN ('running', 'unknown') AND EXCLUDED.status NOT IN ('running', 'unknown')
                AND known.trace_summary IS NULL AND EXCLUDED.trace_summary IS NOT NULL
        RETURNING automation_id
        """

    /// From `$2` on, before `$3`, with `$4` seconds of grace.
    static let insertTriggered = """
        WITH automation AS MATERIALIZED (
            -- An automation that was made anew may have the entity id of one that is gone.
            SELECT DISTINCT ON (entity_id) id, entity_id, has_own_id FROM automation_management
            WHERE connection_id = $1 AND entity_id IS NOT NULL
                AND lifecycle_state NOT IN ('PROPOSED', 'PENDING_APPROVAL', 'REJECTED')
            ORDER BY entity_id, is_active DESC, last_seen_at DESC NULLS LAST, id
        )
        INSERT INTO automation_executions (
            connection_id, automation_id, started_at, status, source, trigger, context_id, context_parent_id, context_user_id)
        SELECT DISTINCT ON (automation.id, event.context_id)
            $1::uuid, automation.id, event.timestamp,
            CASE
                WHEN automation.has_own_id AND event.timestamp > now() - make_interval(secs => $4::int) THEN 'running'
                ELSE 'unknown'
            END,
            'event', left(event.attributes ->> 'source', 500), event.context_id, event.context_parent_id,
            event.context_user_id
        FROM home_assistant_events AS event
        JOIN automation ON automation.entity_id = event.entity_id
        WHERE event.connection_id = $1 AND event.event_type = 'automation_triggered'
            AND event.timestamp >= $2::timestamptz AND event.timestamp < $3::timestamptz
            AND event.context_id IS NOT NULL
        ORDER BY automation.id, event.context_id, event.timestamp
        ON CONFLICT (connection_id, automation_id, context_id) WHERE context_id IS NOT NULL DO NOTHING
        RETURNING automation_id
        """

    static let listUnfinished = """
        SELECT execution.id, execution.automation_id, execution.run_id,
            (extract(epoch FROM now() - execution.created_at) * 1000)::bigint AS age_ms,
            coalesce(state.timestamp > execution.started_at AND state.attributes ->> 'current' = '0', false) AS is_idle
        FROM automation_executions AS execution
        JOIN automation_management AS automation ON automation.id = execution.automation_id
        LEFT JOIN LATERAL (
            SELECT event.timestamp, event.attributes
            FROM home_assistant_events AS event
            WHERE event.entity_id = automation.entity_id AND event.connection_id = execution.connection_id
                AND event.event_type = 'state_changed'
            ORDER BY event.timestamp DESC
            LIMIT 1
        ) AS state ON true
        WHERE execution.connection_id = $1 AND execution.status = 'running'
        ORDER BY execution.created_at
        LIMIT $2::int
        """

    /// Of the automations `$2`, of all where that is NULL. Their rows are locked in one order first: others lock several, too.
    static let computeFigures = """
        WITH locked AS MATERIALIZED (
            SELECT id FROM automation_management
            WHERE connection_id = $1 AND ($2::uuid[] IS NULL OR id = ANY ($2::uuid[]))
            ORDER BY id
            FOR NO KEY UPDATE
        ), figures AS MATERIALIZED (
            SELECT locked.id, execution.*
            FROM locked
            CROSS JOIN LATERAL (
                SELECT
                    LEAST(count(*) FILTER (WHERE status <> 'blocked'), 2147483647)::integer AS execution_count,
                    max(started_at) FILTER (WHERE status <> 'blocked') AS last_execution_time,
                    round(
                        100.0 * count(*) FILTER (WHERE status = 'success')
                            / NULLIF(count(*) FILTER (WHERE status IN ('success', 'failure')), 0), 2
                    ) AS success_rate,
                    -- LEAST passes over NULL, which is the average of no run.
                    CASE WHEN count(duration_ms) FILTER (WHERE status = 'success') > 0 THEN LEAST(
                        round(avg(duration_ms) FILTER (WHERE status = 'success')), 2147483647
                    )::integer END AS average_execution_time_ms
                FROM automation_executions WHERE automation_id = locked.id
            ) AS execution
        )
        UPDATE automation_management AS automation SET
            execution_count = figures.execution_count, last_execution_time = figures.last_execution_time,
            success_rate = figures.success_rate, average_execution_time_ms = figures.average_execution_time_ms
        FROM figures
        WHERE automation.id = figures.id
            AND (automation.execution_count, automation.last_execution_time, automation.success_rate,
                automation.average_execution_time_ms)
                IS DISTINCT FROM (figures.execution_count, figures.last_execution_time, figures.success_rate,
                    figures.average_execution_time_ms)
        """
}
