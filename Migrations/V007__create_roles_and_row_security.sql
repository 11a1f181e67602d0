-- Who may see and change what: roles, ownership, grants, and row security on every table that carries a connection or a user.
-- Departures and their reasons: README.md of this directory.

-- Roles ---------------------------------------------------------------------------------------------------------------------

-- Roles belong to the whole server: another database of it may have made them already, or be making them at this moment.
DO $$
DECLARE
    wanted record;
    existing pg_roles;
    -- From version 16 on, being a member does not mean that one may act as the role.
    acting text := CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
    remedy text := '';
    role_name text;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('ha_bridge_owner', 'Owns the tables of ha-bridge; for migrations. Row security holds for it as well.'),
            ('ha_bridge_writer', 'The bridge and its commands: reads and writes the rows of every user.'),
            ('ha_bridge_reader', 'People and programs that read: each sees the rows of one user.'),
            ('ha_bridge_auditor', 'Verifies the audit tables: reads all of their rows, and nothing else.')
        ) AS role (name, comment)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted.name);
                EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.comment);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL;
                WHEN insufficient_privilege THEN
                    remedy := remedy || format('CREATE ROLE %I NOLOGIN; ', wanted.name);
            END;
        END IF;
        SELECT * INTO existing FROM pg_roles WHERE rolname = wanted.name;
        IF existing.rolsuper OR existing.rolbypassrls THEN
            RAISE EXCEPTION 'The role % may pass by row security, which ha-bridge relies on.', wanted.name
                USING ERRCODE = 'object_not_in_prerequisite_state',
                    HINT = format('An administrator must run: ALTER ROLE %I NOSUPERUSER NOBYPASSRLS;', wanted.name);
        END IF;
    END LOOP;

    -- Whoever migrates acts as the owner from now on, and as the writer with the other commands.
    FOREACH role_name IN ARRAY ARRAY['ha_bridge_owner', 'ha_bridge_writer'] LOOP
        IF remedy = '' AND pg_has_role(session_user, role_name, acting) AND pg_has_role(session_user, role_name, 'USAGE') THEN
            CONTINUE;
        END IF;
        IF remedy = '' THEN
            FOR attempt IN 1..10 LOOP
                BEGIN
                    EXECUTE format('GRANT %I TO %I', role_name, session_user);
                    EXIT;
                EXCEPTION
                    -- Another database grants the same at this moment.
                    WHEN unique_violation OR internal_error THEN
                        PERFORM pg_sleep(0.05);
                    WHEN insufficient_privilege OR invalid_grant_operation THEN
                        EXIT;
                END;
            END LOOP;
            CONTINUE WHEN pg_has_role(session_user, role_name, acting) AND pg_has_role(session_user, role_name, 'USAGE');
        END IF;
        remedy := remedy || format('GRANT %I TO %I; ', role_name, session_user);
    END LOOP;
    IF remedy <> '' THEN
        RAISE EXCEPTION 'The login % may not make the roles of ha-bridge, or may not act as them.', session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'An administrator of the server must run once: ' || remedy;
    END IF;

    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO ha_bridge_owner', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO ha_bridge_writer, ha_bridge_reader, ha_bridge_auditor', current_schema());
    IF NOT has_schema_privilege('ha_bridge_owner', current_schema(), 'CREATE') THEN
        RAISE EXCEPTION 'The login % may not let the owner of the tables create any in the schema %.', session_user, current_schema()
            USING ERRCODE = 'insufficient_privilege', HINT = format(
                'The owner of the schema must run once: GRANT USAGE, CREATE ON SCHEMA %1$I TO ha_bridge_owner; GRANT USAGE ON SCHEMA %1$I TO ha_bridge_writer, ha_bridge_reader, ha_bridge_auditor;',
                current_schema());
    END IF;
END;
$$;

-- Ownership -----------------------------------------------------------------------------------------------------------------

-- By name: the schema may hold tables of others.
DO $$
DECLARE
    name text;
BEGIN
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
        -- Also right for a view.
        EXECUTE format('ALTER TABLE %I OWNER TO ha_bridge_owner', name);
    END LOOP;
    FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'home_assistant_events'::regclass LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO ha_bridge_owner', name);
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
        EXECUTE format('ALTER FUNCTION %s OWNER TO ha_bridge_owner', name);
    END LOOP;
END;
$$;

-- What follows, and every later migration, belongs to the owner from the start.
SET LOCAL ROLE ha_bridge_owner;

