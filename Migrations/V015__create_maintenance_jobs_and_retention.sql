-- Work that is done again and again, by one bridge at a time, and how long rows are kept. Reasons: README.md of this directory.
SET LOCAL ROLE ha_bridge_owner;

-- Jobs ----------------------------------------------------------------------------------------------------------------------

CREATE TABLE maintenance_job (
    job_name VARCHAR(63) COLLATE "C" PRIMARY KEY,
    next_run_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_started_at TIMESTAMPTZ,
    last_finished_at TIMESTAMPTZ,
    last_duration_ms BIGINT,
    last_summary TEXT,
    last_items BIGINT,
    last_error TEXT,
    last_error_at TIMESTAMPTZ,
    run_count BIGINT NOT NULL DEFAULT 0,
    error_count BIGINT NOT NULL DEFAULT 0,
    item_count BIGINT NOT NULL DEFAULT 0,
    failures_in_a_row INTEGER NOT NULL DEFAULT 0,
    holder UUID,
    holder_name TEXT,
    holder_expires_at TIMESTAMPTZ,
    epoch BIGINT NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT maintenance_job_name_format CHECK (job_name ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT maintenance_job_counts_positive CHECK (
        run_count >= 0 AND error_count >= 0 AND item_count >= 0 AND failures_in_a_row >= 0 AND epoch >= 0
    ),
    CONSTRAINT maintenance_job_holder_whole CHECK ((holder IS NULL) = (holder_expires_at IS NULL))
)
-- A few rows, updated with every run.
WITH (fillfactor = 50);

COMMENT ON TABLE maintenance_job IS
    'Each job of maintenance: when it ran last, what it did, what went wrong, and which bridge is at it now.';
COMMENT ON COLUMN maintenance_job.next_run_at IS 'When the next run is due.';
COMMENT ON COLUMN maintenance_job.last_started_at IS 'When the last run began, whether it has ended or not.';
COMMENT ON COLUMN maintenance_job.last_finished_at IS 'When a run last came to its end, well or with an error.';
COMMENT ON COLUMN maintenance_job.last_summary IS 'What the last run that came to a good end did; NULL where nothing was due.';
COMMENT ON COLUMN maintenance_job.last_items IS 'How many things that was: partitions, rows, buckets.';
COMMENT ON COLUMN maintenance_job.last_error IS 'What went wrong last, without secrets; stays after a good run.';
COMMENT ON COLUMN maintenance_job.run_count IS 'Runs that came to an end, those with an error included.';
COMMENT ON COLUMN maintenance_job.item_count IS 'The sum of last_items of all runs.';
COMMENT ON COLUMN maintenance_job.failures_in_a_row IS 'Errors since the last good run; the pause before the next try grows with them.';
COMMENT ON COLUMN maintenance_job.holder IS 'The process that is at it; NULL for none. After holder_expires_at another may take it.';
COMMENT ON COLUMN maintenance_job.epoch IS 'Grows by one with each run, so that a process that was frozen cannot end the run of another.';

-- Belongs to no house.
GRANT SELECT, INSERT, UPDATE, DELETE ON maintenance_job TO ha_bridge_writer;

-- Rules ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_retention_rule (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    data VARCHAR(32) COLLATE "C" NOT NULL DEFAULT 'events',
    event_type VARCHAR(100) COLLATE "C",
    domain VARCHAR(64) COLLATE "C",
    entity_glob VARCHAR(255) COLLATE "C",
    keep_days INTEGER,
    priority INTEGER NOT NULL DEFAULT 0,
    is_active BOOLEAN NOT NULL DEFAULT true,
    created_by UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    event_type_pattern TEXT COLLATE "C" GENERATED ALWAYS AS (
        replace(replace(replace(replace(replace(event_type, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'), '?', '_')
    ) STORED,
    entity_pattern TEXT COLLATE "C" GENERATED ALWAYS AS (
        replace(replace(replace(replace(replace(entity_glob, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'), '?', '_')
    ) STORED,
    -- Which entities first, then which events, then which house.
    specificity INTEGER NOT NULL GENERATED ALWAYS AS (
        CASE WHEN entity_glob !~ '[*?]' THEN 300 WHEN entity_glob IS NOT NULL THEN 200 WHEN domain IS NOT NULL THEN 100 ELSE 0 END
        + CASE WHEN event_type !~ '[*?]' THEN 20 WHEN event_type IS NOT NULL THEN 10 ELSE 0 END
        + CASE WHEN connection_id IS NOT NULL THEN 1 ELSE 0 END
    ) STORED,
    CONSTRAINT home_assistant_retention_rule_data_valid CHECK (
        data IN ('events', 'states_5_minutes', 'states_hourly', 'states_daily')
    ),
    CONSTRAINT home_assistant_retention_rule_keep_days_range CHECK (keep_days BETWEEN 1 AND 36500),
    CONSTRAINT home_assistant_retention_rule_event_type_present CHECK (event_type <> ''),
    CONSTRAINT home_assistant_retention_rule_event_type_of_events CHECK (event_type IS NULL OR data = 'events'),
    CONSTRAINT home_assistant_retention_rule_domain_format CHECK (domain ~ '^[a-z0-9_]+$'),
    CONSTRAINT home_assistant_retention_rule_entity_glob_present CHECK (entity_glob <> '')
);
CREATE INDEX idx_home_assistant_retention_rule_connection_id ON home_assistant_retention_rule (connection_id);
CREATE INDEX idx_home_assistant_retention_rule_created_by ON home_assistant_retention_rule (created_by);

COMMENT ON TABLE home_assistant_retention_rule IS
    'How long rows are kept, where it differs from the settings of the bridge. Of the rules that fit a row, that of the highest priority counts; among equals the most specific, then the one that keeps longest.';
COMMENT ON COLUMN home_assistant_retention_rule.connection_id IS 'The house that it is for; NULL for every house.';
COMMENT ON COLUMN home_assistant_retention_rule.data IS 'What is kept: events, or the roll-ups of states to 5 minutes, hours or days.';
COMMENT ON COLUMN home_assistant_retention_rule.event_type IS 'Only events of this type, with * and ?; NULL for all.';
COMMENT ON COLUMN home_assistant_retention_rule.domain IS 'Only entities of this domain, such as sensor; NULL for all, and events of none.';
COMMENT ON COLUMN home_assistant_retention_rule.entity_glob IS 'Only these entities, with * and ?; NULL for all, and events of none.';
COMMENT ON COLUMN home_assistant_retention_rule.keep_days IS 'How many days; NULL for ever.';
COMMENT ON COLUMN home_assistant_retention_rule.specificity IS
    'Entity before glob before domain, event type before pattern, one house before every house.';

SELECT home_assistant_protect_table('home_assistant_retention_rule'::regclass, 'connection_id');

CREATE FUNCTION home_assistant_retention_rule_for(
    p_data text, p_connection_id uuid, p_event_type text, p_entity_id text
) RETURNS uuid
LANGUAGE sql STABLE
AS $$
    SELECT rule.id FROM home_assistant_retention_rule AS rule
    WHERE rule.is_active AND rule.data = p_data AND (rule.connection_id IS NULL OR rule.connection_id = p_connection_id)
        AND (rule.event_type IS NULL OR p_event_type COLLATE "C" LIKE rule.event_type_pattern)
        AND (rule.domain IS NULL OR split_part(p_entity_id, '.', 1) COLLATE "C" = rule.domain)
        AND (rule.entity_glob IS NULL OR p_entity_id COLLATE "C" LIKE rule.entity_pattern)
    ORDER BY rule.priority DESC, rule.specificity DESC, rule.keep_days DESC NULLS FIRST, rule.id
    LIMIT 1
$$;
COMMENT ON FUNCTION home_assistant_retention_rule_for(text, uuid, text, text) IS
    'The rule that says how long a row is kept, of those that the caller sees; NULL where the settings of the bridge say it: SELECT home_assistant_retention_rule_for(''events'', connection_id, event_type, entity_id) FROM home_assistant_events LIMIT 10.';

-- Months --------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_lock_event_month(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
AS $$
BEGIN
    IF p_name IS NULL OR p_name !~ '^home_assistant_events_y[0-9]{4}m(0[1-9]|1[0-2])$' THEN
        RAISE EXCEPTION '% is no name of a partition of home_assistant_events.', p_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF coalesce(nullif(regexp_replace(current_setting('lock_timeout'), '[^0-9].*$', ''), '')::integer, 0) = 0 THEN
        RAISE EXCEPTION 'Every writer would wait behind this lock for as long as it waits itself.'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Set lock_timeout for the transaction first.';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('home_assistant_ensure_event_partitions', 0)) THEN
        RAISE EXCEPTION 'Partitions of home_assistant_events are being made.' USING ERRCODE = 'lock_not_available';
    END IF;
    -- The first lock is waited for as long as lock_timeout says, with the writers behind it; the others are there at once or not
    -- at all, since whoever holds one of them may be waiting for the first.
    LOCK TABLE ONLY home_assistant_events IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE ONLY %I, ONLY home_assistant_events_default IN ACCESS EXCLUSIVE MODE NOWAIT', p_name);
END;
$$;
COMMENT ON FUNCTION home_assistant_lock_event_month(text) IS
    'Locks what it takes to drop a month of home_assistant_events, until the transaction ends; fails with 55P03 rather than wait for longer than lock_timeout, which must be set.';

CREATE FUNCTION home_assistant_drop_event_month(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
AS $$
BEGIN
    PERFORM home_assistant_lock_event_month(p_name);
    IF NOT EXISTS (
        SELECT FROM pg_inherits WHERE inhrelid = to_regclass(p_name) AND inhparent = 'home_assistant_events'::regclass
    ) THEN
        RAISE EXCEPTION '% is no partition of home_assistant_events.', p_name USING ERRCODE = 'undefined_table';
    END IF;
    EXECUTE format('DROP TABLE %I', p_name);
END;
$$;
COMMENT ON FUNCTION home_assistant_drop_event_month(text) IS
    'Drops a month of home_assistant_events with all of its rows, for retention; needs lock_timeout to be set.';

CREATE FUNCTION home_assistant_analyze_table(p_table regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_class
        WHERE oid = p_table AND relkind IN ('r', 'p') AND relowner = current_user::regrole
            AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'home_assistant_events'::regclass)
    ) THEN
        RAISE EXCEPTION '% is no table of ha-bridge.', p_table USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('ANALYZE %s', p_table);
END;
$$;
COMMENT ON FUNCTION home_assistant_analyze_table(regclass) IS
    'Gathers the statistics of a table of ha-bridge anew, for bridges that may not act as the owner.';

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_lock_event_month(text)', 'home_assistant_drop_event_month(text)',
        'home_assistant_analyze_table(regclass)', 'home_assistant_retention_rule_for(text, uuid, text, text)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_lock_event_month(text)', 'home_assistant_drop_event_month(text)',
        'home_assistant_analyze_table(regclass)'
    ] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ha_bridge_writer', signature);
    END LOOP;
END;
$$;
