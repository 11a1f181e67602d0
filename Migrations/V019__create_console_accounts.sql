-- Signing in to the console: sessions, tokens for scripts, links that work once, and what slows down guessing. And houses that
-- their owner shows to somebody else.

-- The console reads as whoever is signed in: the bridge takes the reader's role for it. Membership belongs to the whole server,
-- so the login gives it, not the owner of the tables.
SET LOCAL ROLE NONE;
DO $$
DECLARE
    grant_text text := 'GRANT ha_bridge_reader TO ha_bridge_writer';
BEGIN
    -- From version 16 on, what the reader may is the writer's only where it acts as the reader.
    IF current_setting('server_version_num')::integer >= 160000 THEN
        grant_text := grant_text || ' WITH INHERIT FALSE';
    END IF;
    FOR attempt IN 1..10 LOOP
        EXIT WHEN pg_has_role('ha_bridge_writer', 'ha_bridge_reader', 'MEMBER');
        BEGIN
            EXECUTE grant_text;
        EXCEPTION
            -- Another database grants the same at this moment.
            WHEN unique_violation OR internal_error THEN
                PERFORM pg_sleep(0.05);
            WHEN insufficient_privilege OR invalid_grant_operation THEN
                RAISE EXCEPTION 'The login % may not let the bridge read as the people who sign in.', session_user
                    USING ERRCODE = 'insufficient_privilege',
                        HINT = 'An administrator of the server must run once: ' || grant_text || ';';
        END;
    END LOOP;
END;
$$;

SET LOCAL ROLE ha_bridge_owner;

-- Shared houses -------------------------------------------------------------------------------------------------------------

CREATE TABLE home_assistant_connection_share (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (connection_id, user_id)
);
CREATE INDEX idx_home_assistant_connection_share_user_id ON home_assistant_connection_share (user_id);

COMMENT ON TABLE home_assistant_connection_share IS
    'Who sees a house that belongs to somebody else: ha-bridge connection share NAME --user NAME. Seeing is all that follows from it.';
COMMENT ON COLUMN home_assistant_connection_share.user_id IS 'Who sees it, besides its owner.';

CREATE FUNCTION home_assistant_shared_connections() RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN current_setting('app.leave_out_shares', true) = 'on' THEN '{}'::uuid[]
        ELSE coalesce(array_agg(connection_id), '{}') END
    FROM home_assistant_connection_share WHERE user_id = home_assistant_current_user()
$$;
COMMENT ON FUNCTION home_assistant_shared_connections() IS
    'The connections of others that the user of this session may see; none where the session sets app.leave_out_shares to on, as it does before a decision.';

CREATE FUNCTION home_assistant_visible_connections() RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT home_assistant_own_connections() || home_assistant_shared_connections()
$$;
COMMENT ON FUNCTION home_assistant_visible_connections() IS
    'The connections whose rows a reader of this session sees: the user''s own and those that are shared with the user.';

CREATE OR REPLACE FUNCTION home_assistant_protect_table(target regclass, via text, mode text DEFAULT 'data') RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    own_rows text;
    visible_rows text;
    visible_columns text;
    hidden_count bigint;
    policy record;