-- Whose session it is -------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_logins (
    role_name TEXT COLLATE "C" PRIMARY KEY,
    user_id UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT home_assistant_logins_role_name_present CHECK (role_name <> '')
);
CREATE INDEX idx_home_assistant_logins_user_id ON home_assistant_logins (user_id);

COMMENT ON TABLE home_assistant_logins IS
    'Logins of the database that belong to one user, whatever they set: ha-bridge user grant NAME --login ROLE.';
COMMENT ON COLUMN home_assistant_logins.role_name IS 'The login, a role of the server that is a member of ha_bridge_reader.';
COMMENT ON COLUMN home_assistant_logins.user_id IS 'Whose rows it sees; NULL once the user is erased: none.';

CREATE FUNCTION home_assistant_current_user() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
AS $$
DECLARE
    owner_of_login uuid;
    claimed text := current_setting('app.current_user_id', true);
BEGIN
    -- The login itself counts first: that is what its session cannot change.
    SELECT user_id INTO owner_of_login FROM home_assistant_logins
    WHERE role_name IN (session_user::text, current_setting('role'))
    ORDER BY role_name = session_user::text DESC LIMIT 1;
    IF FOUND THEN
        RETURN owner_of_login;
    END IF;
    IF claimed ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN
        RETURN claimed::uuid;
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_current_user() IS
    'The user whose rows this session sees: that of its login (home_assistant_logins), else the setting app.current_user_id; NULL where neither names one.';

CREATE FUNCTION home_assistant_own_connections() RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(array_agg(id), '{}') FROM home_assistant_connections WHERE user_id = home_assistant_current_user()
$$;
COMMENT ON FUNCTION home_assistant_own_connections() IS 'The connections of the user whose rows this session sees.';

-- Protection ----------------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_protect_table(target regclass, via text, mode text DEFAULT 'data') RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    own_rows text;
    visible_columns text;
    hidden_count bigint;
    policy record;
BEGIN
    IF mode NOT IN ('data', 'append') THEN
        RAISE EXCEPTION 'A table is protected as data or append, not as %.', mode USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Asked once for each statement, and so that an index can be used.
    SELECT string_agg(
        CASE name
            WHEN 'connection_id' THEN 'connection_id = ANY ((SELECT home_assistant_own_connections())::uuid[])'
            ELSE format('%I = (SELECT home_assistant_current_user())', name)
        END, ' OR ')
    INTO STRICT own_rows
    FROM (SELECT btrim(part) AS name FROM unnest(string_to_array(via, ',')) AS part) AS way;

    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = target AND polname LIKE 'ha\_bridge\_%' LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, target);
    END LOOP;
    EXECUTE format('CREATE POLICY ha_bridge_reader_rows ON %s FOR SELECT TO ha_bridge_reader USING (%s)', target, own_rows);
    EXECUTE format('CREATE POLICY ha_bridge_owner_rows ON %s TO ha_bridge_owner USING (%s)', target, own_rows);
    EXECUTE format('REVOKE ALL ON %s FROM ha_bridge_writer, ha_bridge_reader, ha_bridge_auditor', target);
    IF mode = 'append' THEN
        EXECUTE format('CREATE POLICY ha_bridge_writer_rows ON %s FOR SELECT TO ha_bridge_writer USING (true)', target);
        EXECUTE format(
            'CREATE POLICY ha_bridge_writer_new_rows ON %s FOR INSERT TO ha_bridge_writer WITH CHECK (true)', target);
        EXECUTE format('CREATE POLICY ha_bridge_auditor_rows ON %s FOR SELECT TO ha_bridge_auditor USING (true)', target);
        EXECUTE format('GRANT SELECT, INSERT ON %s TO ha_bridge_writer', target);
        EXECUTE format('GRANT SELECT ON %s TO ha_bridge_auditor', target);
    ELSE
        EXECUTE format('CREATE POLICY ha_bridge_writer_rows ON %s TO ha_bridge_writer USING (true)', target);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO ha_bridge_writer', target);
    END IF;

    -- What is sealed, and what a password could be guessed from, is the bridge's alone.
    SELECT
        string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE NOT is_hidden), count(*) FILTER (WHERE is_hidden)
    INTO visible_columns, hidden_count
    FROM (
        SELECT attname, attnum,
            attname IN ('encrypted_token', 'sealed_secrets', 'password_hash') OR attname ~ '^mfa_.*(secret|codes?)$' AS is_hidden
        FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped
    ) AS stored_column;
    EXECUTE format(
        'GRANT SELECT %s ON %s TO ha_bridge_reader',
        CASE WHEN hidden_count > 0 THEN '(' || visible_columns || ')' ELSE '' END, target);
