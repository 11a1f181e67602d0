-- Distributes a database of ha-bridge over a cluster of Citus 12 or newer by connection_id: what a house sends lies on one node.
--
--   psql "$DATABASE_URL" --set=ON_ERROR_STOP=1 --file=deploy/citus.sql
--
-- Run it once, on the coordinator, as a superuser, with every bridge stopped, after `ha-bridge migrate up`, and after
-- CREATE EXTENSION citus on every node and citus_add_node() for each worker. It is one transaction. Full tables are moved, which
-- takes as long as copying them. A later `ha-bridge migrate up` comes before the next start, as always.
--
-- What is large and belongs to a house is distributed. Everything else stays on the coordinator, where its foreign keys, triggers,
-- row locks and notifications work as on a single server; it is some thousand rows for each house. The README, "Thousands of
-- houses", has the arithmetic, and what the cluster does not do.

BEGIN;

-- The triggers of home_assistant_events look at rows of the same house and month alone, so they are right on each node by itself.
SET LOCAL citus.enable_unsafe_triggers = on;
SET LOCAL citus.multi_shard_modify_mode = 'sequential';

-- Every table has its place in this file. One that has none came with a newer version of ha-bridge than this file.
CREATE TEMPORARY TABLE citus_place (name text PRIMARY KEY, is_distributed boolean NOT NULL) ON COMMIT DROP;
INSERT INTO citus_place SELECT name, true FROM unnest(ARRAY[
    'home_assistant_events',
    'home_assistant_embedding_documents',
    'home_assistant_connection_metrics',
    'home_assistant_states_5_minutes',
    'home_assistant_states_hourly',
    'home_assistant_states_daily',
    'home_assistant_metrics_5_minutes',
    'home_assistant_metrics_hourly',
    'home_assistant_metrics_daily',
    'home_assistant_rollup_dirty',
    'home_assistant_rollup_pending',
    'home_assistant_rollup_progress',
    'home_assistant_areas',
    'home_assistant_labels',
    'home_assistant_devices',
    'home_assistant_entities',
    'home_assistant_entity_renames'
]) AS name;
INSERT INTO citus_place SELECT name, false FROM unnest(ARRAY[
    'schema_migrations',
    'users',
    'home_assistant_logins',
    'home_assistant_connections',
    'home_assistant_connection_share',
    'home_assistant_connection_leases',
    'home_assistant_connection_watermarks',
    'home_assistant_bridges',
    'home_assistant_dead_letters',
    'home_assistant_spool_cursors',
    'home_assistant_event_gaps',
    'home_assistant_retired_keys',
    'home_assistant_retention_rule',
    'home_assistant_import',
    'maintenance_job',
    'home_assistant_audit_log',
    'audit_chain_heads',
    'audit_chain_anchors',
    'automation_management',
    'automation_lifecycle_transition',
    'automation_lifecycle_history',
    'automation_executions',
    'automation_backup',
    'automation_apply_operation',
    'automation_audit_trail',
    'automation_emergency_stop',
    'ai_decision_audit',
    'approval_workflow',
    'approval_workflow_approvers',
    'approval_notification',
    'approval_notification_target',
    'rollback_operation',
    'safety_rule',
    'user_safety_configuration',
    'console_session',
    'api_token',
    'sign_in_link',
    'sign_in_throttle'
]) AS name;

DO $$
DECLARE
    strange text;
BEGIN
    SELECT string_agg(relname, ', ' ORDER BY relname) INTO strange FROM (
        SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            AND (relname = 'users' OR relname ~ '^(home_assistant|automation|approval|audit|ai|rollback|safety|user|maintenance|console|api|sign_in)_')
            AND relname NOT IN (SELECT name FROM citus_place)
        UNION ALL
        SELECT name FROM citus_place WHERE to_regclass(name) IS NULL
    ) AS misplaced;
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION 'This file and the schema do not belong together: %.', strange
            USING HINT = 'Use deploy/citus.sql of the ha-bridge that migrated this database.';
    END IF;
END;
$$;

