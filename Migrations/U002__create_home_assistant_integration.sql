-- Undoes V002. Connections, events, metrics, dead letters and the audit log are lost.
-- The extension "vector" stays: other schemas of the database may use it.
DROP VIEW home_assistant_connection_overview;
DROP VIEW home_assistant_latest_states;
DROP TABLE home_assistant_dead_letters;
DROP TABLE home_assistant_audit_log;
DROP TABLE home_assistant_connection_metrics;
DROP TABLE home_assistant_events;
DROP TABLE home_assistant_connections;
DROP FUNCTION home_assistant_refuse_audit_change();
DROP FUNCTION home_assistant_ensure_event_partitions(timestamptz, timestamptz);
DROP FUNCTION home_assistant_delete_connection_rows();
DROP FUNCTION home_assistant_notify_connection_change();
