-- Undoes V007: everybody with access to the tables sees all rows again. Which login belongs to whom is lost.
-- The roles stay, because other databases of the server may use them; here they may do nothing any more.
SET LOCAL ROLE NONE;

DO $$
DECLARE
    name text;
    policy record;
BEGIN
    FOR name IN
        SELECT format('%I', relname) FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
            AND pg_get_userbyid(relowner) = 'ha_bridge_owner'
    LOOP
        FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = name::regclass AND polname LIKE 'ha\_bridge\_%' LOOP
            EXECUTE format('DROP POLICY %I ON %s', policy.polname, name);
        END LOOP;
        IF (SELECT relrowsecurity FROM pg_class WHERE oid = name::regclass) THEN
            EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s FROM ha_bridge_writer, ha_bridge_reader, ha_bridge_auditor', name);
    END LOOP;
END;
$$;

DROP FUNCTION home_assistant_build_vector_index(regclass);
DROP FUNCTION home_assistant_drop_vector_index(regclass);
DROP FUNCTION home_assistant_attach_event_partition(text);
DROP FUNCTION home_assistant_create_event_partition(text);
DROP FUNCTION home_assistant_protect_table(regclass, text, text);
DROP FUNCTION home_assistant_own_connections();
DROP FUNCTION home_assistant_current_user();
DROP TABLE home_assistant_logins;

CREATE OR REPLACE FUNCTION home_assistant_refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege',
            HINT = 'Write a new row that corrects the earlier one.';
END;
$$;
COMMENT ON FUNCTION home_assistant_refuse_audit_change() IS
    'Trigger: refuses UPDATE, DELETE and TRUNCATE of an append-only table.';

CREATE OR REPLACE FUNCTION home_assistant_ensure_event_partitions(from_time timestamptz, to_time timestamptz) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    -- Months are counted on the UTC clock, whatever the time zone of the session.
    month timestamp := date_trunc('month', from_time AT TIME ZONE 'UTC');
    last_month timestamp := date_trunc('month', to_time AT TIME ZONE 'UTC');
    partition_name text;
    existing regclass;
    lower_bound timestamptz;
    upper_bound timestamptz;
    locked boolean := false;
    created integer := 0;
    -- Every column, and what becomes of it in a row that moves: its exemplar stays behind, so it waits for a new one.
    column_list text;
    moved_list text;
