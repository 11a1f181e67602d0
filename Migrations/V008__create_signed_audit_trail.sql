-- Proof that nobody rewrote the audit tables: the signed end of each chain, and signed anchors where rows were taken out.
-- How rows are signed: README.md of this directory.
SET LOCAL ROLE ha_bridge_owner;

-- Heads ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE audit_chain_heads (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    table_name VARCHAR(63) COLLATE "C" NOT NULL,
    connection_id UUID,
    sequence BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    unsigned_rows BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    cryptographic_signature VARCHAR(255) NOT NULL,
    CONSTRAINT audit_chain_heads_chain UNIQUE NULLS NOT DISTINCT (table_name, connection_id),
    CONSTRAINT audit_chain_heads_table_valid CHECK (
        table_name IN ('automation_audit_trail', 'ai_decision_audit', 'home_assistant_audit_log')
    ),
    CONSTRAINT audit_chain_heads_sequence_positive CHECK (sequence >= 0),
    CONSTRAINT audit_chain_heads_unsigned_rows_positive CHECK (unsigned_rows >= 0),
    CONSTRAINT audit_chain_heads_digest_length CHECK (octet_length(digest) = 32),
    CONSTRAINT audit_chain_heads_signature_format CHECK (
        cryptographic_signature ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9+/]{86}==$'
    )
)
-- One row a chain, updated with each row that the chain gets.
WITH (fillfactor = 50);

CREATE INDEX idx_audit_chain_heads_connection_id ON audit_chain_heads (connection_id);

COMMENT ON TABLE audit_chain_heads IS
    'The end of each chain of signed audit rows. Its lock gives out the numbers of the chain; its signature shows when rows are missing at the end.';
COMMENT ON COLUMN audit_chain_heads.table_name IS 'The audit table that the chain is in.';
COMMENT ON COLUMN audit_chain_heads.connection_id IS
    'The connection, which may be gone by now; NULL for the rows that belong to none.';
COMMENT ON COLUMN audit_chain_heads.sequence IS 'chain_sequence of the newest row; 0 before the first.';
COMMENT ON COLUMN audit_chain_heads.digest IS
    'SHA-256 of the canonical form and the signature of the newest row; 32 zero bytes before the first.';
COMMENT ON COLUMN audit_chain_heads.unsigned_rows IS
    'How many rows without a signature there were when the chain began; one more since then was not written by the bridge.';
COMMENT ON COLUMN audit_chain_heads.started_at IS 'When the chain began.';
COMMENT ON COLUMN audit_chain_heads.cryptographic_signature IS
    'v1.<key id>.<base64 Ed25519> over the canonical form of the head.';

-- Anchors -------------------------------------------------------------------------------------------------------------------

CREATE TABLE audit_chain_anchors (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    table_name VARCHAR(63) COLLATE "C" NOT NULL,
    connection_id UUID,
    first_sequence BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL,
    previous_digest BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    removed_rows BIGINT NOT NULL,
    reason TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    cryptographic_signature VARCHAR(255) NOT NULL,
    CONSTRAINT audit_chain_anchors_table_valid CHECK (
        table_name IN ('automation_audit_trail', 'ai_decision_audit', 'home_assistant_audit_log')
    ),
    CONSTRAINT audit_chain_anchors_range CHECK (first_sequence >= 1 AND last_sequence >= first_sequence),
    CONSTRAINT audit_chain_anchors_removed_rows_range CHECK (
        removed_rows BETWEEN 1 AND last_sequence - first_sequence + 1
    ),
    CONSTRAINT audit_chain_anchors_digest_length CHECK (
        octet_length(digest) = 32 AND octet_length(previous_digest) = 32
    ),
    CONSTRAINT audit_chain_anchors_reason_present CHECK (btrim(reason) <> ''),
    CONSTRAINT audit_chain_anchors_signature_format CHECK (
        cryptographic_signature ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9+/]{86}==$'
    )
);

CREATE INDEX idx_audit_chain_anchors_chain ON audit_chain_anchors (table_name, connection_id, first_sequence);
CREATE INDEX idx_audit_chain_anchors_connection_id ON audit_chain_anchors (connection_id);

CREATE TRIGGER refuse_audit_chain_anchors_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain_anchors
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_refuse_audit_change();
ALTER TABLE audit_chain_anchors ENABLE ALWAYS TRIGGER refuse_audit_chain_anchors_change;

COMMENT ON TABLE audit_chain_anchors IS
    'Rows that retention or an erasure took out of a chain, a range of numbers each, signed: what verification steps over. Written by the owner with the deletion.';
COMMENT ON COLUMN audit_chain_anchors.table_name IS 'The audit table that the chain is in.';
COMMENT ON COLUMN audit_chain_anchors.connection_id IS
    'The connection, which may be gone by now; NULL for the rows that belong to none.';
COMMENT ON COLUMN audit_chain_anchors.first_sequence IS 'chain_sequence of the first row that is gone.';
COMMENT ON COLUMN audit_chain_anchors.last_sequence IS 'chain_sequence of the last row that is gone.';
COMMENT ON COLUMN audit_chain_anchors.previous_digest IS 'previous_digest of the first row that is gone.';
COMMENT ON COLUMN audit_chain_anchors.digest IS
    'SHA-256 of the canonical form and the signature of the last row that is gone: previous_digest of the row after it.';
COMMENT ON COLUMN audit_chain_anchors.removed_rows IS
    'How many rows went; fewer than the range has numbers where an earlier anchor lies inside.';
COMMENT ON COLUMN audit_chain_anchors.reason IS 'Why, in a sentence or a word: retention, erasure.';
COMMENT ON COLUMN audit_chain_anchors.cryptographic_signature IS
    'v1.<key id>.<base64 Ed25519> over the canonical form of the anchor.';

-- Who may -------------------------------------------------------------------------------------------------------------------

SELECT home_assistant_protect_table('audit_chain_heads'::regclass, 'connection_id');
SELECT home_assistant_protect_table('audit_chain_anchors'::regclass, 'connection_id', 'append');
-- A head is moved and never taken away; anchors are the owner's to write.
REVOKE DELETE ON audit_chain_heads FROM ha_bridge_writer;
REVOKE INSERT ON audit_chain_anchors FROM ha_bridge_writer;
CREATE POLICY ha_bridge_auditor_rows ON audit_chain_heads FOR SELECT TO ha_bridge_auditor USING (true);
GRANT SELECT ON audit_chain_heads TO ha_bridge_auditor;

-- What the columns of the chains mean -------------------------------------------------------------------------------------------

DO $$
DECLARE
    audit_table text;
BEGIN
    FOREACH audit_table IN ARRAY ARRAY['automation_audit_trail', 'ai_decision_audit', 'home_assistant_audit_log'] LOOP
        EXECUTE format(
            'COMMENT ON COLUMN %I.previous_digest IS %L', audit_table,
            'SHA-256 of the canonical form and the signature of the row before in the chain; 32 zero bytes for the first.');
        EXECUTE format(
            'COMMENT ON COLUMN %I.cryptographic_signature IS %L', audit_table,
            'v1.<key id>.<base64 Ed25519> over the canonical form of the row, which holds previous_digest: it proves every row before as well. The keys are outside of the database.');
    END LOOP;
END;
$$;
