-- A house that its owner shows to somebody else was missing in that person's overview: the owner's row in users is hidden from
-- them, and the house went with it.
SET LOCAL ROLE ha_bridge_owner;

CREATE OR REPLACE VIEW home_assistant_connection_overview WITH (security_invoker = true) AS
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
-- Whoever is shown a house does not see its owner.
LEFT JOIN users AS owner ON owner.id = connection.user_id
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

COMMENT ON COLUMN home_assistant_connection_overview.user_name IS 'Whose it is; NULL for a house of somebody else that is shown to you.';
