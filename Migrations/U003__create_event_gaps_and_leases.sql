-- Loses the ledger of gaps and the watermarks: what happened in a gap can then no longer be told from what did not happen.
DROP FUNCTION home_assistant_seal_batch(uuid, uuid[], bigint[], uuid[], bigint[], boolean);
DROP FUNCTION home_assistant_record_sightings(uuid[], uuid[], bigint[], text[], timestamptz[], text[], text[]);
DROP FUNCTION home_assistant_open_gap(uuid, uuid, text, text, timestamptz, timestamptz, bigint);
DROP TABLE home_assistant_event_gaps;
DROP TABLE home_assistant_connection_watermarks;
DROP TABLE home_assistant_spool_cursors;
DROP TRIGGER create_home_assistant_connections_lease ON home_assistant_connections;
DROP FUNCTION home_assistant_create_connection_lease();
DROP TABLE home_assistant_connection_leases;
DROP FUNCTION home_assistant_notify_lease_release();
DROP TABLE home_assistant_bridges;
