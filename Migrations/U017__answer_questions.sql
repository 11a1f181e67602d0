-- Loses no data: views, functions and an index.
SET LOCAL ROLE ha_bridge_owner;

DROP VIEW automation_recent_runs;
DROP VIEW home_assistant_metrics_by_hour;
DROP VIEW home_assistant_gaps;
DROP FUNCTION home_assistant_top_talkers(timestamptz, timestamptz, text, integer);
DROP FUNCTION home_assistant_who_changed(text, text, integer);
DROP FUNCTION home_assistant_who_did_it(uuid);
DROP FUNCTION home_assistant_what_happened_around(timestamptz, interval, text, boolean);
DROP FUNCTION home_assistant_user_name(uuid, text);
DROP FUNCTION home_assistant_context_time(text);
DROP FUNCTION home_assistant_what_happened(text, text, text, text, jsonb);
DROP FUNCTION home_assistant_daily_energy(date, date, text, text);
DROP FUNCTION home_assistant_time_in_state(text, timestamptz, timestamptz, text);
DROP FUNCTION home_assistant_seconds_in_state(uuid, text, timestamptz, timestamptz);
DROP FUNCTION home_assistant_entity_history(text, timestamptz, timestamptz, text, text);
DROP FUNCTION home_assistant_low_batteries(double precision, text);
DROP FUNCTION home_assistant_unavailable(text);
DROP FUNCTION home_assistant_changes_since(timestamptz, text);
DROP FUNCTION home_assistant_state_at(timestamptz, text);

CREATE OR REPLACE VIEW home_assistant_latest_states WITH (security_invoker = true) AS
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
    -- By name: as it was made, before there were the columns of later migrations.
    SELECT event.id, event.connection_id, event.event_type, event.entity_id, event.old_state, event.new_state,
        event.attributes, event.timestamp, event.processed_at, event.embedding_vector, event.created_at, event.value,
        event.source, event.context_id, event.context_parent_id, event.context_user_id
    FROM home_assistant_events AS event
    WHERE event.entity_id = pairs.entity_id
        AND event.connection_id = pairs.connection_id
        AND event.event_type = 'state_changed'
    ORDER BY event.timestamp DESC
    LIMIT 1
) AS latest
WHERE latest.new_state IS NOT NULL;

DROP FUNCTION home_assistant_states_of(uuid, timestamptz);
DROP VIEW home_assistant_entity_names;
DROP FUNCTION home_assistant_house(text);

DROP INDEX idx_home_assistant_events_event_type;
CREATE INDEX idx_home_assistant_events_event_type ON home_assistant_events (event_type, timestamp);
