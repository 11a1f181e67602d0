-- The questions that people ask, as stable views and functions; and the index of event types without the changes of states.
-- Departures and their reasons: README.md of this directory.
SET LOCAL ROLE ha_bridge_owner;

-- Indexes -------------------------------------------------------------------------------------------------------------------

-- Nineteen events in twenty are changes of states, and no question looks for those by their type. Figures: README.md.
DROP INDEX idx_home_assistant_events_event_type;
CREATE INDEX idx_home_assistant_events_event_type ON home_assistant_events (event_type, timestamp)
    WHERE event_type <> 'state_changed';

-- Houses and names ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_house(house text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    found_ids uuid[];
    found_names text;
BEGIN
    SELECT array_agg(id), string_agg(quote_literal(name), ', ' ORDER BY name) INTO found_ids, found_names
    FROM home_assistant_connections
    WHERE removed_at IS NULL AND (house IS NULL OR name = house OR id::text = house);
    IF cardinality(found_ids) = 1 THEN
        RETURN found_ids[1];
    ELSIF found_ids IS NULL AND house IS NULL THEN
        RAISE EXCEPTION 'There is no connection to a Home Assistant that you may see.'
            USING ERRCODE = 'no_data_found', HINT = 'Add one: ha-bridge connection add.';
    ELSIF found_ids IS NULL THEN
        RAISE EXCEPTION 'There is no connection of the name or id ''%''.', house
            USING ERRCODE = 'no_data_found', HINT = 'ha-bridge connection list shows them.';
    ELSIF house IS NULL THEN
        RAISE EXCEPTION 'There are several houses: %.', found_names
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Say which by its name or id: house => ''home''.';
    END IF;
    RAISE EXCEPTION 'Several connections have the name ''%''.', house
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Say which by its id.';
END;
$$;
COMMENT ON FUNCTION home_assistant_house(text) IS
    'The id of the connection of that name or id; the only one that you may see where none is named. SELECT home_assistant_house(). Stable.';

CREATE VIEW home_assistant_entity_names WITH (security_invoker = true) AS
SELECT entity.connection_id, entity.entity_id, entity.name, device.name AS device, area.name AS area
FROM home_assistant_entities AS entity
LEFT JOIN home_assistant_devices AS device
    ON device.connection_id = entity.connection_id AND device.device_id = entity.device_id
LEFT JOIN home_assistant_areas AS area
    ON area.connection_id = entity.connection_id AND area.area_id = coalesce(entity.area_id, device.area_id)
WHERE entity.removed_at IS NULL;
COMMENT ON VIEW home_assistant_entity_names IS
    'What each entity is called, its device and its room: SELECT * FROM home_assistant_entity_names WHERE area = ''Kitchen''. Stable.';
COMMENT ON COLUMN home_assistant_entity_names.area IS 'The area of the entity, else that of its device; NULL where neither has one.';

-- States --------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_states_of(p_connection uuid, p_moment timestamptz) RETURNS TABLE (
    entity_id varchar, state text, value double precision, attributes jsonb, last_updated timestamptz, event_id uuid, source varchar
)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    fresh timestamptz[] := ARRAY(
        SELECT dirty.bucket_start FROM home_assistant_rollup_dirty AS dirty
        WHERE dirty.connection_id = p_connection ORDER BY dirty.bucket_start DESC LIMIT 101);
BEGIN
    -- The roll-ups know every entity but those of marked times, and about when it was heard last: one probe of one month finds
    -- its state, not one of every month.
    IF cardinality(fresh) <= 100 AND EXISTS (
        SELECT FROM home_assistant_rollup_progress AS progress
        WHERE progress.connection_id = p_connection AND progress.marked_until = 'infinity'
    ) THEN
        RETURN QUERY
        WITH RECURSIVE recent AS (
            (SELECT bucket.entity_id FROM home_assistant_states_5_minutes AS bucket
            WHERE bucket.connection_id = p_connection ORDER BY bucket.entity_id LIMIT 1)
            UNION ALL
            SELECT following.entity_id
            FROM recent
            CROSS JOIN LATERAL (
                SELECT bucket.entity_id FROM home_assistant_states_5_minutes AS bucket
                WHERE bucket.connection_id = p_connection AND bucket.entity_id > recent.entity_id
                ORDER BY bucket.entity_id LIMIT 1
            ) AS following
        ), older AS (
            (SELECT bucket.entity_id FROM home_assistant_states_daily AS bucket
            WHERE bucket.connection_id = p_connection ORDER BY bucket.entity_id LIMIT 1)
            UNION ALL
            SELECT following.entity_id
            FROM older
            CROSS JOIN LATERAL (
                SELECT bucket.entity_id FROM home_assistant_states_daily AS bucket
                WHERE bucket.connection_id = p_connection AND bucket.entity_id > older.entity_id
                ORDER BY bucket.entity_id LIMIT 1
            ) AS following
        ), newest AS (
            SELECT event.entity_id
            FROM unnest(fresh) AS mark (bucket_start)
            JOIN home_assistant_events AS event ON event.connection_id = p_connection
                AND event.timestamp >= mark.bucket_start AND event.timestamp < mark.bucket_start + interval '5 minutes'
            WHERE event.entity_id IS NOT NULL
        ), entity AS MATERIALIZED (
            SELECT recent.entity_id FROM recent UNION SELECT older.entity_id FROM older UNION SELECT newest.entity_id FROM newest
        )
        SELECT entity.entity_id, coalesce(latest.new_state, bucket.last_state),
            CASE WHEN latest.id IS NULL THEN bucket.last_value ELSE latest.value END, latest.attributes,
            coalesce(latest.timestamp, bucket.last_at), latest.id, coalesce(latest.source, 'events')
        FROM entity
        LEFT JOIN LATERAL (
            SELECT known.bucket_start, known.last_state, known.last_value, known.last_at
            FROM (
                (SELECT fine.bucket_start, fine.last_state, fine.last_value, fine.last_at
                FROM home_assistant_states_5_minutes AS fine
                WHERE fine.connection_id = p_connection AND fine.entity_id = entity.entity_id
                    AND fine.bucket_start <= p_moment - interval '5 minutes' AND fine.last_at IS NOT NULL
                ORDER BY fine.bucket_start DESC LIMIT 1)
                UNION ALL
                (SELECT coarse.bucket_start, coarse.last_state, coarse.last_value, coarse.last_at
                FROM home_assistant_states_daily AS coarse
                WHERE coarse.connection_id = p_connection AND coarse.entity_id = entity.entity_id
                    AND coarse.last_at <= p_moment AND coarse.bucket_start <= p_moment
                ORDER BY coarse.bucket_start DESC LIMIT 1)
            ) AS known
            ORDER BY known.last_at DESC LIMIT 1
        ) AS bucket ON true
        LEFT JOIN LATERAL (
            SELECT event.new_state, event.value, event.attributes, event.timestamp, event.id, event.source
            FROM home_assistant_events AS event
            WHERE event.entity_id = entity.entity_id AND event.connection_id = p_connection
                AND event.event_type = 'state_changed' AND event.timestamp <= p_moment
                AND event.timestamp >= coalesce(bucket.last_at, '-infinity')
            ORDER BY event.timestamp DESC
            LIMIT 1
        ) AS latest ON true
        WHERE CASE WHEN latest.id IS NULL THEN bucket.last_state ELSE latest.new_state END IS NOT NULL;
        RETURN;
    END IF;
    -- One probe of the index finds the next entity, one more its newest row, in each month.
    RETURN QUERY
    WITH RECURSIVE entity AS (
        (SELECT event.entity_id FROM home_assistant_events AS event
        WHERE event.entity_id IS NOT NULL ORDER BY event.entity_id LIMIT 1)
        UNION ALL
        SELECT following.entity_id
        FROM entity
        CROSS JOIN LATERAL (
            SELECT event.entity_id FROM home_assistant_events AS event
            WHERE event.entity_id IS NOT NULL AND event.entity_id > entity.entity_id
            ORDER BY event.entity_id LIMIT 1
        ) AS following
    )
    SELECT entity.entity_id, latest.new_state, latest.value, latest.attributes, latest.timestamp, latest.id, latest.source
    FROM entity
    CROSS JOIN LATERAL (
        SELECT event.new_state, event.value, event.attributes, event.timestamp, event.id, event.source
        FROM home_assistant_events AS event
        WHERE event.entity_id = entity.entity_id AND event.connection_id = p_connection
            AND event.event_type = 'state_changed' AND event.timestamp <= p_moment
        ORDER BY event.timestamp DESC
        LIMIT 1
    ) AS latest
    WHERE latest.new_state IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION home_assistant_states_of(uuid, timestamptz) IS
    'The state of each entity of a connection at a moment; what home_assistant_latest_states and home_assistant_state_at are made of. Where retention has taken the events, what the roll-ups know, without attributes.';

CREATE FUNCTION home_assistant_state_at(moment timestamptz DEFAULT CURRENT_TIMESTAMP, house text DEFAULT NULL)
RETURNS TABLE (
    entity_id varchar, name text, area text, state text, value double precision, attributes jsonb, since timestamptz, event_id uuid
)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid := home_assistant_house(house);
BEGIN
    RETURN QUERY
    SELECT known.entity_id, names.name, names.area, known.state, known.value, known.attributes, known.last_updated, known.event_id
    FROM home_assistant_states_of(wanted, moment) AS known
    LEFT JOIN home_assistant_entity_names AS names
        ON names.connection_id = wanted AND names.entity_id = known.entity_id
    ORDER BY known.entity_id COLLATE "C";
END;
$$;
COMMENT ON FUNCTION home_assistant_state_at(timestamptz, text) IS
    'The state of everything in a house at a moment: SELECT entity_id, state FROM home_assistant_state_at(''2026-11-21 20:00+01'') WHERE entity_id LIKE ''light.%''. Stable.';

CREATE OR REPLACE VIEW home_assistant_latest_states WITH (security_invoker = true) AS
SELECT
    connection.id AS connection_id,
    latest.entity_id::varchar(255) COLLATE "C" AS entity_id,
    latest.state,
    latest.value,
    latest.attributes,
    latest.last_updated,
    latest.event_id,
    latest.source::varchar(16) AS source
FROM home_assistant_connections AS connection
CROSS JOIN LATERAL home_assistant_states_of(connection.id, 'infinity') AS latest;

CREATE FUNCTION home_assistant_changes_since(
    moment timestamptz DEFAULT CURRENT_TIMESTAMP - interval '1 day', house text DEFAULT NULL
) RETURNS TABLE (entity_id varchar, name text, area text, before text, now text, changed_at timestamptz)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid := home_assistant_house(house);
BEGIN
    RETURN QUERY
    SELECT present.entity_id, names.name, names.area, past.state, present.state, present.last_updated
    FROM home_assistant_states_of(wanted, CURRENT_TIMESTAMP) AS present
    CROSS JOIN LATERAL (
        -- What came live says what was before; what came from the history does not.
        SELECT event.source = 'live' AS is_live, event.old_state
        FROM home_assistant_events AS event
        WHERE event.entity_id = present.entity_id AND event.connection_id = wanted
            AND event.event_type = 'state_changed' AND event.timestamp > moment AND event.timestamp <= CURRENT_TIMESTAMP
        ORDER BY event.timestamp
        LIMIT 1
    ) AS first
    LEFT JOIN LATERAL (
        SELECT event.new_state
        FROM home_assistant_events AS event
        WHERE NOT first.is_live AND event.entity_id = present.entity_id AND event.connection_id = wanted
            AND event.event_type = 'state_changed' AND event.timestamp <= moment
        ORDER BY event.timestamp DESC
        LIMIT 1
    ) AS earlier ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN first.is_live THEN first.old_state ELSE earlier.new_state END AS state
    ) AS past
    LEFT JOIN home_assistant_entity_names AS names
        ON names.connection_id = wanted AND names.entity_id = present.entity_id
    WHERE present.last_updated > moment AND past.state IS DISTINCT FROM present.state
    ORDER BY present.last_updated DESC, present.entity_id;
