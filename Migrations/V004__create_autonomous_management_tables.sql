-- The registries of Home Assistant as they were last listed, and the tables of the automation lifecycle.
-- Departures and their reasons: README.md of this directory.

-- Registries ----------------------------------------------------------------------------------------------------------------

-- What Home Assistant forgets stays here with removed_at set: the events of years refer to it by entity_id.

CREATE TABLE home_assistant_areas (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    area_id VARCHAR(255) COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    floor_id VARCHAR(255) COLLATE "C",
    floor_name TEXT,
    aliases TEXT[] NOT NULL DEFAULT '{}',
    labels TEXT[] NOT NULL DEFAULT '{}',
    first_seen_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    removed_at TIMESTAMPTZ,
    PRIMARY KEY (connection_id, area_id)
);
COMMENT ON TABLE home_assistant_areas IS 'The area registry of each connection, as last listed.';
COMMENT ON COLUMN home_assistant_areas.floor_name IS 'The name of the floor floor_id, as last listed.';
COMMENT ON COLUMN home_assistant_areas.removed_at IS 'When the bridge found it gone from Home Assistant; NULL while it is there.';

CREATE TABLE home_assistant_labels (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    label_id VARCHAR(255) COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    color TEXT,
    first_seen_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    removed_at TIMESTAMPTZ,
    PRIMARY KEY (connection_id, label_id)
);
COMMENT ON TABLE home_assistant_labels IS 'The label registry of each connection, as last listed.';
COMMENT ON COLUMN home_assistant_labels.removed_at IS 'When the bridge found it gone from Home Assistant; NULL while it is there.';

CREATE TABLE home_assistant_devices (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    device_id VARCHAR(255) COLLATE "C" NOT NULL,
    name TEXT,
    area_id VARCHAR(255) COLLATE "C",
    manufacturer TEXT,
    model TEXT,
    software_version TEXT,
    via_device_id VARCHAR(255) COLLATE "C",
    disabled_by TEXT,
    labels TEXT[] NOT NULL DEFAULT '{}',
    first_seen_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    removed_at TIMESTAMPTZ,
    PRIMARY KEY (connection_id, device_id)
);
COMMENT ON TABLE home_assistant_devices IS 'The device registry of each connection, as last listed.';
COMMENT ON COLUMN home_assistant_devices.name IS 'The name that a person gave it, else its own.';
COMMENT ON COLUMN home_assistant_devices.removed_at IS 'When the bridge found it gone from Home Assistant; NULL while it is there.';

CREATE TABLE home_assistant_entities (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    registry_id VARCHAR(255) COLLATE "C" NOT NULL,
    entity_id VARCHAR(255) COLLATE "C" NOT NULL,
    unique_id TEXT,
    platform TEXT,
    name TEXT,
    device_id VARCHAR(255) COLLATE "C",
    area_id VARCHAR(255) COLLATE "C",
    device_class TEXT,
    entity_category TEXT,
    disabled_by TEXT,
    hidden_by TEXT,
    labels TEXT[] NOT NULL DEFAULT '{}',
    first_seen_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    removed_at TIMESTAMPTZ,
    PRIMARY KEY (connection_id, registry_id)
);
CREATE UNIQUE INDEX idx_home_assistant_entities_entity_id ON home_assistant_entities (connection_id, entity_id)
    WHERE removed_at IS NULL;
COMMENT ON TABLE home_assistant_entities IS
    'The entity registry of each connection, as last listed. Entities without a unique id of their integration are not in it.';
COMMENT ON COLUMN home_assistant_entities.registry_id IS 'Home Assistant''s own id of the entry; it stays when the entity is renamed.';
COMMENT ON COLUMN home_assistant_entities.name IS
    'The name that a person gave it, else what Home Assistant makes of its original name and its device''s.';
COMMENT ON COLUMN home_assistant_entities.device_class IS 'The class that a person chose, else the original one.';
COMMENT ON COLUMN home_assistant_entities.area_id IS 'The entity''s own area; NULL where it has that of its device.';
COMMENT ON COLUMN home_assistant_entities.removed_at IS 'When the bridge found it gone from Home Assistant; NULL while it is there.';

CREATE TABLE home_assistant_entity_renames (
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    registry_id VARCHAR(255) COLLATE "C" NOT NULL,
    old_entity_id VARCHAR(255) COLLATE "C" NOT NULL,
    new_entity_id VARCHAR(255) COLLATE "C" NOT NULL,
    renamed_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (connection_id, registry_id, renamed_at),
    CONSTRAINT home_assistant_entity_renames_differ CHECK (old_entity_id <> new_entity_id)
);
CREATE INDEX idx_home_assistant_entity_renames_new ON home_assistant_entity_renames (connection_id, new_entity_id);
COMMENT ON TABLE home_assistant_entity_renames IS
    'Each change of an entity id that the bridge saw, so that the events before and after it can be read as one history.';
COMMENT ON COLUMN home_assistant_entity_renames.renamed_at IS 'When the bridge saw it.';

-- Automations ---------------------------------------------------------------------------------------------------------------

CREATE TABLE automation_management (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    home_assistant_automation_id VARCHAR(255) COLLATE "C" NOT NULL,
    has_own_id BOOLEAN NOT NULL DEFAULT TRUE,
    entity_id VARCHAR(255) COLLATE "C",
    registry_id VARCHAR(255) COLLATE "C",
    name VARCHAR(255) NOT NULL,
    description TEXT,
    mode VARCHAR(16),
    is_enabled BOOLEAN,
    read_only_reason TEXT,
    problems TEXT[] NOT NULL DEFAULT '{}',
    configuration_digest BYTEA,
    lifecycle_state VARCHAR(50) NOT NULL DEFAULT 'ACTIVE',
    lifecycle_changed_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    performance_score DECIMAL(5,2),
    score_breakdown JSONB,
    scored_at TIMESTAMPTZ,
    last_execution_time TIMESTAMPTZ,
    execution_count INTEGER NOT NULL DEFAULT 0,
    success_rate DECIMAL(5,2),
    average_execution_time_ms INTEGER,
    last_seen_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by UUID REFERENCES users (id) ON DELETE SET NULL,
    modified_by UUID REFERENCES users (id) ON DELETE SET NULL,
    version INTEGER NOT NULL DEFAULT 1,
    -- Generated, not kept by a trigger: one truth (lifecycle_state), and no statement can make the two disagree.
    is_active BOOLEAN NOT NULL GENERATED ALWAYS AS (lifecycle_state NOT IN ('RETIRED', 'REJECTED')) STORED,
    CONSTRAINT automation_management_connection_automation_key UNIQUE (connection_id, home_assistant_automation_id),
    -- What the tables below refer to, so that none of their rows can name an automation of another connection.
    CONSTRAINT automation_management_connection_id_key UNIQUE (connection_id, id),
    CONSTRAINT automation_management_automation_id_present CHECK (home_assistant_automation_id <> ''),
    CONSTRAINT automation_management_name_present CHECK (name <> ''),
    CONSTRAINT automation_management_mode_valid CHECK (mode IN ('single', 'restart', 'queued', 'parallel')),
    CONSTRAINT automation_management_digest_length CHECK (octet_length(configuration_digest) = 32),
    CONSTRAINT automation_management_state_valid CHECK (
        lifecycle_state IN (
            'PROPOSED', 'PENDING_APPROVAL', 'ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE', 'RETIRED', 'REJECTED'
        )
    ),
    CONSTRAINT automation_management_score_range CHECK (performance_score BETWEEN 0 AND 100),
    CONSTRAINT automation_management_breakdown_is_object CHECK (jsonb_typeof(score_breakdown) = 'object'),
    CONSTRAINT automation_management_execution_count_range CHECK (execution_count >= 0),
    CONSTRAINT automation_management_success_rate_range CHECK (success_rate BETWEEN 0 AND 100),
    CONSTRAINT automation_management_average_time_range CHECK (average_execution_time_ms >= 0),
    CONSTRAINT automation_management_version_positive CHECK (version >= 1)
);

CREATE INDEX idx_automation_management_lifecycle_state ON automation_management (lifecycle_state);
CREATE INDEX idx_automation_management_performance_score ON automation_management (performance_score);
CREATE INDEX idx_automation_management_last_execution_time ON automation_management (last_execution_time);
CREATE INDEX idx_automation_management_entity_id ON automation_management (connection_id, entity_id);

CREATE TRIGGER update_automation_management_updated_at
    BEFORE UPDATE ON automation_management
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
CREATE TRIGGER increment_automation_management_version
    BEFORE UPDATE ON automation_management
    FOR EACH ROW EXECUTE FUNCTION increment_version_column();

COMMENT ON TABLE automation_management IS
    'Every automation of every connection: those of Home Assistant as last seen, those proposed, and those that are gone.';
COMMENT ON COLUMN automation_management.home_assistant_automation_id IS
    'The id in the automation''s configuration; where it has none (has_own_id is false), its entity_id.';
COMMENT ON COLUMN automation_management.has_own_id IS
    'False for an automation without an id in its configuration: Home Assistant keeps no usable traces of it.';
COMMENT ON COLUMN automation_management.registry_id IS
    'Home Assistant''s own id of the entity (home_assistant_entities.registry_id); it stays when the entity is renamed.';
COMMENT ON COLUMN automation_management.mode IS 'What happens when it is triggered while it runs: single, restart, queued, parallel.';
COMMENT ON COLUMN automation_management.is_enabled IS
    'Whether it is switched on in Home Assistant; NULL while that is not known.';
COMMENT ON COLUMN automation_management.read_only_reason IS
    'Why Home Assistant''s configuration API cannot change it, as a sentence; NULL where it can.';
COMMENT ON COLUMN automation_management.problems IS 'What it lacks, one sentence each, such as entities that do not exist.';
COMMENT ON COLUMN automation_management.configuration_digest IS
    'SHA-256 of its configuration as last read; compare with automation_backup.configuration_digest.';
COMMENT ON COLUMN automation_management.lifecycle_state IS
    'Moves only as automation_lifecycle_transition allows; change it by automation_change_lifecycle(), which takes the reason.';
COMMENT ON COLUMN automation_management.lifecycle_changed_at IS 'When it came into its present state; set by a trigger.';
COMMENT ON COLUMN automation_management.performance_score IS '0 to 100; NULL after fewer than 3 executions.';
COMMENT ON COLUMN automation_management.score_breakdown IS 'The parts that performance_score is the sum of.';
COMMENT ON COLUMN automation_management.execution_count IS
    'Recomputed from automation_executions, as are last_execution_time, success_rate and average_execution_time_ms; never counted up.';
