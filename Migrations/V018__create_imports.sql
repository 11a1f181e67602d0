-- What was brought in from other programs' databases, and how far.
SET LOCAL ROLE ha_bridge_owner;

CREATE TABLE home_assistant_import (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    kind VARCHAR(16) NOT NULL,
    source TEXT NOT NULL,
    fingerprint VARCHAR(64) COLLATE "C" NOT NULL,
    from_time TIMESTAMPTZ,
    to_time TIMESTAMPTZ,
    position JSONB,
    rows_read BIGINT NOT NULL DEFAULT 0,
    rows_added BIGINT NOT NULL DEFAULT 0,
    rows_unusable BIGINT NOT NULL DEFAULT 0,
    oldest TIMESTAMPTZ,
    newest TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished_at TIMESTAMPTZ,
    error TEXT,
    CONSTRAINT home_assistant_import_kind CHECK (kind IN ('recorder', 'ltss')),
    CONSTRAINT home_assistant_import_counts CHECK (rows_read >= 0 AND rows_added >= 0 AND rows_unusable >= 0)
);

-- The same command goes on where it stopped: there is one import of a history and range that is not done.
CREATE UNIQUE INDEX idx_home_assistant_import_unfinished
    ON home_assistant_import (connection_id, kind, fingerprint, from_time, to_time) NULLS NOT DISTINCT
    WHERE finished_at IS NULL;
CREATE INDEX idx_home_assistant_import_connection_id ON home_assistant_import (connection_id, started_at);

COMMENT ON TABLE home_assistant_import IS
    'Histories that were brought in from other programs: one row an import. Its rows in home_assistant_events have source = import. Example: SELECT kind, source, rows_added, oldest, newest FROM home_assistant_import;';
COMMENT ON COLUMN home_assistant_import.kind IS 'recorder: Home Assistant''s own database. ltss: the long time state storage integration.';
COMMENT ON COLUMN home_assistant_import.source IS 'The file, or the server without its password, as it was named last.';
COMMENT ON COLUMN home_assistant_import.fingerprint IS 'The same for the same history, wherever its file lies and however far it has grown.';
COMMENT ON COLUMN home_assistant_import.from_time IS 'The first moment that was asked for; NULL for all.';
COMMENT ON COLUMN home_assistant_import.to_time IS 'The first moment that was not asked for any more; NULL for all.';
COMMENT ON COLUMN home_assistant_import.position IS 'The last row that is stored, where the next run goes on. May lie one page behind what is stored.';
COMMENT ON COLUMN home_assistant_import.rows_added IS 'Rows that were new, or better than what was stored. A run that was killed may have added a page more.';
COMMENT ON COLUMN home_assistant_import.rows_unusable IS 'Rows without a name or a time, and statistics in a unit from which nothing leads to that of the entity.';
COMMENT ON COLUMN home_assistant_import.oldest IS 'The earliest moment of the rows that were read.';
COMMENT ON COLUMN home_assistant_import.newest IS 'The latest moment of the rows that were read.';
COMMENT ON COLUMN home_assistant_import.finished_at IS 'NULL while it is not done: the same command goes on.';
COMMENT ON COLUMN home_assistant_import.error IS 'What stopped it last.';

DO $$ BEGIN PERFORM home_assistant_protect_table('home_assistant_import', 'connection_id'); END $$;