END;
$$;
COMMENT ON FUNCTION home_assistant_changes_since(timestamptz, text) IS
    'What is another way now than it was at a moment, newest first: SELECT * FROM home_assistant_changes_since(now() - interval ''8 hours''). What went and came back is not told. Stable.';

CREATE FUNCTION home_assistant_unavailable(house text DEFAULT NULL)
RETURNS TABLE (entity_id varchar, name text, area text, state text, since timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT entity_id, name, area, state, since FROM home_assistant_state_at(CURRENT_TIMESTAMP, house)
    WHERE state IN ('unavailable', 'unknown')
    ORDER BY since
$$;
COMMENT ON FUNCTION home_assistant_unavailable(text) IS
    'Entities that do not answer now, the longest first: SELECT * FROM home_assistant_unavailable(). Stable.';

CREATE FUNCTION home_assistant_low_batteries(threshold double precision DEFAULT 20, house text DEFAULT NULL)
RETURNS TABLE (entity_id varchar, name text, area text, percent double precision, since timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT entity_id, name, area, value, since FROM home_assistant_state_at(CURRENT_TIMESTAMP, house)
    WHERE attributes ->> 'device_class' = 'battery' AND (value <= threshold OR entity_id LIKE 'binary_sensor.%' AND state = 'on')
    ORDER BY value, entity_id
$$;
COMMENT ON FUNCTION home_assistant_low_batteries(double precision, text) IS
    'Batteries at or below a percentage, and those that call themselves low, the emptiest first: SELECT * FROM home_assistant_low_batteries(15). Stable.';

-- The past of an entity -----------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_entity_history(
    entity text, from_time timestamptz DEFAULT CURRENT_TIMESTAMP - interval '1 day',
    to_time timestamptz DEFAULT CURRENT_TIMESTAMP, house text DEFAULT NULL, resolution text DEFAULT NULL
) RETURNS TABLE (
    "at" timestamptz, state text, value double precision, minimum double precision, maximum double precision,
    mean double precision, change double precision, samples integer, resolution_used text
)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid := home_assistant_house(house);
    span interval := to_time - from_time;
    chosen text := resolution;
BEGIN
    IF chosen IS NOT NULL AND chosen NOT IN ('events', '5 minutes', 'hour', 'day') THEN
        RAISE EXCEPTION 'The resolution ''%'' is unknown.', chosen
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Say ''events'', ''5 minutes'', ''hour'' or ''day'', or leave it out.';
    END IF;
    IF chosen IS NULL THEN
        chosen := CASE WHEN span <= interval '2 days' THEN 'events' WHEN span <= interval '15 days' THEN '5 minutes'
            WHEN span <= interval '400 days' THEN 'hour' ELSE 'day' END;
        -- Events that retention has taken live on in their roll-ups.
        IF chosen = 'events' AND NOT EXISTS (
            SELECT FROM home_assistant_events AS event
            WHERE event.entity_id = entity AND event.connection_id = wanted AND event.timestamp < to_time
        ) THEN
            chosen := '5 minutes';
        END IF;
        IF chosen = '5 minutes' AND NOT EXISTS (
            SELECT FROM home_assistant_states_5_minutes AS bucket
            WHERE bucket.connection_id = wanted AND bucket.entity_id = entity AND bucket.bucket_start < to_time
        ) THEN
            chosen := 'hour';
        END IF;
    END IF;
    IF chosen = 'events' THEN
        RETURN QUERY
        (SELECT from_time, event.new_state, event.value, NULL::double precision, NULL::double precision, NULL::double precision,
            NULL::double precision, 0, chosen
        FROM home_assistant_events AS event
        WHERE event.entity_id = entity AND event.connection_id = wanted AND event.event_type = 'state_changed'
            AND event.timestamp < from_time
        ORDER BY event.timestamp DESC LIMIT 1)
        UNION ALL
        (SELECT event.timestamp, event.new_state, event.value, NULL, NULL, NULL, NULL, 1, chosen
        FROM home_assistant_events AS event
        WHERE event.entity_id = entity AND event.connection_id = wanted AND event.event_type = 'state_changed'
            AND event.timestamp >= from_time AND event.timestamp < to_time
        ORDER BY event.timestamp);
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        '(SELECT $3, bucket.last_state, bucket.last_value, NULL::double precision, NULL::double precision,
            NULL::double precision, NULL::double precision, 0, $5
        FROM %1$I AS bucket
        WHERE bucket.connection_id = $1 AND bucket.entity_id = $2 AND bucket.bucket_start < $3
        ORDER BY bucket.bucket_start DESC LIMIT 1)
        UNION ALL
        (SELECT bucket.bucket_start, bucket.last_state, bucket.last_value, bucket.minimum, bucket.maximum, bucket.mean,
            bucket.change, bucket.sample_count, $5
        FROM %1$I AS bucket
        WHERE bucket.connection_id = $1 AND bucket.entity_id = $2 AND bucket.bucket_start >= $3 AND bucket.bucket_start < $4
        ORDER BY bucket.bucket_start)',
        'home_assistant_states_' || CASE chosen WHEN '5 minutes' THEN '5_minutes' WHEN 'hour' THEN 'hourly' ELSE 'daily' END)
        USING wanted, entity, from_time, to_time, chosen;
