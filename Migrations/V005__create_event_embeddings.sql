-- Search by meaning: what is embedded of an event is kept once for each key, its vector once for each key and partition.
-- Departures and their reasons: README.md of this directory.

-- Events --------------------------------------------------------------------------------------------------------------------

ALTER TABLE home_assistant_events
    ADD COLUMN embedding_key BYTEA,
    ADD COLUMN exemplar_id UUID,
    ADD COLUMN embedder_version VARCHAR(64),
    ADD CONSTRAINT home_assistant_events_embedding_key_length CHECK (octet_length(embedding_key) = 16);

-- PLAIN: a search reads every vector of a month, and out of line each costs three more look-ups. MAIN for the short columns:
-- a row with a vector is past the size at which PostgreSQL begins to move everything out that it may.
ALTER TABLE home_assistant_events
    ALTER COLUMN embedding_vector SET STORAGE PLAIN,
    ALTER COLUMN event_type SET STORAGE MAIN,
    ALTER COLUMN entity_id SET STORAGE MAIN,
    ALTER COLUMN context_id SET STORAGE MAIN,
    ALTER COLUMN context_parent_id SET STORAGE MAIN,
    ALTER COLUMN context_user_id SET STORAGE MAIN;

-- The index of the entities takes the key along: the events of a key are among those of its entity. An index of their own
-- would cost a fifth of COPY, this costs nothing that can be measured (README.md).
DROP INDEX idx_home_assistant_events_entity_id;
CREATE INDEX idx_home_assistant_events_entity_id ON home_assistant_events (entity_id, connection_id, timestamp)
    INCLUDE (embedding_key) WHERE entity_id IS NOT NULL;

-- What waits for a vector. Empty most of the time, so that it costs nothing.
CREATE INDEX idx_home_assistant_events_pending ON home_assistant_events (timestamp)
    WHERE embedding_key IS NOT NULL AND exemplar_id IS NULL;

COMMENT ON COLUMN home_assistant_events.embedding_vector IS
    'Meaning of the event for similarity search, on one row for each key and partition; home_assistant_event_vectors shows it for every event.';
COMMENT ON COLUMN home_assistant_events.embedding_key IS
    'Events of the same key mean the same and have the same vector: 16 bytes of a SHA-256 over everything that is embedded, and the connection. A row of home_assistant_embedding_documents says what that is. NULL: nothing to say.';
COMMENT ON COLUMN home_assistant_events.exemplar_id IS
    'The event of the same key and partition that carries the vector, possibly this one; NULL where it is still to be computed.';
COMMENT ON COLUMN home_assistant_events.embedder_version IS 'What made embedding_vector; NULL where there is none.';

-- One exemplar for each key and partition. A unique index on the partitioned table would have to hold the timestamp, so each
-- partition has one of its own; home_assistant_ensure_event_partitions makes it for those to come.
DO $$
DECLARE
    partition_name text;
BEGIN
    FOR partition_name IN
        SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = 'home_assistant_events'::regclass
    LOOP
        EXECUTE format(
            'CREATE UNIQUE INDEX %I ON %I (connection_id, embedding_key) WHERE embedding_vector IS NOT NULL',
            partition_name || '_exemplar_key', partition_name);
    END LOOP;
END;
$$;

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

-- Documents -----------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_embedding_documents (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    embedding_key BYTEA NOT NULL,
    text TEXT NOT NULL,
    entity_id VARCHAR(255) COLLATE "C",
    kind TEXT NOT NULL,
    transition TEXT NOT NULL,
    area TEXT,
    day_part SMALLINT NOT NULL,
    polarity SMALLINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    needed_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (connection_id, embedding_key),
    CONSTRAINT home_assistant_embedding_documents_key_length CHECK (octet_length(embedding_key) = 16),
    CONSTRAINT home_assistant_embedding_documents_day_part_valid CHECK (day_part BETWEEN 0 AND 4),
    CONSTRAINT home_assistant_embedding_documents_polarity_valid CHECK (polarity BETWEEN 0 AND 2)
);
CREATE INDEX idx_home_assistant_embedding_documents_needed_at ON home_assistant_embedding_documents (needed_at);

