-- Connections to Home Assistant, what they sent, how they fared, and who did what.
-- Departures from the specification and their reasons: README.md of this directory.

CREATE EXTENSION IF NOT EXISTS vector;

-- Connections ---------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_connections (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name VARCHAR(255) NOT NULL,
    url VARCHAR(500) NOT NULL,
    encrypted_token TEXT NOT NULL,
    status VARCHAR(50) NOT NULL DEFAULT 'disconnected',
    home_assistant_version VARCHAR(50),
    supported_features TEXT[],
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_connected_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ,
    connection_health JSONB,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    is_admin BOOLEAN,
    location_name TEXT,
    time_zone TEXT,
    paused_at TIMESTAMPTZ,
    removed_at TIMESTAMPTZ,
    CONSTRAINT home_assistant_connections_name_format CHECK (name = btrim(name) AND name <> ''),
    CONSTRAINT home_assistant_connections_url_format CHECK (url ~ '^https?://'),
    CONSTRAINT home_assistant_connections_token_sealed CHECK (encrypted_token LIKE 'v1.%'),
    CONSTRAINT home_assistant_connections_status_valid CHECK (
        status IN ('disconnected', 'connecting', 'connected', 'auth_failed', 'paused', 'error')
    )
);

-- A removed connection waits for its rows to be deleted in batches; its URL and name are free again at once.
CREATE UNIQUE INDEX home_assistant_connections_user_id_url_key ON home_assistant_connections (user_id, url)
    WHERE removed_at IS NULL;
CREATE UNIQUE INDEX home_assistant_connections_user_id_name_key ON home_assistant_connections (user_id, name)
    WHERE removed_at IS NULL;
CREATE INDEX idx_home_assistant_connections_user_id ON home_assistant_connections (user_id);
CREATE INDEX idx_home_assistant_connections_status ON home_assistant_connections (status);
CREATE INDEX idx_home_assistant_connections_updated_at ON home_assistant_connections (updated_at);

CREATE TRIGGER update_home_assistant_connections_updated_at
    BEFORE UPDATE ON home_assistant_connections
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE FUNCTION home_assistant_notify_connection_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('home_assistant_connections', OLD.id::text);
    ELSE
        PERFORM pg_notify('home_assistant_connections', NEW.id::text);
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_notify_connection_change() IS
    'Trigger: sends the id of a changed connection on the channel home_assistant_connections.';

CREATE TRIGGER notify_home_assistant_connections_presence
    AFTER INSERT OR DELETE ON home_assistant_connections
    FOR EACH ROW EXECUTE FUNCTION home_assistant_notify_connection_change();

-- Only what a person changes wakes the bridge: its own status and health updates would otherwise wake it without end.
CREATE TRIGGER notify_home_assistant_connections_change
    AFTER UPDATE ON home_assistant_connections
    FOR EACH ROW
    WHEN ((OLD.name, OLD.url, OLD.encrypted_token, OLD.paused_at, OLD.removed_at, OLD.user_id)
        IS DISTINCT FROM (NEW.name, NEW.url, NEW.encrypted_token, NEW.paused_at, NEW.removed_at, NEW.user_id))
    EXECUTE FUNCTION home_assistant_notify_connection_change();

COMMENT ON TABLE home_assistant_connections IS
    'Home Assistant instances to subscribe to, and how each fares. Rows with removed_at set wait for deletion.';
COMMENT ON COLUMN home_assistant_connections.url IS
    'Normalised base URL: scheme, host, port unless default, path prefix; no trailing slash.';
COMMENT ON COLUMN home_assistant_connections.encrypted_token IS
    'v1.<key id>.<nonce>.<ciphertext>.<tag>, AES-256-GCM bound to id, user_id, key id and origin of url; no key is in the database.';
COMMENT ON COLUMN home_assistant_connections.status IS
    'Written by the bridge: disconnected, connecting, connected, auth_failed (ends when the token changes), paused, error.';