BEGIN
    IF from_time IS NULL OR to_time IS NULL OR NOT isfinite(from_time) OR NOT isfinite(to_time) THEN
        RAISE EXCEPTION 'The range of months for event partitions needs two finite times.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_time < from_time OR from_time < '1970-01-01 00:00:00+00' OR to_time >= from_time + interval '50 years'
        OR to_time >= '10000-01-01 00:00:00+00'
    THEN
        RAISE EXCEPTION 'No event partitions made for % to %.', from_time, to_time
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'The range must run forward, begin in 1970 or later and span less than 50 years.';
    END IF;

    -- One maker of partitions at a time; a second one waits and then finds the work done.
    PERFORM pg_advisory_xact_lock(hashtextextended('home_assistant_ensure_event_partitions', 0));

    WHILE month <= last_month LOOP
        partition_name := 'home_assistant_events_y' || to_char(month, 'YYYY"m"MM');
        lower_bound := month AT TIME ZONE 'UTC';
        upper_bound := (month + interval '1 month') AT TIME ZONE 'UTC';
        month := month + interval '1 month';

        existing := to_regclass(partition_name);
        IF existing IS NOT NULL THEN
            IF NOT EXISTS (
                SELECT FROM pg_inherits
                WHERE inhrelid = existing AND inhparent = 'home_assistant_events'::regclass
            ) THEN
                RAISE WARNING 'Table % exists but is no partition of home_assistant_events; events of that month stay in home_assistant_events_default.', partition_name
                    USING HINT = 'Attach, rename or drop the table.';
            END IF;
            CONTINUE;
        END IF;

        IF NOT locked THEN
            -- Writers wait here for the milliseconds that this takes, readers do not. A weaker lock would let a writer choose
            -- the default partition while the new one is being attached, and its row would be refused (SQLSTATE 23514).
            LOCK TABLE ONLY home_assistant_events IN SHARE ROW EXCLUSIVE MODE;
            LOCK TABLE home_assistant_events_default IN ACCESS EXCLUSIVE MODE;
            locked := true;
        END IF;

        -- Attached rather than created as PARTITION OF, which would shut readers out of the parent.
        EXECUTE format('CREATE TABLE %I (LIKE home_assistant_events INCLUDING ALL)', partition_name);
        EXECUTE format(
            'CREATE UNIQUE INDEX %I ON %I (connection_id, embedding_key) WHERE embedding_vector IS NOT NULL',
            partition_name || '_exemplar_key', partition_name);
        SELECT
            string_agg(quote_ident(attname), ', ' ORDER BY attnum),
            string_agg(
                CASE WHEN attname IN ('embedding_vector', 'exemplar_id', 'embedder_version') THEN 'NULL'
                    ELSE quote_ident(attname) END,
                ', ' ORDER BY attnum)
        INTO column_list, moved_list
        FROM pg_attribute
        WHERE attrelid = 'home_assistant_events'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
        -- A partition cannot be attached while the default one holds rows of its month.
        EXECUTE format(
            'WITH moved AS (DELETE FROM home_assistant_events_default WHERE timestamp >= %L AND timestamp < %L RETURNING *)
             INSERT INTO %I (%s) SELECT %s FROM moved',
            lower_bound, upper_bound, partition_name, column_list, moved_list);
        EXECUTE format(
            'ALTER TABLE home_assistant_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition_name, lower_bound, upper_bound);
        EXECUTE format(
            'COMMENT ON TABLE %I IS %L', partition_name,
            'Events of ' || to_char(lower_bound AT TIME ZONE 'UTC', 'YYYY-MM') || ' (UTC).');
        created := created + 1;
    END LOOP;
    RETURN created;
END;
$$;

DO $$
DECLARE
    name text;
    vector_schema text;
BEGIN
    SELECT nspname INTO vector_schema FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace
    WHERE extname = 'vector';
    EXECUTE format(
        'ALTER FUNCTION home_assistant_ensure_event_partitions(timestamptz, timestamptz) SET search_path = %I, %I, pg_catalog, pg_temp',
        current_schema(), vector_schema);
    REVOKE ALL ON FUNCTION home_assistant_ensure_event_partitions(timestamptz, timestamptz) FROM ha_bridge_writer;
    GRANT EXECUTE ON FUNCTION home_assistant_ensure_event_partitions(timestamptz, timestamptz) TO PUBLIC;

    FOREACH name IN ARRAY ARRAY[
        'schema_migrations', 'users', 'home_assistant_connections', 'home_assistant_events', 'home_assistant_connection_metrics',
        'home_assistant_audit_log', 'home_assistant_dead_letters', 'home_assistant_bridges', 'home_assistant_connection_leases',
        'home_assistant_spool_cursors', 'home_assistant_connection_watermarks', 'home_assistant_event_gaps',
        'home_assistant_areas', 'home_assistant_labels', 'home_assistant_devices', 'home_assistant_entities',
        'home_assistant_entity_renames', 'automation_management', 'automation_lifecycle_transition',
        'automation_lifecycle_history', 'automation_executions', 'user_safety_configuration', 'safety_rule',
        'automation_emergency_stop', 'approval_workflow', 'approval_workflow_approvers', 'automation_backup',
        'automation_apply_operation', 'rollback_operation', 'automation_audit_trail', 'ai_decision_audit',
        'home_assistant_embedding_documents', 'home_assistant_latest_states', 'home_assistant_connection_overview',
        'ai_decisions', 'home_assistant_event_vectors', 'automation_daily_runs', 'automation_failures', 'automation_overview'
    ] LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO SESSION_USER', name);
    END LOOP;
    FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'home_assistant_events'::regclass LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO SESSION_USER', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'update_updated_at_column()', 'increment_version_column()', 'home_assistant_notify_connection_change()',
        'home_assistant_ensure_event_partitions(timestamptz, timestamptz)', 'home_assistant_delete_connection_rows()',
        'home_assistant_refuse_audit_change()', 'home_assistant_create_connection_lease()',
        'home_assistant_notify_lease_release()',
        'home_assistant_open_gap(uuid, uuid, text, text, timestamptz, timestamptz, bigint)',
        'home_assistant_record_sightings(uuid[], uuid[], bigint[], text[], timestamptz[], text[], text[])',
        'home_assistant_seal_batch(uuid, uuid[], bigint[], uuid[], bigint[], boolean)', 'automation_fill_connection()',
        'automation_check_lifecycle_move()', 'automation_record_lifecycle_move()',
        'automation_change_lifecycle(uuid, text, text, uuid, text, uuid)', 'automation_writes_allowed(uuid)',
        'automation_guard_emergency_stop()', 'automation_notify_emergency_stop()', 'approval_workflow_is_satisfied(uuid)',
        'approval_guard_workflow()', 'approval_guard_vote()', 'approval_count_vote()', 'automation_number_backup()',
        'automation_guard_operation()', 'approval_guard_apply()', 'home_assistant_keep_exemplar_consistent()',
        'home_assistant_hand_over_exemplar()', 'similar_events(uuid, integer, timestamptz, timestamptz)',
        'automation_time_zone(text)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO SESSION_USER', name);
    END LOOP;
    EXECUTE format(
        'REVOKE ALL ON SCHEMA %I FROM ha_bridge_owner, ha_bridge_writer, ha_bridge_reader, ha_bridge_auditor', current_schema());
END;
$$;