COMMENT ON COLUMN automation_management.success_rate IS 'Percent: successes of successes and failures; blocked runs do not count.';
COMMENT ON COLUMN automation_management.last_seen_at IS 'When Home Assistant last listed it.';
COMMENT ON COLUMN automation_management.version IS 'Counts updates, for optimistic locking; set by a trigger.';
COMMENT ON COLUMN automation_management.is_active IS
    'False once it is RETIRED or REJECTED; generated, move lifecycle_state to change it.';

-- A row of the tables below may leave out connection_id: it is that of the automation.
CREATE FUNCTION automation_fill_connection() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.connection_id IS NULL AND NEW.automation_id IS NOT NULL THEN
        SELECT connection_id INTO NEW.connection_id FROM automation_management WHERE id = NEW.automation_id;
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION automation_fill_connection() IS
    'Trigger: sets the connection of a row that names its automation alone.';

-- Lifecycle -----------------------------------------------------------------------------------------------------------------

CREATE TABLE automation_lifecycle_transition (
    previous_state VARCHAR(50),
    new_state VARCHAR(50) NOT NULL,
    requires_approval BOOLEAN NOT NULL DEFAULT FALSE,
    description TEXT NOT NULL,
    CONSTRAINT automation_lifecycle_transition_key UNIQUE NULLS NOT DISTINCT (previous_state, new_state),
    CONSTRAINT automation_lifecycle_transition_moves CHECK (previous_state IS DISTINCT FROM new_state),
    CONSTRAINT automation_lifecycle_transition_states_valid CHECK (
        new_state IN (
            'PROPOSED', 'PENDING_APPROVAL', 'ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE', 'RETIRED', 'REJECTED'
        )
        AND previous_state IN (
            'PROPOSED', 'PENDING_APPROVAL', 'ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE', 'RETIRED', 'REJECTED'
        )
    )
);

COMMENT ON TABLE automation_lifecycle_transition IS
    'The legal moves of automation_management.lifecycle_state; a move that is not a row here is refused (HB002).';
COMMENT ON COLUMN automation_lifecycle_transition.previous_state IS 'NULL for the state in which an automation may begin.';
COMMENT ON COLUMN automation_lifecycle_transition.requires_approval IS
    'The move spends an approved approval_workflow of type CREATION of that automation; one that a move has spent is no good again.';
COMMENT ON COLUMN automation_lifecycle_transition.description IS 'What the move means; the reason of a beginning that gives none.';

INSERT INTO automation_lifecycle_transition (previous_state, new_state, requires_approval, description) VALUES
    (NULL, 'PROPOSED', FALSE, 'Proposed; Home Assistant does not have it.'),
    (NULL, 'ACTIVE', FALSE, 'Found in Home Assistant, switched on.'),
    (NULL, 'PAUSED', FALSE, 'Found in Home Assistant, switched off.'),
    (NULL, 'UNAVAILABLE', FALSE, 'Found in Home Assistant, unavailable.'),
    ('PROPOSED', 'PENDING_APPROVAL', FALSE, 'The proposal is valid and waits for its approvers.'),
    ('PROPOSED', 'REJECTED', FALSE, 'The proposal is not valid, a safety rule blocks it, or it was withdrawn.'),
    ('PENDING_APPROVAL', 'ACTIVE', TRUE, 'Approved, and created in Home Assistant.'),
    ('PENDING_APPROVAL', 'PAUSED', TRUE, 'Approved, and created in Home Assistant, switched off.'),
    ('PENDING_APPROVAL', 'UNAVAILABLE', TRUE, 'Approved and created, but Home Assistant reports it unavailable.'),
    ('PENDING_APPROVAL', 'REJECTED', FALSE, 'Rejected, withdrawn, or expired without an answer.'),
    ('REJECTED', 'PROPOSED', FALSE, 'Proposed once more.'),
    -- A person may create in Home Assistant what was rejected here: the proposal is closed, then the automation reappears.
    ('REJECTED', 'RETIRED', FALSE, 'The proposal is closed for good.'),
    ('ACTIVE', 'DEGRADED', FALSE, 'Its score fell too low, or it failed too often in a row.'),
    ('ACTIVE', 'PAUSED', FALSE, 'Switched off in Home Assistant.'),
    ('ACTIVE', 'UNAVAILABLE', FALSE, 'Home Assistant reports it unavailable.'),
    ('ACTIVE', 'RETIRED', FALSE, 'Gone from Home Assistant.'),
    ('DEGRADED', 'ACTIVE', FALSE, 'Its score recovered.'),
    ('DEGRADED', 'PAUSED', FALSE, 'Switched off in Home Assistant.'),
    ('DEGRADED', 'UNAVAILABLE', FALSE, 'Home Assistant reports it unavailable.'),
    ('DEGRADED', 'RETIRED', FALSE, 'Gone from Home Assistant.'),
    ('PAUSED', 'ACTIVE', FALSE, 'Switched on in Home Assistant.'),
    -- Back to where it was: a pause or a reload must not end a degradation that the score has not ended.
    ('PAUSED', 'DEGRADED', FALSE, 'Switched on in Home Assistant; its score has not recovered.'),
    ('PAUSED', 'UNAVAILABLE', FALSE, 'Home Assistant reports it unavailable.'),
    ('PAUSED', 'RETIRED', FALSE, 'Gone from Home Assistant.'),
    ('UNAVAILABLE', 'ACTIVE', FALSE, 'Available again, switched on.'),
    ('UNAVAILABLE', 'DEGRADED', FALSE, 'Available again; its score has not recovered.'),
    ('UNAVAILABLE', 'PAUSED', FALSE, 'Available again, switched off.'),
    ('UNAVAILABLE', 'RETIRED', FALSE, 'Gone from Home Assistant.'),
    ('RETIRED', 'ACTIVE', FALSE, 'Reappeared in Home Assistant, switched on.'),
    ('RETIRED', 'PAUSED', FALSE, 'Reappeared in Home Assistant, switched off.'),
    ('RETIRED', 'UNAVAILABLE', FALSE, 'Reappeared in Home Assistant, unavailable.'),
    ('RETIRED', 'PROPOSED', FALSE, 'Proposed to be restored.');

CREATE TABLE automation_lifecycle_history (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    sequence BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
    connection_id UUID NOT NULL,
    automation_id UUID NOT NULL,
    previous_state VARCHAR(50),
    new_state VARCHAR(50) NOT NULL,
    change_reason TEXT NOT NULL,
    changed_by UUID REFERENCES users (id) ON DELETE SET NULL,
    changed_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ai_reasoning TEXT,
    user_approval_required BOOLEAN NOT NULL DEFAULT FALSE,
    approved_by UUID REFERENCES users (id) ON DELETE SET NULL,
    approved_at TIMESTAMPTZ,
    workflow_id UUID,
    FOREIGN KEY (connection_id, automation_id) REFERENCES automation_management (connection_id, id) ON DELETE CASCADE,
    CONSTRAINT automation_lifecycle_history_previous_state_valid CHECK (
        previous_state IN (
            'PROPOSED', 'PENDING_APPROVAL', 'ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE', 'RETIRED', 'REJECTED'
        )
    ),
    CONSTRAINT automation_lifecycle_history_new_state_valid CHECK (
        new_state IN (
            'PROPOSED', 'PENDING_APPROVAL', 'ACTIVE', 'DEGRADED', 'PAUSED', 'UNAVAILABLE', 'RETIRED', 'REJECTED'
        )
    ),
    CONSTRAINT automation_lifecycle_history_moves CHECK (previous_state IS DISTINCT FROM new_state),
    CONSTRAINT automation_lifecycle_history_reason_present CHECK (btrim(change_reason) <> '')
);

CREATE INDEX idx_automation_lifecycle_history_automation_id ON automation_lifecycle_history (automation_id, sequence);
CREATE INDEX idx_automation_lifecycle_history_changed_at ON automation_lifecycle_history (changed_at);
CREATE UNIQUE INDEX automation_lifecycle_history_workflow_spent ON automation_lifecycle_history (workflow_id)
    WHERE user_approval_required;

CREATE TRIGGER fill_automation_lifecycle_history_connection
    BEFORE INSERT ON automation_lifecycle_history
    FOR EACH ROW EXECUTE FUNCTION automation_fill_connection();
-- Of changed_by and approved_by only what the erasure of a person does, which sets them to NULL.
CREATE TRIGGER refuse_automation_lifecycle_history_change
    BEFORE UPDATE OF id, connection_id, automation_id, previous_state, new_state, change_reason, changed_at, ai_reasoning,
        user_approval_required, approved_at, workflow_id
    ON automation_lifecycle_history
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_refuse_audit_change();
CREATE TRIGGER refuse_automation_lifecycle_history_person
    BEFORE UPDATE OF changed_by, approved_by ON automation_lifecycle_history
    FOR EACH ROW WHEN (
        NEW.changed_by IS NOT NULL AND NEW.changed_by IS DISTINCT FROM OLD.changed_by
        OR NEW.approved_by IS NOT NULL AND NEW.approved_by IS DISTINCT FROM OLD.approved_by
    )
    EXECUTE FUNCTION home_assistant_refuse_audit_change();
CREATE TRIGGER refuse_automation_lifecycle_history_truncate
    BEFORE TRUNCATE ON automation_lifecycle_history
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_refuse_audit_change();

COMMENT ON TABLE automation_lifecycle_history IS
    'Each move of each automation''s lifecycle with its reason; written by a trigger of automation_management.';
COMMENT ON COLUMN automation_lifecycle_history.sequence IS 'The order of the moves, also of those within one transaction.';
COMMENT ON COLUMN automation_lifecycle_history.previous_state IS 'NULL for the first state of an automation.';
COMMENT ON COLUMN automation_lifecycle_history.changed_by IS 'NULL where the bridge moved it by itself.';
COMMENT ON COLUMN automation_lifecycle_history.workflow_id IS
    'The approval_workflow behind the move, as a value; one that a move has spent is not good for another.';

CREATE FUNCTION automation_check_lifecycle_move() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    origin text;
    allowed text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        origin := OLD.lifecycle_state;
    END IF;
    IF NOT EXISTS (
        SELECT FROM automation_lifecycle_transition
        WHERE previous_state IS NOT DISTINCT FROM origin AND new_state = NEW.lifecycle_state
    ) THEN
        -- A word that is no state at all is left to the CHECK of the table.
        IF NOT EXISTS (SELECT FROM automation_lifecycle_transition WHERE new_state = NEW.lifecycle_state) THEN
            RETURN NEW;
        END IF;
        SELECT string_agg(new_state, ', ' ORDER BY new_state) INTO allowed
        FROM automation_lifecycle_transition WHERE previous_state IS NOT DISTINCT FROM origin;
        RAISE EXCEPTION 'Automation % cannot % %.', NEW.id,
            CASE WHEN origin IS NULL THEN 'begin as' ELSE 'move from ' || origin || ' to' END, NEW.lifecycle_state
            USING ERRCODE = 'HB002', HINT = 'Legal here: ' || allowed || ' (automation_lifecycle_transition).';
    END IF;
    NEW.lifecycle_changed_at := clock_timestamp();
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION automation_check_lifecycle_move() IS
    'Trigger: refuses (HB002) a move that automation_lifecycle_transition does not hold.';

