-- Safety rules and limits, enforced by the database, and the sealed values of a proposal.
-- The language of rule_condition, and departures with their reasons: README.md of this directory.
SET LOCAL ROLE ha_bridge_owner;

-- Sealed values of a proposal ---------------------------------------------------------------------------------------------------

ALTER TABLE approval_workflow
    ADD COLUMN sealed_secrets TEXT,
    ADD CONSTRAINT approval_workflow_secrets_sealed CHECK (sealed_secrets LIKE 'v1.%'),
    -- They are bound to the automation.
    ADD CONSTRAINT approval_workflow_secrets_of_automation CHECK (sealed_secrets IS NULL OR automation_id IS NOT NULL);
COMMENT ON COLUMN approval_workflow.sealed_secrets IS
    'The values behind the placeholders of proposed_changes, sealed as tokens are, parts separated by a blank; NULL where there are '
    'none. A rotation of keys seals them again.';

-- Readers see the other columns.
SELECT home_assistant_protect_table('approval_workflow', 'connection_id');

CREATE TRIGGER refuse_approval_workflow_retired_key
    BEFORE INSERT OR UPDATE OF sealed_secrets ON approval_workflow
    FOR EACH ROW EXECUTE FUNCTION home_assistant_refuse_retired_key('sealed_secrets');

CREATE FUNCTION approval_guard_sealed_secrets() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'The sealed values of workflow % can be sealed again, and neither dropped nor added.', OLD.id
        USING ERRCODE = 'HB003', HINT = 'Cancel it and propose anew.';
END;
$$;
COMMENT ON FUNCTION approval_guard_sealed_secrets() IS
    'Trigger: refuses to drop the sealed values of a workflow, to add some, or to make their number another (HB003).';

CREATE TRIGGER guard_approval_workflow_sealed_secrets
    BEFORE UPDATE OF sealed_secrets ON approval_workflow
    FOR EACH ROW
    WHEN (array_length(string_to_array(OLD.sealed_secrets, ' '), 1)
        IS DISTINCT FROM array_length(string_to_array(NEW.sealed_secrets, ' '), 1))
    EXECUTE FUNCTION approval_guard_sealed_secrets();

-- The language of rules ---------------------------------------------------------------------------------------------------------

CREATE FUNCTION safety_condition_problem(p_condition jsonb, p_depth integer DEFAULT 0) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    member record;
    problem text;
