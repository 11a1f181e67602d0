-- COPY straight into the months of home_assistant_events. PostgreSQL refuses COPY into a table with row security, and looks at the table
-- that is named: the months carry none of their own any more, and nobody but the writer and the owner holds a right on them. Whoever
-- reads home_assistant_events passes its policies as before. Reasons: README.md of this directory.
SET LOCAL ROLE ha_bridge_owner;

CREATE FUNCTION home_assistant_keep_partition_for_writer(p_partition regclass) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    policy record;
BEGIN
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = p_partition LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, p_partition);
    END LOOP;
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', p_partition);
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, ha_bridge_writer, ha_bridge_reader, ha_bridge_auditor', p_partition);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO ha_bridge_writer', p_partition);
END;
$$;
COMMENT ON FUNCTION home_assistant_keep_partition_for_writer(regclass) IS
    'Takes row security off a month of home_assistant_events and every right on it from everyone but the writer: for COPY.';

CREATE FUNCTION home_assistant_lock_event_partition(p_name text) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    IF to_regclass(p_name) IS NULL THEN
        RETURN false;
    END IF;
    -- From here on it can neither be detached nor dropped, until the transaction ends.
    EXECUTE format('LOCK TABLE ONLY %I IN ROW EXCLUSIVE MODE', p_name);
    RETURN EXISTS (
        SELECT FROM pg_inherits
        WHERE inhrelid = to_regclass(p_name) AND inhparent = 'home_assistant_events'::regclass AND NOT inhdetachpending);
END;
$$;
COMMENT ON FUNCTION home_assistant_lock_event_partition(text) IS
    'Whether a table of this name takes events of home_assistant_events, and if so for as long as the transaction lasts.';

CREATE OR REPLACE FUNCTION home_assistant_create_event_partition(p_name text) RETURNS void
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
    PERFORM home_assistant_keep_partition_for_writer(p_name::regclass);
END;
$$;

DO $$
DECLARE
    target text;
    vector_schema text;
BEGIN
    SELECT nspname INTO vector_schema FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace
    WHERE extname = 'vector';
    -- A function that is replaced loses its settings.
    FOREACH target IN ARRAY ARRAY[
        'home_assistant_keep_partition_for_writer(regclass)', 'home_assistant_lock_event_partition(text)',
        'home_assistant_create_event_partition(text)'
    ] LOOP
        EXECUTE format(
            'ALTER FUNCTION %s SET search_path = %I, %I, pg_catalog, pg_temp', target, current_schema(), vector_schema);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', target);
    END LOOP;
    GRANT EXECUTE ON FUNCTION home_assistant_lock_event_partition(text), home_assistant_create_event_partition(text)
        TO ha_bridge_writer;
    FOR target IN
        SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'home_assistant_events'::regclass AND inhrelid <> 'home_assistant_events_default'::regclass
    LOOP
        PERFORM home_assistant_keep_partition_for_writer(target::regclass);
    END LOOP;
END;
$$;