CREATE FUNCTION automation_record_lifecycle_move() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    origin text;
    move record;
    -- What automation_change_lifecycle() says about the move under way.
    given jsonb := NULLIF(current_setting('ha_bridge.lifecycle_move', true), '')::jsonb;
    named uuid;
    spent uuid;
    spent_approved_by uuid;
    spent_approved_at timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        origin := OLD.lifecycle_state;
    END IF;
    IF (given ->> 'automation_id')::uuid IS DISTINCT FROM NEW.id THEN
        given := NULL;
    END IF;
    named := (given ->> 'workflow_id')::uuid;
    SELECT * INTO STRICT move FROM automation_lifecycle_transition
    WHERE previous_state IS NOT DISTINCT FROM origin AND new_state = NEW.lifecycle_state;

    IF move.requires_approval OR named IS NOT NULL THEN
        SELECT id, approved_by, approved_at INTO spent, spent_approved_by, spent_approved_at
        FROM approval_workflow AS workflow
        WHERE automation_id = NEW.id AND status = 'APPROVED' AND (named IS NULL OR id = named)
            AND (NOT move.requires_approval OR workflow_type = 'CREATION' AND NOT EXISTS (
                SELECT FROM automation_lifecycle_history AS past
                WHERE past.workflow_id = workflow.id AND past.user_approval_required))
        ORDER BY created_at DESC, id LIMIT 1
        FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Automation % cannot move from % to %: no approved workflow stands behind it.', NEW.id, origin,
                NEW.lifecycle_state
                USING ERRCODE = 'HB003', HINT = 'Its approval_workflow must be approved first; each serves one move.';
        END IF;
    END IF;

    INSERT INTO automation_lifecycle_history (
        connection_id, automation_id, previous_state, new_state, change_reason, changed_by, changed_at, ai_reasoning,
        user_approval_required, approved_by, approved_at, workflow_id)
    VALUES (
        NEW.connection_id, NEW.id, origin, NEW.lifecycle_state,
        coalesce(
            NULLIF(btrim(given ->> 'reason'), ''), CASE WHEN origin IS NULL THEN move.description END,
            'Changed by the database role ' || current_user || '; no reason was given.'),
        (given ->> 'changed_by')::uuid, NEW.lifecycle_changed_at, given ->> 'ai_reasoning',
        move.requires_approval, spent_approved_by, spent_approved_at, spent);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION automation_record_lifecycle_move() IS
    'Trigger: writes automation_lifecycle_history, and refuses (HB003) a move whose approval is missing or spent.';

CREATE TRIGGER check_automation_management_first_state
    BEFORE INSERT ON automation_management
    FOR EACH ROW EXECUTE FUNCTION automation_check_lifecycle_move();
CREATE TRIGGER check_automation_management_move
    BEFORE UPDATE ON automation_management
    FOR EACH ROW WHEN (OLD.lifecycle_state IS DISTINCT FROM NEW.lifecycle_state)
    EXECUTE FUNCTION automation_check_lifecycle_move();
CREATE TRIGGER record_automation_management_first_state
    AFTER INSERT ON automation_management
    FOR EACH ROW EXECUTE FUNCTION automation_record_lifecycle_move();
CREATE TRIGGER record_automation_management_move
    AFTER UPDATE ON automation_management
    FOR EACH ROW WHEN (OLD.lifecycle_state IS DISTINCT FROM NEW.lifecycle_state)
    EXECUTE FUNCTION automation_record_lifecycle_move();

CREATE FUNCTION automation_change_lifecycle(
    p_automation uuid, p_state text, p_reason text, p_changed_by uuid DEFAULT NULL, p_ai_reasoning text DEFAULT NULL,
    p_workflow uuid DEFAULT NULL
) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    has_moved boolean;
BEGIN
    IF btrim(coalesce(p_reason, '')) = '' THEN
        RAISE EXCEPTION 'A move of automation % to % needs a reason.', p_automation, p_state
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config(
        'ha_bridge.lifecycle_move',
        jsonb_build_object(
            'automation_id', p_automation, 'reason', p_reason, 'changed_by', p_changed_by, 'ai_reasoning', p_ai_reasoning,
            'workflow_id', p_workflow)::text,
        true);
    UPDATE automation_management SET lifecycle_state = p_state, modified_by = coalesce(p_changed_by, modified_by)
    WHERE id = p_automation AND lifecycle_state <> p_state;
    has_moved := FOUND;
    PERFORM set_config('ha_bridge.lifecycle_move', '', true);
    RETURN has_moved;
END;
$$;
COMMENT ON FUNCTION automation_change_lifecycle(uuid, text, text, uuid, text, uuid) IS
    'Moves an automation to a state for a reason, and says whether it moved: false when it is there already, or unknown.';

-- Executions ----------------------------------------------------------------------------------------------------------------

CREATE TABLE automation_executions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL,
    automation_id UUID NOT NULL,
    run_id VARCHAR(255) COLLATE "C",
    started_at TIMESTAMPTZ NOT NULL,
    completed_at TIMESTAMPTZ,
    duration_ms BIGINT GENERATED ALWAYS AS (
        round(extract(epoch FROM completed_at - started_at) * 1000)::bigint
    ) STORED,
    status VARCHAR(16) NOT NULL,
    script_execution VARCHAR(64) COLLATE "C",
    source VARCHAR(16) NOT NULL DEFAULT 'trace',
    error_message TEXT,
    trigger TEXT,
    last_step TEXT,
    context_id TEXT COLLATE "C",
    context_parent_id TEXT COLLATE "C",
    context_user_id TEXT COLLATE "C",
    trace_summary JSONB,
    effect_count INTEGER,
    overrides_checked_at TIMESTAMPTZ,
    overridden_at TIMESTAMPTZ,
    override_details JSONB,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (connection_id, automation_id) REFERENCES automation_management (connection_id, id) ON DELETE CASCADE,
    CONSTRAINT automation_executions_run_known CHECK (run_id IS NOT NULL OR context_id IS NOT NULL),
    CONSTRAINT automation_executions_status_valid CHECK (
        status IN ('running', 'success', 'failure', 'aborted', 'cancelled', 'blocked', 'unknown')
    ),
    CONSTRAINT automation_executions_script_execution_format CHECK (script_execution ~ '^[a-z][a-z_]*$'),
    CONSTRAINT automation_executions_source_valid CHECK (source IN ('trace', 'event', 'logbook')),
    CONSTRAINT automation_executions_order CHECK (completed_at >= started_at),
    CONSTRAINT automation_executions_running CHECK (status <> 'running' OR completed_at IS NULL),
    CONSTRAINT automation_executions_effect_count_range CHECK (effect_count >= 0),
    CONSTRAINT automation_executions_override_order CHECK (overridden_at >= started_at)
);

-- A run is one row, however often its trace is read, and whether its trace or its event came first.
CREATE UNIQUE INDEX automation_executions_run_id_key ON automation_executions (connection_id, automation_id, run_id)
    WHERE run_id IS NOT NULL;
CREATE UNIQUE INDEX automation_executions_context_id_key ON automation_executions (connection_id, automation_id, context_id)
    WHERE context_id IS NOT NULL;
CREATE INDEX idx_automation_executions_automation_id ON automation_executions (automation_id, started_at);
CREATE INDEX idx_automation_executions_connection_id ON automation_executions (connection_id, started_at);
CREATE INDEX idx_automation_executions_running ON automation_executions (connection_id) WHERE status = 'running';
CREATE INDEX idx_automation_executions_unchecked ON automation_executions (connection_id, completed_at)
    WHERE status = 'success' AND overrides_checked_at IS NULL;

CREATE TRIGGER fill_automation_executions_connection
    BEFORE INSERT ON automation_executions
    FOR EACH ROW EXECUTE FUNCTION automation_fill_connection();
CREATE TRIGGER update_automation_executions_updated_at
    BEFORE UPDATE ON automation_executions
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

COMMENT ON TABLE automation_executions IS
    'One row for each run of an automation, from its trace; a run whose trace was lost is there as unknown.';
COMMENT ON COLUMN automation_executions.run_id IS 'Home Assistant''s id of the trace; NULL while only the event is known.';
COMMENT ON COLUMN automation_executions.duration_ms IS 'From started_at to completed_at, waiting in a queue included; generated.';
COMMENT ON COLUMN automation_executions.status IS
    'running; success; failure (an error ended it); aborted (one of its own conditions or a stop did); cancelled (from outside); blocked (conditions not met, or busy: no execution); unknown (its trace was lost).';
COMMENT ON COLUMN automation_executions.script_execution IS 'Home Assistant''s own word for how it ended, such as failed_single.';
COMMENT ON COLUMN automation_executions.source IS
    'trace; event (automation_triggered alone); logbook (read afterwards).';
COMMENT ON COLUMN automation_executions.trigger IS 'What triggered it, in Home Assistant''s words.';
COMMENT ON COLUMN automation_executions.last_step IS 'Path of the last step that ran, such as action/2.';
COMMENT ON COLUMN automation_executions.context_id IS 'Home Assistant''s context of the run and of all that it caused.';
COMMENT ON COLUMN automation_executions.trace_summary IS 'The steps with their outcomes, free of secrets.';
COMMENT ON COLUMN automation_executions.effect_count IS 'State changes that the run caused; NULL while not counted.';
COMMENT ON COLUMN automation_executions.overrides_checked_at IS
    'When it was found out whether a person reversed its effects; NULL while that is open.';
COMMENT ON COLUMN automation_executions.overridden_at IS 'When a person reversed an effect within five minutes; NULL where nobody did.';
COMMENT ON COLUMN automation_executions.override_details IS 'The reversed entities and the events that say so.';

-- Safety --------------------------------------------------------------------------------------------------------------------