COMMENT ON COLUMN home_assistant_connections.supported_features IS 'Components that Home Assistant reports, and protocol features.';
COMMENT ON COLUMN home_assistant_connections.last_seen_at IS 'Last frame or pong from Home Assistant.';
COMMENT ON COLUMN home_assistant_connections.connection_health IS 'Written by the bridge: the last error and current figures.';
COMMENT ON COLUMN home_assistant_connections.is_admin IS
    'Whether the token belongs to an admin of Home Assistant; NULL until it has connected once.';
COMMENT ON COLUMN home_assistant_connections.paused_at IS 'Set by a person: the bridge stays disconnected while it is set.';
COMMENT ON COLUMN home_assistant_connections.removed_at IS
    'Set by a person: the bridge disconnects, deletes the events in batches, then this row.';

-- Events --------------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_events (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL,
    -- "C": identifiers are ASCII; bytes compare fastest, and the indexes serve LIKE 'light.%' whatever the database's locale.
    event_type VARCHAR(100) COLLATE "C" NOT NULL,
    entity_id VARCHAR(255) COLLATE "C",
    old_state TEXT,
    new_state TEXT,
    attributes JSONB,
    timestamp TIMESTAMPTZ NOT NULL,
    processed_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    embedding_vector VECTOR(1536),
    created_at TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    value DOUBLE PRECISION,
    source VARCHAR(16) NOT NULL DEFAULT 'live',
    context_id TEXT,
    context_parent_id TEXT,
    context_user_id TEXT,
    PRIMARY KEY (id, timestamp),
    CONSTRAINT home_assistant_events_source_valid CHECK (source IN ('live', 'snapshot', 'backfill', 'import'))
) PARTITION BY RANGE (timestamp);

CREATE TABLE home_assistant_events_default PARTITION OF home_assistant_events DEFAULT;

CREATE INDEX idx_home_assistant_events_connection_id ON home_assistant_events (connection_id, timestamp);
CREATE INDEX idx_home_assistant_events_event_type ON home_assistant_events (event_type, timestamp);
CREATE INDEX idx_home_assistant_events_entity_id ON home_assistant_events (entity_id, connection_id, timestamp)
    WHERE entity_id IS NOT NULL;
CREATE INDEX idx_home_assistant_events_timestamp ON home_assistant_events (timestamp);

COMMENT ON TABLE home_assistant_events IS
    'Every event of every connection, once. Partitioned by month of timestamp (UTC); ids are deterministic, so a replay is harmless.';
COMMENT ON TABLE home_assistant_events_default IS
    'Events of months without a partition, such as those of a wrong clock; home_assistant_ensure_event_partitions moves them.';
COMMENT ON COLUMN home_assistant_events.id IS 'Derived from the connection and the event itself; unique together with timestamp.';
COMMENT ON COLUMN home_assistant_events.connection_id IS
    'A row of home_assistant_connections; deleted with it by a trigger there (a foreign key here would cost a look-up per row).';
COMMENT ON COLUMN home_assistant_events.old_state IS 'state_changed: the state before; NULL for a new entity.';
COMMENT ON COLUMN home_assistant_events.new_state IS 'state_changed: the state after; NULL for a removed entity.';
COMMENT ON COLUMN home_assistant_events.attributes IS 'state_changed: attributes of the new state; other events: the event''s data.';
COMMENT ON COLUMN home_assistant_events.timestamp IS 'Home Assistant''s own time of the event.';
COMMENT ON COLUMN home_assistant_events.processed_at IS 'When the bridge read the event.';
COMMENT ON COLUMN home_assistant_events.embedding_vector IS 'Meaning of the event for similarity search; NULL where it is still to be computed.';
COMMENT ON COLUMN home_assistant_events.value IS 'new_state as a number where it is a finite one.';
COMMENT ON COLUMN home_assistant_events.source IS
    'live: came as an event; snapshot: from the states at connect; backfill: from the recorder''s history; import: from a file.';
COMMENT ON COLUMN home_assistant_events.context_id IS 'Home Assistant''s context of the event.';
COMMENT ON COLUMN home_assistant_events.context_parent_id IS 'The context that caused this one; NULL for a first cause.';
COMMENT ON COLUMN home_assistant_events.context_user_id IS 'Home Assistant''s user behind the event; NULL for devices and automations.';