BEGIN
    IF mode NOT IN ('data', 'append') THEN
        RAISE EXCEPTION 'A table is protected as data or append, not as %.', mode USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Asked once for each statement, and so that an index can be used.
    SELECT string_agg(
        CASE name
            WHEN 'connection_id' THEN 'connection_id = ANY ((SELECT home_assistant_own_connections())::uuid[])'
            ELSE format('%I = (SELECT home_assistant_current_user())', name)
        END, ' OR ')
    INTO STRICT own_rows
    FROM (SELECT btrim(part) AS name FROM unnest(string_to_array(via, ',')) AS part) AS way;
    -- What is shared is shown. Nothing else follows from a share: the owner's policies leave it out.
    visible_rows := replace(own_rows, 'home_assistant_own_connections()', 'home_assistant_visible_connections()');
    IF target = 'home_assistant_connections'::regclass THEN
        visible_rows := visible_rows || ' OR id = ANY ((SELECT home_assistant_shared_connections())::uuid[])';
    END IF;

    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = target AND polname LIKE 'ha\_bridge\_%' LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, target);
    END LOOP;
    EXECUTE format('CREATE POLICY ha_bridge_reader_rows ON %s FOR SELECT TO ha_bridge_reader USING (%s)', target, visible_rows);
    EXECUTE format('CREATE POLICY ha_bridge_owner_rows ON %s TO ha_bridge_owner USING (%s)', target, own_rows);
    EXECUTE format('REVOKE ALL ON %s FROM ha_bridge_writer, ha_bridge_reader, ha_bridge_auditor', target);
    IF mode = 'append' THEN
        EXECUTE format('CREATE POLICY ha_bridge_writer_rows ON %s FOR SELECT TO ha_bridge_writer USING (true)', target);
        EXECUTE format(
            'CREATE POLICY ha_bridge_writer_new_rows ON %s FOR INSERT TO ha_bridge_writer WITH CHECK (true)', target);
        EXECUTE format('CREATE POLICY ha_bridge_auditor_rows ON %s FOR SELECT TO ha_bridge_auditor USING (true)', target);
        EXECUTE format('GRANT SELECT, INSERT ON %s TO ha_bridge_writer', target);
        EXECUTE format('GRANT SELECT ON %s TO ha_bridge_auditor', target);
    ELSE
        EXECUTE format('CREATE POLICY ha_bridge_writer_rows ON %s TO ha_bridge_writer USING (true)', target);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO ha_bridge_writer', target);
    END IF;

    -- What is sealed, and what a password could be guessed from, is the bridge's alone.
    SELECT
        string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE NOT is_hidden), count(*) FILTER (WHERE is_hidden)
    INTO visible_columns, hidden_count
    FROM (
        SELECT attname, attnum,
            attname IN ('encrypted_token', 'sealed_secrets', 'password_hash', 'secret_hash') OR attname ~ '^mfa_.*(secret|codes?)$' AS is_hidden
        FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped
    ) AS stored_column;
    EXECUTE format(
        'GRANT SELECT %s ON %s TO ha_bridge_reader',
        CASE WHEN hidden_count > 0 THEN '(' || visible_columns || ')' ELSE '' END, target);
END;
$$;
COMMENT ON FUNCTION home_assistant_protect_table(regclass, text, text) IS
    'Makes row security, policies and grants of a table: readers and the owner see their own rows, readers those of shared connections as well, the writer all. via: the columns by which a row belongs to a user, such as connection_id, user_id, or both with a comma. mode: data, or append for rows that are never changed, which the auditor reads. May be called again, as after a new column.';

DO $$
DECLARE
    signature text;
    reading record;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_shared_connections()', 'home_assistant_visible_connections()',
        'home_assistant_protect_table(regclass, text, text)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;

    PERFORM home_assistant_protect_table('home_assistant_connection_share', 'user_id');
    -- Readers see what is shared with them, table by table as they stand.
    FOR reading IN
        SELECT polrelid::regclass AS target, pg_get_expr(polqual, polrelid) AS rows_shown FROM pg_policy
        JOIN pg_class ON pg_class.oid = polrelid AND relnamespace = current_schema()::regnamespace
        WHERE polname = 'ha_bridge_reader_rows' AND pg_get_expr(polqual, polrelid) LIKE '%home\_assistant\_own\_connections%'
    LOOP
        EXECUTE format(
            'ALTER POLICY ha_bridge_reader_rows ON %s USING (%s)', reading.target,
            replace(reading.rows_shown, 'home_assistant_own_connections', 'home_assistant_visible_connections'));
    END LOOP;
    ALTER POLICY ha_bridge_reader_rows ON home_assistant_connections USING (
        user_id = (SELECT home_assistant_current_user())
        OR id = ANY ((SELECT home_assistant_shared_connections())::uuid[]));
END;
$$;

-- Signing in ----------------------------------------------------------------------------------------------------------------

COMMENT ON COLUMN users.password_hash IS 'The password by scrypt: $scrypt$ln=…,r=…,p=…$salt$hash. NULL until one is set: the user cannot sign in.';