COMMENT ON TABLE home_assistant_embedding_documents IS
    'What is embedded of the events of each key, so that vectors can be made anew with another model; deleted when no event has the key any more.';
COMMENT ON COLUMN home_assistant_embedding_documents.text IS 'The event as an English sentence, without the time of day.';
COMMENT ON COLUMN home_assistant_embedding_documents.entity_id IS 'The entity; NULL for events of none.';
COMMENT ON COLUMN home_assistant_embedding_documents.kind IS
    'Domain and device class, such as binary_sensor/door; the event type for events of no entity.';
COMMENT ON COLUMN home_assistant_embedding_documents.transition IS
    'What kind of change it was, such as off>on or up; the same for equal changes of different entities.';
COMMENT ON COLUMN home_assistant_embedding_documents.area IS 'The name of the area at the time; NULL where none was known.';
COMMENT ON COLUMN home_assistant_embedding_documents.day_part IS
    'By the clock of the house: 0 night (22 to 5), 1 early morning (to 8), 2 morning (to 12), 3 afternoon (to 17), 4 evening (to 22).';
COMMENT ON COLUMN home_assistant_embedding_documents.polarity IS '0 neither, 1 something began, 2 something came to rest.';
COMMENT ON COLUMN home_assistant_embedding_documents.needed_at IS
    'When an event last needed it anew, to the day: young documents without events are waited for, not deleted.';

-- Exemplars -----------------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_keep_exemplar_consistent() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.embedding_key IS DISTINCT FROM OLD.embedding_key THEN
        -- The vector is that of the old key; the trigger after this one gives it to another row of that key.
        IF OLD.embedding_vector IS NOT NULL THEN
            NEW.embedding_vector := NULL;
        END IF;
        IF NEW.exemplar_id IS NOT DISTINCT FROM OLD.exemplar_id THEN
            NEW.exemplar_id := NULL;
        END IF;
    END IF;
    IF NEW.embedding_vector IS NULL THEN
        NEW.embedder_version := NULL;
        IF NEW.exemplar_id = NEW.id THEN
            NEW.exemplar_id := NULL;
        END IF;
    ELSIF NEW.embedding_key IS NOT NULL THEN
        NEW.exemplar_id := NEW.id;
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION home_assistant_keep_exemplar_consistent() IS
    'Trigger: a row with a vector is its own exemplar, and a vector goes when the key changes, whatever an UPDATE says.';

CREATE TRIGGER keep_home_assistant_events_exemplar_consistent
    BEFORE UPDATE ON home_assistant_events
    FOR EACH ROW
    WHEN (OLD.embedding_vector IS NOT NULL OR NEW.embedding_vector IS NOT NULL
        OR OLD.embedding_key IS DISTINCT FROM NEW.embedding_key)
    EXECUTE FUNCTION home_assistant_keep_exemplar_consistent();

CREATE FUNCTION home_assistant_hand_over_exemplar() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    -- The rows of the key in this partition: they have the same entity, whose index finds them.
    members text := CASE WHEN OLD.entity_id IS NULL THEN 'entity_id IS NULL AND event_type = $1' ELSE 'entity_id = $2' END
        || ' AND connection_id = $3 AND embedding_key = $4';
    survivor uuid;
    is_any_left boolean;