END;
$$;
COMMENT ON FUNCTION home_assistant_protect_table(regclass, text, text) IS
    'Makes row security, policies and grants of a table: readers and the owner see their own rows, the writer all. via: the columns by which a row belongs to a user, such as connection_id, user_id, or both with a comma. mode: data, or append for rows that are never changed, which the auditor reads. May be called again, as after a new column.';

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_current_user()', 'home_assistant_own_connections()', 'home_assistant_protect_table(regclass, text, text)'
    ] LOOP
        EXECUTE format(
            'ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION home_assistant_protect_table(regclass, text, text) FROM PUBLIC;

DO $$
DECLARE
    target text;
BEGIN
    PERFORM home_assistant_protect_table('users', 'id');
    PERFORM home_assistant_protect_table('home_assistant_connections', 'user_id');
    PERFORM home_assistant_protect_table('user_safety_configuration', 'user_id');
    FOREACH target IN ARRAY ARRAY[
        'home_assistant_events', 'home_assistant_connection_metrics', 'home_assistant_dead_letters',
        'home_assistant_connection_leases', 'home_assistant_connection_watermarks', 'home_assistant_event_gaps',
        'home_assistant_areas', 'home_assistant_labels', 'home_assistant_devices', 'home_assistant_entities',
        'home_assistant_entity_renames', 'home_assistant_embedding_documents', 'automation_management',
        'automation_lifecycle_history', 'automation_executions', 'safety_rule', 'automation_emergency_stop',
        'approval_workflow', 'approval_workflow_approvers', 'automation_backup', 'automation_apply_operation',
        'rollback_operation'
    ] LOOP
        PERFORM home_assistant_protect_table(target::regclass, 'connection_id');
    END LOOP;
    -- Who acted sees it, too, and what remains of a connection that is gone.
    FOREACH target IN ARRAY ARRAY['automation_audit_trail', 'ai_decision_audit', 'home_assistant_audit_log'] LOOP
        PERFORM home_assistant_protect_table(target::regclass, 'connection_id, user_id', 'append');
    END LOOP;
    FOR target IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'home_assistant_events'::regclass LOOP
        PERFORM home_assistant_protect_table(target::regclass, 'connection_id');
    END LOOP;

    -- The mapping of logins: the owner sees the row of the session's own login alone, by which it finds the user.
    PERFORM home_assistant_protect_table('home_assistant_logins', 'user_id');
    DROP POLICY ha_bridge_reader_rows ON home_assistant_logins;
    DROP POLICY ha_bridge_owner_rows ON home_assistant_logins;
    CREATE POLICY ha_bridge_owner_rows ON home_assistant_logins FOR SELECT TO ha_bridge_owner
        USING (role_name IN (session_user::text, current_setting('role')));
    REVOKE ALL ON home_assistant_logins FROM ha_bridge_reader;

    -- Tables that belong to no user.
    GRANT SELECT, INSERT, UPDATE, DELETE ON home_assistant_bridges, home_assistant_spool_cursors TO ha_bridge_writer;
    GRANT SELECT ON automation_lifecycle_transition, schema_migrations
        TO ha_bridge_writer, ha_bridge_reader, ha_bridge_auditor;

    -- Views see with the eyes of who asks.
    GRANT SELECT ON home_assistant_latest_states, home_assistant_connection_overview, ai_decisions,
        home_assistant_event_vectors, automation_daily_runs, automation_failures, automation_overview
        TO ha_bridge_writer, ha_bridge_reader;
    GRANT SELECT ON ai_decisions TO ha_bridge_auditor;
END;
$$;

-- Audit ---------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION home_assistant_refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Retention and erasure act as the owner, and leave a signed anchor. A superuser must become the owner first.
    IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege',
            HINT = 'Write a new row that corrects the earlier one.';
END;
$$;
COMMENT ON FUNCTION home_assistant_refuse_audit_change() IS
    'Trigger: refuses UPDATE, DELETE and TRUNCATE of an append-only table to everyone but its owner.';

-- What runs as the owner ----------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_create_event_partition(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
AS $$
BEGIN
    IF p_name IS NULL OR p_name !~ '^home_assistant_events_y[0-9]{4}m(0[1-9]|1[0-2])$' THEN
        RAISE EXCEPTION '% is no name of a partition of home_assistant_events.', p_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE home_assistant_events INCLUDING ALL)', p_name);
    EXECUTE format(
        'CREATE UNIQUE INDEX %I ON %I (connection_id, embedding_key) WHERE embedding_vector IS NOT NULL',
        p_name || '_exemplar_key', p_name);
    PERFORM home_assistant_protect_table(p_name::regclass, 'connection_id');
END;
$$;
COMMENT ON FUNCTION home_assistant_create_event_partition(text) IS
    'Makes the table of a month''s events, not attached yet; a step of home_assistant_ensure_event_partitions.';

CREATE FUNCTION home_assistant_attach_event_partition(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
    month timestamp;
BEGIN
    IF p_name IS NULL OR p_name !~ '^home_assistant_events_y[0-9]{4}m(0[1-9]|1[0-2])$' THEN
        RAISE EXCEPTION '% is no name of a partition of home_assistant_events.', p_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    month := make_timestamp(
        substring(p_name FROM 'y([0-9]{4})m')::integer, substring(p_name FROM 'm([0-9]{2})$')::integer, 1, 0, 0, 0);
    EXECUTE format(
        'ALTER TABLE home_assistant_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        p_name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
    EXECUTE format('COMMENT ON TABLE %I IS %L', p_name, 'Events of ' || to_char(month, 'YYYY-MM') || ' (UTC).');
END;
$$;
COMMENT ON FUNCTION home_assistant_attach_event_partition(text) IS
    'Attaches the table of a month''s events for that month (UTC); a step of home_assistant_ensure_event_partitions.';

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

        -- Attached rather than created as PARTITION OF, which would shut readers out of the parent. The owner's part is done by
        -- functions that run as the owner; the rows are moved by the caller, who sees them.
        PERFORM home_assistant_create_event_partition(partition_name);
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
        PERFORM home_assistant_attach_event_partition(partition_name);
        created := created + 1;
    END LOOP;
    RETURN created;
END;
$$;

CREATE FUNCTION home_assistant_build_vector_index(p_partition regclass) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
-- With less than all vectors take, the graph is finished on disk, which takes many times as long.
SET maintenance_work_mem = '256MB'
AS $$
DECLARE
    partition_name text;
    month timestamp;
BEGIN
    SELECT relname INTO partition_name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'home_assistant_events'::regclass AND inhrelid = p_partition
        AND relname ~ '^home_assistant_events_y[0-9]{4}m(0[1-9]|1[0-2])$';
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is no month of home_assistant_events.', p_partition USING ERRCODE = 'invalid_parameter_value';
    END IF;
    month := make_timestamp(
        substring(partition_name FROM 'y([0-9]{4})m')::integer, substring(partition_name FROM 'm([0-9]{2})$')::integer,
        1, 0, 0, 0);
    -- Nobody can write to the month meanwhile: nothing for one that is being filled.
    IF (month + interval '1 month 1 day') AT TIME ZONE 'UTC' > now() THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP INDEX IF EXISTS %I', partition_name || '_vector');
    EXECUTE format(
        'CREATE INDEX %I ON %I USING hnsw (embedding_vector vector_cosine_ops) WITH (m = 16, ef_construction = 64)',
        partition_name || '_vector', partition_name);
    RETURN true;
END;
$$;
COMMENT ON FUNCTION home_assistant_build_vector_index(regclass) IS
    'Builds the index for vectors of a month that is over, for bridges that may not act as the owner; writers to it wait. False, and nothing done, for a month that is not over for a day.';

CREATE FUNCTION home_assistant_drop_vector_index(p_partition regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
    partition_name text;
BEGIN
    SELECT relname INTO partition_name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'home_assistant_events'::regclass AND inhrelid = p_partition;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is no partition of home_assistant_events.', p_partition
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('DROP INDEX IF EXISTS %I', partition_name || '_vector');
END;
$$;
COMMENT ON FUNCTION home_assistant_drop_vector_index(regclass) IS
    'Drops the index for vectors of a partition, for bridges that may not act as the owner.';

-- The functions that name tables find them in the schema of this migration, whatever the search_path of the caller; what runs as
-- the owner is the writer's alone.
DO $$
DECLARE
    vector_schema text;
    signature text;
BEGIN
    SELECT nspname INTO vector_schema FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace
    WHERE extname = 'vector';
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_ensure_event_partitions(timestamptz, timestamptz)', 'home_assistant_create_event_partition(text)',
        'home_assistant_attach_event_partition(text)', 'home_assistant_build_vector_index(regclass)',
        'home_assistant_drop_vector_index(regclass)'
    ] LOOP
        EXECUTE format(
            'ALTER FUNCTION %s SET search_path = %I, %I, pg_catalog, pg_temp', signature, current_schema(), vector_schema);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ha_bridge_writer', signature);
    END LOOP;
END;
$$;