CREATE TABLE user_safety_configuration (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    automation_creation_approval_required BOOLEAN NOT NULL DEFAULT TRUE,
    automation_modification_approval_required BOOLEAN NOT NULL DEFAULT TRUE,
    automation_deletion_approval_required BOOLEAN NOT NULL DEFAULT TRUE,
    max_automations_per_day INTEGER NOT NULL DEFAULT 10,
    max_automations_per_week INTEGER NOT NULL DEFAULT 50,
    risk_threshold_high DECIMAL(5,2) NOT NULL DEFAULT 0.8,
    risk_threshold_medium DECIMAL(5,2) NOT NULL DEFAULT 0.6,
    emergency_stop_enabled BOOLEAN NOT NULL DEFAULT TRUE,
    audit_trail_enabled BOOLEAN NOT NULL DEFAULT TRUE,
    backup_retention_days INTEGER NOT NULL DEFAULT 30,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT user_safety_configuration_user_id_key UNIQUE (user_id),
    CONSTRAINT user_safety_configuration_per_day_range CHECK (max_automations_per_day >= 0),
    CONSTRAINT user_safety_configuration_per_week_range CHECK (max_automations_per_week >= 0),
    CONSTRAINT user_safety_configuration_threshold_range CHECK (
        risk_threshold_high BETWEEN 0 AND 1 AND risk_threshold_medium BETWEEN 0 AND 1
    ),
    CONSTRAINT user_safety_configuration_threshold_order CHECK (risk_threshold_medium <= risk_threshold_high),
    CONSTRAINT user_safety_configuration_retention_positive CHECK (backup_retention_days >= 1)
);

CREATE TRIGGER update_user_safety_configuration_updated_at
    BEFORE UPDATE ON user_safety_configuration
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

COMMENT ON TABLE user_safety_configuration IS
    'What the owner of a connection allows the bridge to do; a user without a row has the defaults of the columns.';
COMMENT ON COLUMN user_safety_configuration.automation_deletion_approval_required IS 'Asked for workflows of type RETIREMENT.';
COMMENT ON COLUMN user_safety_configuration.max_automations_per_day IS 'Changes applied to a house within 24 hours; 0 allows none.';
COMMENT ON COLUMN user_safety_configuration.risk_threshold_high IS
    'From this approval_workflow.risk_score on, 0 to 1, a proposal is of HIGH risk.';
COMMENT ON COLUMN user_safety_configuration.emergency_stop_enabled IS
    'Whether the bridge may engage an emergency stop by itself; a person always may.';

CREATE TABLE safety_rule (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    rule_name VARCHAR(255) NOT NULL,
    rule_type VARCHAR(50) NOT NULL,
    description TEXT,
    rule_condition JSONB NOT NULL,
    rule_action VARCHAR(50) NOT NULL,
    priority INTEGER NOT NULL DEFAULT 1,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    created_by UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT safety_rule_name_key UNIQUE NULLS NOT DISTINCT (connection_id, rule_name),
    CONSTRAINT safety_rule_name_format CHECK (rule_name = btrim(rule_name) AND rule_name <> ''),
    CONSTRAINT safety_rule_type_valid CHECK (rule_type IN ('AUTOMATION_LIMIT', 'RISK_THRESHOLD', 'APPROVAL_REQUIRED')),
    CONSTRAINT safety_rule_condition_is_object CHECK (jsonb_typeof(rule_condition) = 'object'),
    CONSTRAINT safety_rule_action_valid CHECK (rule_action IN ('BLOCK', 'WARN', 'REQUIRE_APPROVAL')),
    CONSTRAINT safety_rule_priority_positive CHECK (priority >= 1)
);

CREATE INDEX idx_safety_rule_rule_type ON safety_rule (rule_type);
CREATE INDEX idx_safety_rule_is_active ON safety_rule (is_active);
CREATE INDEX idx_safety_rule_priority ON safety_rule (priority);

CREATE TRIGGER update_safety_rule_updated_at
    BEFORE UPDATE ON safety_rule
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

COMMENT ON TABLE safety_rule IS 'Rules that block a proposal, warn of it, or ask for approval.';
COMMENT ON COLUMN safety_rule.connection_id IS 'The house it holds for; NULL for every house.';
COMMENT ON COLUMN safety_rule.rule_condition IS 'What the rule looks for, a JSON object that the bridge validates before it stores it.';
COMMENT ON COLUMN safety_rule.priority IS 'Rules are tried in this order, 1 first.';

CREATE TABLE automation_emergency_stop (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    engaged_by UUID REFERENCES users (id) ON DELETE SET NULL,
    engaged_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    release_reason TEXT,
    released_by UUID REFERENCES users (id) ON DELETE SET NULL,
    released_at TIMESTAMPTZ,
    CONSTRAINT automation_emergency_stop_reason_present CHECK (btrim(reason) <> ''),
    CONSTRAINT automation_emergency_stop_order CHECK (released_at >= engaged_at),
    CONSTRAINT automation_emergency_stop_released CHECK (
        released_at IS NOT NULL OR (release_reason IS NULL AND released_by IS NULL)
    )
);

CREATE UNIQUE INDEX automation_emergency_stop_one_engaged ON automation_emergency_stop (connection_id) NULLS NOT DISTINCT
    WHERE released_at IS NULL;
CREATE INDEX idx_automation_emergency_stop_engaged_at ON automation_emergency_stop (engaged_at);

COMMENT ON TABLE automation_emergency_stop IS
    'Emergency stops, engaged and released: while one is engaged, no bridge writes to the houses that it holds for. Rows stay.';
COMMENT ON COLUMN automation_emergency_stop.connection_id IS 'The house it holds for; NULL for every house.';
COMMENT ON COLUMN automation_emergency_stop.engaged_by IS 'NULL where the bridge engaged it.';
COMMENT ON COLUMN automation_emergency_stop.released_at IS 'NULL while it is engaged.';

CREATE FUNCTION automation_writes_allowed(p_connection uuid) RETURNS boolean
LANGUAGE sql
STABLE
AS $$
    SELECT NOT EXISTS (
        SELECT FROM automation_emergency_stop
        WHERE released_at IS NULL AND (connection_id IS NULL OR connection_id = p_connection)
    )
$$;
COMMENT ON FUNCTION automation_writes_allowed(uuid) IS
    'False while an emergency stop holds for the connection. Ask before each single write to Home Assistant.';

CREATE FUNCTION automation_guard_emergency_stop() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- A connection that is deleted takes its stops with it.
        IF OLD.connection_id IS NULL
            OR EXISTS (SELECT FROM home_assistant_connections WHERE id = OLD.connection_id)
        THEN
            RAISE EXCEPTION 'An emergency stop is released, not deleted.'
                USING ERRCODE = 'insufficient_privilege', HINT = 'Set released_at, or: ha-bridge emergency release.';
        END IF;
        RETURN OLD;
    END IF;
    IF (NEW.id, NEW.connection_id, NEW.reason, NEW.engaged_at)
            IS DISTINCT FROM (OLD.id, OLD.connection_id, OLD.reason, OLD.engaged_at)
        OR NEW.engaged_by IS DISTINCT FROM OLD.engaged_by AND NEW.engaged_by IS NOT NULL
        OR OLD.released_at IS NOT NULL AND (
            (NEW.released_at, NEW.release_reason) IS DISTINCT FROM (OLD.released_at, OLD.release_reason)
            OR NEW.released_by IS DISTINCT FROM OLD.released_by AND NEW.released_by IS NOT NULL)
    THEN
        RAISE EXCEPTION 'An emergency stop may only be released, and only once.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION automation_guard_emergency_stop() IS
    'Trigger: lets an emergency stop be released, and nothing else be changed of it.';

CREATE FUNCTION automation_notify_emergency_stop() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('automation_emergency_stop', coalesce(NEW.connection_id::text, ''));
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION automation_notify_emergency_stop() IS
    'Trigger: sends the id of the connection, empty for all, on the channel automation_emergency_stop.';

CREATE TRIGGER guard_automation_emergency_stop
    BEFORE UPDATE OR DELETE ON automation_emergency_stop
    FOR EACH ROW EXECUTE FUNCTION automation_guard_emergency_stop();
CREATE TRIGGER refuse_automation_emergency_stop_truncate
    BEFORE TRUNCATE ON automation_emergency_stop
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_refuse_audit_change();
CREATE TRIGGER notify_automation_emergency_stop
    AFTER INSERT OR UPDATE ON automation_emergency_stop
    FOR EACH ROW EXECUTE FUNCTION automation_notify_emergency_stop();

-- Approval ------------------------------------------------------------------------------------------------------------------