BEGIN
    IF p_condition IS NULL OR jsonb_typeof(p_condition) <> 'object' THEN
        RETURN 'A condition is a JSON object.';
    ELSIF p_depth > 8 THEN
        RETURN 'Conditions are nested more than 8 deep.';
    ELSIF octet_length(p_condition::text) > 65536 THEN
        RETURN 'A condition is at most 64 KiB long.';
    END IF;
    FOR member IN SELECT * FROM jsonb_each(p_condition) LOOP
        CASE
        WHEN member.key IN ('services', 'entities', 'domains', 'operation', 'all', 'any') THEN
            IF jsonb_typeof(member.value) <> 'array' OR member.value = '[]' THEN
                RETURN format('“%s” takes a list that is not empty.', member.key);
            END IF;
            IF member.key IN ('all', 'any') THEN
                SELECT trouble INTO problem
                FROM jsonb_array_elements(member.value) AS part, safety_condition_problem(part, p_depth + 1) AS trouble
                WHERE trouble IS NOT NULL LIMIT 1;
            ELSIF member.key = 'operation' THEN
                SELECT format('“operation” takes create, modify, pause, resume, retire and rollback, not %s.', part)
                INTO problem
                FROM jsonb_array_elements(member.value) AS part
                WHERE part NOT IN ('"create"', '"modify"', '"pause"', '"resume"', '"retire"', '"rollback"') LIMIT 1;
            ELSE
                SELECT format('“%s” takes %s with * and ? for what may be anything, not %s.', member.key,
                    CASE member.key WHEN 'services' THEN 'names such as lock.unlock'
                        WHEN 'entities' THEN 'ids such as lock.front_door' ELSE 'words such as lock' END, part)
                INTO problem
                FROM jsonb_array_elements(member.value) AS part
                WHERE jsonb_typeof(part) <> 'string' OR length(part #>> '{}') > 255 OR NOT part #>> '{}' ~ CASE member.key
                    WHEN 'domains' THEN '^[a-z0-9_*?]+$' ELSE '^([a-z0-9_*?]+\.[a-z0-9_*?]+|\*)$' END
                LIMIT 1;
            END IF;
        WHEN member.key = 'not' THEN
            problem := safety_condition_problem(member.value, p_depth + 1);
        WHEN member.key = 'risk' THEN
            IF member.value NOT IN ('"LOW"', '"MEDIUM"', '"HIGH"', '"CRITICAL"') THEN
                RETURN '“risk” takes LOW, MEDIUM, HIGH or CRITICAL.';
            END IF;
        WHEN member.key IN ('risk_score_over', 'executions_per_day_over') THEN
            IF jsonb_typeof(member.value) <> 'number' OR member.value::numeric NOT BETWEEN 0 AND 1000000 THEN
                RETURN format('“%s” takes a number, not below 0.', member.key);
            END IF;
        WHEN member.key = 'templated' THEN
            IF jsonb_typeof(member.value) <> 'boolean' THEN
                RETURN '“templated” takes true or false.';
            END IF;
        ELSE
            RETURN format('“%s” is no condition. There are services, entities, domains, operation, risk, risk_score_over, '
                'executions_per_day_over, templated, all, any and not.', member.key);
        END CASE;
        IF problem IS NOT NULL THEN
            RETURN problem;
        END IF;
    END LOOP;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION safety_condition_problem(jsonb, integer) IS
    'What is wrong with a condition of a safety rule, in a sentence; NULL for one that is right.';

CREATE FUNCTION safety_check_rule() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problem text := safety_condition_problem(NEW.rule_condition);
BEGIN
    -- The constraints of the table speak for themselves.
    IF problem IS NOT NULL AND jsonb_typeof(NEW.rule_condition) = 'object' THEN
        RAISE EXCEPTION 'The condition of the rule “%” cannot be used. %', NEW.rule_name, problem
            USING ERRCODE = 'check_violation', HINT = 'ha-bridge rule add --help describes the language.';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION safety_check_rule() IS 'Trigger: refuses a safety rule whose condition is not of the language (23514).';

-- What a change would do --------------------------------------------------------------------------------------------------------

-- Nothing is taken for harmless because it is not understood: what cannot be known beforehand is noted as unknown, and counts as a
-- match of a rule that asks for it.
CREATE FUNCTION safety_configuration_facts(p_connection uuid, p_configuration jsonb, p_resolved text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    -- Services of these domains act on entities of their own domain alone. All others may act on anything that they are given.
    own_domains CONSTANT text[] := ARRAY[
        'alarm_control_panel', 'button', 'calendar', 'camera', 'climate', 'counter', 'cover', 'date', 'datetime', 'fan',
        'humidifier', 'input_boolean', 'input_button', 'input_datetime', 'input_number', 'input_select', 'input_text',
        'lawn_mower', 'light', 'lock', 'media_player', 'notify', 'number', 'persistent_notification', 'remote', 'select', 'siren',
        'switch', 'text', 'time', 'timer', 'todo', 'update', 'vacuum', 'valve', 'water_heater'];
    name_pattern CONSTANT text := '^[a-z_][a-z0-9_]*\.[a-z0-9_]+$';
    target_names text[];
    services text[];
    service_domains text[];
    entities text[];
    is_service_unknown boolean;
    is_entity_unknown boolean;
    is_generic boolean;
BEGIN
    IF p_configuration IS NULL OR jsonb_typeof(p_configuration) <> 'object' THEN
        RETURN '{"services": [], "entities": [], "domains": [], "unknown_services": false, "unknown_entities": false, '
            '"generic": false}';
    END IF;
    WITH RECURSIVE node (key, value, is_payload) AS (
        -- What begins a run, and on which conditions, acts on nothing.
        SELECT top.key, top.value, false FROM jsonb_each(p_configuration) AS top
        WHERE top.key NOT IN (
            'id', 'alias', 'description', 'trigger', 'triggers', 'condition', 'conditions', 'mode', 'max', 'max_exceeded',
            'initial_state', 'trace', 'variables', 'trigger_variables')
        UNION ALL
        SELECT child.key, child.value, child.is_payload
        FROM node
        CROSS JOIN LATERAL (
            SELECT member.key, member.value, node.is_payload OR member.key IN (
                'data', 'data_template', 'service_data', 'target', 'event_data', 'event_data_template') AS is_payload
            FROM jsonb_each(CASE jsonb_typeof(node.value) WHEN 'object' THEN node.value ELSE '{}' END) AS member
            WHERE node.is_payload OR member.key NOT IN (
                'if', 'conditions', 'wait_for_trigger', 'while', 'until', 'variables', 'and', 'or', 'not', 'alias')
            UNION ALL
            SELECT node.key, element, node.is_payload
            FROM jsonb_array_elements(CASE jsonb_typeof(node.value) WHEN 'array' THEN node.value ELSE '[]' END) AS element
        ) AS child
        WHERE child.is_payload OR jsonb_typeof(child.value) <> 'object' OR NOT child.value ? 'condition'
            OR child.value ?| ARRAY['action', 'service', 'service_template', 'sequence', 'then', 'else', 'choose', 'repeat',
                'parallel', 'scene', 'event', 'default']
    ), texts AS MATERIALIZED (
        SELECT key, value, is_payload, btrim(lower(part)) AS text
        FROM node
        CROSS JOIN LATERAL regexp_split_to_table(
            CASE jsonb_typeof(value) WHEN 'string' THEN value #>> '{}' WHEN 'null' THEN NULL
                WHEN 'object' THEN NULL WHEN 'array' THEN NULL ELSE value::text END, ',') AS part
    ), called AS MATERIALIZED (
        -- Home Assistant takes names in any mixture of cases.
        SELECT text, text ~ name_pattern AS is_known FROM texts
        WHERE key IN ('service', 'service_template')
            AND (NOT is_payload OR text ~ name_pattern)
        UNION
        -- A list of steps is called “action” in the old spelling, and a step's service in the new one.
        SELECT btrim(lower(node.value ->> 'action')), coalesce(btrim(lower(node.value ->> 'action')) ~ name_pattern, false)
        FROM node
        WHERE jsonb_typeof(node.value) = 'object' AND jsonb_typeof(node.value -> 'action') NOT IN ('object', 'array', 'null')
            AND (NOT is_payload OR btrim(lower(node.value ->> 'action')) ~ name_pattern)
        UNION
        SELECT part.text, part.text ~ name_pattern FROM (
            SELECT btrim(lower(p_configuration ->> 'action')) AS text
            WHERE jsonb_typeof(p_configuration -> 'action') = 'string'
        ) AS part
        UNION
        SELECT 'scene.turn_on', true FROM node
        WHERE jsonb_typeof(node.value) = 'object' AND node.value ? 'scene' AND NOT is_payload
        UNION
        -- A step of a device: {"device_id": …, "domain": "lock", "type": "unlock"}.
        SELECT form.text, form.text ~ name_pattern
        FROM node
        CROSS JOIN LATERAL (
            SELECT lower(value ->> 'domain') AS domain, lower(value ->> 'type') AS type
        ) AS step
        CROSS JOIN LATERAL (VALUES
            (coalesce(step.domain || '.' || step.type, '?')), (step.domain || '.' || step.type || '_' || step.domain),
            (step.domain || '.alarm_' || step.type)
        ) AS form (text)
        WHERE jsonb_typeof(value) = 'object' AND value ? 'device_id' AND NOT is_payload AND form.text IS NOT NULL
    ), names AS MATERIALIZED (
        SELECT text FROM texts
        WHERE text ~ name_pattern AND (is_payload OR key NOT IN ('action', 'service', 'service_template'))
        UNION
        SELECT btrim(lower(member)) FROM node
        CROSS JOIN LATERAL jsonb_object_keys(
            CASE jsonb_typeof(node.value) WHEN 'object' THEN node.value ELSE '{}' END) AS member
        WHERE node.is_payload AND btrim(lower(member)) ~ name_pattern
        UNION
        SELECT text FROM called WHERE text ~ '^script\.' AND text NOT IN (
            'script.turn_on', 'script.turn_off', 'script.toggle', 'script.reload')
        UNION
        SELECT entity.entity_id FROM texts
        JOIN home_assistant_entities AS entity ON entity.connection_id = p_connection AND entity.registry_id = texts.text
        WHERE texts.key = 'entity_id' AND entity.removed_at IS NULL
    ), targets AS MATERIALIZED (
        SELECT key, text FROM texts
        WHERE text <> '' AND key IN ('area_id', 'device_id', 'label_id', 'floor_id', 'entity_id', 'entities', 'target', 'data',
            'data_template', 'service_data', 'scene')
    )
    SELECT
        ARRAY(SELECT DISTINCT text FROM called WHERE is_known ORDER BY text),
        ARRAY(SELECT DISTINCT split_part(text, '.', 1) FROM called WHERE is_known ORDER BY 1),
        ARRAY(SELECT DISTINCT text FROM names ORDER BY text),
        EXISTS (SELECT FROM called WHERE NOT coalesce(is_known, false))
            OR p_configuration ? 'use_blueprint'
            -- An assistant does what a text asks of it.
            OR EXISTS (
                SELECT FROM called WHERE text IN ('conversation.process', 'google_assistant_sdk.send_text_command'))
            OR EXISTS (SELECT FROM called WHERE text = 'automation.trigger') AND EXISTS (
                SELECT FROM names WHERE text ~ '^automation\.' AND NOT text = ANY (p_resolved))
            OR EXISTS (
                SELECT FROM names WHERE text ~ '^script\.' AND NOT text = ANY (p_resolved)
                    AND text NOT IN ('script.turn_on', 'script.turn_off', 'script.toggle', 'script.reload')),
        EXISTS (SELECT FROM names WHERE text ~ '^(scene|group)\.' AND NOT text = ANY (p_resolved))
            OR EXISTS (
                SELECT FROM targets WHERE CASE key
                    WHEN 'entity_id' THEN text !~ name_pattern AND text <> 'none' AND NOT EXISTS (
                        SELECT FROM home_assistant_entities AS entity
                        WHERE entity.connection_id = p_connection AND entity.registry_id = targets.text
                            AND entity.removed_at IS NULL)
                    WHEN 'entities' THEN text !~ name_pattern
                    WHEN 'scene' THEN text !~ name_pattern
                    WHEN 'area_id' THEN NOT EXISTS (
                        SELECT FROM home_assistant_areas AS area
                        WHERE area.connection_id = p_connection AND area.area_id = targets.text AND area.removed_at IS NULL)
                    WHEN 'floor_id' THEN NOT EXISTS (
                        SELECT FROM home_assistant_areas AS area
                        WHERE area.connection_id = p_connection AND area.floor_id = targets.text AND area.removed_at IS NULL)
                    WHEN 'label_id' THEN NOT EXISTS (
                        SELECT FROM home_assistant_labels AS label
                        WHERE label.connection_id = p_connection AND label.label_id = targets.text AND label.removed_at IS NULL)
                    WHEN 'device_id' THEN NOT EXISTS (
                        SELECT FROM home_assistant_devices AS device
                        WHERE device.connection_id = p_connection AND device.device_id = targets.text
                            AND device.removed_at IS NULL)
                    ELSE text ~ '\{[{%]' OR text LIKE '‹%' END),
        ARRAY(SELECT DISTINCT key || ' ' || text FROM targets
            WHERE key IN ('area_id', 'device_id', 'label_id', 'floor_id'))
    INTO services, service_domains, entities, is_service_unknown, is_entity_unknown, target_names;
    is_generic := NOT service_domains <@ own_domains;

    -- What areas, devices and labels stand for, as the registries have them now.
    SELECT array_agg(DISTINCT name ORDER BY name) INTO entities
    FROM (
        SELECT unnest(entities) AS name
        UNION ALL
        SELECT entity.entity_id
        FROM home_assistant_entities AS entity
        LEFT JOIN home_assistant_devices AS device
            ON device.connection_id = entity.connection_id AND device.device_id = entity.device_id
        LEFT JOIN home_assistant_areas AS area
            ON area.connection_id = entity.connection_id AND area.area_id = coalesce(entity.area_id, device.area_id)
        WHERE entity.connection_id = p_connection AND entity.removed_at IS NULL
            AND (is_generic OR is_service_unknown OR split_part(entity.entity_id, '.', 1) = ANY (service_domains))
            AND target_names && (
                ARRAY['device_id ' || entity.device_id, 'area_id ' || area.area_id, 'floor_id ' || area.floor_id]
                || ARRAY(SELECT 'label_id ' || label FROM unnest(entity.labels || device.labels || area.labels) AS label))
    ) AS known;
    RETURN jsonb_build_object(
        'services', to_jsonb(services), 'entities', to_jsonb(coalesce(entities, '{}')),
        'domains', to_jsonb(ARRAY(
            SELECT unnest(service_domains) UNION SELECT split_part(name, '.', 1) FROM unnest(entities) AS name ORDER BY 1)),
        'unknown_services', is_service_unknown, 'unknown_entities', is_entity_unknown, 'generic', is_generic);
END;
$$;
COMMENT ON FUNCTION safety_configuration_facts(uuid, jsonb, text[]) IS
    'What the actions of a configuration call and act on: services, entities, domains, and whether some cannot be known. p_resolved are the scripts, scenes and groups of which the caller knows what they do.';

CREATE FUNCTION safety_text_list(p_value jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(array_agg(DISTINCT lower(part #>> '{}')), '{}')
    FROM jsonb_array_elements(CASE jsonb_typeof(p_value) WHEN 'array' THEN p_value ELSE '[]' END) AS part
    WHERE jsonb_typeof(part) = 'string'
$$;
COMMENT ON FUNCTION safety_text_list(jsonb) IS 'The texts of a JSON array in small letters; none for anything else.';

CREATE FUNCTION safety_change_facts(
    p_connection uuid, p_automation uuid, p_changes jsonb, p_assessment jsonb DEFAULT NULL, p_risk text DEFAULT NULL,
    p_score numeric DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    operation text := p_changes ->> 'operation';
    configuration jsonb := p_changes -> 'configuration';
    told jsonb := p_assessment -> 'facts';
    own jsonb;
    resumed jsonb;
    services text[];
    entities text[];
    floor text := 'LOW';
    levels CONSTANT text[] := ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
    risk text := p_risk;
BEGIN
    -- What has not the form of a proposal is looked through as a whole.
    IF configuration IS NULL AND operation IS NULL THEN
        configuration := p_changes;
    ELSIF operation = 'resume' AND configuration IS NULL THEN
        -- Switched on, it does again what it did.
        SELECT configuration_snapshot INTO configuration FROM automation_backup
        WHERE automation_id = p_automation ORDER BY version DESC LIMIT 1;
    END IF;
    own := safety_configuration_facts(p_connection, configuration, safety_text_list(told -> 'resolved'));
    services := safety_text_list(own -> 'services') || safety_text_list(told -> 'services')
        || CASE operation WHEN 'pause' THEN ARRAY['automation.turn_off'] WHEN 'resume' THEN ARRAY['automation.turn_on']
            ELSE '{}' END;
    entities := safety_text_list(own -> 'entities') || safety_text_list(told -> 'entities')
        || CASE WHEN operation IN ('pause', 'resume') AND p_changes ->> 'entity_id' IS NOT NULL
            THEN ARRAY[lower(p_changes ->> 'entity_id')] ELSE '{}' END;
    own := own || jsonb_build_object(
        'operation', operation,
        'services', to_jsonb(ARRAY(SELECT DISTINCT unnest(services) ORDER BY 1)),
        'entities', to_jsonb(ARRAY(SELECT DISTINCT unnest(entities) ORDER BY 1)),
        'domains', to_jsonb(ARRAY(
            SELECT unnest(safety_text_list(own -> 'domains')) UNION SELECT unnest(safety_text_list(told -> 'domains'))
            UNION SELECT split_part(name, '.', 1) FROM unnest(services || entities) AS name ORDER BY 1)),
        'per_day', CASE WHEN jsonb_typeof(p_assessment #> '{backtest,per_day}') = 'number'
            THEN p_assessment #> '{backtest,per_day}' END);
    own := own || jsonb_build_object(
        'templated', (own ->> 'unknown_services')::boolean OR (own ->> 'unknown_entities')::boolean);

    -- The least that it can be, whoever wrote the row.
    IF operation IS DISTINCT FROM 'pause' AND operation IS DISTINCT FROM 'retire' THEN
        IF own -> 'services' ?| ARRAY['homeassistant.stop', 'homeassistant.restart', 'lock.unlock', 'lock.open',
            'alarm_control_panel.alarm_disarm', 'hassio.host_shutdown', 'hassio.host_reboot']
            OR own -> 'domains' ?| ARRAY['shell_command', 'python_script', 'pyscript', 'command_line']
            OR own -> 'domains' ?| ARRAY['lock', 'alarm_control_panel', 'valve', 'siren']
        THEN
            floor := 'HIGH';
        END IF;
    END IF;
    IF array_position(levels, floor) > coalesce(array_position(levels, risk), 0) THEN
        risk := floor;
    END IF;
    RETURN own || jsonb_build_object('risk', risk, 'risk_floor', floor, 'risk_score', p_score);
END;
$$;
COMMENT ON FUNCTION safety_change_facts(uuid, uuid, jsonb, jsonb, text, numeric) IS
    'What a proposed change would do, as safety rules ask for it: what its configuration shows, with what risk_assessment knows besides.';

-- Judging -----------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION safety_name_matches(p_patterns jsonb, p_names jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
    SELECT EXISTS (
        SELECT FROM jsonb_array_elements_text(p_patterns) AS pattern, jsonb_array_elements_text(p_names) AS name
        WHERE name LIKE replace(replace(replace(replace(pattern, '\', '\\'), '_', '\_'), '*', '%'), '?', '_'))
$$;
COMMENT ON FUNCTION safety_name_matches(jsonb, jsonb) IS 'Whether any of the names fits any of the patterns, with * and ?.';

-- Three values: NULL is “that cannot be known beforehand”, and who asks takes it for yes.
CREATE FUNCTION safety_condition_holds(p_condition jsonb, p_facts jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    member record;
    result boolean := true;
    one boolean;
    is_service_unknown boolean := (p_facts ->> 'unknown_services')::boolean;
    is_entity_unknown boolean := (p_facts ->> 'unknown_entities')::boolean;
    is_generic boolean := (p_facts ->> 'generic')::boolean;
    levels CONSTANT text[] := ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
BEGIN
    FOR member IN SELECT * FROM jsonb_each(p_condition) LOOP
        CASE member.key
        WHEN 'services' THEN
            one := CASE WHEN safety_name_matches(member.value, p_facts -> 'services') THEN true
                WHEN is_service_unknown THEN NULL ELSE false END;
        WHEN 'domains' THEN
            one := CASE WHEN safety_name_matches(member.value, p_facts -> 'domains') THEN true
                WHEN is_service_unknown OR is_entity_unknown AND is_generic THEN NULL ELSE false END;
        WHEN 'entities' THEN
            one := CASE WHEN safety_name_matches(member.value, p_facts -> 'entities') THEN true
                WHEN is_service_unknown OR is_entity_unknown AND is_generic THEN NULL
                -- A service of lights acts on lights alone, on whichever.
                WHEN is_entity_unknown AND safety_name_matches(
                    (SELECT jsonb_agg(split_part(pattern, '.', 1)) FROM jsonb_array_elements_text(member.value) AS pattern),
                    p_facts -> 'domains') THEN NULL
                ELSE false END;
        WHEN 'operation' THEN
            one := member.value ? coalesce(p_facts ->> 'operation', '');
        WHEN 'risk' THEN
            one := coalesce(array_position(levels, p_facts ->> 'risk') >= array_position(levels, member.value #>> '{}'), false);
        WHEN 'risk_score_over' THEN
            one := coalesce((p_facts ->> 'risk_score')::numeric > member.value::numeric, false);
        WHEN 'executions_per_day_over' THEN
            one := coalesce((p_facts ->> 'per_day')::numeric > member.value::numeric, false);
        WHEN 'templated' THEN
            one := (p_facts ->> 'templated')::boolean = member.value::boolean;
        WHEN 'all' THEN
            SELECT CASE WHEN bool_or(held IS FALSE) THEN false WHEN bool_or(held IS NULL) THEN NULL ELSE true END INTO one
            FROM jsonb_array_elements(member.value) AS part, safety_condition_holds(part, p_facts) AS held;
        WHEN 'any' THEN
            SELECT CASE WHEN bool_or(held) THEN true WHEN bool_or(held IS NULL) THEN NULL ELSE false END INTO one
            FROM jsonb_array_elements(member.value) AS part, safety_condition_holds(part, p_facts) AS held;
        WHEN 'not' THEN
            one := NOT safety_condition_holds(member.value, p_facts);
        ELSE
            -- A word of a later release: nobody here can say that it does not hold.
            one := NULL;
        END CASE;
        result := result AND one;
    END LOOP;
    RETURN result;
END;
$$;
COMMENT ON FUNCTION safety_condition_holds(jsonb, jsonb) IS
    'Whether the condition of a safety rule holds for facts of safety_change_facts; NULL where that cannot be known beforehand.';

CREATE FUNCTION safety_rules_for(p_connection uuid, p_facts jsonb)
RETURNS TABLE (rule_id uuid, rule_name text, rule_action text, description text, is_certain boolean)
LANGUAGE sql STABLE
AS $$
    SELECT rule.id, rule.rule_name, rule.rule_action, rule.description, coalesce(holds, false)
    FROM safety_rule AS rule
    CROSS JOIN LATERAL safety_condition_holds(rule.rule_condition, p_facts) AS holds
    WHERE rule.is_active AND (rule.connection_id IS NULL OR rule.connection_id = p_connection) AND holds IS NOT FALSE
    ORDER BY rule.priority, rule.rule_name, rule.id
$$;
COMMENT ON FUNCTION safety_rules_for(uuid, jsonb) IS
    'The active rules that speak of a change with these facts, in their order; is_certain is false where the change may or may not do what the rule asks for.';

CREATE FUNCTION safety_refuse_blocked(p_connection uuid, p_facts jsonb) RETURNS void
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    rule record;
BEGIN
    SELECT * INTO rule FROM safety_rules_for(p_connection, p_facts) AS matching WHERE matching.rule_action = 'BLOCK' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The rule “%” forbids it%.', rule.rule_name,
                CASE WHEN rule.is_certain THEN '' ELSE ', as it cannot be known beforehand what would be called' END
            USING ERRCODE = 'HB006',
                HINT = 'Propose it without what the rule forbids, or change the rule: ha-bridge rule list.';
    END IF;
END;
$$;
COMMENT ON FUNCTION safety_refuse_blocked(uuid, jsonb) IS 'Fails (HB006) where an active rule blocks a change with these facts.';

-- Enforcing ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION safety_guard_workflow() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    facts jsonb;
    rule_name text;
    levels CONSTANT text[] := ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
BEGIN
    IF NEW.status NOT IN ('PENDING', 'APPROVED') OR TG_OP = 'UPDATE' AND NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    facts := safety_change_facts(
        NEW.connection_id, NEW.automation_id, NEW.proposed_changes, NEW.risk_assessment, NEW.risk_level, NEW.risk_score);
    PERFORM safety_refuse_blocked(NEW.connection_id, facts);
    IF TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    IF array_position(levels, NEW.risk_level::text) < array_position(levels, facts ->> 'risk_floor') THEN
        RAISE EXCEPTION 'What workflow % proposes is of % risk at least, not %.', NEW.id, facts ->> 'risk_floor', NEW.risk_level
            USING ERRCODE = 'HB006', HINT = 'Propose it with ha-bridge automation propose, which finds the level.';
    END IF;
    IF 0 = ALL (NEW.required_approvals) THEN
        SELECT matching.rule_name INTO rule_name FROM safety_rules_for(NEW.connection_id, facts) AS matching
        WHERE matching.rule_action = 'REQUIRE_APPROVAL' LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'The rule “%” asks for an approval.', rule_name
                USING ERRCODE = 'HB006', HINT = 'Set required_approvals, or change the rule: ha-bridge rule list.';
        END IF;
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION safety_guard_workflow() IS
    'Trigger: refuses (HB006) a workflow that a rule blocks, one without an approval that a rule asks for, and one whose risk is set too low.';

CREATE FUNCTION safety_guard_apply() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    workflow record;
    allowed_per_day integer;
    allowed_per_week integer;
    in_day bigint;
    in_week bigint;
BEGIN
    IF NEW.status <> 'IN_PROGRESS' OR TG_OP = 'UPDATE' AND NEW.step = OLD.step THEN
        RETURN NEW;
    END IF;
    SELECT * INTO workflow FROM approval_workflow WHERE id = NEW.workflow_id;
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    -- Once Home Assistant has it, the operation may end: a rule that comes later stops what comes later.
    IF TG_OP = 'INSERT' OR NEW.step IN ('BACKUP', 'WRITE') THEN
        PERFORM safety_refuse_blocked(NEW.connection_id, safety_change_facts(
            workflow.connection_id, workflow.automation_id, workflow.proposed_changes, workflow.risk_assessment,
            workflow.risk_level, workflow.risk_score));
    END IF;
    IF TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;

    -- One at a time for each house: two that come at once are not both the last that is allowed.
    PERFORM pg_advisory_xact_lock(hashtextextended('automation_apply_limit ' || NEW.connection_id, 0));
    SELECT coalesce(configuration.max_automations_per_day, 10), coalesce(configuration.max_automations_per_week, 50)
    INTO allowed_per_day, allowed_per_week
    FROM home_assistant_connections AS connection
    LEFT JOIN user_safety_configuration AS configuration ON configuration.user_id = connection.user_id
    WHERE connection.id = NEW.connection_id;
    SELECT count(*) FILTER (WHERE initiated_at > clock_timestamp() - interval '1 day'), count(*)
    INTO in_day, in_week
    FROM automation_apply_operation
    WHERE connection_id = NEW.connection_id AND initiated_at > clock_timestamp() - interval '7 days'
        -- What failed before anything was written changed nothing.
        AND (status <> 'FAILED' OR step NOT IN ('LOCK', 'BACKUP'));
    IF in_day >= allowed_per_day THEN
        RAISE EXCEPTION 'The house has had % of % changes within 24 hours.', in_day, allowed_per_day
            USING ERRCODE = 'HB006', HINT = 'Wait, or allow more: ha-bridge safety set --max-per-day N.';
    ELSIF in_week >= allowed_per_week THEN
        RAISE EXCEPTION 'The house has had % of % changes within 7 days.', in_week, allowed_per_week
            USING ERRCODE = 'HB006', HINT = 'Wait, or allow more: ha-bridge safety set --max-per-week N.';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION safety_guard_apply() IS
    'Trigger: lets no change begin or be written that a rule blocks, or that is one more than the owner allows a day or a week (HB006).';

CREATE FUNCTION safety_guard_rollback() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    written jsonb;
BEGIN
    IF NEW.status <> 'IN_PROGRESS'
        OR TG_OP = 'UPDATE' AND (NEW.step = OLD.step OR NEW.step NOT IN ('BACKUP', 'WRITE'))
            AND NEW.rollback_configuration IS NOT DISTINCT FROM OLD.rollback_configuration
            AND NEW.backup_id IS NOT DISTINCT FROM OLD.backup_id
    THEN
        RETURN NEW;
    END IF;
    -- What a change made must come undone, also where it was there before the rule.
    IF NEW.rollback_type = 'AUTOMATIC' AND EXISTS (
        SELECT FROM automation_apply_operation AS operation
        LEFT JOIN automation_backup AS backup ON backup.automation_id = operation.automation_id AND backup.id = operation.backup_id
        WHERE operation.id = NEW.apply_operation_id AND operation.automation_id = NEW.automation_id
            AND operation.status <> 'COMPLETED' AND operation.backup_id IS NOT DISTINCT FROM NEW.backup_id
            AND (backup.id IS NULL
                OR backup.backup_type = 'BEFORE_CHANGE' AND backup.created_at >= operation.initiated_at - interval '1 hour'
                    AND (NEW.rollback_configuration IS NULL OR NEW.rollback_configuration = backup.configuration_snapshot))
    ) THEN
        RETURN NEW;
    END IF;
    FOR written IN
        SELECT configuration_snapshot FROM automation_backup WHERE id = NEW.backup_id
        UNION ALL SELECT NEW.rollback_configuration WHERE NEW.rollback_configuration IS NOT NULL
    LOOP
        PERFORM safety_refuse_blocked(NEW.connection_id, safety_change_facts(
            NEW.connection_id, NEW.automation_id, jsonb_build_object('operation', 'rollback', 'configuration', written)));
    END LOOP;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION safety_guard_rollback() IS
    'Trigger: lets no version be brought back that a rule blocks (HB006), but by the undo of a change that failed.';

-- Named so that they come after the guards of the tables.
CREATE TRIGGER guard_approval_workflow_safety
    BEFORE INSERT OR UPDATE OF status ON approval_workflow
    FOR EACH ROW EXECUTE FUNCTION safety_guard_workflow();
CREATE TRIGGER guard_automation_apply_operation_safety
    BEFORE INSERT OR UPDATE ON automation_apply_operation
    FOR EACH ROW EXECUTE FUNCTION safety_guard_apply();
CREATE TRIGGER guard_rollback_operation_safety
    BEFORE INSERT OR UPDATE ON rollback_operation
    FOR EACH ROW EXECUTE FUNCTION safety_guard_rollback();

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'safety_condition_problem(jsonb, integer)', 'safety_check_rule()',
        'safety_configuration_facts(uuid, jsonb, text[])', 'safety_text_list(jsonb)',
        'safety_change_facts(uuid, uuid, jsonb, jsonb, text, numeric)', 'safety_name_matches(jsonb, jsonb)',
        'safety_condition_holds(jsonb, jsonb)', 'safety_rules_for(uuid, jsonb)', 'safety_refuse_blocked(uuid, jsonb)',
        'safety_guard_workflow()', 'safety_guard_apply()', 'safety_guard_rollback()'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
    END LOOP;
END;
$$;

-- Rules of the beginning --------------------------------------------------------------------------------------------------------

ALTER TABLE safety_rule NO FORCE ROW LEVEL SECURITY;
-- Nothing judged rules before: what is not of the language speaks no more.
UPDATE safety_rule SET is_active = FALSE WHERE is_active AND safety_condition_problem(rule_condition) IS NOT NULL;
INSERT INTO safety_rule (rule_name, rule_type, description, rule_condition, rule_action, priority)
VALUES
    ('No restart by an automation', 'RISK_THRESHOLD',
        'An automation that stops or restarts Home Assistant ends itself in the middle, and may do so for ever.',
        '{"all": [{"services": ["homeassistant.stop", "homeassistant.restart", "hassio.host_shutdown", "hassio.host_reboot"]},
            {"not": {"templated": true}}]}', 'BLOCK', 10),
    ('Ask before high risk', 'APPROVAL_REQUIRED', 'What is of high risk waits for a person.',
        '{"risk": "HIGH"}', 'REQUIRE_APPROVAL', 20),
    ('Ask before locks, alarms and doors', 'APPROVAL_REQUIRED', 'Who comes into the house is decided by a person.',
        '{"any": [{"domains": ["lock", "alarm_control_panel", "valve", "siren"]},
            {"entities": ["cover.*garage*", "cover.*gate*", "cover.*door*", "switch.*door*", "switch.*gate*", "button.*door*"]}]}',
        'REQUIRE_APPROVAL', 30),
    ('Ask before what is not known', 'APPROVAL_REQUIRED',
        'A template decides only when it runs what is called, or on what.', '{"templated": true}', 'REQUIRE_APPROVAL', 40),
    ('Warn of many runs', 'AUTOMATION_LIMIT', 'On the stored events it would have run more than 100 times a day.',
        '{"executions_per_day_over": 100}', 'WARN', 50)
ON CONFLICT ON CONSTRAINT safety_rule_name_key DO NOTHING;
ALTER TABLE safety_rule FORCE ROW LEVEL SECURITY;

CREATE TRIGGER check_safety_rule
    BEFORE INSERT OR UPDATE OF rule_condition, is_active ON safety_rule
    FOR EACH ROW EXECUTE FUNCTION safety_check_rule();

COMMENT ON COLUMN safety_rule.rule_condition IS
    'What the rule looks for: a JSON object of the language that safety_condition_problem checks; {} is every change.';