BEGIN
    -- A connection that is being removed takes all its rows along.
    IF OLD.embedding_key IS NULL OR NOT EXISTS (
        SELECT FROM home_assistant_connections WHERE id = OLD.connection_id AND removed_at IS NULL
    ) THEN
        RETURN NULL;
    END IF;
    -- Whoever remembers exemplars forgets those of this connection.
    PERFORM pg_notify('home_assistant_exemplars', OLD.connection_id::text);

    -- A vector that was taken away from a row that stays: the key waits for a new one.
    IF TG_OP = 'UPDATE' AND NEW.embedding_key = OLD.embedding_key THEN
        EXECUTE format(
            'UPDATE %1$s AS event SET exemplar_id = NULL
             FROM (SELECT id, timestamp FROM %1$s WHERE %2$s AND exemplar_id IS NOT NULL ORDER BY id FOR NO KEY UPDATE) AS row
             WHERE event.id = row.id AND event.timestamp = row.timestamp', TG_RELID::regclass, members)
            USING OLD.event_type, OLD.entity_id, OLD.connection_id, OLD.embedding_key;
        RETURN NULL;
    END IF;

    -- A row that someone else deletes meanwhile is waited for and then gone: look again.
    LOOP
        EXECUTE format(
            'UPDATE %1$s AS event SET embedding_vector = $5, embedder_version = $6, exemplar_id = event.id
             FROM (
                 SELECT id, timestamp FROM %1$s WHERE %2$s ORDER BY timestamp DESC, id LIMIT 1 FOR NO KEY UPDATE
             ) AS newest
             WHERE event.id = newest.id AND event.timestamp = newest.timestamp
             RETURNING event.id', TG_RELID::regclass, members)
            INTO survivor
            USING OLD.event_type, OLD.entity_id, OLD.connection_id, OLD.embedding_key, OLD.embedding_vector,
                OLD.embedder_version;
        EXIT WHEN survivor IS NOT NULL;
        EXECUTE format('SELECT EXISTS (SELECT FROM %1$s WHERE %2$s)', TG_RELID::regclass, members)
            INTO is_any_left
            USING OLD.event_type, OLD.entity_id, OLD.connection_id, OLD.embedding_key;
        IF NOT is_any_left THEN
            RETURN NULL;
        END IF;
    END LOOP;

    -- In the order of ids, like every writer. Rows that wait stay as they are: the worker points them.
    EXECUTE format(
        'UPDATE %1$s AS event SET exemplar_id = $5
         FROM (
             SELECT id, timestamp FROM %1$s WHERE %2$s AND exemplar_id <> $5 ORDER BY id FOR NO KEY UPDATE
         ) AS row
         WHERE event.id = row.id AND event.timestamp = row.timestamp', TG_RELID::regclass, members)
        USING OLD.event_type, OLD.entity_id, OLD.connection_id, OLD.embedding_key, survivor;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_hand_over_exemplar() IS
    'Trigger: when the row that carries the vector of a key goes, the newest row of the key in the partition takes it over. Sends the id of the connection on the channel home_assistant_exemplars.';

CREATE TRIGGER hand_over_home_assistant_events_exemplar_on_delete
    AFTER DELETE ON home_assistant_events
    FOR EACH ROW
    WHEN (OLD.embedding_vector IS NOT NULL)
    EXECUTE FUNCTION home_assistant_hand_over_exemplar();

CREATE TRIGGER hand_over_home_assistant_events_exemplar_on_update
    AFTER UPDATE ON home_assistant_events
    FOR EACH ROW
    WHEN (OLD.embedding_vector IS NOT NULL
        AND (NEW.embedding_vector IS NULL OR NEW.embedding_key IS DISTINCT FROM OLD.embedding_key))
    EXECUTE FUNCTION home_assistant_hand_over_exemplar();

-- Search for psql -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION similar_events(
    event_id uuid, "limit" integer DEFAULT 10, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL
) RETURNS TABLE (
    id uuid, connection_id uuid, "timestamp" timestamptz, event_type varchar, entity_id varchar, area text, text text,
    old_state text, new_state text, value double precision, score double precision
)
LANGUAGE plpgsql STABLE
-- To compile the scan of some thousand vectors takes longer than the scan; exemplars are found by the index that lists them.
SET jit = off
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    given home_assistant_events;
    query_vector vector;
    wanted integer := greatest(coalesce("limit", 10), 0);
    from_time timestamptz := coalesce(similar_events.since, '-infinity');
    to_time timestamptz := coalesce(similar_events.until, 'infinity');
    -- An exemplar outside of the period may stand for events inside: whole months are searched.
    from_month timestamptz := date_trunc('month', from_time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    to_month timestamptz := (date_trunc('month', to_time AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
    candidate record;
    last_distance double precision;
    found_ids uuid[] := '{}';
    found_times timestamptz[] := '{}';
    found_scores double precision[] := '{}';
    ids uuid[];
    times timestamptz[];
BEGIN
    SELECT event.* INTO given FROM home_assistant_events AS event WHERE event.id = similar_events.event_id;
    IF NOT FOUND OR given.embedding_key IS NULL OR wanted = 0 THEN
        RETURN;
    END IF;
    -- That of another month will do while the worker has not come to this one: equal keys have equal vectors.
    SELECT exemplar.embedding_vector INTO query_vector FROM home_assistant_events AS exemplar
    WHERE exemplar.connection_id = given.connection_id AND exemplar.embedding_key = given.embedding_key
        AND exemplar.embedding_vector IS NOT NULL
    LIMIT 1;
    IF query_vector IS NULL THEN
        RETURN;
    END IF;

    FOR candidate IN
        SELECT exemplar.embedding_key, min(exemplar.entity_id) AS entity_id, min(exemplar.event_type) AS event_type,
            min(exemplar.distance) AS distance
        FROM (
            SELECT event.embedding_key, event.entity_id, event.event_type,
                event.embedding_vector <=> query_vector AS distance
            FROM home_assistant_events AS event
            WHERE event.connection_id = given.connection_id AND event.embedding_key IS NOT NULL
                AND event.embedding_vector IS NOT NULL AND event.timestamp >= from_month AND event.timestamp < to_month
            UNION ALL
            SELECT event.embedding_key, event.entity_id, event.event_type,
                event.embedding_vector <=> query_vector AS distance
            FROM home_assistant_events_default AS event
            WHERE event.connection_id = given.connection_id AND event.embedding_key IS NOT NULL
                AND event.embedding_vector IS NOT NULL AND (event.timestamp < from_month OR event.timestamp >= to_month)
        ) AS exemplar
        GROUP BY exemplar.embedding_key
        ORDER BY distance, exemplar.embedding_key
    LOOP
        -- One more key as long as it is as near as the last: among equals the newest counts.
        EXIT WHEN cardinality(found_ids) >= wanted AND candidate.distance > last_distance;
        last_distance := candidate.distance;
        IF candidate.entity_id IS NOT NULL THEN
            SELECT array_agg(event.id), array_agg(event.timestamp) INTO ids, times
            FROM (
                SELECT DISTINCT event.timestamp AS moment
                FROM home_assistant_events AS event
                WHERE event.entity_id = candidate.entity_id AND event.connection_id = given.connection_id
                    AND event.embedding_key = candidate.embedding_key
                    AND event.timestamp >= from_time AND event.timestamp < to_time
                ORDER BY event.timestamp DESC
                LIMIT wanted + 1
            ) AS newest
            JOIN home_assistant_events AS event ON event.entity_id = candidate.entity_id
                AND event.connection_id = given.connection_id AND event.timestamp = newest.moment
                AND event.embedding_key = candidate.embedding_key
            WHERE event.id <> similar_events.event_id;
        ELSE
            SELECT array_agg(event.id), array_agg(event.timestamp) INTO ids, times
            FROM (
                SELECT event.id, event.timestamp
                FROM home_assistant_events AS event
                WHERE event.entity_id IS NULL AND event.event_type = candidate.event_type
                    AND event.connection_id = given.connection_id AND event.embedding_key = candidate.embedding_key
                    AND event.timestamp >= from_time AND event.timestamp < to_time
                    AND event.id <> similar_events.event_id
                ORDER BY event.timestamp DESC
                LIMIT wanted
            ) AS event;
        END IF;
        IF ids IS NOT NULL THEN
            found_ids := found_ids || ids;
            found_times := found_times || times;
            found_scores := found_scores || array_fill(1 - candidate.distance, ARRAY[cardinality(ids)]);
        END IF;
    END LOOP;

    RETURN QUERY
    SELECT event.id, event.connection_id, event.timestamp, event.event_type, event.entity_id, document.area, document.text,
        event.old_state, event.new_state, event.value, best.score
    FROM (
        SELECT hit.id, hit.moment, hit.score
        FROM unnest(found_ids, found_times, found_scores) AS hit (id, moment, score)
        ORDER BY hit.score DESC, hit.moment DESC, hit.id
        LIMIT wanted
    ) AS best
    JOIN home_assistant_events AS event ON event.id = best.id AND event.timestamp = best.moment
    LEFT JOIN home_assistant_embedding_documents AS document
        ON document.connection_id = event.connection_id AND document.embedding_key = event.embedding_key
    ORDER BY best.score DESC, best.moment DESC, best.id;
END;
$$;
COMMENT ON FUNCTION similar_events(uuid, integer, timestamptz, timestamptz) IS
    'The events of the same connection that mean most nearly the same as an event, best first and the newer of equals first, without the event itself: SELECT * FROM similar_events(''0198…'', 20, now() - interval ''7 days''). Score is the cosine. No rows for an event that is unknown or has no vector yet.';

-- The functions that name tables find them in the schema of this migration, whatever the search_path of the caller. The type and
-- the operators of pgvector are found where the extension is.
DO $$
DECLARE
    signature text;
    vector_schema text;
BEGIN
    SELECT nspname INTO vector_schema FROM pg_extension JOIN pg_namespace AS space ON space.oid = extnamespace
    WHERE extname = 'vector';
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_hand_over_exemplar()',
        'similar_events(uuid, integer, timestamptz, timestamptz)',
        'home_assistant_ensure_event_partitions(timestamptz, timestamptz)'
    ] LOOP
        EXECUTE format(
            'ALTER FUNCTION %s SET search_path = %I, %I, pg_catalog, pg_temp', signature, current_schema(), vector_schema);
    END LOOP;
END;
$$;

-- Views (stable: queries on them survive upgrades) --------------------------------------------------------------------------

CREATE VIEW home_assistant_event_vectors WITH (security_invoker = true) AS
SELECT
    event.id AS event_id,
    event.connection_id,
    event.timestamp,
    event.event_type,
    event.entity_id,
    document.area,
    document.text,
    event.old_state,
    event.new_state,
    event.value,
    event.source,
    event.embedding_key,
    event.exemplar_id,
    exemplar.embedding_vector,
    exemplar.embedder_version
FROM home_assistant_events AS event
LEFT JOIN home_assistant_embedding_documents AS document
    ON document.connection_id = event.connection_id AND document.embedding_key = event.embedding_key
-- By the key, for which there is one exemplar in each partition: that holds at every moment, also while exemplar_id is being moved.
LEFT JOIN home_assistant_events AS exemplar
    ON exemplar.tableoid = event.tableoid AND exemplar.connection_id = event.connection_id
    AND exemplar.embedding_key = event.embedding_key AND exemplar.embedding_vector IS NOT NULL;

COMMENT ON VIEW home_assistant_event_vectors IS
    'Each event with the sentence that is embedded of it, its area, and its vector wherever that is stored: SELECT text, 1 - (embedding_vector <=> $1) AS score FROM home_assistant_event_vectors WHERE timestamp > now() - interval ''1 day'' ORDER BY score DESC NULLS LAST. Stable.';
COMMENT ON COLUMN home_assistant_event_vectors.text IS 'The event as an English sentence; NULL where nothing is embedded of it.';
COMMENT ON COLUMN home_assistant_event_vectors.area IS 'The name of the entity''s area at the time; NULL where none was known.';
COMMENT ON COLUMN home_assistant_event_vectors.embedding_vector IS 'The vector of its exemplar; NULL where it is still to be computed.';
COMMENT ON COLUMN home_assistant_event_vectors.embedder_version IS 'What made that vector; vectors of different versions cannot be compared.';