CREATE TABLE approval_workflow (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL REFERENCES home_assistant_connections (id) ON DELETE CASCADE,
    automation_id UUID,
    workflow_type VARCHAR(50) NOT NULL,
    status VARCHAR(50) NOT NULL DEFAULT 'PENDING',
    priority VARCHAR(20) NOT NULL DEFAULT 'NORMAL',
    risk_level VARCHAR(20) NOT NULL DEFAULT 'LOW',
    risk_score DECIMAL(5,2),
    risk_assessment JSONB,
    description TEXT NOT NULL,
    ai_reasoning TEXT,
    proposed_changes JSONB,
    proposal_digest BYTEA,
    base_digest BYTEA,
    decision_id UUID,
    required_approvals INTEGER[] NOT NULL DEFAULT '{1}',
    created_by UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    approved_by UUID REFERENCES users (id) ON DELETE SET NULL,
    approved_at TIMESTAMPTZ,
    rejected_by UUID REFERENCES users (id) ON DELETE SET NULL,
    rejected_at TIMESTAMPTZ,
    rejection_reason TEXT,
    expires_at TIMESTAMPTZ,
    FOREIGN KEY (connection_id, automation_id) REFERENCES automation_management (connection_id, id) ON DELETE CASCADE,
    CONSTRAINT approval_workflow_type_valid CHECK (workflow_type IN ('CREATION', 'MODIFICATION', 'RETIREMENT')),
    CONSTRAINT approval_workflow_status_valid CHECK (
        status IN ('PENDING', 'APPROVED', 'REJECTED', 'CANCELLED', 'EXPIRED')
    ),
    CONSTRAINT approval_workflow_priority_valid CHECK (priority IN ('LOW', 'NORMAL', 'HIGH', 'CRITICAL')),
    CONSTRAINT approval_workflow_risk_level_valid CHECK (risk_level IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    CONSTRAINT approval_workflow_risk_score_range CHECK (risk_score BETWEEN 0 AND 1),
    CONSTRAINT approval_workflow_risk_assessment_is_object CHECK (jsonb_typeof(risk_assessment) = 'object'),
    CONSTRAINT approval_workflow_description_present CHECK (btrim(description) <> ''),
    CONSTRAINT approval_workflow_changes_is_object CHECK (jsonb_typeof(proposed_changes) = 'object'),
    CONSTRAINT approval_workflow_digest_length CHECK (
        octet_length(proposal_digest) = 32 AND octet_length(base_digest) = 32
    ),
    CONSTRAINT approval_workflow_digest_given CHECK ((proposed_changes IS NULL) = (proposal_digest IS NULL)),
    CONSTRAINT approval_workflow_required_approvals_range CHECK (
        array_ndims(required_approvals) = 1 AND array_lower(required_approvals, 1) = 1
        AND cardinality(required_approvals) BETWEEN 1 AND 9 AND array_position(required_approvals, NULL) IS NULL
        AND 0 <= ALL (required_approvals)
    ),
    CONSTRAINT approval_workflow_expiry_order CHECK (expires_at > created_at)
);

CREATE INDEX idx_approval_workflow_status ON approval_workflow (status);
CREATE INDEX idx_approval_workflow_priority ON approval_workflow (priority);
CREATE INDEX idx_approval_workflow_risk_level ON approval_workflow (risk_level);
CREATE INDEX idx_approval_workflow_created_at ON approval_workflow (created_at);
CREATE INDEX idx_approval_workflow_automation_id ON approval_workflow (automation_id);
CREATE INDEX idx_approval_workflow_connection_id ON approval_workflow (connection_id, automation_id);
CREATE INDEX idx_approval_workflow_expires_at ON approval_workflow (expires_at) WHERE status IN ('PENDING', 'APPROVED');

COMMENT ON TABLE approval_workflow IS
    'Proposals to change a house, and how they were decided. What is proposed never changes after the row is made.';
COMMENT ON COLUMN approval_workflow.automation_id IS 'NULL for a creation whose automation has no row yet; may be set once.';
COMMENT ON COLUMN approval_workflow.status IS
    'PENDING until decided; APPROVED only by the votes of approval_workflow_approvers; EXPIRED once expires_at has passed.';
COMMENT ON COLUMN approval_workflow.risk_score IS '0 to 1; thresholds in user_safety_configuration.';
COMMENT ON COLUMN approval_workflow.risk_assessment IS 'The reasons of the risk level, rules that spoke, and what the stored events say.';
COMMENT ON COLUMN approval_workflow.proposal_digest IS
    'SHA-256 of proposed_changes as PostgreSQL prints it, set by a trigger: what is approved is what is applied.';
COMMENT ON COLUMN approval_workflow.base_digest IS
    'SHA-256 of the configuration that the proposal would replace; NULL where it replaces none.';
COMMENT ON COLUMN approval_workflow.decision_id IS 'The row of ai_decision_audit that it came from, as a value.';
COMMENT ON COLUMN approval_workflow.required_approvals IS
    'How many approvals each level needs: {1,2} asks for one of level 1 and two of level 2. All 0 only where user_safety_configuration asks for no approval and the risk is LOW or MEDIUM.';
COMMENT ON COLUMN approval_workflow.created_by IS 'NULL where the bridge proposed it.';
COMMENT ON COLUMN approval_workflow.approved_by IS 'Whose vote completed the approval; NULL where none was required.';
COMMENT ON COLUMN approval_workflow.expires_at IS 'Neither decided nor applied after this moment; NULL for never.';

CREATE TABLE approval_workflow_approvers (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL,
    workflow_id UUID NOT NULL REFERENCES approval_workflow (id) ON DELETE CASCADE,
    approver_id UUID REFERENCES users (id) ON DELETE SET NULL,
    approval_level INTEGER NOT NULL DEFAULT 1,
    status VARCHAR(50) NOT NULL DEFAULT 'PENDING',
    approved_at TIMESTAMPTZ,
    comments TEXT,
    CONSTRAINT approval_workflow_approvers_once UNIQUE (workflow_id, approver_id),
    CONSTRAINT approval_workflow_approvers_level_range CHECK (approval_level BETWEEN 1 AND 9),
    CONSTRAINT approval_workflow_approvers_status_valid CHECK (status IN ('PENDING', 'APPROVED', 'REJECTED'))
);

CREATE INDEX idx_approval_workflow_approvers_workflow_id ON approval_workflow_approvers (workflow_id);
CREATE INDEX idx_approval_workflow_approvers_status ON approval_workflow_approvers (status);
CREATE INDEX idx_approval_workflow_approvers_approver_id ON approval_workflow_approvers (approver_id, status);

COMMENT ON TABLE approval_workflow_approvers IS
    'Who may decide a workflow, and how each did. A vote is an update of status from PENDING; it is final.';
COMMENT ON COLUMN approval_workflow_approvers.connection_id IS 'That of the workflow; set by a trigger.';
COMMENT ON COLUMN approval_workflow_approvers.approver_id IS 'NULL once the person is erased; the vote counts on.';
COMMENT ON COLUMN approval_workflow_approvers.approval_level IS 'An index of approval_workflow.required_approvals, from 1.';
COMMENT ON COLUMN approval_workflow_approvers.status IS 'One REJECTED rejects the whole workflow, with comments as its reason.';
COMMENT ON COLUMN approval_workflow_approvers.approved_at IS 'When the vote was cast, approval or not; set by a trigger.';

CREATE FUNCTION approval_workflow_is_satisfied(p_workflow uuid) RETURNS boolean
LANGUAGE sql
STABLE
AS $$
    SELECT EXISTS (SELECT FROM approval_workflow WHERE id = p_workflow) AND NOT EXISTS (
        SELECT FROM approval_workflow AS workflow
        CROSS JOIN LATERAL unnest(workflow.required_approvals) WITH ORDINALITY AS need (votes, level)
        WHERE workflow.id = p_workflow
            AND need.votes > (
                SELECT count(*) FROM approval_workflow_approvers AS approver
                WHERE approver.workflow_id = workflow.id AND approver.approval_level = need.level
                    AND approver.status = 'APPROVED')
    )
$$;
COMMENT ON FUNCTION approval_workflow_is_satisfied(uuid) IS 'Whether each level of a workflow has the approvals that it needs.';

CREATE FUNCTION approval_guard_workflow() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    is_approval_required boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.proposal_digest := sha256(convert_to(NEW.proposed_changes::text, 'UTF8'));
        IF NEW.status = 'PENDING' AND cardinality(NEW.required_approvals) > 0 AND 0 = ALL (NEW.required_approvals) THEN
            -- Nobody is asked: only as far as the owner of the house says so.
            SELECT CASE NEW.workflow_type
                    WHEN 'CREATION' THEN configuration.automation_creation_approval_required
                    WHEN 'MODIFICATION' THEN configuration.automation_modification_approval_required
                    ELSE configuration.automation_deletion_approval_required
                END
            INTO is_approval_required
            FROM home_assistant_connections AS connection
            JOIN user_safety_configuration AS configuration ON configuration.user_id = connection.user_id
            WHERE connection.id = NEW.connection_id;
            IF coalesce(is_approval_required, TRUE) OR NEW.risk_level NOT IN ('LOW', 'MEDIUM') THEN
                RAISE EXCEPTION 'Workflow % needs at least one approval.', NEW.id
                    USING ERRCODE = 'HB003',
                        HINT = 'None is needed only where the owner''s user_safety_configuration says so and the risk is LOW or MEDIUM.';
            END IF;
            NEW.status := 'APPROVED';
            NEW.approved_at := clock_timestamp();
        ELSIF NEW.status = 'APPROVED' THEN
            RAISE EXCEPTION 'Workflow % cannot begin as APPROVED.', NEW.id
                USING ERRCODE = 'HB003', HINT = 'Its approvers decide: update their rows of approval_workflow_approvers.';
        END IF;
        RETURN NEW;
    END IF;

    IF (NEW.id, NEW.connection_id, NEW.workflow_type, NEW.risk_level, NEW.risk_score, NEW.risk_assessment, NEW.description,
            NEW.ai_reasoning, NEW.proposed_changes, NEW.proposal_digest, NEW.base_digest, NEW.decision_id,
            NEW.required_approvals, NEW.created_at, NEW.expires_at)
        IS DISTINCT FROM
            (OLD.id, OLD.connection_id, OLD.workflow_type, OLD.risk_level, OLD.risk_score, OLD.risk_assessment,
            OLD.description, OLD.ai_reasoning, OLD.proposed_changes, OLD.proposal_digest, OLD.base_digest, OLD.decision_id,
            OLD.required_approvals, OLD.created_at, OLD.expires_at)
        OR OLD.automation_id IS NOT NULL AND NEW.automation_id IS DISTINCT FROM OLD.automation_id
        OR NEW.created_by IS NOT NULL AND NEW.created_by IS DISTINCT FROM OLD.created_by
    THEN
        RAISE EXCEPTION 'What workflow % proposes cannot be changed.', OLD.id
            USING ERRCODE = 'HB003', HINT = 'Cancel it and propose anew.';
    END IF;
    IF NEW.status = OLD.status THEN
        IF (NEW.approved_at, NEW.rejected_at, NEW.rejection_reason)
                IS DISTINCT FROM (OLD.approved_at, OLD.rejected_at, OLD.rejection_reason)
            OR NEW.approved_by IS NOT NULL AND NEW.approved_by IS DISTINCT FROM OLD.approved_by
            OR NEW.rejected_by IS NOT NULL AND NEW.rejected_by IS DISTINCT FROM OLD.rejected_by
        THEN
            RAISE EXCEPTION 'How workflow % was decided cannot be changed.', OLD.id USING ERRCODE = 'HB003';
        END IF;
        RETURN NEW;
    END IF;

    IF NOT (OLD.status = 'PENDING' OR OLD.status = 'APPROVED' AND NEW.status IN ('CANCELLED', 'EXPIRED')) THEN
        RAISE EXCEPTION 'Workflow % is % and cannot become %.', OLD.id, OLD.status, NEW.status USING ERRCODE = 'HB003';
    END IF;
    IF NEW.status = 'EXPIRED' AND (OLD.expires_at IS NULL OR OLD.expires_at > clock_timestamp()) THEN
        RAISE EXCEPTION 'Workflow % has not expired.', OLD.id USING ERRCODE = 'HB003';
    END IF;
    IF OLD.status = 'APPROVED' AND EXISTS (
        SELECT FROM automation_apply_operation WHERE workflow_id = OLD.id AND status IN ('IN_PROGRESS', 'COMPLETED')
    ) THEN
        RAISE EXCEPTION 'Workflow % is being applied, or has been.', OLD.id
            USING ERRCODE = 'HB003', HINT = 'Roll the automation back instead.';
    END IF;
    IF NEW.status = 'APPROVED' THEN
        IF NEW.expires_at <= clock_timestamp() OR NOT approval_workflow_is_satisfied(OLD.id) THEN
            RAISE EXCEPTION 'Workflow % does not have the approvals that it needs, or has expired.', OLD.id
                USING ERRCODE = 'HB003', HINT = 'Its approvers decide: update their rows of approval_workflow_approvers.';
        END IF;
        NEW.approved_at := coalesce(NEW.approved_at, clock_timestamp());
    ELSIF NEW.status = 'REJECTED' THEN
        IF btrim(coalesce(NEW.rejection_reason, '')) = '' THEN
            RAISE EXCEPTION 'The rejection of workflow % needs a reason.', OLD.id USING ERRCODE = 'HB003';
        END IF;
        NEW.rejected_at := coalesce(NEW.rejected_at, clock_timestamp());
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION approval_guard_workflow() IS
    'Trigger: keeps what is proposed as it is, and lets a workflow be approved by its approvers'' votes alone (HB003).';

CREATE FUNCTION approval_guard_vote() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    workflow record;
    vote text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Rows go with their workflow; as long as that is there, a vote stays.
        IF OLD.status <> 'PENDING' AND EXISTS (SELECT FROM approval_workflow WHERE id = OLD.workflow_id) THEN
            RAISE EXCEPTION 'A vote on workflow % cannot be deleted.', OLD.workflow_id USING ERRCODE = 'HB003';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.connection_id, NEW.workflow_id) IS DISTINCT FROM (OLD.id, OLD.connection_id, OLD.workflow_id)
            OR NEW.approver_id IS NOT NULL AND NEW.approver_id IS DISTINCT FROM OLD.approver_id
            OR OLD.status <> 'PENDING' AND (NEW.approval_level, NEW.status, NEW.approved_at, NEW.comments)
                IS DISTINCT FROM (OLD.approval_level, OLD.status, OLD.approved_at, OLD.comments)
        THEN
            RAISE EXCEPTION 'A vote on workflow % is final, and nobody else''s.', OLD.workflow_id USING ERRCODE = 'HB003';
        END IF;
        IF OLD.status <> 'PENDING' OR NEW.approver_id IS NULL AND NEW.status = OLD.status THEN
            RETURN NEW;
        END IF;
    END IF;

    -- One vote at a time: whoever waits here sees the outcome of the vote before.
    SELECT * INTO workflow FROM approval_workflow WHERE id = NEW.workflow_id FOR NO KEY UPDATE;
    NEW.connection_id := workflow.connection_id;
    IF workflow.status <> 'PENDING' THEN
        RAISE EXCEPTION 'Workflow % is % already.', NEW.workflow_id, workflow.status USING ERRCODE = 'HB003';
    END IF;
    IF NEW.approval_level > cardinality(workflow.required_approvals) THEN
        RAISE EXCEPTION 'Workflow % has no level % of approval.', NEW.workflow_id, NEW.approval_level
            USING ERRCODE = 'HB003';
    END IF;
    IF NEW.status = 'PENDING' THEN
        RETURN NEW;
    END IF;
    vote := NEW.status;
    IF workflow.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'Workflow % has expired.', NEW.workflow_id USING ERRCODE = 'HB003', HINT = 'Propose it anew.';
    END IF;
    IF NOT EXISTS (SELECT FROM users WHERE id = NEW.approver_id AND status = 'active' AND role <> 'observer') THEN
        RAISE EXCEPTION 'Only an active user who is no observer may decide workflow %.', NEW.workflow_id
            USING ERRCODE = 'HB003';
    END IF;
    IF vote = 'APPROVED' AND workflow.risk_level IN ('HIGH', 'CRITICAL') AND NEW.approver_id = workflow.created_by THEN
        RAISE EXCEPTION 'Workflow % is of % risk: who proposed it cannot approve it.', NEW.workflow_id, workflow.risk_level
            USING ERRCODE = 'HB003';
    END IF;
    IF vote = 'REJECTED' AND btrim(coalesce(NEW.comments, '')) = '' THEN
        RAISE EXCEPTION 'The rejection of workflow % needs a reason.', NEW.workflow_id
            USING ERRCODE = 'HB003', HINT = 'Give it as comments.';
    END IF;
    NEW.approved_at := clock_timestamp();
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION approval_guard_vote() IS
    'Trigger: refuses (HB003) votes that are late, repeated, of no right, or on one''s own proposal of high risk.';