END;
$$;
COMMENT ON FUNCTION home_assistant_entity_history(text, timestamptz, timestamptz, text, text) IS
    'What an entity was, in the order of time: each event up to two days, else roll-ups of 5 minutes, hours or days: SELECT at, state, mean FROM home_assistant_entity_history(''sensor.kitchen_temperature'', now() - interval ''30 days''). The first row is the state that held at the start; each one holds until the next. Stable.';

CREATE FUNCTION home_assistant_seconds_in_state(
    p_connection uuid, p_entity text, p_from timestamptz, p_to timestamptz
) RETURNS TABLE (state text, seconds double precision)
LANGUAGE sql STABLE
AS $$
    SELECT state, sum(seconds)
    FROM (
        SELECT new_state AS state,
            extract(epoch FROM lead(greatest(moment, p_from), 1, p_to) OVER (ORDER BY moment, id) - greatest(moment, p_from))::double precision AS seconds
        FROM (
            (SELECT event.timestamp AS moment, event.id, event.new_state
            FROM home_assistant_events AS event
            WHERE event.entity_id = p_entity AND event.connection_id = p_connection AND event.event_type = 'state_changed'
                AND event.timestamp < p_from
            ORDER BY event.timestamp DESC LIMIT 1)
            UNION ALL
            SELECT event.timestamp, event.id, event.new_state
            FROM home_assistant_events AS event
            WHERE event.entity_id = p_entity AND event.connection_id = p_connection AND event.event_type = 'state_changed'
                AND event.timestamp >= p_from AND event.timestamp < p_to
        ) AS known
    ) AS stretch
    WHERE state IS NOT NULL AND p_from < p_to
    GROUP BY state
