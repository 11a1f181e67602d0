-- Undoes V019. Loses who is signed in, every token and link, and who sees houses of others; passwords stay, of no use. That the
-- writer may act as the reader stays as well: it belongs to the whole server, whose other databases may need it.
SET LOCAL ROLE ha_bridge_owner;

DROP TABLE console_session;
DROP TABLE api_token;
DROP TABLE sign_in_link;
DROP TABLE sign_in_throttle;
COMMENT ON COLUMN users.password_hash IS 'NULL until the user can sign in; the bridge itself never reads it.';

DO $$
DECLARE
    reading record;
BEGIN
    ALTER POLICY ha_bridge_reader_rows ON home_assistant_connections USING (user_id = (SELECT home_assistant_current_user()));
    FOR reading IN
        SELECT polrelid::regclass AS target, pg_get_expr(polqual, polrelid) AS rows_shown FROM pg_policy
        JOIN pg_class ON pg_class.oid = polrelid AND relnamespace = current_schema()::regnamespace
        WHERE polname = 'ha_bridge_reader_rows' AND pg_get_expr(polqual, polrelid) LIKE '%home\_assistant\_visible\_connections%'
    LOOP
        EXECUTE format(
            'ALTER POLICY ha_bridge_reader_rows ON %s USING (%s)', reading.target,
            replace(reading.rows_shown, 'home_assistant_visible_connections', 'home_assistant_own_connections'));
    END LOOP;
END;
$$;

CREATE OR REPLACE FUNCTION home_assistant_protect_table(target regclass, via text, mode text DEFAULT 'data') RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    own_rows text;
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

    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = target AND polname LIKE 'ha\_bridge\_%' LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, target);
    END LOOP;
    EXECUTE format('CREATE POLICY ha_bridge_reader_rows ON %s FOR SELECT TO ha_bridge_reader USING (%s)', target, own_rows);
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
            attname IN ('encrypted_token', 'sealed_secrets', 'password_hash') OR attname ~ '^mfa_.*(secret|codes?)$' AS is_hidden
        FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped
    ) AS stored_column;
    EXECUTE format(
        'GRANT SELECT %s ON %s TO ha_bridge_reader',
        CASE WHEN hidden_count > 0 THEN '(' || visible_columns || ')' ELSE '' END, target);
END;
$$;
COMMENT ON FUNCTION home_assistant_protect_table(regclass, text, text) IS
    'Makes row security, policies and grants of a table: readers and the owner see their own rows, the writer all. via: the columns by which a row belongs to a user, such as connection_id, user_id, or both with a comma. mode: data, or append for rows that are never changed, which the auditor reads. May be called again, as after a new column.';
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION home_assistant_protect_table(regclass, text, text) SET search_path = %I, pg_catalog, pg_temp',
        current_schema());
END;
$$;

DROP FUNCTION home_assistant_visible_connections();
DROP FUNCTION home_assistant_shared_connections();
DROP TABLE home_assistant_connection_share;