CREATE FUNCTION approval_count_vote() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.status = OLD.status THEN
            RETURN NULL;
        END IF;
    END IF;
    IF NEW.status = 'REJECTED' THEN
        UPDATE approval_workflow
        SET status = 'REJECTED', rejected_by = NEW.approver_id, rejected_at = NEW.approved_at, rejection_reason = NEW.comments
        WHERE id = NEW.workflow_id AND status = 'PENDING';
    ELSIF NEW.status = 'APPROVED' AND approval_workflow_is_satisfied(NEW.workflow_id) THEN
        UPDATE approval_workflow SET status = 'APPROVED', approved_by = NEW.approver_id, approved_at = NEW.approved_at
        WHERE id = NEW.workflow_id AND status = 'PENDING';
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION approval_count_vote() IS 'Trigger: decides a workflow by the vote that completes it.';

CREATE TRIGGER fill_approval_workflow_connection
    BEFORE INSERT ON approval_workflow
    FOR EACH ROW EXECUTE FUNCTION automation_fill_connection();
CREATE TRIGGER guard_approval_workflow
    BEFORE INSERT OR UPDATE ON approval_workflow
    FOR EACH ROW EXECUTE FUNCTION approval_guard_workflow();
CREATE TRIGGER guard_approval_workflow_approvers
    BEFORE INSERT OR UPDATE OR DELETE ON approval_workflow_approvers
    FOR EACH ROW EXECUTE FUNCTION approval_guard_vote();
CREATE TRIGGER count_approval_workflow_approvers
    AFTER INSERT OR UPDATE ON approval_workflow_approvers
    FOR EACH ROW EXECUTE FUNCTION approval_count_vote();

-- Backup, change and rollback -----------------------------------------------------------------------------------------------

CREATE TABLE automation_backup (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL,
    automation_id UUID NOT NULL,
    version INTEGER NOT NULL,
    backup_name VARCHAR(255) NOT NULL,
    backup_type VARCHAR(50) NOT NULL,
    configuration_snapshot JSONB NOT NULL,
    configuration_digest BYTEA NOT NULL,
    sealed_secrets TEXT,
    metadata JSONB,
    created_by UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    retention_days INTEGER NOT NULL DEFAULT 30,
    FOREIGN KEY (connection_id, automation_id) REFERENCES automation_management (connection_id, id) ON DELETE CASCADE,
    CONSTRAINT automation_backup_version_key UNIQUE (automation_id, version),
    -- What operations refer to, so that none can use the backup of another automation.
    CONSTRAINT automation_backup_automation_id_key UNIQUE (automation_id, id),
    CONSTRAINT automation_backup_version_positive CHECK (version >= 1),
    CONSTRAINT automation_backup_name_present CHECK (btrim(backup_name) <> ''),
    CONSTRAINT automation_backup_type_valid CHECK (backup_type IN ('AUTOMATIC', 'MANUAL', 'BEFORE_CHANGE')),
    CONSTRAINT automation_backup_snapshot_is_object CHECK (jsonb_typeof(configuration_snapshot) = 'object'),
    CONSTRAINT automation_backup_digest_length CHECK (octet_length(configuration_digest) = 32),
    CONSTRAINT automation_backup_secrets_sealed CHECK (sealed_secrets LIKE 'v1.%'),
    CONSTRAINT automation_backup_metadata_is_object CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT automation_backup_retention_positive CHECK (retention_days >= 1)
);

CREATE INDEX idx_automation_backup_automation_id ON automation_backup (automation_id);
CREATE INDEX idx_automation_backup_created_at ON automation_backup (created_at);
CREATE INDEX idx_automation_backup_is_active ON automation_backup (is_active);

CREATE FUNCTION automation_number_backup() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.version IS NULL THEN
        -- Two that come at once get two numbers: the second waits for the first.
        PERFORM FROM automation_management WHERE id = NEW.automation_id FOR NO KEY UPDATE;
        SELECT coalesce(max(version), 0) + 1 INTO NEW.version
        FROM automation_backup WHERE automation_id = NEW.automation_id;
    END IF;
    IF NEW.configuration_digest IS NULL THEN
        NEW.configuration_digest := sha256(convert_to(NEW.configuration_snapshot::text, 'UTF8'));
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION automation_number_backup() IS
    'Trigger: gives a backup the next version of its automation, and a digest where it brings none.';

CREATE TRIGGER fill_automation_backup_connection
    BEFORE INSERT ON automation_backup
    FOR EACH ROW EXECUTE FUNCTION automation_fill_connection();
CREATE TRIGGER number_automation_backup
    BEFORE INSERT ON automation_backup
    FOR EACH ROW EXECUTE FUNCTION automation_number_backup();
CREATE TRIGGER refuse_automation_backup_change
    BEFORE UPDATE OF id, connection_id, automation_id, version, backup_type, configuration_snapshot, configuration_digest,
        created_at
    ON automation_backup
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_refuse_audit_change();

COMMENT ON TABLE automation_backup IS
    'Every version of an automation''s configuration that was seen or that the bridge was about to change. Snapshots never change.';
COMMENT ON COLUMN automation_backup.version IS 'Counts the backups of the automation from 1; set by a trigger.';
COMMENT ON COLUMN automation_backup.backup_type IS
    'AUTOMATIC: the configuration was found to differ; MANUAL: a person asked; BEFORE_CHANGE: the bridge was about to write.';
COMMENT ON COLUMN automation_backup.configuration_snapshot IS
    'The configuration; values that came from !secret are placeholders, see sealed_secrets.';
COMMENT ON COLUMN automation_backup.configuration_digest IS
    'SHA-256 by which versions are told apart; where the writer gives none, that of configuration_snapshot as PostgreSQL prints it.';
COMMENT ON COLUMN automation_backup.sealed_secrets IS
    'The values behind the placeholders, sealed as tokens are; NULL where there are none.';
COMMENT ON COLUMN automation_backup.is_active IS 'False once it may be deleted; the last good one stays.';

CREATE TABLE automation_apply_operation (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL,
    automation_id UUID NOT NULL,
    workflow_id UUID NOT NULL REFERENCES approval_workflow (id) ON DELETE CASCADE,
    backup_id UUID,
    proposal_digest BYTEA NOT NULL,
    step VARCHAR(16) NOT NULL DEFAULT 'LOCK',
    status VARCHAR(50) NOT NULL DEFAULT 'IN_PROGRESS',
    initiated_by UUID REFERENCES users (id) ON DELETE SET NULL,
    initiated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    completed_at TIMESTAMPTZ,
    error_message TEXT,
    FOREIGN KEY (connection_id, automation_id) REFERENCES automation_management (connection_id, id) ON DELETE CASCADE,
    FOREIGN KEY (automation_id, backup_id) REFERENCES automation_backup (automation_id, id) ON DELETE SET NULL (backup_id),
    CONSTRAINT automation_apply_operation_step_valid CHECK (
        step IN ('LOCK', 'BACKUP', 'WRITE', 'RELOAD', 'READ_BACK', 'WATCH')
    ),
    CONSTRAINT automation_apply_operation_status_valid CHECK (status IN ('IN_PROGRESS', 'COMPLETED', 'FAILED')),
    CONSTRAINT automation_apply_operation_digest_length CHECK (octet_length(proposal_digest) = 32),
    CONSTRAINT automation_apply_operation_completed CHECK ((status = 'IN_PROGRESS') = (completed_at IS NULL)),
    CONSTRAINT automation_apply_operation_order CHECK (completed_at >= initiated_at)
);