$$;
COMMENT ON FUNCTION home_assistant_seconds_in_state(uuid, text, timestamptz, timestamptz) IS
    'How long an entity was in each state, from its events alone; home_assistant_time_in_state asks it for the ends of a long time.';

CREATE FUNCTION home_assistant_time_in_state(
    entity text, from_time timestamptz DEFAULT CURRENT_TIMESTAMP - interval '1 day',
    to_time timestamptz DEFAULT CURRENT_TIMESTAMP, house text DEFAULT NULL
) RETURNS TABLE (state text, duration interval, seconds double precision, percent double precision)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid := home_assistant_house(house);
    -- Between these two the hours are counted, outside of them the events.
    hours_from timestamptz := from_time;
    hours_to timestamptz := from_time;
    last_hour timestamptz;
BEGIN
    IF to_time - from_time > interval '7 days' OR NOT EXISTS (
        SELECT FROM home_assistant_events AS event
        WHERE event.entity_id = entity AND event.connection_id = wanted AND event.timestamp < from_time
    ) THEN
        hours_from := date_bin('1 hour', from_time, '2000-01-01 00:00:00+00');
        IF hours_from < from_time THEN
            hours_from := hours_from + interval '1 hour';
        END IF;
        SELECT bucket.bucket_start INTO last_hour
        FROM home_assistant_states_hourly AS bucket
        WHERE bucket.connection_id = wanted AND bucket.entity_id = entity AND bucket.bucket_start >= hours_from
            AND bucket.bucket_start <= to_time - interval '1 hour'
        ORDER BY bucket.bucket_start DESC LIMIT 1;
        hours_to := coalesce(last_hour + interval '1 hour', hours_from);
        -- Where the events before it are gone, the last hour's state holds until the first that is there.
        IF NOT EXISTS (
            SELECT FROM home_assistant_events AS event
            WHERE event.entity_id = entity AND event.connection_id = wanted AND event.timestamp < hours_to
        ) THEN
            SELECT least(to_time, min(event.timestamp)) INTO hours_to
            FROM home_assistant_events AS event
            WHERE event.entity_id = entity AND event.connection_id = wanted AND event.event_type = 'state_changed'
                AND event.timestamp >= hours_to AND event.timestamp < to_time;
        END IF;
        IF hours_to <= hours_from THEN
            hours_from := from_time;
            hours_to := from_time;
        END IF;
    END IF;
    RETURN QUERY
    WITH bucket AS (
        (SELECT hours_from - interval '1 hour' AS bucket_start, hour.last_state, NULL::jsonb AS state_seconds,
            NULL::double precision AS known_seconds, hour.last_value
        FROM home_assistant_states_hourly AS hour
        WHERE hour.connection_id = wanted AND hour.entity_id = entity AND hour.bucket_start < hours_from
            AND hours_from < hours_to
        ORDER BY hour.bucket_start DESC LIMIT 1)
        UNION ALL
        SELECT hour.bucket_start, hour.last_state, hour.state_seconds, hour.known_seconds, hour.last_value
        FROM home_assistant_states_hourly AS hour
        WHERE hour.connection_id = wanted AND hour.entity_id = entity AND hour.bucket_start >= hours_from
            AND hour.bucket_start <= last_hour AND hours_from < hours_to
    ), held AS (
        SELECT bucket.*,
            extract(epoch FROM lead(bucket.bucket_start, 1, hours_to) OVER (ORDER BY bucket.bucket_start) - bucket.bucket_start)
                - 3600 AS rest
        FROM bucket
    ), stretch AS (
        SELECT part.key AS state, part.value::double precision AS seconds
        FROM held CROSS JOIN LATERAL jsonb_each_text(held.state_seconds) AS part
        UNION ALL
        SELECT 'a number', held.known_seconds FROM held WHERE held.known_seconds > 0
        UNION ALL
        -- Hours without an event carry the last state on.
        SELECT CASE WHEN held.last_value IS NULL THEN held.last_state ELSE 'a number' END, held.rest::double precision
        FROM held WHERE held.rest > 0 AND held.last_state IS NOT NULL
        UNION ALL
        SELECT CASE WHEN hours_to = from_time THEN edge.state WHEN edge.state ~ '^[+-]?[0-9.]+(e[+-]?[0-9]+)?$' THEN 'a number' ELSE edge.state END,
            edge.seconds
        FROM home_assistant_seconds_in_state(wanted, entity, from_time, hours_from) AS edge
        UNION ALL
        SELECT CASE WHEN hours_to = from_time THEN edge.state WHEN edge.state ~ '^[+-]?[0-9.]+(e[+-]?[0-9]+)?$' THEN 'a number' ELSE edge.state END,
            edge.seconds
        FROM home_assistant_seconds_in_state(wanted, entity, hours_to, to_time) AS edge
    )
    SELECT total.state, make_interval(secs => round(total.seconds::numeric, 3)::double precision), total.seconds,
        round((100 * total.seconds / nullif(sum(total.seconds) OVER (), 0))::numeric, 2)::double precision
    FROM (SELECT stretch.state, sum(stretch.seconds) AS seconds FROM stretch GROUP BY stretch.state) AS total
    WHERE total.seconds > 0
    ORDER BY total.seconds DESC, total.state;
END;
$$;
COMMENT ON FUNCTION home_assistant_time_in_state(text, timestamptz, timestamptz, text) IS
    'How long an entity was in each state, the longest first: SELECT state, duration, percent FROM home_assistant_time_in_state(''binary_sensor.front_door'', now() - interval ''30 days''). Up to a week from the events, else whole hours from the roll-ups. Times before the first event are not counted. Stable.';

