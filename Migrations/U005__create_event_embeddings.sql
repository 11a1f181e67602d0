-- Loses all vectors and texts; they can be made again only for events that come later.
DROP VIEW home_assistant_event_vectors;
DROP FUNCTION similar_events(uuid, integer, timestamptz, timestamptz);
DROP TRIGGER hand_over_home_assistant_events_exemplar_on_update ON home_assistant_events;
DROP TRIGGER hand_over_home_assistant_events_exemplar_on_delete ON home_assistant_events;
DROP TRIGGER keep_home_assistant_events_exemplar_consistent ON home_assistant_events;
DROP FUNCTION home_assistant_hand_over_exemplar();
DROP FUNCTION home_assistant_keep_exemplar_consistent();
DROP TABLE home_assistant_embedding_documents;
DO $$
DECLARE
    index_name text;
BEGIN
    FOR index_name IN
        SELECT own.relname FROM pg_inherits
        JOIN pg_class AS child ON child.oid = inhrelid
        JOIN pg_index ON indrelid = child.oid
        JOIN pg_class AS own ON own.oid = indexrelid
        WHERE inhparent = 'home_assistant_events'::regclass
            AND own.relname IN (child.relname || '_exemplar_key', child.relname || '_vector')
    LOOP
        EXECUTE format('DROP INDEX %I', index_name);
    END LOOP;
END;
$$;
UPDATE home_assistant_events SET embedding_vector = NULL WHERE embedding_vector IS NOT NULL;
DROP INDEX idx_home_assistant_events_pending;
DROP INDEX idx_home_assistant_events_entity_id;
CREATE INDEX idx_home_assistant_events_entity_id ON home_assistant_events (entity_id, connection_id, timestamp)
    WHERE entity_id IS NOT NULL;
ALTER TABLE home_assistant_events
    DROP CONSTRAINT home_assistant_events_embedding_key_length,
    DROP COLUMN embedder_version,
    DROP COLUMN exemplar_id,
    DROP COLUMN embedding_key,
    ALTER COLUMN embedding_vector SET STORAGE EXTERNAL,
    ALTER COLUMN event_type SET STORAGE EXTENDED,
    ALTER COLUMN entity_id SET STORAGE EXTENDED,
    ALTER COLUMN context_id SET STORAGE EXTENDED,
    ALTER COLUMN context_parent_id SET STORAGE EXTENDED,
    ALTER COLUMN context_user_id SET STORAGE EXTENDED;
COMMENT ON COLUMN home_assistant_events.embedding_vector IS 'Meaning of the event for similarity search; NULL where it is still to be computed.';

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
        -- A partition cannot be attached while the default one holds rows of its month.
        EXECUTE format(
            'WITH moved AS (DELETE FROM home_assistant_events_default WHERE timestamp >= %L AND timestamp < %L RETURNING *)
             INSERT INTO %I SELECT * FROM moved',
            lower_bound, upper_bound, partition_name);
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
BEGIN
    EXECUTE format(
        'ALTER FUNCTION home_assistant_ensure_event_partitions(timestamptz, timestamptz) SET search_path = %I, pg_catalog, pg_temp',
        current_schema());
END;
$$;
