-- What a connection demands of Home Assistant's certificate, and the token keys that nothing may be sealed under any more.

ALTER TABLE home_assistant_connections
    ADD COLUMN tls_authority TEXT,
    ADD COLUMN tls_public_key VARCHAR(44),
    ADD CONSTRAINT home_assistant_connections_tls_authority_format CHECK (
        tls_authority LIKE '%-----BEGIN CERTIFICATE-----%' AND octet_length(tls_authority) <= 262144
    ),
    ADD CONSTRAINT home_assistant_connections_tls_public_key_format CHECK (tls_public_key ~ '^[A-Za-z0-9+/]{43}=$'),
    ADD CONSTRAINT home_assistant_connections_tls_needs_https CHECK (
        url LIKE 'https://%' OR (tls_authority IS NULL AND tls_public_key IS NULL)
    );

COMMENT ON COLUMN home_assistant_connections.tls_authority IS
    'Certificates in PEM that are trusted for this connection in place of the system''s; NULL for the system''s.';
COMMENT ON COLUMN home_assistant_connections.tls_public_key IS
    'SHA-256 of the SubjectPublicKeyInfo that the certificate must have, in base64, besides being valid; NULL for any.';
COMMENT ON COLUMN home_assistant_connections.encrypted_token IS
    'v1.<key id>.<nonce>.<ciphertext>.<tag>, AES-256-GCM bound to id, user_id, key id, origin of url, tls_authority and '
    'tls_public_key; no key is in the database.';

-- Readers see the new columns, too.
SELECT home_assistant_protect_table('home_assistant_connections', 'user_id');

DROP TRIGGER notify_home_assistant_connections_change ON home_assistant_connections;
CREATE TRIGGER notify_home_assistant_connections_change
    AFTER UPDATE ON home_assistant_connections
    FOR EACH ROW
    WHEN ((OLD.name, OLD.url, OLD.encrypted_token, OLD.paused_at, OLD.removed_at, OLD.user_id, OLD.tls_authority,
            OLD.tls_public_key)
        IS DISTINCT FROM (NEW.name, NEW.url, NEW.encrypted_token, NEW.paused_at, NEW.removed_at, NEW.user_id,
            NEW.tls_authority, NEW.tls_public_key))
    EXECUTE FUNCTION home_assistant_notify_connection_change();

-- Retired keys --------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_retired_keys (
    key_id VARCHAR(32) PRIMARY KEY,
    retired_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT home_assistant_retired_keys_id_format CHECK (key_id ~ '^[0-9a-z]{1,32}$')
);

COMMENT ON TABLE home_assistant_retired_keys IS
    'Ids of token keys that a rotation has replaced. Nothing new is stored under them: the keys may be gone.';
COMMENT ON COLUMN home_assistant_retired_keys.retired_at IS 'When the rotation found nothing left under the key, or was about to.';

GRANT SELECT, INSERT ON home_assistant_retired_keys TO ha_bridge_writer;

-- Statements that began before the key was retired hold a lock that the rotation waits for, so that none slips through.
CREATE FUNCTION home_assistant_refuse_retired_key() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sealed text := to_jsonb(NEW) ->> TG_ARGV[0];
    retired text;
BEGIN
    IF sealed IS NULL OR (TG_OP = 'UPDATE' AND sealed = to_jsonb(OLD) ->> TG_ARGV[0]) THEN
        RETURN NEW;
    END IF;
    EXECUTE format(
        'SELECT key_id FROM %I.home_assistant_retired_keys
         WHERE key_id = ANY (ARRAY(SELECT split_part(part, ''.'', 2) FROM regexp_split_to_table($1, '' '') AS part))
         LIMIT 1', TG_TABLE_SCHEMA)
        INTO retired USING sealed;
    IF retired IS NOT NULL THEN
        RAISE EXCEPTION 'The key % was retired by a rotation of keys; nothing new is sealed with it.', retired
            USING ERRCODE = 'HB005',
                HINT = 'Run the command again. If that does not help, this keyring is older: run ha-bridge key rotate.';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION home_assistant_refuse_retired_key() IS
    'Trigger: refuses a sealed value, in the column that its argument names, under a key of home_assistant_retired_keys (HB005).';

CREATE TRIGGER refuse_home_assistant_connections_retired_key
    BEFORE INSERT OR UPDATE OF encrypted_token ON home_assistant_connections
    FOR EACH ROW EXECUTE FUNCTION home_assistant_refuse_retired_key('encrypted_token');

-- Backups -------------------------------------------------------------------------------------------------------------------

CREATE TRIGGER refuse_automation_backup_retired_key
    BEFORE INSERT OR UPDATE OF sealed_secrets ON automation_backup
    FOR EACH ROW EXECUTE FUNCTION home_assistant_refuse_retired_key('sealed_secrets');

-- A rotation of keys seals the values of a backup again; it neither adds nor drops them.
CREATE FUNCTION automation_guard_sealed_secrets() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'The sealed values of backup % can be sealed again, and neither dropped nor added.', OLD.id
        USING ERRCODE = 'insufficient_privilege', HINT = 'Store a new version of the automation.';
END;
$$;
COMMENT ON FUNCTION automation_guard_sealed_secrets() IS
    'Trigger: refuses to drop the sealed values of a backup, to add some, or to make their number another.';

CREATE TRIGGER guard_automation_backup_sealed_secrets
    BEFORE UPDATE OF sealed_secrets ON automation_backup
    FOR EACH ROW
    WHEN (array_length(string_to_array(OLD.sealed_secrets, ' '), 1)
        IS DISTINCT FROM array_length(string_to_array(NEW.sealed_secrets, ' '), 1))
    EXECUTE FUNCTION automation_guard_sealed_secrets();

COMMENT ON COLUMN automation_backup.sealed_secrets IS
    'The values behind the placeholders, sealed as tokens are, parts separated by a blank; NULL where there are none. A rotation of '
    'keys seals them again.';
