import PostgresClient

@testable import Store

/// A house that was stored when the schema was of a certain age: rows in every table of that day, with the values that a later
/// migration might not expect.
struct OldHouse {
    /// Rows that no house of the row security tests has, one string of statements each with the version from which it can run.
    private struct Rows {
        let since: Int
        let sql: String
    }

    /// The version of the schema.
    let version: Int
    private let house: TwoHouses.House

    /// The house of a schema of `version`; its ids are those of no other version.
    init(version: Int) {
        self.version = version
        // 1 and 2 are those of the other tests.
        house = TwoHouses.House(number: 20 + version, login: "nobody_\(version)")
    }

    /// Stores it, as the superuser, in a database whose schema is that of `version`.
    ///
    /// What `TwoHouses` has is taken along where the table is there, so that a table of a later migration is covered by the row
    /// that it must have there anyway. A table that has no row afterwards is a fault of the test: see `UpgradeTests`.
    func store(_ session: PostgresConnection) async throws {
        if version >= 2 {
            // Two months of its own, made as they were made that day.
            try await session.execute(
                "SELECT home_assistant_ensure_event_partitions('\(month)', timestamptz '\(month)' + interval '40 days')"
            )
        }
        let columns = try await SchemaPicture.tables(session).reduce(into: [String: [String]]()) {
            $0[$1.name] = $1.columns
        }
        for statement in TwoHouses.statements(house) {
            guard let target = InsertTarget(statement), let known = columns[target.table],
                target.columns.allSatisfy(known.contains)
            else { continue }
            try await session.execute(statement, name: "store_old_house")
        }
        for rows in people + events + connections + automations where rows.since <= version {
            try await session.execute(rows.sql, name: "store_old_house")
        }
    }

    /// The first moment of its first month.
    private var month: String { "\(2000 + version)-03-01Z" }

    private var people: [Rows] {
        [
            Rows(
                since: 1,
                sql: """
                    INSERT INTO users (username, email, role, status, first_name, preferences, auth_provider, auth_external_id)
                    SELECT role || '_' || status || \(version), role || '_' || status || '\(version)@example.org', role, status, 'Zoë',
                        '{"language": "de"}', 'oidc', role || status || \(version)
                    FROM unnest(ARRAY['admin', 'user', 'observer']) AS role,
                        unnest(ARRAY['active', 'inactive', 'suspended']) AS status
                    """)
        ]
    }

    private var connections: [Rows] {
        [
            Rows(
                since: 2,
                sql: """
                    INSERT INTO home_assistant_connections
                        (name, url, encrypted_token, status, user_id, supported_features, connection_health, time_zone, paused_at,
                            removed_at)
                    SELECT 'Cabin ' || status, 'https://' || status || '.example.org/sub', 'v1.k1.n.c.t', status, '\(house.user)',
                        ARRAY['light', 'sun'], '{"error": null}', 'Asia/Kathmandu',
                        CASE WHEN status = 'paused' THEN now() END, CASE WHEN status = 'error' THEN now() END
                    FROM unnest(ARRAY['disconnected', 'connecting', 'connected', 'auth_failed', 'paused', 'error']) AS status
                    """),
            Rows(
                since: 2,
                sql: """
                    INSERT INTO home_assistant_connection_metrics (connection_id, metric_type, metric_value, timestamp)
                    SELECT '\(house.connection)', type, 99.9999, now() - interval '1 year'
                    FROM unnest(ARRAY['latency', 'uptime', 'error_rate', 'event_rate']) AS type
                    """),
            Rows(
                since: 3,
                sql: """
                    INSERT INTO home_assistant_bridges (id, name, version, started_at, expires_at)
                    VALUES ('\(house.id("9"))', 'cellar', '0.1.0', now(), now());
                    INSERT INTO home_assistant_spool_cursors (run_id, bridge_id, committed_sequence)
                    VALUES (gen_random_uuid(), '\(house.id("9"))', 9007199254740993);
                    UPDATE home_assistant_connection_leases SET holder = '\(house.id("9"))', epoch = 7,
                        expires_at = now() WHERE connection_id = '\(house.connection)'
                    """),
            Rows(
                since: 3,
                sql: """
                    INSERT INTO home_assistant_event_gaps
                        (connection_id, cause, detail, started_at, ended_at, backfill_from, status, closed_at, events_lost,
                            unrecoverable_types)
                    SELECT '\(house.connection)', cause, 'The cable.', now() - interval '2 hours', now() - interval '1 hour',
                        now() - interval '2 hours', status, CASE WHEN status <> 'open' THEN now() END, 3, ARRAY['call_service']
                    FROM unnest(ARRAY['disconnected', 'overflow', 'undelivered', 'paused', 'bridge_stopped', 'bridge_lost',
                        'spool_damaged', 'requested']) AS cause,
                        unnest(ARRAY['open', 'backfilled', 'partial', 'unrecoverable']) AS status
                    """),
            Rows(since: 19, sql: "INSERT INTO sign_in_throttle (key, failures) VALUES ('name:\(version)', 6)"),
            Rows(since: 9, sql: "INSERT INTO home_assistant_retired_keys (key_id) VALUES ('retired\(version)')"),
        ]
    }