-- Unique keys hold within a node, so each must say the house. The names stay, which is how ha-bridge names them.
ALTER TABLE home_assistant_events DROP CONSTRAINT home_assistant_events_pkey;
ALTER TABLE home_assistant_events
    ADD CONSTRAINT home_assistant_events_pkey PRIMARY KEY (id, timestamp, connection_id);
ALTER TABLE home_assistant_connection_metrics DROP CONSTRAINT home_assistant_connection_metrics_pkey;
ALTER TABLE home_assistant_connection_metrics
    ADD CONSTRAINT home_assistant_connection_metrics_pkey PRIMARY KEY (id, connection_id);

DO $$
DECLARE
    target text;
    item record;
    original text;
    changed text;
    deletions text;
BEGIN
    FOR target IN SELECT name FROM citus_place WHERE is_distributed LOOP
        -- A node cannot look up a row of the coordinator. A trigger of the connection deletes these rows instead, below.
        FOR item IN SELECT conname FROM pg_constraint WHERE conrelid = target::regclass AND contype = 'f' LOOP
            EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', target, item.conname);
        END LOOP;
        -- Policies of single users ask the coordinator who they are, which Citus refuses: those users read nothing here.
        FOR item IN
            SELECT polrelid::regclass AS member, polname FROM pg_policy
            WHERE (polrelid = target::regclass OR polrelid IN (
                    SELECT inhrelid FROM pg_inherits WHERE inhparent = target::regclass))
                AND polname IN ('ha_bridge_reader_rows', 'ha_bridge_owner_rows')
        LOOP
            EXECUTE format('DROP POLICY %I ON %s', item.polname, item.member);
        END LOOP;
        EXECUTE format('REVOKE ALL ON %I FROM ha_bridge_reader, ha_bridge_auditor', target);
    END LOOP;

    FOR item IN
        SELECT * FROM (VALUES
            -- On a node there are no connections to look at. Of one that is being removed vectors are handed over in vain, no more.
            ('home_assistant_hand_over_exemplar()',
                ' OR NOT EXISTS \(\s*SELECT FROM home_assistant_connections WHERE id = OLD.connection_id AND removed_at IS NULL\s*\)',
                ''),
            -- An id says which house it is of, but not to the planner.
            ('similar_events(uuid, integer, timestamptz, timestamptz)',
                'ON event.id = best.id AND event.timestamp = best.moment',
                'ON event.id = best.id AND event.timestamp = best.moment AND event.connection_id = given.connection_id')
        ) AS change (signature, old_text, new_text)
    LOOP
        original := pg_get_functiondef(item.signature::regprocedure);
        changed := regexp_replace(original, item.old_text, item.new_text);
        IF changed = original THEN
            RAISE EXCEPTION '% is not the one that this file knows.', item.signature
                USING HINT = 'Use deploy/citus.sql of the ha-bridge that migrated this database.';
        END IF;
        EXECUTE changed;
    END LOOP;

    SELECT string_agg(
        format('    DELETE FROM %I WHERE connection_id = ANY (gone);', name), E'\n' ORDER BY name)
    INTO deletions FROM citus_place WHERE is_distributed;
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION home_assistant_delete_connection_rows() RETURNS trigger LANGUAGE plpgsql
         SET search_path = %I, pg_catalog, pg_temp AS $body$
DECLARE
    gone uuid[] := ARRAY(SELECT id FROM deleted_connections);
BEGIN
%s
    DELETE FROM home_assistant_dead_letters WHERE connection_id = ANY (gone);
    RETURN NULL;
END;
$body$', current_schema(), deletions);
END;
$$;

-- The largest first: the others lie beside it, so that joins on connection_id stay on one node. Months that come later follow
-- their table.
SELECT create_distributed_table('home_assistant_events', 'connection_id', shard_count => 512);
SELECT create_distributed_table(name, 'connection_id', colocate_with => 'home_assistant_events')
FROM citus_place WHERE is_distributed AND name <> 'home_assistant_events' ORDER BY name;

COMMIT;
