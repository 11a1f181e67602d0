-- Undoes V008. Loses the heads and anchors of the chains: rows that are missing at their ends, or were taken out by retention, can no
-- longer be told from rows that somebody deleted. The signed rows stay.
SET LOCAL ROLE ha_bridge_owner;

DROP TABLE audit_chain_anchors;
DROP TABLE audit_chain_heads;

DO $$
DECLARE
    audit_table text;
BEGIN
    FOREACH audit_table IN ARRAY ARRAY['automation_audit_trail', 'ai_decision_audit', 'home_assistant_audit_log'] LOOP
        EXECUTE format(
            'COMMENT ON COLUMN %I.previous_digest IS %L', audit_table,
            'SHA-256 of the canonical form of the row before in the chain; 32 zero bytes for the first.');
        EXECUTE format(
            'COMMENT ON COLUMN %I.cryptographic_signature IS %L', audit_table,
            'v1.<key id>.<base64 Ed25519> over the canonical form of the row; the keys are outside of the database.');
    END LOOP;
END;
$$;
