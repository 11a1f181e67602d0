DROP TRIGGER guard_automation_backup_sealed_secrets ON automation_backup;
DROP FUNCTION automation_guard_sealed_secrets();
DROP TRIGGER refuse_automation_backup_retired_key ON automation_backup;
DROP TRIGGER refuse_home_assistant_connections_retired_key ON home_assistant_connections;
DROP FUNCTION home_assistant_refuse_retired_key();
DROP TABLE home_assistant_retired_keys;

COMMENT ON COLUMN automation_backup.sealed_secrets IS
    'The values behind the placeholders, sealed as tokens are; NULL where there are none.';

DROP TRIGGER notify_home_assistant_connections_change ON home_assistant_connections;
CREATE TRIGGER notify_home_assistant_connections_change
    AFTER UPDATE ON home_assistant_connections
    FOR EACH ROW
    WHEN ((OLD.name, OLD.url, OLD.encrypted_token, OLD.paused_at, OLD.removed_at, OLD.user_id)
        IS DISTINCT FROM (NEW.name, NEW.url, NEW.encrypted_token, NEW.paused_at, NEW.removed_at, NEW.user_id))
    EXECUTE FUNCTION home_assistant_notify_connection_change();

ALTER TABLE home_assistant_connections
    DROP CONSTRAINT home_assistant_connections_tls_needs_https,
    DROP COLUMN tls_authority,
    DROP COLUMN tls_public_key;

COMMENT ON COLUMN home_assistant_connections.encrypted_token IS
    'v1.<key id>.<nonce>.<ciphertext>.<tag>, AES-256-GCM bound to id, user_id, key id and origin of url; no key is in the database.';