CREATE TABLE console_session (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret_hash BYTEA NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_seen_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMPTZ NOT NULL,
    address VARCHAR(64),
    user_agent VARCHAR(255),
    revoked_at TIMESTAMPTZ,
    CONSTRAINT console_session_secret_hash_length CHECK (octet_length(secret_hash) = 32),
    CONSTRAINT console_session_expires_later CHECK (expires_at > created_at)
);
CREATE INDEX idx_console_session_user_id ON console_session (user_id, created_at);
CREATE INDEX idx_console_session_expires_at ON console_session (expires_at);

COMMENT ON TABLE console_session IS 'Browsers that signed in to the console. Over after 12 hours without a request, at expires_at, or once revoked.';
COMMENT ON COLUMN console_session.secret_hash IS 'The SHA-256 of the cookie: whoever reads this table cannot take over a session.';
COMMENT ON COLUMN console_session.last_seen_at IS 'To the minute.';
COMMENT ON COLUMN console_session.address IS 'Where the sign-in came from.';
COMMENT ON COLUMN console_session.user_agent IS 'What the browser called itself.';
COMMENT ON COLUMN console_session.revoked_at IS 'When it was ended before its time: by signing out, by a new password, or by the user from elsewhere.';

CREATE TABLE api_token (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name VARCHAR(100) NOT NULL,
    scopes TEXT[] NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    CONSTRAINT api_token_name_present CHECK (btrim(name) <> ''),
    CONSTRAINT api_token_scopes CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'govern']),
    CONSTRAINT api_token_secret_hash_length CHECK (octet_length(secret_hash) = 32),
    CONSTRAINT api_token_expires_later CHECK (expires_at > created_at)
);
CREATE INDEX idx_api_token_user_id ON api_token (user_id, created_at);

COMMENT ON TABLE api_token IS 'Tokens with which scripts use the API as a user, within their scopes and never beyond the user''s role.';
COMMENT ON COLUMN api_token.scopes IS 'read: look. govern: decide.';
COMMENT ON COLUMN api_token.secret_hash IS 'The SHA-256 of the token, which is shown once, when it is made.';
COMMENT ON COLUMN api_token.last_used_at IS 'To the minute.';
COMMENT ON COLUMN api_token.revoked_at IS 'When it was ended before its time.';

CREATE TABLE sign_in_link (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID REFERENCES users (id) ON DELETE CASCADE,
    secret_hash BYTEA NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    CONSTRAINT sign_in_link_secret_hash_length CHECK (octet_length(secret_hash) = 32)
);
CREATE INDEX idx_sign_in_link_user_id ON sign_in_link (user_id);

COMMENT ON TABLE sign_in_link IS 'Links that set a password, once: ha-bridge user link NAME, and the one that the first start prints.';
COMMENT ON COLUMN sign_in_link.user_id IS 'Whose password; NULL for the first person, whose user the link makes.';
COMMENT ON COLUMN sign_in_link.secret_hash IS 'The SHA-256 of what stands in the link.';
COMMENT ON COLUMN sign_in_link.used_at IS 'When it was used; it works no second time.';

CREATE TABLE sign_in_throttle (
    key TEXT COLLATE "C" PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_failed_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    blocked_until TIMESTAMPTZ,
    CONSTRAINT sign_in_throttle_failures CHECK (failures >= 0)
);
CREATE INDEX idx_sign_in_throttle_last_failed_at ON sign_in_throttle (last_failed_at);

COMMENT ON TABLE sign_in_throttle IS 'Failures to sign in, by name and by address. Rows are forgotten a day after the last failure.';
COMMENT ON COLUMN sign_in_throttle.key IS 'name: or address:, and a digest: people type passwords where the name belongs.';
COMMENT ON COLUMN sign_in_throttle.blocked_until IS 'Until when every further attempt is refused without a look at the password.';

DO $$
BEGIN
    PERFORM home_assistant_protect_table('console_session', 'user_id');
    PERFORM home_assistant_protect_table('api_token', 'user_id');
    PERFORM home_assistant_protect_table('sign_in_link', 'user_id');
END;
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_throttle TO ha_bridge_writer;