-- An approval is good for one change, and an automation is changed by one hand at a time.
CREATE UNIQUE INDEX automation_apply_operation_once ON automation_apply_operation (workflow_id)
    WHERE status IN ('IN_PROGRESS', 'COMPLETED');
CREATE UNIQUE INDEX automation_apply_operation_one_at_a_time ON automation_apply_operation (automation_id)
    WHERE status = 'IN_PROGRESS';
CREATE INDEX idx_automation_apply_operation_workflow_id ON automation_apply_operation (workflow_id);
CREATE INDEX idx_automation_apply_operation_automation_id ON automation_apply_operation (automation_id, initiated_at);

COMMENT ON TABLE automation_apply_operation IS
    'Each attempt to bring an approved workflow into Home Assistant, step by step, so that a crash leaves a trace.';
COMMENT ON COLUMN automation_apply_operation.backup_id IS 'The backup BEFORE_CHANGE; NULL where there was nothing to back up.';
COMMENT ON COLUMN automation_apply_operation.proposal_digest IS 'Must be that of the workflow; set by a trigger where it is left out.';
COMMENT ON COLUMN automation_apply_operation.step IS 'The step that was begun last: LOCK, BACKUP, WRITE, RELOAD, READ_BACK, WATCH.';

CREATE TABLE rollback_operation (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID NOT NULL,
    automation_id UUID NOT NULL,
    backup_id UUID,
    safety_backup_id UUID,
    apply_operation_id UUID REFERENCES automation_apply_operation (id) ON DELETE SET NULL,
    rollback_reason TEXT NOT NULL,
    rollback_type VARCHAR(50) NOT NULL,
    step VARCHAR(16) NOT NULL DEFAULT 'LOCK',
    status VARCHAR(50) NOT NULL DEFAULT 'IN_PROGRESS',
    initiated_by UUID REFERENCES users (id) ON DELETE SET NULL,
    initiated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    completed_at TIMESTAMPTZ,
    error_message TEXT,
    rollback_configuration JSONB,
    FOREIGN KEY (connection_id, automation_id) REFERENCES automation_management (connection_id, id) ON DELETE CASCADE,
    FOREIGN KEY (automation_id, backup_id) REFERENCES automation_backup (automation_id, id) ON DELETE SET NULL (backup_id),
    FOREIGN KEY (automation_id, safety_backup_id) REFERENCES automation_backup (automation_id, id)
        ON DELETE SET NULL (safety_backup_id),
    CONSTRAINT rollback_operation_reason_present CHECK (btrim(rollback_reason) <> ''),
    CONSTRAINT rollback_operation_type_valid CHECK (rollback_type IN ('MANUAL', 'AUTOMATIC', 'EMERGENCY')),
    CONSTRAINT rollback_operation_step_valid CHECK (
        step IN ('LOCK', 'BACKUP', 'WRITE', 'RELOAD', 'READ_BACK', 'WATCH')
    ),
    CONSTRAINT rollback_operation_status_valid CHECK (status IN ('IN_PROGRESS', 'COMPLETED', 'FAILED')),
    CONSTRAINT rollback_operation_completed CHECK ((status = 'IN_PROGRESS') = (completed_at IS NULL)),
    CONSTRAINT rollback_operation_order CHECK (completed_at >= initiated_at),
    CONSTRAINT rollback_operation_configuration_is_object CHECK (jsonb_typeof(rollback_configuration) = 'object')
);

CREATE UNIQUE INDEX rollback_operation_one_at_a_time ON rollback_operation (automation_id) WHERE status = 'IN_PROGRESS';
CREATE INDEX idx_rollback_operation_automation_id ON rollback_operation (automation_id);
CREATE INDEX idx_rollback_operation_status ON rollback_operation (status);
CREATE INDEX idx_rollback_operation_initiated_at ON rollback_operation (initiated_at);

COMMENT ON TABLE rollback_operation IS
    'Each return of an automation to an earlier version, step by step, so that a crash leaves a trace.';
COMMENT ON COLUMN rollback_operation.backup_id IS 'The version to return to; NULL once that backup is deleted.';
COMMENT ON COLUMN rollback_operation.safety_backup_id IS 'What was there before; NULL where the automation was gone.';
COMMENT ON COLUMN rollback_operation.apply_operation_id IS 'The change that it undoes; NULL where it undoes another hand''s.';
COMMENT ON COLUMN rollback_operation.rollback_type IS
    'MANUAL: a person asked; AUTOMATIC: a change failed its check or its first runs; EMERGENCY: a person asked without waiting.';
COMMENT ON COLUMN rollback_operation.step IS 'The step that was begun last: LOCK, BACKUP, WRITE, RELOAD, READ_BACK, WATCH.';
COMMENT ON COLUMN rollback_operation.rollback_configuration IS 'What was written to Home Assistant, with placeholders for secrets.';

CREATE FUNCTION automation_guard_operation() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status <> 'IN_PROGRESS' AND NEW.status IS DISTINCT FROM OLD.status THEN
            RAISE EXCEPTION 'Operation % of % has ended as %.', OLD.id, TG_TABLE_NAME, OLD.status
                USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Begin a new one.';
        END IF;
    ELSIF NEW.status = 'IN_PROGRESS' AND NOT automation_writes_allowed(NEW.connection_id) THEN
        RAISE EXCEPTION 'An emergency stop holds for connection %: nothing is written to it.', NEW.connection_id
            USING ERRCODE = 'HB004', HINT = 'ha-bridge emergency status tells why; ha-bridge emergency release ends it.';
    END IF;
    IF NEW.status <> 'IN_PROGRESS' AND NEW.completed_at IS NULL THEN
        NEW.completed_at := GREATEST(clock_timestamp(), NEW.initiated_at);
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION automation_guard_operation() IS
    'Trigger: no operation begins under an emergency stop (HB004), none that has ended goes on; notes when it ends.';

CREATE FUNCTION approval_guard_apply() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    workflow record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.connection_id, NEW.automation_id, NEW.workflow_id, NEW.proposal_digest)
            IS DISTINCT FROM (OLD.id, OLD.connection_id, OLD.automation_id, OLD.workflow_id, OLD.proposal_digest)
        THEN
            RAISE EXCEPTION 'What operation % applies cannot be changed.', OLD.id USING ERRCODE = 'HB003';
        END IF;
        RETURN NEW;
    END IF;
    -- The lock keeps the workflow from being cancelled between this look and the commit.
    SELECT * INTO workflow FROM approval_workflow WHERE id = NEW.workflow_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    NEW.proposal_digest := coalesce(NEW.proposal_digest, workflow.proposal_digest);
    IF workflow.status <> 'APPROVED' OR workflow.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'Workflow % is %, or has expired: it cannot be applied.', workflow.id, workflow.status
            USING ERRCODE = 'HB003';
    END IF;
    IF NOT approval_workflow_is_satisfied(workflow.id) THEN
        RAISE EXCEPTION 'Workflow % does not have the approvals that it needs.', workflow.id USING ERRCODE = 'HB003';
    END IF;
    IF (workflow.connection_id, workflow.automation_id) IS DISTINCT FROM (NEW.connection_id, NEW.automation_id) THEN
        RAISE EXCEPTION 'Workflow % is about another automation.', workflow.id USING ERRCODE = 'HB003';
    END IF;
    -- Also found out where somebody switched the triggers off to edit what had been approved.
    IF workflow.proposal_digest IS DISTINCT FROM sha256(convert_to(workflow.proposed_changes::text, 'UTF8'))
        OR NEW.proposal_digest IS DISTINCT FROM workflow.proposal_digest
    THEN
        RAISE EXCEPTION 'What workflow % proposes is not what was approved.', workflow.id
            USING ERRCODE = 'HB003', HINT = 'Cancel it and propose anew.';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION approval_guard_apply() IS
    'Trigger: lets only an approved, unexpired workflow be applied, and only as it was approved (HB003).';

CREATE TRIGGER fill_automation_apply_operation_connection
    BEFORE INSERT ON automation_apply_operation
    FOR EACH ROW EXECUTE FUNCTION automation_fill_connection();
CREATE TRIGGER guard_automation_apply_operation
    BEFORE INSERT OR UPDATE ON automation_apply_operation
    FOR EACH ROW EXECUTE FUNCTION automation_guard_operation();
CREATE TRIGGER guard_automation_apply_operation_approval
    BEFORE INSERT OR UPDATE ON automation_apply_operation
    FOR EACH ROW EXECUTE FUNCTION approval_guard_apply();
CREATE TRIGGER fill_rollback_operation_connection
    BEFORE INSERT ON rollback_operation
    FOR EACH ROW EXECUTE FUNCTION automation_fill_connection();
CREATE TRIGGER guard_rollback_operation
    BEFORE INSERT OR UPDATE ON rollback_operation
    FOR EACH ROW EXECUTE FUNCTION automation_guard_operation();

-- Audit ---------------------------------------------------------------------------------------------------------------------

-- No foreign keys: an audit row outlives what it speaks of.

CREATE TABLE automation_audit_trail (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID,
    automation_id UUID,
    workflow_id UUID,
    action_type VARCHAR(50) NOT NULL,
    action_description TEXT NOT NULL,
    before_state JSONB,
    after_state JSONB,
    ai_reasoning TEXT,
    user_id UUID,
    timestamp TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ip_address INET,
    user_agent TEXT,
    session_id VARCHAR(255),
    chain_sequence BIGINT,
    previous_digest BYTEA,
    cryptographic_signature VARCHAR(255),
    CONSTRAINT automation_audit_trail_action_valid CHECK (
        action_type IN (
            'CREATE', 'MODIFY', 'DELETE', 'ENABLE', 'DISABLE', 'EXECUTE', 'PROPOSE', 'APPROVE', 'REJECT', 'CANCEL', 'EXPIRE',
            'BACKUP', 'ROLLBACK', 'RESTORE', 'EMERGENCY_STOP', 'EMERGENCY_RELEASE', 'SAFETY_CHANGE'
        )
    ),
    CONSTRAINT automation_audit_trail_description_present CHECK (btrim(action_description) <> ''),
    CONSTRAINT automation_audit_trail_sequence_positive CHECK (chain_sequence >= 1),
    CONSTRAINT automation_audit_trail_previous_digest_length CHECK (octet_length(previous_digest) = 32),
    CONSTRAINT automation_audit_trail_signature_format CHECK (
        cryptographic_signature ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9+/]{86}==$'
    ),
    CONSTRAINT automation_audit_trail_signed_in_chain CHECK (
        num_nulls(chain_sequence, previous_digest, cryptographic_signature) IN (0, 3)
    )
);

