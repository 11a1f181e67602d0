-- The people who own connections and approve changes: the union of the two user tables of the specifications, key "id".
-- Departures and their reasons: README.md of this directory.

CREATE FUNCTION update_updated_at_column() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.updated_at = CURRENT_TIMESTAMP;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION update_updated_at_column() IS
    'Trigger: sets updated_at to the start of the transaction that updates the row.';

CREATE FUNCTION increment_version_column() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Counted from the stored row, so that a client cannot set it: it serves optimistic locking.
    NEW.version = OLD.version + 1;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION increment_version_column() IS
    'Trigger: counts version up by one on every update, whatever the client sent.';

CREATE TABLE users (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    username VARCHAR(100) NOT NULL UNIQUE,
    email VARCHAR(255) NOT NULL UNIQUE,
    password_hash VARCHAR(255),
    role VARCHAR(50) NOT NULL DEFAULT 'user',
    status VARCHAR(20) NOT NULL DEFAULT 'active',
    -- Generated, not kept by a trigger: one truth (status), and no statement can make the two disagree.
    is_active BOOLEAN NOT NULL GENERATED ALWAYS AS (status = 'active') STORED,
    first_name VARCHAR(100),
    last_name VARCHAR(100),
    full_name VARCHAR(255),
    preferences JSONB NOT NULL DEFAULT '{}',
    -- The second specification's name for the same fact.
    preferences_json JSONB NOT NULL GENERATED ALWAYS AS (preferences) STORED,
    auth_provider VARCHAR(50) NOT NULL DEFAULT 'local',
    auth_external_id VARCHAR(255),
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_login TIMESTAMPTZ,
    last_active_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT chk_role CHECK (role IN ('admin', 'user', 'observer')),
    CONSTRAINT chk_status CHECK (status IN ('active', 'inactive', 'suspended')),
    CONSTRAINT users_email_format CHECK (email ~* '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$'),
    CONSTRAINT users_username_format CHECK (username = btrim(username) AND username <> ''),
    CONSTRAINT users_preferences_is_object CHECK (jsonb_typeof(preferences) = 'object'),
    CONSTRAINT users_version_positive CHECK (version >= 1)
);

-- The specifications index email and username a second time; the UNIQUE constraints already do that for exact matches. These
-- refuse what differs by case alone, which a person would take for the same name.
CREATE UNIQUE INDEX idx_users_email ON users (lower(email));
CREATE UNIQUE INDEX idx_users_username ON users (lower(username));
CREATE INDEX idx_users_active ON users (is_active, last_active_at);
CREATE UNIQUE INDEX idx_users_auth_external ON users (auth_provider, auth_external_id)
    WHERE auth_external_id IS NOT NULL;

CREATE TRIGGER update_users_updated_at
    BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
CREATE TRIGGER increment_users_version
    BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION increment_version_column();

COMMENT ON TABLE users IS 'The people who own Home Assistant connections and approve changes to a house.';
COMMENT ON COLUMN users.password_hash IS 'NULL until the user can sign in; the bridge itself never reads it.';
COMMENT ON COLUMN users.role IS 'admin: everything; user: own connections; observer: reads only.';
COMMENT ON COLUMN users.status IS 'active, inactive (switched off by an admin) or suspended.';
COMMENT ON COLUMN users.is_active IS 'status = ''active''; generated, set status to change it.';
COMMENT ON COLUMN users.preferences_json IS 'The same value as preferences, generated; write preferences.';
COMMENT ON COLUMN users.auth_provider IS '''local'' or the name of the identity provider that knows auth_external_id.';
COMMENT ON COLUMN users.version IS 'Counts updates, for optimistic locking; set by a trigger.';
