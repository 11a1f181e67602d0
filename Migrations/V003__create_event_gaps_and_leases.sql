-- Which bridge speaks for which connection, how far each spool has been written, and which stretches of time nobody saw.

-- Leases --------------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_bridges (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

COMMENT ON TABLE home_assistant_bridges IS 'The bridges that share the connections of this database; each renews its own row.';
COMMENT ON COLUMN home_assistant_bridges.id IS 'Kept in the bridge''s state directory, so that it is the same after a restart.';
COMMENT ON COLUMN home_assistant_bridges.name IS 'The name of its machine, for a person.';
COMMENT ON COLUMN home_assistant_bridges.expires_at IS 'Past this moment of the database''s clock the bridge counts as gone.';

CREATE TABLE home_assistant_connection_leases (
    connection_id UUID PRIMARY KEY REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    holder UUID,
    holder_name TEXT,
    epoch BIGINT NOT NULL DEFAULT 0,
    same_holder_since BIGINT NOT NULL DEFAULT 0,
    last_holder UUID,
    acquired_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ,
    CONSTRAINT home_assistant_connection_leases_held_or_free CHECK ((holder IS NULL) = (expires_at IS NULL))
) WITH (fillfactor = 50);

CREATE INDEX idx_home_assistant_connection_leases_holder ON home_assistant_connection_leases (holder);

COMMENT ON TABLE home_assistant_connection_leases IS
    'Which bridge speaks for a connection. Every transaction that writes events locks these rows and compares the epoch before it commits.';
COMMENT ON COLUMN home_assistant_connection_leases.holder IS 'A row of home_assistant_bridges; NULL when free.';
COMMENT ON COLUMN home_assistant_connection_leases.epoch IS 'Grows by one with each acquisition; a holder with an older one can no longer write.';
COMMENT ON COLUMN home_assistant_connection_leases.same_holder_since IS
    'The first epoch of the unbroken row of acquisitions by the bridge that acquired it last: what it kept from those epochs is still its word.';
COMMENT ON COLUMN home_assistant_connection_leases.last_holder IS 'Who acquired it last, kept after a release.';
COMMENT ON COLUMN home_assistant_connection_leases.expires_at IS 'Past this moment of the database''s clock anyone may acquire it.';

-- Each connection has its row from the start, so that a missing row means a missing connection.
CREATE FUNCTION home_assistant_create_connection_lease() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO home_assistant_connection_leases (connection_id) VALUES (NEW.id);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_create_connection_lease() IS 'Trigger: makes the free lease of a new connection.';

INSERT INTO home_assistant_connection_leases (connection_id) SELECT id FROM home_assistant_connections;

CREATE TRIGGER create_home_assistant_connections_lease
    AFTER INSERT ON home_assistant_connections
    FOR EACH ROW EXECUTE FUNCTION home_assistant_create_connection_lease();

CREATE FUNCTION home_assistant_notify_lease_release() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('home_assistant_connections', NEW.connection_id::text);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_notify_lease_release() IS
    'Trigger: tells waiting bridges on the channel home_assistant_connections that a lease is free.';

CREATE TRIGGER notify_home_assistant_connection_leases_release
    AFTER UPDATE ON home_assistant_connection_leases
    FOR EACH ROW
    WHEN (OLD.holder IS NOT NULL AND NEW.holder IS NULL)
    EXECUTE FUNCTION home_assistant_notify_lease_release();

-- Spool ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_spool_cursors (
    run_id UUID PRIMARY KEY,
    bridge_id UUID NOT NULL,
    committed_sequence BIGINT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITH (fillfactor = 50);

CREATE INDEX idx_home_assistant_spool_cursors_bridge_id ON home_assistant_spool_cursors (bridge_id);

COMMENT ON TABLE home_assistant_spool_cursors IS
    'How far the spool of each run of a bridge has been written: moved in the transaction that writes the rows.';
COMMENT ON COLUMN home_assistant_spool_cursors.run_id IS 'One start of a bridge; its records are numbered from 1.';
COMMENT ON COLUMN home_assistant_spool_cursors.committed_sequence IS 'Every record up to this number is in PostgreSQL.';

-- Gaps ----------------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_connection_watermarks (
    connection_id UUID PRIMARY KEY REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    seen_until TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITH (fillfactor = 50);

COMMENT ON TABLE home_assistant_connection_watermarks IS 'Up to when everything that each Home Assistant sent is in PostgreSQL.';
COMMENT ON COLUMN home_assistant_connection_watermarks.seen_until IS
    'When the last ping was sent whose answer came: all that was sent before it is stored. By the bridge''s clock.';

CREATE TABLE home_assistant_event_gaps (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    cause VARCHAR(32) NOT NULL,
    detail TEXT,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    backfill_from TIMESTAMPTZ NOT NULL,
    status VARCHAR(16) NOT NULL DEFAULT 'open',
    passes INTEGER NOT NULL DEFAULT 0,
    entities INTEGER,
    rows_found BIGINT NOT NULL DEFAULT 0,
    rows_added BIGINT NOT NULL DEFAULT 0,
    events_lost BIGINT,
    unrecoverable_types TEXT[],
    reason TEXT,
    opened_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    closed_at TIMESTAMPTZ,
    CONSTRAINT home_assistant_event_gaps_cause_valid CHECK (
        cause IN (
            'disconnected', 'overflow', 'undelivered', 'paused', 'bridge_stopped', 'bridge_lost', 'spool_damaged',
            'requested'
        )
    ),
    CONSTRAINT home_assistant_event_gaps_status_valid CHECK (
        status IN ('open', 'backfilled', 'partial', 'unrecoverable')
    ),
    CONSTRAINT home_assistant_event_gaps_order CHECK (ended_at >= started_at AND backfill_from <= started_at),
    CONSTRAINT home_assistant_event_gaps_closed CHECK ((status = 'open') = (closed_at IS NULL)),
    CONSTRAINT home_assistant_event_gaps_ended CHECK (status = 'open' OR ended_at IS NOT NULL)
);

CREATE UNIQUE INDEX home_assistant_event_gaps_one_unended ON home_assistant_event_gaps (connection_id)
    WHERE ended_at IS NULL;
CREATE INDEX idx_home_assistant_event_gaps_connection_id ON home_assistant_event_gaps (connection_id, started_at);
CREATE INDEX idx_home_assistant_event_gaps_open ON home_assistant_event_gaps (connection_id) WHERE status = 'open';

COMMENT ON TABLE home_assistant_event_gaps IS
    'Every stretch of time in which the bridge could not see a Home Assistant, and what was recovered of it.';
COMMENT ON COLUMN home_assistant_event_gaps.cause IS
    'disconnected; overflow (too much was waiting); undelivered (Home Assistant could not send an event); paused (by a person); bridge_stopped; bridge_lost (killed, frozen or cut off); spool_damaged; requested (ha-bridge backfill).';
COMMENT ON COLUMN home_assistant_event_gaps.started_at IS 'The last moment up to which everything is known to be stored.';
COMMENT ON COLUMN home_assistant_event_gaps.ended_at IS 'When events flowed again; NULL while they do not.';
COMMENT ON COLUMN home_assistant_event_gaps.backfill_from IS
    'Where reading the history begins: before started_at, with room for clocks that differ.';
COMMENT ON COLUMN home_assistant_event_gaps.status IS
    'open; backfilled: every state that Home Assistant''s history holds of it is stored; partial: some could not be had, reason says why; unrecoverable: none could.';
COMMENT ON COLUMN home_assistant_event_gaps.passes IS 'How often the history was read; the last pass of a backfilled gap added nothing.';
COMMENT ON COLUMN home_assistant_event_gaps.entities IS 'Entities whose history was asked for.';
COMMENT ON COLUMN home_assistant_event_gaps.rows_found IS 'States of the history in the gap, in the last pass.';
COMMENT ON COLUMN home_assistant_event_gaps.rows_added IS 'Rows of source backfill that the gap needed.';
COMMENT ON COLUMN home_assistant_event_gaps.events_lost IS 'How many events were lost, where that is known.';
COMMENT ON COLUMN home_assistant_event_gaps.unrecoverable_types IS
    'Types of events that this Home Assistant sends and keeps no history of: those that happened in the gap are lost.';

CREATE FUNCTION home_assistant_open_gap(
    p_id uuid, p_connection uuid, p_cause text, p_detail text, p_noted_at timestamptz, p_ended_at timestamptz,
    p_events_lost bigint
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    seen timestamptz;
    newest timestamptz;
BEGIN
    SELECT seen_until INTO seen FROM home_assistant_connection_watermarks WHERE connection_id = p_connection;
    -- Before the first sight there is nothing to miss.
    IF seen IS NULL THEN
        RETURN;
    END IF;
    -- A watermark of the future is one of a clock that was wrong and is right again.
    seen := LEAST(seen, p_noted_at);
    -- The house's clock may be behind or ahead of the bridge's: its own newest event bounds the gap as well.
    SELECT timestamp INTO newest FROM home_assistant_events
    WHERE connection_id = p_connection AND source = 'live'
    ORDER BY timestamp DESC LIMIT 1;
    INSERT INTO home_assistant_event_gaps
        (id, connection_id, cause, detail, started_at, ended_at, backfill_from, events_lost)
    VALUES (
        p_id, p_connection, p_cause, p_detail, seen, p_ended_at, LEAST(seen, newest) - interval '30 seconds', p_events_lost)
    ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION home_assistant_open_gap(uuid, uuid, text, text, timestamptz, timestamptz, bigint) IS
    'Adds a gap from the watermark of the connection on; nothing when it was never seen, or when one is open already.';

CREATE FUNCTION home_assistant_record_sightings(
    p_ids uuid[], p_connections uuid[], p_epochs bigint[], p_kinds text[], p_times timestamptz[], p_causes text[],
    p_details text[]
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    sighting record;
    lease record;
BEGIN
    FOR sighting IN
        SELECT * FROM unnest(p_ids, p_connections, p_epochs, p_kinds, p_times, p_causes, p_details)
            WITH ORDINALITY AS s (id, connection_id, epoch, kind, at, cause, detail, number)
        ORDER BY number
    LOOP
        SELECT epoch, same_holder_since INTO lease FROM home_assistant_connection_leases
        WHERE connection_id = sighting.connection_id;
        -- The connection is gone, or another bridge has spoken for it since: its word counts.
        CONTINUE WHEN NOT FOUND OR sighting.epoch < lease.same_holder_since;
        CASE sighting.kind
            WHEN 'watermark' THEN
                INSERT INTO home_assistant_connection_watermarks AS mark (connection_id, seen_until)
                VALUES (sighting.connection_id, sighting.at)
                ON CONFLICT (connection_id) DO UPDATE SET seen_until = EXCLUDED.seen_until, updated_at = now();
            WHEN 'lost' THEN
                PERFORM home_assistant_open_gap(
                    sighting.id, sighting.connection_id, sighting.cause, sighting.detail, sighting.at, NULL, NULL);
            WHEN 'regained' THEN
                UPDATE home_assistant_event_gaps SET ended_at = GREATEST(sighting.at, started_at)
                WHERE connection_id = sighting.connection_id AND ended_at IS NULL;
                IF NOT FOUND THEN
                    PERFORM home_assistant_open_gap(
                        sighting.id, sighting.connection_id, sighting.cause, sighting.detail, sighting.at, sighting.at, NULL);
                END IF;
                INSERT INTO home_assistant_connection_watermarks AS mark (connection_id, seen_until)
                VALUES (sighting.connection_id, sighting.at)
                ON CONFLICT (connection_id) DO UPDATE SET seen_until = EXCLUDED.seen_until, updated_at = now();
            WHEN 'missed' THEN
                PERFORM home_assistant_open_gap(
                    sighting.id, sighting.connection_id, sighting.cause, sighting.detail, sighting.at, sighting.at, 1);
            ELSE
                RAISE EXCEPTION 'A sighting of kind % is unknown.', sighting.kind
                    USING ERRCODE = 'invalid_parameter_value';
        END CASE;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION home_assistant_record_sightings(uuid[], uuid[], bigint[], text[], timestamptz[], text[], text[]) IS
    'Applies what a bridge noted about its sight of each connection, in order: watermark, lost, regained, missed.';

-- Batches -------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_seal_batch(
    p_bridge uuid, p_connections uuid[], p_epochs bigint[], p_runs uuid[], p_sequences bigint[], p_skip_missing boolean
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    claim record;
    found_claims integer := 0;
BEGIN
    FOR claim IN
        SELECT lease.connection_id, lease.holder, lease.epoch, wanted.epoch AS wanted_epoch
        FROM unnest(p_connections, p_epochs) AS wanted (connection_id, epoch)
        JOIN home_assistant_connection_leases AS lease ON lease.connection_id = wanted.connection_id
        ORDER BY lease.connection_id
        FOR SHARE OF lease
    LOOP
        found_claims := found_claims + 1;
        IF claim.wanted_epoch IS NOT NULL
            AND (claim.holder IS DISTINCT FROM p_bridge OR claim.epoch <> claim.wanted_epoch)
        THEN
            RAISE EXCEPTION 'The lease of connection % is at epoch %, not %.', claim.connection_id, claim.epoch,
                claim.wanted_epoch
                USING ERRCODE = 'HB001', DETAIL = claim.connection_id::text,
                    HINT = 'Another bridge speaks for this connection now.';
        END IF;
    END LOOP;
    IF found_claims < cardinality(p_connections) AND NOT p_skip_missing THEN
        RAISE EXCEPTION 'A connection was removed.' USING ERRCODE = 'foreign_key_violation';
    END IF;
    INSERT INTO home_assistant_spool_cursors AS cursor (run_id, bridge_id, committed_sequence)
    SELECT run_id, p_bridge, sequence FROM unnest(p_runs, p_sequences) AS position (run_id, sequence)
    ON CONFLICT (run_id) DO UPDATE
        SET committed_sequence = GREATEST(cursor.committed_sequence, EXCLUDED.committed_sequence), updated_at = now();
END;
$$;
COMMENT ON FUNCTION home_assistant_seal_batch(uuid, uuid[], bigint[], uuid[], bigint[], boolean) IS
    'The last statement before the COMMIT of every transaction that writes events: fails with HB001 unless the bridge holds each lease under the epoch that it believes (an epoch of NULL asks for no lease: rows received under an earlier one), with 23503 when a connection is gone, and moves the cursors of the spool. The locks end with the COMMIT that follows at once, so that a frozen writer holds none.';

-- The functions that name tables find them in the schema of this migration, whatever the search_path of the caller.
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_create_connection_lease()',
        'home_assistant_open_gap(uuid, uuid, text, text, timestamptz, timestamptz, bigint)',
        'home_assistant_record_sightings(uuid[], uuid[], bigint[], text[], timestamptz[], text[], text[])',
        'home_assistant_seal_batch(uuid, uuid[], bigint[], uuid[], bigint[], boolean)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;
END;
$$;
