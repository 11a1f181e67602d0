-- Undoes V013: the months of home_assistant_events carry row security of their own again.
SET LOCAL ROLE ha_bridge_owner;

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
    PERFORM home_assistant_protect_table(p_name::regclass, 'connection_id');
END;
$$;

DROP FUNCTION home_assistant_keep_partition_for_writer(regclass);
DROP FUNCTION home_assistant_lock_event_partition(text);

DO $$
DECLARE
    target text;
    vector_schema text;
BEGIN
    SELECT nspname INTO vector_schema FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace
    WHERE extname = 'vector';
    EXECUTE format(
        'ALTER FUNCTION home_assistant_create_event_partition(text) SET search_path = %I, %I, pg_catalog, pg_temp',
        current_schema(), vector_schema);
    FOR target IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'home_assistant_events'::regclass LOOP
        PERFORM home_assistant_protect_table(target::regclass, 'connection_id');
    END LOOP;
END;
$$;