    private var events: [Rows] {
        [
            // Every source, states of every kind, attributes that are stored out of line, two months and the default partition.
            Rows(
                since: 2,
                sql: """
                    INSERT INTO home_assistant_events
                        (connection_id, event_type, entity_id, old_state, new_state, attributes, timestamp, value, source,
                            context_id, context_parent_id, context_user_id)
                    SELECT '\(house.connection)', CASE WHEN n % 5 = 0 THEN 'call_service' ELSE 'state_changed' END,
                        CASE WHEN n % 5 > 0 THEN 'sensor.old_' || n % 7 END, CASE WHEN n % 3 = 0 THEN 'unavailable' END,
                        CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'Grüße 🏠' ELSE n::text END,
                        CASE WHEN n % 6 = 0 THEN jsonb_build_object('list', (
                            SELECT jsonb_agg(md5((n * 1000 + i)::text)) FROM generate_series(1, 300) AS i))
                            ELSE '{"unit_of_measurement": "°C", "odd": null}' END,
                        CASE WHEN n % 10 = 0 THEN timestamptz '1999-12-31 23:59:59.999999Z' ELSE timestamptz '\(month)' END + n * interval '1 day',
                        n, source, repeat(chr(65 + n % 26), 26), CASE WHEN n % 2 = 0 THEN repeat('P', 26) END, 'someone'
                    FROM generate_series(1, 20) AS n, unnest(ARRAY['live', 'snapshot', 'backfill', 'import']) AS source
                    """),
            // Vectors came with V005: a schema from before it never held any that a bridge had written.
            Rows(
                since: 5,
                sql: """
                    INSERT INTO home_assistant_embedding_documents
                        (connection_id, embedding_key, text, entity_id, kind, transition, area, day_part, polarity)
                    VALUES ('\(house.connection)', decode(repeat('ab', 16), 'hex'), 'The lamp was switched on.', 'light.lamp',
                        'light', 'off>on', 'Kitchen', 3, 1);
                    INSERT INTO home_assistant_events
                        (id, connection_id, event_type, entity_id, new_state, timestamp, embedding_key, exemplar_id,
                            embedding_vector, embedder_version)
                    SELECT CASE n WHEN 1 THEN '\(house.id("e"))' ELSE gen_random_uuid() END, '\(house.connection)', 'state_changed',
                        'light.lamp', 'on', timestamptz '\(month)' + n * interval '1 hour',
                        decode(repeat('ab', 16), 'hex'), '\(house.id("e"))',
                        CASE WHEN n = 1 THEN array_fill(0.25::real, ARRAY[1536])::vector END,
                        CASE WHEN n = 1 THEN 'lexical-1' END
                    FROM generate_series(1, 3) AS n
                    """),
        ]
    }

    private var automations: [Rows] {
        [
            Rows(
                since: 4,
                sql: """
                    INSERT INTO automation_management
                        (connection_id, home_assistant_automation_id, name, lifecycle_state, mode, problems)
                    SELECT '\(house.connection)', 'began_' || state, 'Began ' || state, state, 'queued', ARRAY['It is odd.']
                    FROM unnest(ARRAY['PROPOSED', 'ACTIVE', 'PAUSED', 'UNAVAILABLE']) AS state;
                    UPDATE automation_management SET lifecycle_state = 'RETIRED'
                    WHERE home_assistant_automation_id = 'began_UNAVAILABLE'
                    """),
            Rows(
                since: 4,
                sql: """
                    INSERT INTO automation_executions (automation_id, run_id, started_at, completed_at, status, source, context_id)
                    SELECT '\(house.id("a"))', 'run_' || status, now(), CASE WHEN status <> 'running' THEN now() END, status,
                        'logbook', 'context_' || status
                    FROM unnest(ARRAY['running', 'success', 'failure', 'aborted', 'cancelled', 'blocked', 'unknown']) AS status
                    """),
            Rows(
                since: 4,
                sql: """
                    INSERT INTO approval_workflow (automation_id, workflow_type, description, proposed_changes, priority)
                    SELECT '\(house.id("a"))', 'MODIFICATION', 'A change', '{"alias": "Other"}', priority
                    FROM unnest(ARRAY['LOW', 'NORMAL', 'HIGH', 'CRITICAL']) AS priority;
                    UPDATE approval_workflow SET status = 'CANCELLED' WHERE description = 'A change' AND priority = 'LOW'
                    """),
            Rows(
                since: 4,
                sql: """
                    INSERT INTO safety_rule (rule_name, rule_type, rule_condition, rule_action, is_active)
                    VALUES ('Of my own \(version)', 'RISK_THRESHOLD', '{"domains": ["lock"]}', 'BLOCK', TRUE),
                        ('Not used \(version)', 'APPROVAL_REQUIRED', '{}', 'REQUIRE_APPROVAL', FALSE)
                    """),
            Rows(
                since: 15,
                sql: "INSERT INTO maintenance_job (job_name, last_summary) VALUES ('job_\(version)', 'Done.')"),
        ]
    }
}

/// Where an INSERT goes.
struct InsertTarget {
    let table: String
    let columns: [String]

    /// Nil for a statement that does not begin as `INSERT INTO table (column, …)` does.
    init?(_ sql: String) {
        let words = sql.drop { $0.isWhitespace }
        guard words.hasPrefix("INSERT INTO "), let open = words.firstIndex(of: "("),
            let close = words.firstIndex(of: ")")
        else { return nil }
        table = words[..<open].dropFirst("INSERT INTO ".count).trimmed
        columns = words[words.index(after: open)..<close].split(separator: ",").map(\.trimmed)
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