CREATE INDEX idx_automation_audit_trail_automation_id ON automation_audit_trail (automation_id, timestamp);
CREATE INDEX idx_automation_audit_trail_action_type ON automation_audit_trail (action_type, timestamp);
CREATE INDEX idx_automation_audit_trail_timestamp ON automation_audit_trail (timestamp);
CREATE INDEX idx_automation_audit_trail_user_id ON automation_audit_trail (user_id, timestamp);
CREATE INDEX idx_automation_audit_trail_workflow_id ON automation_audit_trail (workflow_id) WHERE workflow_id IS NOT NULL;
CREATE UNIQUE INDEX automation_audit_trail_chain ON automation_audit_trail (connection_id, chain_sequence)
    NULLS NOT DISTINCT WHERE chain_sequence IS NOT NULL;

COMMENT ON TABLE automation_audit_trail IS
    'Who did what to which automation, and why. Append-only; ids are values, so that the trail outlives what it speaks of.';
COMMENT ON COLUMN automation_audit_trail.connection_id IS 'That of the automation where it is left out; its rows form one chain.';
COMMENT ON COLUMN automation_audit_trail.user_id IS 'Who acted; NULL where the bridge acted by itself.';

CREATE TABLE ai_decision_audit (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    connection_id UUID,
    automation_id UUID,
    decision_type VARCHAR(50) NOT NULL,
    decision_description TEXT NOT NULL,
    subject_key VARCHAR(255) COLLATE "C",
    ai_model_version VARCHAR(50),
    confidence_score DECIMAL(5,2),
    input_data JSONB,
    output_data JSONB,
    reasoning_explanation TEXT,
    user_feedback VARCHAR(50),
    feedback_on UUID,
    user_id UUID,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    chain_sequence BIGINT,
    previous_digest BYTEA,
    cryptographic_signature VARCHAR(255),
    CONSTRAINT ai_decision_audit_type_valid CHECK (
        decision_type IN ('SUGGESTION', 'OPTIMIZATION', 'RETIREMENT', 'CREATION')
    ),
    CONSTRAINT ai_decision_audit_description_present CHECK (btrim(decision_description) <> ''),
    CONSTRAINT ai_decision_audit_confidence_range CHECK (confidence_score BETWEEN 0 AND 100),
    CONSTRAINT ai_decision_audit_feedback_valid CHECK (
        user_feedback IN ('APPROVED', 'REJECTED', 'MODIFIED', 'PENDING')
    ),
    CONSTRAINT ai_decision_audit_feedback_given CHECK (feedback_on IS NULL OR user_feedback IS NOT NULL),
    CONSTRAINT ai_decision_audit_sequence_positive CHECK (chain_sequence >= 1),
    CONSTRAINT ai_decision_audit_previous_digest_length CHECK (octet_length(previous_digest) = 32),
    CONSTRAINT ai_decision_audit_signature_format CHECK (
        cryptographic_signature ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9+/]{86}==$'
    ),
    CONSTRAINT ai_decision_audit_signed_in_chain CHECK (
        num_nulls(chain_sequence, previous_digest, cryptographic_signature) IN (0, 3)
    )
);

CREATE INDEX idx_ai_decision_audit_automation_id ON ai_decision_audit (automation_id);
CREATE INDEX idx_ai_decision_audit_decision_type ON ai_decision_audit (decision_type);
CREATE INDEX idx_ai_decision_audit_confidence_score ON ai_decision_audit (confidence_score);
CREATE INDEX idx_ai_decision_audit_created_at ON ai_decision_audit (created_at);
CREATE INDEX idx_ai_decision_audit_subject_key ON ai_decision_audit (connection_id, subject_key);
CREATE INDEX idx_ai_decision_audit_feedback_on ON ai_decision_audit (feedback_on, created_at) WHERE feedback_on IS NOT NULL;
CREATE UNIQUE INDEX ai_decision_audit_chain ON ai_decision_audit (connection_id, chain_sequence)
    NULLS NOT DISTINCT WHERE chain_sequence IS NOT NULL;

COMMENT ON TABLE ai_decision_audit IS
    'What the bridge concluded by itself, from what, and what people said to it. Append-only: feedback is a row of its own, see feedback_on and the view ai_decisions.';
COMMENT ON COLUMN ai_decision_audit.connection_id IS 'That of the automation where it is left out; its rows form one chain.';
COMMENT ON COLUMN ai_decision_audit.subject_key IS
    'Names what is suggested, the same for the same thing, so that what was rejected is not suggested again.';
COMMENT ON COLUMN ai_decision_audit.ai_model_version IS 'The analysis and its version; it runs on this machine.';
COMMENT ON COLUMN ai_decision_audit.confidence_score IS 'Percent.';
COMMENT ON COLUMN ai_decision_audit.output_data IS 'The conclusion with its figures and, where there is one, a ready configuration.';
COMMENT ON COLUMN ai_decision_audit.reasoning_explanation IS 'Why, in plain words; in a row of feedback, what the person said.';
COMMENT ON COLUMN ai_decision_audit.user_feedback IS
    'As of the writing of this row; the newest word on a decision is in the view ai_decisions.';
COMMENT ON COLUMN ai_decision_audit.feedback_on IS 'The decision that this row is the feedback on; NULL for a decision.';
COMMENT ON COLUMN ai_decision_audit.user_id IS 'Who gave the feedback; NULL for a decision.';

-- The audit log of connections takes part in the same chains.
ALTER TABLE home_assistant_audit_log
    ADD COLUMN chain_sequence BIGINT,
    ADD COLUMN previous_digest BYTEA,
    ADD COLUMN cryptographic_signature VARCHAR(255),
    ADD CONSTRAINT home_assistant_audit_log_sequence_positive CHECK (chain_sequence >= 1),
    ADD CONSTRAINT home_assistant_audit_log_previous_digest_length CHECK (octet_length(previous_digest) = 32),
    ADD CONSTRAINT home_assistant_audit_log_signature_format CHECK (
        cryptographic_signature ~ '^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9+/]{86}==$'
    ),
    ADD CONSTRAINT home_assistant_audit_log_signed_in_chain CHECK (
        num_nulls(chain_sequence, previous_digest, cryptographic_signature) IN (0, 3)
    );
CREATE UNIQUE INDEX home_assistant_audit_log_chain ON home_assistant_audit_log (connection_id, chain_sequence)
    NULLS NOT DISTINCT WHERE chain_sequence IS NOT NULL;

CREATE TRIGGER fill_automation_audit_trail_connection
    BEFORE INSERT ON automation_audit_trail
    FOR EACH ROW EXECUTE FUNCTION automation_fill_connection();
CREATE TRIGGER fill_ai_decision_audit_connection
    BEFORE INSERT ON ai_decision_audit
    FOR EACH ROW EXECUTE FUNCTION automation_fill_connection();
CREATE TRIGGER refuse_automation_audit_trail_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON automation_audit_trail
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_refuse_audit_change();
CREATE TRIGGER refuse_ai_decision_audit_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ai_decision_audit
    FOR EACH STATEMENT EXECUTE FUNCTION home_assistant_refuse_audit_change();
-- ALWAYS: session_replication_role = replica would pass an ordinary trigger by.
ALTER TABLE automation_audit_trail ENABLE ALWAYS TRIGGER refuse_automation_audit_trail_change;
ALTER TABLE ai_decision_audit ENABLE ALWAYS TRIGGER refuse_ai_decision_audit_change;

DO $$
DECLARE
    audit_table text;
BEGIN
    FOREACH audit_table IN ARRAY ARRAY['automation_audit_trail', 'ai_decision_audit', 'home_assistant_audit_log'] LOOP
        EXECUTE format(
            'COMMENT ON COLUMN %I.chain_sequence IS %L', audit_table,
            'Place in the chain of its connection in this table, from 1 without holes; NULL for a row that is not signed.');
        EXECUTE format(
            'COMMENT ON COLUMN %I.previous_digest IS %L', audit_table,
            'SHA-256 of the canonical form of the row before in the chain; 32 zero bytes for the first.');
        EXECUTE format(
            'COMMENT ON COLUMN %I.cryptographic_signature IS %L', audit_table,
            'v1.<key id>.<base64 Ed25519> over the canonical form of the row; the keys are outside of the database.');
    END LOOP;
END;
$$;

CREATE VIEW ai_decisions WITH (security_invoker = true) AS
SELECT
    decision.id,
    decision.connection_id,
    decision.automation_id,
    decision.decision_type,
    decision.decision_description,
    decision.subject_key,
    decision.ai_model_version,
    decision.confidence_score,
    decision.input_data,
    decision.output_data,
    decision.reasoning_explanation,
    coalesce(answer.user_feedback, decision.user_feedback, 'PENDING') AS user_feedback,
    answer.reasoning_explanation AS feedback_comment,
    answer.user_id AS feedback_by,
    answer.created_at AS feedback_at,
    decision.created_at
FROM ai_decision_audit AS decision
LEFT JOIN LATERAL (
    SELECT feedback.user_feedback, feedback.reasoning_explanation, feedback.user_id, feedback.created_at
    FROM ai_decision_audit AS feedback
    WHERE feedback.feedback_on = decision.id
    ORDER BY feedback.created_at DESC, feedback.chain_sequence DESC NULLS LAST
    LIMIT 1
) AS answer ON true
WHERE decision.feedback_on IS NULL;

COMMENT ON VIEW ai_decisions IS 'Each decision of ai_decision_audit with the newest feedback on it. Stable.';
COMMENT ON COLUMN ai_decisions.user_feedback IS 'PENDING until somebody has said something.';

-- The functions that name tables find them in the schema of this migration, whatever the search_path of the caller.
DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'automation_fill_connection()',
        'automation_check_lifecycle_move()',
        'automation_record_lifecycle_move()',
        'automation_change_lifecycle(uuid, text, text, uuid, text, uuid)',
        'automation_writes_allowed(uuid)',
        'automation_guard_emergency_stop()',
        'approval_workflow_is_satisfied(uuid)',
        'approval_guard_workflow()',
        'approval_guard_vote()',
        'approval_count_vote()',
        'automation_number_backup()',
        'automation_guard_operation()',
        'approval_guard_apply()'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;
END;
$$;
