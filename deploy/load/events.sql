-- Houses with a year of events in them, for measurements and tests; run by load-events on a migrated database that holds nothing
-- worth keeping. The same settings give the same rows:
--   load.rows (events in all), load.seed, load.until (end of the time), load.days, load.houses (1 to 9).
-- A house has rooms with sensors of power, energy, temperature and so on, motion, doors, lights, persons and automations. One
-- event in thirteen belongs to a chain: motion, automation, call of a service, light; or a person's call and the light.
SET search_path = public, pg_catalog, pg_temp;
SET synchronous_commit = off;
SET work_mem = '512MB';
SET jit = off;

-- A number of its own for each pair, from 0 to 2^31 - 1.
CREATE FUNCTION pg_temp.pick(p_number bigint, p_salt integer) RETURNS bigint LANGUAGE sql STABLE
RETURN (hashint8extended(p_number, current_setting('load.seed')::bigint * 1000 + p_salt) & 2147483647);

-- Home Assistant's ids of contexts: 10 letters of milliseconds, then 16 of chance. Pairs of letters, so that five look-ups do.
CREATE FUNCTION pg_temp.letters(p_number bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (p_number >> 5 & 31)::integer + 1, 1)
    || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (p_number & 31)::integer + 1, 1);
CREATE FUNCTION pg_temp.ulid_of(p_ms bigint, p_text text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN pg_temp.letters(p_ms >> 40) || pg_temp.letters(p_ms >> 30) || pg_temp.letters(p_ms >> 20) || pg_temp.letters(p_ms >> 10)
    || pg_temp.letters(p_ms) || upper(substr(md5(p_text), 1, 16));
CREATE FUNCTION pg_temp.ulid(p_time timestamptz, p_text text) RETURNS text LANGUAGE sql STABLE
RETURN pg_temp.ulid_of(floor(extract(epoch FROM p_time) * 1000)::bigint, p_text);

CREATE TEMPORARY TABLE load_houses AS
SELECT number, md5('house ' || number)::uuid AS connection_id, 'house ' || number AS name,
    (5 - least(number, 4))::integer AS size,
    (ARRAY['Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'UTC'])[1 + (number - 1) % 4] AS time_zone
FROM generate_series(1, current_setting('load.houses')::integer) AS number;

INSERT INTO users (id, username, email)
SELECT md5('owner ' || number)::uuid, 'owner' || number, 'owner' || number || '@example.org' FROM load_houses;
INSERT INTO home_assistant_connections (id, name, url, encrypted_token, user_id, time_zone, location_name, status)
SELECT connection_id, name, 'http://house' || number || '.example.org:8123', 'v1.k1.n.c.t', md5('owner ' || number)::uuid,
    time_zone, initcap(name), 'connected'
FROM load_houses;

-- What stands in each house: how many of a kind for each size, and how much they talk.
CREATE TEMPORARY TABLE load_kinds (kind, domain, suffix, per_size, weight, attributes) AS VALUES
    ('power', 'sensor', 'power', 10, 40, '{"device_class": "power", "unit_of_measurement": "W", "state_class": "measurement"}'::jsonb),
    ('energy', 'sensor', 'energy', 10, 8, '{"device_class": "energy", "unit_of_measurement": "kWh", "state_class": "total_increasing"}'),
    ('energy_today', 'sensor', 'energy_today', 2, 6, '{"device_class": "energy", "unit_of_measurement": "kWh", "state_class": "total_increasing"}'),
    ('temperature', 'sensor', 'temperature', 15, 6, '{"device_class": "temperature", "unit_of_measurement": "°C", "state_class": "measurement"}'),
    ('humidity', 'sensor', 'humidity', 15, 4, '{"device_class": "humidity", "unit_of_measurement": "%", "state_class": "measurement"}'),
    ('illuminance', 'sensor', 'illuminance', 5, 5, '{"device_class": "illuminance", "unit_of_measurement": "lx", "state_class": "measurement"}'),
    ('battery', 'sensor', 'battery', 15, 1, '{"device_class": "battery", "unit_of_measurement": "%", "state_class": "measurement"}'),
    ('motion', 'binary_sensor', 'motion', 10, 12, '{"device_class": "motion"}'),
    ('door', 'binary_sensor', 'door', 10, 2, '{"device_class": "door"}'),
    ('light', 'light', 'lamp', 20, 2, '{"supported_color_modes": ["color_temp", "xy"], "color_mode": "color_temp", "min_mireds": 153, "max_mireds": 500, "effect_list": ["none", "blink", "breathe", "okay", "channel_change", "finish_effect", "stop_effect"], "supported_features": 44}'),
    ('switch', 'switch', 'plug', 15, 1, '{"device_class": "outlet"}'),
    ('climate', 'climate', 'heating', 4, 4, '{"hvac_modes": ["off", "heat", "auto"], "min_temp": 5, "max_temp": 30, "target_temp_step": 0.5, "preset_modes": ["none", "eco", "comfort"], "supported_features": 401}'),
    ('media', 'media_player', 'speaker', 3, 2, '{"device_class": "speaker", "supported_features": 152463, "media_content_type": "music"}'),
    ('automation', 'automation', 'light_on_motion', 15, 0, '{"mode": "single", "current": 0}'),
    ('person', 'person', 'somebody', 1, 1, '{"editable": true, "device_trackers": []}');

CREATE TEMPORARY TABLE load_entities AS
SELECT house.number AS house, house.connection_id, kind.kind, kind.weight, serial,
    kind.domain || '.room_' || serial || '_' || kind.suffix AS entity_id,
    'Room ' || serial || ' ' || replace(kind.suffix, '_', ' ') AS friendly_name,
    jsonb_build_object('friendly_name', 'Room ' || serial || ' ' || replace(kind.suffix, '_', ' ')) || kind.attributes
        || CASE kind.kind
            WHEN 'person' THEN jsonb_build_object('user_id', md5('person ' || house.number || ' ' || serial), 'id', 'somebody_' || serial)
            WHEN 'automation' THEN jsonb_build_object('id', 'light_on_motion_' || serial)
            ELSE '{}' END AS attributes
FROM load_houses AS house, load_kinds AS kind, generate_series(1, kind.per_size * house.size) AS serial;
CREATE UNIQUE INDEX ON load_entities (house, kind, serial);

-- A wheel to pick from: as many slots for each entity as it talks, and some for events of no entity.
CREATE TEMPORARY TABLE load_slots AS
SELECT house, row_number() OVER (PARTITION BY house ORDER BY kind, serial, copy) - 1 AS slot, kind, serial
FROM (
    SELECT house, kind, serial, copy FROM load_entities, generate_series(1, weight) AS copy
    UNION ALL
    SELECT number, 'button', 0, copy FROM load_houses, generate_series(1, 10 * size) AS copy
) AS part;
CREATE UNIQUE INDEX ON load_slots (house, slot);
CREATE TEMPORARY TABLE load_wheels AS
SELECT slots.house, count(*) AS slots, max(load_houses.size) AS size FROM load_slots AS slots JOIN load_houses ON number = house GROUP BY house;

INSERT INTO home_assistant_areas (connection_id, area_id, name)
SELECT DISTINCT connection_id, 'room_' || serial, 'Room ' || serial FROM load_entities;
INSERT INTO home_assistant_devices (connection_id, device_id, name, area_id, manufacturer, model)
SELECT connection_id, md5(entity_id), friendly_name, 'room_' || serial, 'Somebody', kind FROM load_entities
WHERE kind NOT IN ('person', 'automation');
INSERT INTO home_assistant_entities (connection_id, registry_id, entity_id, unique_id, platform, name, device_id, area_id, device_class)
SELECT connection_id, md5('entry ' || entity_id), entity_id, entity_id,
    CASE WHEN kind IN ('person', 'automation') THEN kind ELSE 'zha' END, friendly_name,
    CASE WHEN kind NOT IN ('person', 'automation') THEN md5(entity_id) END, NULL, attributes ->> 'device_class'
FROM load_entities;
INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, entity_id, name, mode)
SELECT md5(house || ' ' || entity_id)::uuid, connection_id, 'light_on_motion_' || serial, entity_id, friendly_name, 'single'
FROM load_entities WHERE kind = 'automation';

CREATE TEMPORARY TABLE load_vectors AS
SELECT number, array_agg(sin(number * 7.1 + dimension * (number + 1)) ORDER BY dimension)::vector AS vector
FROM generate_series(0, 31) AS number, generate_series(1, 1536) AS dimension GROUP BY number;

ANALYZE load_houses, load_entities, load_slots, load_wheels, load_vectors;
CREATE TEMPORARY TABLE load_states (house integer, entity_id text, state text, PRIMARY KEY (house, entity_id));
CREATE TEMPORARY TABLE load_raw (
    house integer, step bigint, part integer, moment timestamptz, event_type text, kind text, serial integer,
    entity_id text, state text, value double precision, context text, parent text, user_id text
);

DO $$
DECLARE
    until_time timestamptz := current_setting('load.until')::timestamptz;
    from_time timestamptz := until_time - current_setting('load.days')::integer * interval '1 day';
    -- Steps of five events: a chain, or five that have nothing to do with each other.
    steps bigint := ceil(current_setting('load.rows')::numeric / 5);
    shares bigint := (SELECT sum(size) FROM load_houses);
    month_start timestamptz := date_trunc('month', from_time);
    lower_time timestamptz;
    upper_time timestamptz;
    loaded bigint := 0;
    added bigint;
BEGIN
    PERFORM home_assistant_ensure_event_partitions(from_time, until_time);
    COMMIT;
    WHILE month_start < until_time LOOP
        lower_time := greatest(month_start, from_time);
        upper_time := least(month_start + interval '1 month', until_time);

        TRUNCATE load_raw;
        INSERT INTO load_raw
        WITH step AS (
            SELECT number,
                from_time + (number + pg_temp.pick(number, 1) / 2147483648.0) / steps * (until_time - from_time) AS moment,
                pg_temp.pick(number, 2) % 100 AS dice,
                pg_temp.pick(number, 3) % shares AS share
            FROM generate_series(
                floor(steps * extract(epoch FROM lower_time - from_time) / extract(epoch FROM until_time - from_time))::bigint,
                ceil(steps * extract(epoch FROM upper_time - from_time) / extract(epoch FROM until_time - from_time))::bigint - 1
            ) AS number
        ), placed AS (
            SELECT step.*, house.number AS house, house.size
            FROM step
            JOIN (
                SELECT number, size, sum(size) OVER (ORDER BY number) AS upto FROM load_houses
            ) AS house ON step.share >= house.upto - house.size AND step.share < house.upto
            WHERE step.moment >= lower_time AND step.moment < upper_time
        ), chain AS (
            -- Motion, automation (twice), call and light of one room.
            SELECT house, number, part,
                moment + (ARRAY[0, 5, 6, 9, 70])[part] * interval '1 millisecond' AS moment,
                (ARRAY['state_changed', 'automation_triggered', 'state_changed', 'call_service', 'state_changed'])[part] AS event_type,
                (ARRAY['motion', NULL, 'automation', NULL, 'light'])[part] AS kind,
                1 + (pg_temp.pick(number, 4) % (10 * size))::integer AS serial,
                CASE WHEN part = 3 THEN 'on' WHEN part <> 4 AND part <> 2 THEN 'on' END AS state,
                pg_temp.ulid(moment + CASE WHEN part > 1 THEN interval '5 milliseconds' ELSE interval '0' END,
                    number || CASE WHEN part > 1 THEN ' run' ELSE ' cause' END) AS context,
                CASE WHEN part > 1 THEN pg_temp.ulid(moment, number || ' cause') END AS parent,
                NULL AS user_id
            FROM placed, generate_series(1, 5) AS part WHERE dice < 5
            UNION ALL
            SELECT house, number, part, moment + (ARRAY[0, 60])[part] * interval '1 millisecond',
                (ARRAY['call_service', 'state_changed'])[part], (ARRAY[NULL, 'light'])[part],
                1 + (pg_temp.pick(number, 4) % (20 * size))::integer,
                CASE WHEN part = 2 THEN (ARRAY['on', 'off'])[1 + (pg_temp.pick(number, 5) % 2)] END,
                pg_temp.ulid(moment, number || ' person'), NULL,
                md5('person ' || house || ' ' || 1 + pg_temp.pick(number, 6) % size)
            FROM placed, generate_series(1, 2) AS part WHERE dice BETWEEN 5 AND 7
        ), single AS (
            SELECT placed.house, number, part,
                moment + part * 100003 * interval '1 microsecond' AS moment, slot.kind, slot.serial,
                pg_temp.pick(number * 8 + part, 8) AS luck
            FROM placed
            CROSS JOIN generate_series(1, 5) AS part
            JOIN load_wheels AS wheel ON wheel.house = placed.house
            JOIN load_slots AS slot ON slot.house = placed.house
                AND slot.slot = pg_temp.pick(number * 8 + part, 7) % wheel.slots
            WHERE dice > 7 OR dice BETWEEN 5 AND 7 AND part > 2
        )
        SELECT chain.house, number, part, moment, event_type, chain.kind, chain.serial, entity.entity_id, state, NULL,
            context, parent, user_id
        FROM chain LEFT JOIN load_entities AS entity ON entity.house = chain.house AND entity.kind = chain.kind AND entity.serial = chain.serial
        UNION ALL
        SELECT single.house, single.number, part, moment,
            CASE WHEN single.kind = 'button' THEN 'zha_event' ELSE 'state_changed' END,
            single.kind, single.serial, entity.entity_id,
            CASE WHEN single.kind <> 'button' AND luck % 500 = 0 THEN 'unavailable'
                WHEN figure IS NOT NULL THEN round(figure::numeric, 2)::text
                WHEN single.kind IN ('motion', 'door', 'light', 'switch') THEN (ARRAY['on', 'off'])[1 + luck % 2]
                WHEN single.kind = 'climate' THEN (ARRAY['heat', 'off', 'auto'])[1 + luck % 3]
                WHEN single.kind = 'media' THEN (ARRAY['playing', 'paused', 'idle'])[1 + luck % 3]
                WHEN single.kind = 'person' THEN (ARRAY['home', 'not_home', 'Work'])[1 + luck % 3] END,
            CASE WHEN luck % 500 <> 0 THEN round(figure::numeric, 2)::double precision END,
            pg_temp.ulid(moment, single.number || ' ' || part), NULL, NULL
        FROM single
        LEFT JOIN load_entities AS entity ON entity.house = single.house AND entity.kind = single.kind AND entity.serial = single.serial
        LEFT JOIN load_houses AS house ON house.number = single.house
        CROSS JOIN LATERAL (
            SELECT CASE single.kind
                WHEN 'power' THEN 20 + single.serial * 7 % 300 + luck % 5000 / 50.0
                WHEN 'energy' THEN extract(epoch FROM moment - from_time) / 3600 * (0.05 + single.serial % 7 / 20.0)
                WHEN 'energy_today' THEN extract(epoch FROM (moment AT TIME ZONE house.time_zone)::time) / 3600 * (0.2 + single.serial % 3 / 10.0)
                WHEN 'temperature' THEN 20 + 4 * sin(extract(epoch FROM moment) / 13751 + single.serial) + luck % 20 / 10.0
                WHEN 'humidity' THEN 50 + 15 * sin(extract(epoch FROM moment) / 27502 + single.serial) + luck % 30 / 10.0
                WHEN 'illuminance' THEN greatest(0, 800 * sin((extract(epoch FROM moment) / 86400 - 0.25) * 6.283)) + luck % 30
                WHEN 'battery' THEN greatest(1, 100 - (extract(epoch FROM moment - from_time) / 86400 * (1 + single.serial % 5) / 3)::bigint % 100)
            END AS figure
        ) AS sample;

        ANALYZE load_raw;
        INSERT INTO home_assistant_events
            (id, connection_id, event_type, entity_id, old_state, new_state, attributes, timestamp, processed_at, created_at, value, source,
                context_id, context_parent_id, context_user_id, embedding_key, exemplar_id, embedding_vector, embedder_version)
        SELECT
            md5(change.step || ' ' || change.part || ' ' || current_setting('load.seed'))::uuid, house.connection_id, change.event_type, change.entity_id,
            coalesce(change.old_state, before.state), change.state,
            CASE
                WHEN change.event_type = 'call_service' THEN jsonb_build_object('domain', 'light', 'service', 'turn_on',
                    'service_data', jsonb_build_object('entity_id', jsonb_build_array('light.room_' || change.serial || '_lamp')))
                WHEN change.event_type = 'automation_triggered' THEN jsonb_build_object('name', 'Room ' || change.serial || ' light on motion',
                    'entity_id', 'automation.room_' || change.serial || '_light_on_motion',
                    'source', 'state of binary_sensor.room_' || change.serial || '_motion')
                WHEN change.event_type = 'zha_event' THEN jsonb_build_object('device_ieee', '00:12:4b:00:22:' || change.step % 90 + 10,
                    'unique_id', '00:12:4b:00:22:01:1:0x0006', 'endpoint_id', 1, 'cluster_id', 6, 'command', 'toggle', 'args', '[]'::jsonb)
                WHEN change.kind = 'light' AND change.state = 'on' THEN entity.attributes
                    || jsonb_build_object('brightness', change.step % 255, 'color_temp', 153 + change.step % 300)
                WHEN change.kind = 'climate' THEN entity.attributes
                    || jsonb_build_object('current_temperature', 18 + change.step % 50 / 10.0, 'temperature', 21)
                WHEN change.kind = 'automation' THEN entity.attributes || jsonb_build_object('last_triggered', change.moment)
                ELSE entity.attributes
            END,
            change.moment, change.moment + interval '20 milliseconds', change.moment + interval '300 milliseconds', change.value, 'live',
            change.context, change.parent, change.user_id, change.key,
            CASE WHEN change.key IS NOT NULL THEN first_value(md5(change.step || ' ' || change.part || ' ' || current_setting('load.seed'))::uuid) OVER same_key END,
            CASE WHEN change.key IS NOT NULL AND row_number() OVER same_key = 1 THEN vectors.vector END,
            CASE WHEN change.key IS NOT NULL AND row_number() OVER same_key = 1 THEN 'load' END
        FROM (
            SELECT raw.*, lag(state) OVER (PARTITION BY house, entity_id ORDER BY moment) AS old_state,
                -- The last house has its embeddings off.
                CASE WHEN house < current_setting('load.houses')::integer AND entity_id IS NOT NULL THEN
                    decode(md5(house || entity_id || CASE WHEN value IS NULL THEN coalesce(state, '') ELSE 'number' END), 'hex') END AS key
            FROM load_raw AS raw
        ) AS change
        JOIN load_houses AS house ON house.number = change.house
        LEFT JOIN load_entities AS entity ON entity.house = change.house AND entity.kind = change.kind AND entity.serial = change.serial
        LEFT JOIN load_states AS before ON before.house = change.house AND before.entity_id = change.entity_id
        LEFT JOIN load_vectors AS vectors ON vectors.number = change.step % 32
        WINDOW same_key AS (PARTITION BY change.house, change.key ORDER BY change.moment, change.part)
        ORDER BY change.moment, change.part;
        GET DIAGNOSTICS added = ROW_COUNT;
        loaded := loaded + added;

        INSERT INTO load_states
        SELECT DISTINCT ON (house, entity_id) house, entity_id, state FROM load_raw WHERE entity_id IS NOT NULL
        ORDER BY house, entity_id, moment DESC
        ON CONFLICT (house, entity_id) DO UPDATE SET state = EXCLUDED.state;
        INSERT INTO automation_executions
            (connection_id, automation_id, run_id, started_at, completed_at, status, context_id, context_parent_id, error_message, last_step, trigger)
        SELECT house.connection_id, md5(raw.house || ' automation.room_' || raw.serial || '_light_on_motion')::uuid,
            md5('run ' || raw.step), raw.moment,
            raw.moment + pg_temp.pick(raw.step, 9) % 900 * (1 + raw.serial % 5) * interval '1 millisecond',
            CASE WHEN pg_temp.pick(raw.step, 10) % 100 < raw.serial % 4 THEN 'failure' ELSE 'success' END, raw.context, raw.parent,
            CASE WHEN pg_temp.pick(raw.step, 10) % 100 < raw.serial % 4 THEN 'Action light.turn_on failed: the lamp does not answer.' END,
            'action/0', 'state of binary_sensor.room_' || raw.serial || '_motion'
        FROM load_raw AS raw JOIN load_houses AS house ON house.number = raw.house
        WHERE raw.event_type = 'automation_triggered';
        COMMIT;
        RAISE NOTICE '% events until %.', loaded, upper_time;
        month_start := month_start + interval '1 month';
    END LOOP;

    -- How the connections fared in the last 90 days, and the times that nobody saw.
    INSERT INTO home_assistant_connection_metrics (connection_id, metric_type, metric_value, timestamp)
    SELECT connection_id, type.name, round((type.base + type.spread * (pg_temp.pick(minute, 11 + number) % 1000) / 1000.0)::numeric, 4),
        until_time - minute * interval '5 minutes'
    FROM load_houses, generate_series(1, 288 * least(90, current_setting('load.days')::integer)) AS minute,
        (VALUES ('latency', 4, 30), ('uptime', 99, 1), ('error_rate', 0, 0.1), ('event_rate', 1, 5)) AS type (name, base, spread);
    INSERT INTO home_assistant_event_gaps
        (connection_id, cause, detail, started_at, ended_at, backfill_from, status, rows_found, rows_added, unrecoverable_types, closed_at)
    SELECT connection_id, 'disconnected', 'The connection was cut.', start, start + length, start - interval '30 seconds',
        CASE WHEN pick % 5 = 0 THEN 'partial' ELSE 'backfilled' END, pick % 900, pick % 300,
        CASE WHEN pick % 5 = 0 THEN ARRAY['zha_event'] END, start + length + interval '1 minute'
    FROM load_houses, generate_series(1, current_setting('load.days')::integer / 3) AS serial,
        LATERAL (SELECT pg_temp.pick(serial * 10 + number, 20) AS pick) AS dice,
        LATERAL (SELECT from_time + serial * interval '3 days' AS start, (10 + pick % 3000) * interval '1 second' AS length) AS span
    WHERE from_time + serial * interval '3 days' < until_time - interval '1 hour';
    COMMIT;
END;
$$;