CREATE FUNCTION home_assistant_ensure_event_partitions(from_time timestamptz, to_time timestamptz) RETURNS integer
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
COMMENT ON FUNCTION home_assistant_ensure_event_partitions(timestamptz, timestamptz) IS
    'Creates the missing monthly partitions of home_assistant_events from the month of the first time to that of the second (UTC), moves rows there from the default partition, and returns how many it created. Safe to call at any time, also twice at once.';

-- Deleting a connection deletes what it sent, as a foreign key with ON DELETE CASCADE would.
CREATE FUNCTION home_assistant_delete_connection_rows() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM home_assistant_events WHERE connection_id IN (SELECT id FROM deleted_connections);
    DELETE FROM home_assistant_dead_letters WHERE connection_id IN (SELECT id FROM deleted_connections);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_delete_connection_rows() IS
    'Trigger: deletes the events and dead letters of deleted connections.';

CREATE TRIGGER delete_home_assistant_connections_rows
    AFTER DELETE ON home_assistant_connections
    REFERENCING OLD TABLE AS deleted_connections
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_delete_connection_rows();

-- Metrics -------------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_connection_metrics (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    metric_type VARCHAR(50) NOT NULL,
    metric_value DECIMAL(10,4) NOT NULL,
    timestamp TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT home_assistant_connection_metrics_type_format CHECK (metric_type ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT home_assistant_connection_metrics_value_is_number CHECK (metric_value <> 'NaN'),
    CONSTRAINT home_assistant_connection_metrics_percent CHECK (
        metric_type NOT IN ('uptime', 'error_rate') OR metric_value BETWEEN 0 AND 100
    )
);

-- Unique, so that an interval written twice counts once.
CREATE UNIQUE INDEX idx_home_assistant_connection_metrics_connection_id
    ON home_assistant_connection_metrics (connection_id, metric_type, timestamp);
CREATE INDEX idx_home_assistant_connection_metrics_timestamp ON home_assistant_connection_metrics (timestamp);
CREATE INDEX idx_home_assistant_connection_metrics_type ON home_assistant_connection_metrics (metric_type, timestamp);

COMMENT ON TABLE home_assistant_connection_metrics IS 'How each connection fared, one value per type and interval.';
COMMENT ON COLUMN home_assistant_connection_metrics.metric_type IS
    'latency (ms, ping round trip), uptime (percent of the interval), error_rate (percent of messages), event_rate (events/s), and others.';
COMMENT ON COLUMN home_assistant_connection_metrics.timestamp IS 'Start of the interval.';

-- Audit ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_audit_log (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID,
    user_id UUID NOT NULL,
    action VARCHAR(100) NOT NULL,
    details JSONB,
    ip_address INET,
    user_agent TEXT,
    success BOOLEAN NOT NULL,
    error_message TEXT,
    duration_ms INTEGER,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT home_assistant_audit_log_action_format CHECK (action ~ '^[a-z][a-z_]*$'),
    CONSTRAINT home_assistant_audit_log_duration_positive CHECK (duration_ms >= 0)
);

CREATE INDEX idx_home_assistant_audit_log_connection_id ON home_assistant_audit_log (connection_id, created_at);
CREATE INDEX idx_home_assistant_audit_log_user_id ON home_assistant_audit_log (user_id, created_at);
CREATE INDEX idx_home_assistant_audit_log_action ON home_assistant_audit_log (action, created_at);
CREATE INDEX idx_home_assistant_audit_log_created_at ON home_assistant_audit_log (created_at);

CREATE FUNCTION home_assistant_refuse_audit_change() RETURNS trigger
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

-- Per statement, so that a change is refused even where it would match no row.
CREATE TRIGGER refuse_home_assistant_audit_log_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON home_assistant_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_refuse_audit_change();
-- ALWAYS: session_replication_role = replica would pass an ordinary trigger by.
ALTER TABLE home_assistant_audit_log ENABLE ALWAYS TRIGGER refuse_home_assistant_audit_log_change;

COMMENT ON TABLE home_assistant_audit_log IS
    'Who did what to which connection, and how it ended. Append-only; ids are values, so that the trail outlives what it speaks of.';
COMMENT ON COLUMN home_assistant_audit_log.connection_id IS 'The id of a connection that may be gone by now.';
COMMENT ON COLUMN home_assistant_audit_log.user_id IS
    'The id of the user who acted, or of the connection''s owner where the bridge acted; may be gone by now.';
COMMENT ON COLUMN home_assistant_audit_log.action IS 'connect, disconnect, test, error, auth_failure, token_change, and others.';
COMMENT ON COLUMN home_assistant_audit_log.ip_address IS 'The address of Home Assistant that was spoken to.';

-- Dead letters --------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_dead_letters (
    id UUID PRIMARY KEY,
    connection_id UUID,
    received_at TIMESTAMPTZ NOT NULL,
    reason_code VARCHAR(50) NOT NULL,
    reason TEXT NOT NULL,
    sql_state VARCHAR(5),
    event_type VARCHAR(100),
    payload BYTEA NOT NULL,
    payload_sha256 BYTEA NOT NULL GENERATED ALWAYS AS (sha256(payload)) STORED,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT home_assistant_dead_letters_reason_code_format CHECK (reason_code ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT home_assistant_dead_letters_sql_state_format CHECK (sql_state ~ '^[0-9A-Z]{5}$')
);

CREATE INDEX idx_home_assistant_dead_letters_connection_id ON home_assistant_dead_letters (connection_id, received_at);
CREATE INDEX idx_home_assistant_dead_letters_received_at ON home_assistant_dead_letters (received_at);

COMMENT ON TABLE home_assistant_dead_letters IS
    'Events that could not be stored as rows, with every byte that came, so that nothing is lost.';
COMMENT ON COLUMN home_assistant_dead_letters.id IS 'Derived from the connection and the payload, so that a replay is harmless.';
COMMENT ON COLUMN home_assistant_dead_letters.connection_id IS
    'A row of home_assistant_connections; a value without foreign key, because a letter must be kept whatever happened to the connection meanwhile.';
COMMENT ON COLUMN home_assistant_dead_letters.reason_code IS 'A word of a closed set, for counting.';
COMMENT ON COLUMN home_assistant_dead_letters.reason IS 'A sentence for a person.';
COMMENT ON COLUMN home_assistant_dead_letters.sql_state IS 'The SQLSTATE with which PostgreSQL refused the row; NULL where the bridge refused it.';
COMMENT ON COLUMN home_assistant_dead_letters.payload IS 'The frame or the event as Home Assistant sent it, byte by byte.';
COMMENT ON COLUMN home_assistant_dead_letters.payload_sha256 IS 'SHA-256 of payload, generated.';

-- The functions that name tables find them in the schema of this migration, whatever the search_path of the caller.
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION home_assistant_ensure_event_partitions(timestamptz, timestamptz) SET search_path = %I, pg_catalog, pg_temp',
        current_schema());
    EXECUTE format(
        'ALTER FUNCTION home_assistant_delete_connection_rows() SET search_path = %I, pg_catalog, pg_temp',
        current_schema());
END;
$$;

-- Views (stable: queries on them survive upgrades) --------------------------------------------------------------------------

-- One index probe finds the next pair of entity and connection, one more its newest row: the cost grows with the number of
-- entities, not with the number of events.
CREATE VIEW home_assistant_latest_states WITH (security_invoker = true) AS
WITH RECURSIVE pairs AS (
    (
        SELECT entity_id, connection_id
        FROM home_assistant_events
        WHERE entity_id IS NOT NULL
        ORDER BY entity_id, connection_id
        LIMIT 1
    )
    UNION ALL
    SELECT following.entity_id, following.connection_id
    FROM pairs
    CROSS JOIN LATERAL (
        SELECT event.entity_id, event.connection_id
        FROM home_assistant_events AS event
        WHERE event.entity_id IS NOT NULL
            AND (event.entity_id, event.connection_id) > (pairs.entity_id, pairs.connection_id)
        ORDER BY event.entity_id, event.connection_id
        LIMIT 1
    ) AS following
)
SELECT
    latest.connection_id,
    latest.entity_id,
    latest.new_state AS state,
    latest.value,
    latest.attributes,
    latest.timestamp AS last_updated,
    latest.id AS event_id,
    latest.source
FROM pairs
CROSS JOIN LATERAL (
    SELECT event.*
    FROM home_assistant_events AS event
    WHERE event.entity_id = pairs.entity_id
        AND event.connection_id = pairs.connection_id
        AND event.event_type = 'state_changed'
    ORDER BY event.timestamp DESC
    LIMIT 1
) AS latest
WHERE latest.new_state IS NOT NULL;

COMMENT ON VIEW home_assistant_latest_states IS
    'The newest known state of each entity of each connection; entities that Home Assistant has removed are left out. Stable.';
COMMENT ON COLUMN home_assistant_latest_states.last_updated IS 'Home Assistant''s time of that state.';
COMMENT ON COLUMN home_assistant_latest_states.event_id IS 'The row of home_assistant_events that says so.';

CREATE VIEW home_assistant_connection_overview WITH (security_invoker = true) AS
SELECT
    connection.id AS connection_id,
    connection.name,
    connection.url,
    owner.username AS user_name,
    connection.status,
    connection.paused_at IS NOT NULL AS is_paused,
    connection.home_assistant_version,
    connection.location_name,
    connection.time_zone,
    connection.is_admin,
    connection.last_connected_at,
    connection.last_seen_at,
    newest.timestamp AS last_event_at,
    metric.latency AS latency_ms,
    metric.uptime AS uptime_percent,
    metric.error_rate AS error_rate_percent,
    metric.event_rate AS events_per_second,
    letters.count AS dead_letters,
    connection.connection_health,
    connection.created_at
FROM home_assistant_connections AS connection
JOIN users AS owner ON owner.id = connection.user_id
LEFT JOIN LATERAL (
    SELECT event.timestamp
    FROM home_assistant_events AS event
    WHERE event.connection_id = connection.id
    ORDER BY event.timestamp DESC
    LIMIT 1
) AS newest ON true
CROSS JOIN LATERAL (
    SELECT
        max(sample.metric_value) FILTER (WHERE type.name = 'latency') AS latency,
        max(sample.metric_value) FILTER (WHERE type.name = 'uptime') AS uptime,
        max(sample.metric_value) FILTER (WHERE type.name = 'error_rate') AS error_rate,
        max(sample.metric_value) FILTER (WHERE type.name = 'event_rate') AS event_rate
    FROM (VALUES ('latency'), ('uptime'), ('error_rate'), ('event_rate')) AS type (name)
    CROSS JOIN LATERAL (
        SELECT stored.metric_value
        FROM home_assistant_connection_metrics AS stored
        WHERE stored.connection_id = connection.id AND stored.metric_type = type.name
        ORDER BY stored.timestamp DESC
        LIMIT 1
    ) AS sample
) AS metric
CROSS JOIN LATERAL (
    SELECT count(*) AS count
    FROM home_assistant_dead_letters AS letter
    WHERE letter.connection_id = connection.id
) AS letters
WHERE connection.removed_at IS NULL;

COMMENT ON VIEW home_assistant_connection_overview IS
    'One row per connection: how it is, its newest event and the newest value of each metric. Holds no token. Stable.';
COMMENT ON COLUMN home_assistant_connection_overview.last_event_at IS 'Home Assistant''s time of the newest event stored.';
COMMENT ON COLUMN home_assistant_connection_overview.dead_letters IS 'Events of this connection that could not be stored as rows.';

-- The month before for what arrives late, and three ahead so that a stopped scheduler has time to be noticed.
SELECT home_assistant_ensure_event_partitions(now() - interval '1 month', now() + interval '3 months');