CREATE FUNCTION home_assistant_daily_energy(
    from_day date DEFAULT NULL, to_day date DEFAULT NULL, house text DEFAULT NULL, entity text DEFAULT NULL
) RETURNS TABLE (day date, entity_id varchar, name text, area text, kwh double precision)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid := home_assistant_house(house);
    zone text := (SELECT automation_time_zone(time_zone) FROM home_assistant_connections WHERE id = wanted);
    today date := (CURRENT_TIMESTAMP AT TIME ZONE zone)::date;
    first_day date := coalesce(from_day, today - 6);
    last_day date := coalesce(to_day, today);
BEGIN
    RETURN QUERY
    WITH counted AS MATERIALIZED (
        SELECT bucket.entity_id, bucket.bucket_start, bucket.change
        FROM home_assistant_states_daily AS bucket
        WHERE bucket.connection_id = wanted AND bucket.change IS NOT NULL
            AND bucket.bucket_start >= first_day::timestamp AT TIME ZONE zone
            AND bucket.bucket_start < (last_day + 1)::timestamp AT TIME ZONE zone
            AND bucket.entity_id LIKE 'sensor.%' AND (entity IS NULL OR bucket.entity_id = entity)
    ), meter AS MATERIALIZED (
        SELECT one.entity_id, names.name, names.area,
            CASE latest.unit WHEN 'Wh' THEN 0.001 WHEN 'kWh' THEN 1 WHEN 'MWh' THEN 1000 WHEN 'GWh' THEN 1000000 END AS factor
        FROM (SELECT DISTINCT counted.entity_id FROM counted) AS one
        CROSS JOIN LATERAL (
            SELECT event.attributes ->> 'unit_of_measurement' AS unit
            FROM home_assistant_events AS event
            WHERE event.entity_id = one.entity_id AND event.connection_id = wanted AND event.event_type = 'state_changed'
                AND event.value IS NOT NULL
            ORDER BY event.timestamp DESC LIMIT 1
        ) AS latest
        LEFT JOIN home_assistant_entity_names AS names ON names.connection_id = wanted AND names.entity_id = one.entity_id
    )
    SELECT (counted.bucket_start AT TIME ZONE zone)::date, counted.entity_id, meter.name, meter.area,
        round((counted.change * meter.factor)::numeric, 3)::double precision
    FROM counted JOIN meter ON meter.entity_id = counted.entity_id
    WHERE meter.factor IS NOT NULL
    ORDER BY 1, 2;
END;
$$;
COMMENT ON FUNCTION home_assistant_daily_energy(date, date, text, text) IS
    'What each meter of energy counted on each day of the house''s calendar, in kWh, the last seven days where none are named: SELECT day, sum(kwh) FROM home_assistant_daily_energy(''2026-11-01'', ''2026-11-30'') GROUP BY day ORDER BY day. Meters that contain others are counted as well. Stable.';

