-- Undoes V014: a writer locks its month first.
SET LOCAL ROLE ha_bridge_owner;

CREATE OR REPLACE FUNCTION home_assistant_lock_event_partition(p_name text) RETURNS boolean
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

DO $$
DECLARE
    vector_schema text;
BEGIN
    SELECT nspname INTO vector_schema FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace
    WHERE extname = 'vector';
    -- A function that is replaced loses its settings.
    EXECUTE format(
        'ALTER FUNCTION home_assistant_lock_event_partition(text) SET search_path = %I, %I, pg_catalog, pg_temp',
        current_schema(), vector_schema);
END;
$$;