-- What happened, and who did it ---------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_what_happened(
    p_event_type text, p_entity text, p_old_state text, p_new_state text, p_attributes jsonb
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_event_type = 'state_changed' AND p_new_state IS NULL THEN 'was removed'
    WHEN p_event_type = 'state_changed' AND p_old_state IS NULL THEN 'is ' || p_new_state
    WHEN p_event_type = 'state_changed' AND p_old_state = p_new_state THEN 'is still ' || p_new_state
    WHEN p_event_type = 'state_changed' THEN p_old_state || ' → ' || p_new_state
    WHEN p_event_type = 'call_service' THEN 'called ' || concat_ws('.', p_attributes ->> 'domain', p_attributes ->> 'service')
        || coalesce(' for ' || nullif(btrim(p_attributes #>> '{service_data,entity_id}', '[]"'), ''), '')
    WHEN p_event_type = 'automation_triggered' THEN 'ran' || coalesce(', triggered by ' || (p_attributes ->> 'source'), '')
    WHEN p_event_type = 'script_started' THEN 'ran'
    ELSE p_event_type
END;
COMMENT ON FUNCTION home_assistant_what_happened(text, text, text, text, jsonb) IS
    'An event in a few words: SELECT home_assistant_what_happened(event_type, entity_id, old_state, new_state, attributes) FROM home_assistant_events ORDER BY timestamp DESC LIMIT 10. Stable.';

CREATE FUNCTION home_assistant_context_time(p_context text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_context ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$' THEN (
    SELECT timestamptz 'epoch' + sum(
        (strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', substr(p_context, place, 1)) - 1)::numeric * (32::numeric ^ (10 - place))
    )::double precision * interval '1 millisecond'
    FROM generate_series(1, 10) AS place
) END;
COMMENT ON FUNCTION home_assistant_context_time(text) IS
    'When Home Assistant made a context, which its id begins with; NULL for ids of another form. SELECT home_assistant_context_time(context_id), timestamp FROM home_assistant_events ORDER BY timestamp DESC LIMIT 10. Stable.';

CREATE FUNCTION home_assistant_user_name(p_connection uuid, p_user text) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(nullif(person.name, ''), latest.attributes ->> 'friendly_name', person.entity_id)
    FROM home_assistant_entities AS person
    CROSS JOIN LATERAL (
        SELECT event.attributes FROM home_assistant_events AS event
        WHERE event.entity_id = person.entity_id AND event.connection_id = p_connection
            AND event.event_type = 'state_changed' AND event.new_state IS NOT NULL
        ORDER BY event.timestamp DESC LIMIT 1
    ) AS latest
    WHERE person.connection_id = p_connection AND person.removed_at IS NULL
        AND person.entity_id >= 'person.' AND person.entity_id < 'person/' AND latest.attributes ->> 'user_id' = p_user
    LIMIT 1
$$;
COMMENT ON FUNCTION home_assistant_user_name(uuid, text) IS
    'The name of the person of Home Assistant whose user this is; NULL where no person has it. SELECT home_assistant_user_name(connection_id, context_user_id) FROM home_assistant_events WHERE context_user_id IS NOT NULL LIMIT 1. Stable.';

CREATE FUNCTION home_assistant_what_happened_around(
    moment timestamptz, within interval DEFAULT interval '2 minutes', house text DEFAULT NULL, with_numbers boolean DEFAULT false
) RETURNS TABLE (
    "at" timestamptz, seconds_after double precision, name text, area text, what text, entity_id varchar, event_type varchar,
    context_id text, event_id uuid
)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid := home_assistant_house(house);
BEGIN
    RETURN QUERY
    SELECT event.timestamp, extract(epoch FROM event.timestamp - moment)::double precision,
        coalesce(names.name, event.attributes ->> 'friendly_name', event.attributes ->> 'name', event.entity_id), names.area,
        home_assistant_what_happened(event.event_type, event.entity_id, event.old_state, event.new_state, event.attributes),
        event.entity_id, event.event_type, event.context_id, event.id
    FROM home_assistant_events AS event
    LEFT JOIN home_assistant_entity_names AS names
        ON names.connection_id = event.connection_id AND names.entity_id = event.entity_id
    WHERE event.connection_id = wanted AND event.timestamp >= moment - within AND event.timestamp <= moment + within
        AND (with_numbers OR event.event_type <> 'state_changed'
            OR event.value IS NULL AND event.old_state IS DISTINCT FROM event.new_state)
    ORDER BY event.timestamp, event.id;
END;
$$;
COMMENT ON FUNCTION home_assistant_what_happened_around(timestamptz, interval, text, boolean) IS
    'What happened in a house around a moment, in the order of time, without numbers unless asked for: SELECT at, name, what FROM home_assistant_what_happened_around(''2026-11-21 20:15+01'', ''5 minutes''). Stable.';

CREATE FUNCTION home_assistant_who_did_it(event uuid)
RETURNS TABLE (
    step integer, kind text, name text, what text, "at" timestamptz, entity_id varchar, context_id text, event_id uuid
)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    given record;
    origin record;
    context text;
    parent text;
    seen text[] := '{}';
    asked_user text;
    known_from timestamptz;
    known_until timestamptz;
    number integer := 0;
BEGIN
    SELECT stored.* INTO given FROM home_assistant_events AS stored WHERE stored.id = event;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT 0, 'event',
        coalesce(
            (SELECT names.name FROM home_assistant_entity_names AS names
            WHERE names.connection_id = given.connection_id AND names.entity_id = given.entity_id),
            given.attributes ->> 'friendly_name', given.attributes ->> 'name', given.entity_id),
        home_assistant_what_happened(given.event_type, given.entity_id, given.old_state, given.new_state, given.attributes),
        given.timestamp, given.entity_id::varchar, given.context_id, given.id;
    context := given.context_id;
    parent := given.context_parent_id;
    asked_user := given.context_user_id;
    known_until := given.timestamp;
    WHILE context IS NOT NULL AND context <> ALL (seen) AND number < 20 LOOP
        seen := seen || context;
        -- What began under a context stands at the time that the id tells; a cause of another form is looked for before its effect.
        known_from := coalesce(home_assistant_context_time(context) - interval '2 seconds', known_until - interval '10 minutes');
        FOR origin IN
            SELECT early.*
            FROM (
                SELECT stored.*, row_number() OVER (ORDER BY stored.timestamp, stored.id) AS place
                FROM home_assistant_events AS stored
                WHERE stored.connection_id = given.connection_id AND stored.timestamp >= known_from
                    AND stored.timestamp <= least(known_until, known_from + interval '10 minutes')
                    AND stored.context_id = context
            ) AS early
            WHERE early.place = 1 OR early.event_type IN ('automation_triggered', 'script_started')
            -- The last that was started is the nearest cause.
            ORDER BY early.timestamp DESC, early.id DESC
            LIMIT 10
        LOOP
            parent := coalesce(parent, origin.context_parent_id);
            asked_user := coalesce(asked_user, origin.context_user_id);
            known_until := least(known_until, origin.timestamp);
            CONTINUE WHEN origin.id = event;
            -- A state that others changed is their effect: the run of an automation shows as its own state, too.
            CONTINUE WHEN origin.event_type = 'state_changed' AND origin.context_parent_id IS NOT NULL;
            number := number + 1;
            RETURN QUERY
            SELECT number,
                CASE WHEN origin.event_type = 'automation_triggered' THEN 'automation'
                    WHEN origin.event_type = 'script_started' THEN 'script'
                    WHEN origin.event_type = 'call_service' THEN 'service call'
                    WHEN origin.event_type = 'state_changed' THEN 'device'
                    ELSE 'home assistant' END,
                coalesce(
                    CASE WHEN origin.event_type IN ('automation_triggered', 'script_started') THEN origin.attributes ->> 'name' END,
                    (SELECT names.name FROM home_assistant_entity_names AS names
                    WHERE names.connection_id = given.connection_id AND names.entity_id = origin.entity_id),
                    origin.attributes ->> 'friendly_name', origin.entity_id),
                home_assistant_what_happened(
                    origin.event_type, origin.entity_id, origin.old_state, origin.new_state, origin.attributes),
                origin.timestamp, coalesce(origin.entity_id, origin.attributes ->> 'entity_id')::varchar, context, origin.id;
        END LOOP;
        IF asked_user IS NOT NULL THEN
            number := number + 1;
            RETURN QUERY
            SELECT number, 'person',
                coalesce(home_assistant_user_name(given.connection_id, asked_user), 'user ' || asked_user), 'asked for it',
                home_assistant_context_time(context), NULL::varchar, context, NULL::uuid;
            RETURN;
        END IF;
        context := parent;
        parent := NULL;
    END LOOP;
    IF number = 0 AND given.event_type = 'state_changed' AND given.context_parent_id IS NULL THEN
        RETURN QUERY
        SELECT 1, 'device',
            coalesce(
                (SELECT coalesce(names.device, names.name) FROM home_assistant_entity_names AS names
                WHERE names.connection_id = given.connection_id AND names.entity_id = given.entity_id),
                given.attributes ->> 'friendly_name', given.entity_id),
            'did it itself', given.timestamp, given.entity_id::varchar, given.context_id, given.id;
    END IF;
END;
$$;
COMMENT ON FUNCTION home_assistant_who_did_it(uuid) IS
    'The chain of causes of an event, from the event (step 0) back to the person, automation, script or device with which it began: SELECT step, kind, name, what FROM home_assistant_who_did_it(''0198…''). Stable.';

CREATE FUNCTION home_assistant_who_changed(entity text, house text DEFAULT NULL, newest integer DEFAULT 10)
RETURNS TABLE ("at" timestamptz, what text, kind text, name text, began_with text, event_id uuid)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid := home_assistant_house(house);
BEGIN
    RETURN QUERY
    SELECT change.timestamp, change.old_state || ' → ' || change.new_state, nearest.kind, nearest.name,
        root.kind || ' ' || root.name, change.id
    FROM (
        SELECT event.id, event.timestamp, event.old_state, event.new_state
        FROM home_assistant_events AS event
        WHERE event.entity_id = entity AND event.connection_id = wanted AND event.event_type = 'state_changed'
            AND event.old_state <> event.new_state
        ORDER BY event.timestamp DESC
        LIMIT greatest(newest, 0)
    ) AS change
    LEFT JOIN LATERAL (
        SELECT (array_agg(cause.kind ORDER BY cause.step))[1] AS kind, (array_agg(cause.name ORDER BY cause.step))[1] AS name,
            array_agg(cause ORDER BY cause.step DESC) AS causes
        FROM (
            SELECT told.step, told.kind, told.name FROM home_assistant_who_did_it(change.id) AS told
            WHERE told.step > 0 AND told.kind <> 'service call'
        ) AS cause
    ) AS nearest ON true
    LEFT JOIN LATERAL (
        SELECT last.kind, last.name FROM unnest(nearest.causes) AS last (step integer, kind text, name text)
        ORDER BY last.step DESC LIMIT 1
    ) AS root ON true
    ORDER BY change.timestamp DESC;
END;
$$;
COMMENT ON FUNCTION home_assistant_who_changed(text, text, integer) IS
    'Who or what changed an entity lately, newest first: SELECT at, what, kind, name, began_with FROM home_assistant_who_changed(''light.kitchen''). Stable.';

-- The house as a whole ------------------------------------------------------------------------------------------------------

CREATE FUNCTION home_assistant_top_talkers(
    from_time timestamptz DEFAULT CURRENT_TIMESTAMP - interval '1 day', to_time timestamptz DEFAULT CURRENT_TIMESTAMP,
    house text DEFAULT NULL, "limit" integer DEFAULT 20
) RETURNS TABLE (entity_id varchar, name text, area text, events bigint, percent double precision, bytes bigint)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid := home_assistant_house(house);
    zone text := (SELECT automation_time_zone(time_zone) FROM home_assistant_connections WHERE id = wanted);
BEGIN
    RETURN QUERY
    WITH counted AS (
        SELECT event.entity_id, count(*) AS events
        FROM home_assistant_events AS event
        WHERE to_time - from_time <= interval '2 days' AND event.connection_id = wanted AND event.timestamp >= from_time
            AND event.timestamp < to_time AND event.entity_id IS NOT NULL
        GROUP BY event.entity_id
        UNION ALL
        SELECT bucket.entity_id, sum(bucket.sample_count)::bigint
        FROM home_assistant_states_daily AS bucket
        WHERE to_time - from_time > interval '2 days' AND bucket.connection_id = wanted
            AND bucket.bucket_start >= date_trunc('day', from_time, zone) AND bucket.bucket_start < to_time
        GROUP BY bucket.entity_id
    ), loudest AS (
        SELECT counted.entity_id, counted.events, 100 * counted.events / sum(counted.events) OVER () AS percent
        FROM counted WHERE counted.events > 0
        ORDER BY counted.events DESC, counted.entity_id
        LIMIT greatest("limit", 0)
    )
    SELECT loudest.entity_id, names.name, names.area, loudest.events, round(loudest.percent, 2)::double precision,
        (loudest.events * sample.bytes)::bigint
    FROM loudest
    LEFT JOIN home_assistant_entity_names AS names ON names.connection_id = wanted AND names.entity_id = loudest.entity_id
    LEFT JOIN LATERAL (
        SELECT avg(newest.bytes) AS bytes
        FROM (
            SELECT 140 + coalesce(pg_column_size(event.attributes), 0) + coalesce(octet_length(event.new_state), 0)
                + coalesce(octet_length(event.old_state), 0) + octet_length(event.entity_id)
                + coalesce(octet_length(event.context_id), 0) + coalesce(octet_length(event.context_parent_id), 0) AS bytes
            FROM home_assistant_events AS event
            WHERE event.entity_id = loudest.entity_id AND event.connection_id = wanted
            ORDER BY event.timestamp DESC LIMIT 20
        ) AS newest
    ) AS sample ON true
    ORDER BY loudest.events DESC, loudest.entity_id;
END;
$$;
COMMENT ON FUNCTION home_assistant_top_talkers(timestamptz, timestamptz, text, integer) IS
    'The entities with the most events and about how many bytes those take without indexes: SELECT entity_id, events, percent, pg_size_pretty(bytes) FROM home_assistant_top_talkers(now() - interval ''30 days''). Above two days whole days from the roll-ups. Stable.';

CREATE VIEW home_assistant_gaps WITH (security_invoker = true) AS
SELECT
    connection.name AS house,
    gap.started_at,
    gap.ended_at,
    coalesce(gap.ended_at, CURRENT_TIMESTAMP) - gap.started_at AS duration,
    gap.cause,
    gap.detail,
    gap.status,
    gap.rows_found,
    gap.rows_added,
    gap.events_lost,
    gap.unrecoverable_types,
    CASE
        WHEN gap.status = 'open' AND gap.ended_at IS NULL THEN 'Home Assistant cannot be seen.'
        WHEN gap.status = 'open' THEN 'Its states are being read back.'
        WHEN gap.status = 'backfilled' AND gap.unrecoverable_types IS NULL THEN 'Nothing that Home Assistant keeps is missing.'
        WHEN gap.status = 'backfilled' THEN 'Every state is here; events of the types '
            || array_to_string(gap.unrecoverable_types, ', ') || ' are lost.'
        WHEN gap.status = 'partial' THEN 'Some of it is lost.'
        ELSE 'What happened then is lost.'
    END || coalesce(' ' || gap.reason, '') AS summary,
    gap.connection_id,
    gap.id AS gap_id
FROM home_assistant_event_gaps AS gap
JOIN home_assistant_connections AS connection ON connection.id = gap.connection_id
WHERE connection.removed_at IS NULL;
COMMENT ON VIEW home_assistant_gaps IS
    'When Home Assistant could not be seen, for how long, and what of that time is missing: SELECT house, started_at, duration, summary FROM home_assistant_gaps WHERE started_at > now() - interval ''30 days'' ORDER BY started_at DESC. Stable.';
COMMENT ON COLUMN home_assistant_gaps.duration IS 'Until now for a gap that has not ended.';
COMMENT ON COLUMN home_assistant_gaps.summary IS 'What became of it, in words.';

CREATE VIEW home_assistant_metrics_by_hour WITH (security_invoker = true) AS
SELECT
    connection.name AS house,
    metric.bucket_start AS hour,
    max(metric.mean) FILTER (WHERE metric.metric_type = 'latency') AS latency_ms,
    max(metric.maximum) FILTER (WHERE metric.metric_type = 'latency') AS worst_latency_ms,
    max(metric.mean) FILTER (WHERE metric.metric_type = 'uptime') AS uptime_percent,
    max(metric.mean) FILTER (WHERE metric.metric_type = 'error_rate') AS error_rate_percent,
    max(metric.mean) FILTER (WHERE metric.metric_type = 'event_rate') AS events_per_second,
    max(metric.maximum) FILTER (WHERE metric.metric_type = 'event_rate') AS most_events_per_second,
    metric.connection_id
FROM home_assistant_metrics_hourly AS metric
JOIN home_assistant_connections AS connection ON connection.id = metric.connection_id
WHERE connection.removed_at IS NULL
GROUP BY metric.connection_id, connection.name, metric.bucket_start;
COMMENT ON VIEW home_assistant_metrics_by_hour IS
    'How the connection to each house fared, a row an hour (UTC): SELECT house, hour, latency_ms, uptime_percent FROM home_assistant_metrics_by_hour WHERE hour > now() - interval ''1 day'' ORDER BY hour. Stable.';
COMMENT ON COLUMN home_assistant_metrics_by_hour.uptime_percent IS 'Percent of the hour in which the connection stood.';

-- Automations ---------------------------------------------------------------------------------------------------------------

CREATE VIEW automation_recent_runs WITH (security_invoker = true) AS
SELECT
    house.name AS house,
    automation.name,
    automation.entity_id,
    run.runs,
    run.failures,
    round(100.0 * run.failures / nullif(run.successes + run.failures, 0), 2) AS failure_percent,
    run.average_ms,
    run.slow_ms,
    run.longest_ms,
    run.undone,
    failure.started_at AS last_failure_at,
    failure.error_message AS last_error,
    automation.connection_id,
    automation.id AS automation_id
FROM automation_management AS automation
JOIN home_assistant_connections AS house ON house.id = automation.connection_id AND house.removed_at IS NULL
CROSS JOIN LATERAL (
    SELECT count(*) AS runs,
        count(*) FILTER (WHERE execution.status = 'failure') AS failures,
        count(*) FILTER (WHERE execution.status = 'success') AS successes,
        round(avg(execution.duration_ms) FILTER (WHERE execution.status = 'success')) AS average_ms,
        round((percentile_cont(0.95) WITHIN GROUP (ORDER BY execution.duration_ms)
            FILTER (WHERE execution.status = 'success'))::numeric) AS slow_ms,
        max(execution.duration_ms) FILTER (WHERE execution.status = 'success') AS longest_ms,
        count(execution.overridden_at) AS undone
    FROM automation_executions AS execution
    WHERE execution.automation_id = automation.id AND execution.started_at > CURRENT_TIMESTAMP - interval '30 days'
        AND execution.status NOT IN ('running', 'blocked')
) AS run
LEFT JOIN LATERAL (
    SELECT execution.started_at, execution.error_message
    FROM automation_executions AS execution
    WHERE run.failures > 0 AND execution.automation_id = automation.id AND execution.status = 'failure'
        AND execution.started_at > CURRENT_TIMESTAMP - interval '30 days'
    ORDER BY execution.started_at DESC LIMIT 1
) AS failure ON true
WHERE run.runs > 0;
COMMENT ON VIEW automation_recent_runs IS
    'How each automation ran in the last 30 days. The slowest: SELECT house, name, runs, slow_ms FROM automation_recent_runs ORDER BY slow_ms DESC NULLS LAST LIMIT 10. Those that fail: SELECT house, name, failures, failure_percent, last_error FROM automation_recent_runs WHERE failures > 0 ORDER BY failures DESC. Stable.';
COMMENT ON COLUMN automation_recent_runs.runs IS 'Runs whose actions began and are over.';
COMMENT ON COLUMN automation_recent_runs.failure_percent IS 'Percent: failures of successes and failures.';
COMMENT ON COLUMN automation_recent_runs.slow_ms IS 'Nineteen of twenty successful runs took no longer, in milliseconds.';
COMMENT ON COLUMN automation_recent_runs.undone IS 'Runs of which a person reversed an effect within five minutes.';

-- Who may call, and where names are found ------------------------------------------------------------------------------------

GRANT SELECT ON home_assistant_entity_names, home_assistant_gaps, home_assistant_metrics_by_hour, automation_recent_runs
    TO ha_bridge_writer, ha_bridge_reader;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'home_assistant_house(text)', 'home_assistant_states_of(uuid, timestamptz)', 'home_assistant_state_at(timestamptz, text)',
        'home_assistant_changes_since(timestamptz, text)', 'home_assistant_unavailable(text)',
        'home_assistant_low_batteries(double precision, text)',
        'home_assistant_entity_history(text, timestamptz, timestamptz, text, text)',
        'home_assistant_seconds_in_state(uuid, text, timestamptz, timestamptz)',
        'home_assistant_time_in_state(text, timestamptz, timestamptz, text)',
        'home_assistant_daily_energy(date, date, text, text)',
        'home_assistant_what_happened(text, text, text, text, jsonb)', 'home_assistant_context_time(text)',
        'home_assistant_user_name(uuid, text)',
        'home_assistant_what_happened_around(timestamptz, interval, text, boolean)', 'home_assistant_who_did_it(uuid)',
        'home_assistant_who_changed(text, text, integer)',
        'home_assistant_top_talkers(timestamptz, timestamptz, text, integer)'
    ] LOOP
        -- To compile a short question takes longer than to answer it.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_catalog, pg_temp', signature, current_schema());
        EXECUTE format('ALTER FUNCTION %s SET jit = off', signature);
    END LOOP;
END;
$$;
