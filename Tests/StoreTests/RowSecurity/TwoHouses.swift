import PostgresClient

@testable import Store

/// Two users with a house each, and rows of both in every table that carries a connection or a user.
enum TwoHouses {
    /// A user, the house, and the ids of its rows.
    struct House: Sendable {
        /// From 1 to 99; all ids of the house end with it.
        let number: Int
        let login: String

        /// The id of a row: `kind` is one hexadecimal digit.
        func id(_ kind: Character) -> String { "\(kind)0000000-0000-0000-0000-0000000000\(digits)" }
        /// The number with two digits.
        var digits: String { number < 10 ? "0\(number)" : String(number) }
        var user: String { id("1") }
        var connection: String { id("c") }
    }

    static let anna = House(number: 1, login: "nobody_anna")
    static let bob = House(number: 2, login: "nobody_bob")
    static let houses = [anna, bob]

    /// Fills every table, as the superuser.
    static func fill(_ session: PostgresConnection) async throws {
        for house in houses {
            for statement in statements(house) { try await session.execute(statement, name: "fill_house") }
        }
    }

    /// Runs `body` on a fresh database with both houses.
    static func with(_ body: (StoreDatabase) async throws -> Void) async throws {
        try await StoreDatabase.with { database in
            try await fill(database.session)
            try await body(database)
        }
    }

    /// One INSERT for each table that a house has rows in.
    static func statements(_ house: House) -> [String] {
        let connection = house.connection
        let user = house.user
        let registries = [
            ("areas", "area_id, name", "'kitchen', 'Kitchen'"), ("labels", "label_id, name", "'warm', 'Warm'"),
            ("devices", "device_id, name", "'d1', 'Lamp'"),
            ("entities", "registry_id, entity_id", "'r1', 'light.kitchen'"),
            ("entity_renames", "registry_id, old_entity_id, new_entity_id", "'r1', 'light.old', 'light.kitchen'"),
        ].map { table, columns, values in
            "INSERT INTO home_assistant_\(table) (connection_id, \(columns)) VALUES ('\(connection)', \(values))"
        }
        return people(house) + registries + automations(house) + rollups(house) + [
            // One event in each partition, the default one included.
            """
            INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
            SELECT '\(connection)', 'state_changed', 'light.kitchen', 'on', moment FROM (
                SELECT substring(pg_get_expr(relpartbound, pg_class.oid) FROM $$FROM \\('([^']*)'\\)$$)::timestamptz AS moment
                FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                WHERE inhparent = 'home_assistant_events'::regclass AND relname <> 'home_assistant_events_default'
                UNION ALL SELECT '1980-01-01Z'
            ) AS month
            """,
            """
            INSERT INTO home_assistant_connection_metrics (connection_id, metric_type, metric_value, timestamp)
            VALUES ('\(connection)', 'uptime', 100, now())
            """,
            """
            INSERT INTO home_assistant_dead_letters (id, connection_id, received_at, reason_code, reason, payload)
            VALUES ('\(house.id("d"))', '\(connection)', now(), 'odd', 'It is odd.', 'x')
            """,
            """
            INSERT INTO home_assistant_connection_watermarks (connection_id, seen_until) VALUES ('\(connection)', now())
            """,
            """
            INSERT INTO home_assistant_event_gaps (connection_id, cause, started_at, backfill_from)
            VALUES ('\(connection)', 'disconnected', now(), now())
            """,
            """
            INSERT INTO home_assistant_import (connection_id, kind, source, fingerprint)
            VALUES ('\(connection)', 'recorder', '/config/home-assistant_v2.db', 'f')
            """,
            """
            INSERT INTO home_assistant_embedding_documents
                (connection_id, embedding_key, text, kind, transition, day_part, polarity)
            VALUES ('\(connection)', decode(repeat('\(house.digits)', 16), 'hex'), 'A light.', 'light', 'off>on', 1, 1)
            """,
            "INSERT INTO home_assistant_audit_log (connection_id, user_id, action, success) VALUES ('\(connection)', '\(user)', 'test', true)",
            """
            INSERT INTO audit_chain_heads
                (table_name, connection_id, sequence, digest, unsigned_rows, started_at, updated_at, cryptographic_signature)
            VALUES ('ai_decision_audit', '\(connection)', 0, decode(repeat('00', 32), 'hex'), 0, now(), now(), '\(signature)')
            """,
            """
            INSERT INTO audit_chain_anchors
                (table_name, connection_id, first_sequence, last_sequence, previous_digest, digest, removed_rows, reason, created_at,
                    cryptographic_signature)
            VALUES ('ai_decision_audit', '\(connection)', 1, 1, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), 1,
                'retention', now(), '\(signature)')
            """,
            "INSERT INTO home_assistant_logins (role_name, user_id) VALUES ('\(house.login)', '\(user)')",
        ]
    }

    /// Of the right form.
    private static let signature = "v1.k1." + String(repeating: "A", count: 86) + "=="

    private static func rollups(_ house: House) -> [String] {
        let connection = house.connection
        let levels = ["5_minutes", "hourly", "daily"]
        return levels.map { level in
            """
            INSERT INTO home_assistant_states_\(level) (connection_id, entity_id, bucket_start)
            VALUES ('\(connection)', 'light.kitchen', '2026-01-01Z')
            """
        }
            + levels.map { level in
                """
                INSERT INTO home_assistant_metrics_\(level)
                    (connection_id, metric_type, bucket_start, minimum, maximum, mean, last_value, sample_count)
                VALUES ('\(connection)', 'uptime', '2026-01-01Z', 1, 1, 1, 1, 1)
                """
            } + [
                "INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start) VALUES ('\(connection)', '2026-01-01Z')",
                """
                INSERT INTO home_assistant_rollup_pending (connection_id, kind, bucket_start)
                VALUES ('\(connection)', 'hour', '2026-01-01Z')
                """,
                "INSERT INTO home_assistant_rollup_progress (connection_id, time_zone) VALUES ('\(connection)', 'UTC')",
            ]
    }

    private static func people(_ house: House) -> [String] {
        [
            """
            INSERT INTO users (id, username, email, password_hash)
            VALUES ('\(house.user)', 'user\(house.number)', 'user\(house.number)@example.org', 'secret')
            """,
            """
            INSERT INTO home_assistant_connections (id, name, url, encrypted_token, user_id)
            VALUES ('\(house.connection)', 'home', 'http://home.local:8123', 'v1.k1.n.c.t', '\(house.user)')
            """,
            "INSERT INTO user_safety_configuration (user_id) VALUES ('\(house.user)')",
            """
            INSERT INTO home_assistant_connection_share (connection_id, user_id)
            VALUES ('\(house.connection)', '\(house.user)')
            """,
        ] + accounts(house)
    }

    /// What signing in leaves behind.
    private static func accounts(_ house: House) -> [String] {
        let digest = "sha256('user \(house.number)')"
        return [
            """
            INSERT INTO console_session (user_id, secret_hash, expires_at)
            VALUES ('\(house.user)', \(digest), now() + interval '1 day')
            """,
            """
            INSERT INTO api_token (user_id, name, scopes, secret_hash, expires_at)
            VALUES ('\(house.user)', 'script', '{read}', \(digest), now() + interval '1 day')
            """,
            "INSERT INTO sign_in_link (user_id, secret_hash, expires_at) VALUES ('\(house.user)', \(digest), now())",
        ]
    }

    private static func automations(_ house: House) -> [String] {
        let connection = house.connection
        let automation = house.id("a")
        let workflow = house.id("f")
        let backup = house.id("b")
        return [
            """
            INSERT INTO automation_management (id, connection_id, home_assistant_automation_id, name, lifecycle_state)
            VALUES ('\(automation)', '\(connection)', 'night_light', 'Night light', 'ACTIVE')
            """,
            """
            INSERT INTO automation_executions (automation_id, run_id, started_at, status)
            VALUES ('\(automation)', 'run', now(), 'success')
            """,
            """
            INSERT INTO automation_backup (id, automation_id, backup_name, backup_type, configuration_snapshot, sealed_secrets)
            VALUES ('\(backup)', '\(automation)', 'first', 'AUTOMATIC', '{}', 'v1.k1.n.c.t')
            """,
            """
            INSERT INTO approval_workflow (id, automation_id, workflow_type, description, proposed_changes)
            VALUES ('\(workflow)', '\(automation)', 'MODIFICATION', 'Light in the morning', '{"alias": "Morning light"}')
            """,
            """
            INSERT INTO approval_workflow_approvers (workflow_id, approver_id, status)
            VALUES ('\(workflow)', '\(house.user)', 'APPROVED')
            """,
            """
            INSERT INTO automation_apply_operation (automation_id, workflow_id, backup_id)
            VALUES ('\(automation)', '\(workflow)', '\(backup)')
            """,
            """
            INSERT INTO rollback_operation (automation_id, backup_id, rollback_reason, rollback_type)
            VALUES ('\(automation)', '\(backup)', 'It failed.', 'MANUAL')
            """,
            """
            INSERT INTO safety_rule (connection_id, rule_name, rule_type, rule_condition, rule_action)
            VALUES ('\(connection)', 'few', 'AUTOMATION_LIMIT', '{}', 'WARN')
            """,
            "INSERT INTO home_assistant_retention_rule (connection_id, domain, keep_days) VALUES ('\(connection)', 'lock', 30)",
            "INSERT INTO automation_emergency_stop (connection_id, reason) VALUES ('\(connection)', 'Smoke')",
            """
            INSERT INTO approval_notification_target (connection_id, user_id, notify_service, home_assistant_user_id)
            VALUES ('\(connection)', '\(house.user)', 'mobile_app_phone', 'person\(house.number)')
            """,
            """
            INSERT INTO approval_notification (workflow_id, user_id, token_digest)
            VALUES ('\(workflow)', '\(house.user)', decode(repeat('00', 32), 'hex'))
            """,
            """
            INSERT INTO automation_audit_trail (automation_id, action_type, action_description, user_id)
            VALUES ('\(automation)', 'BACKUP', 'Backed up.', '\(house.user)')
            """,
            """
            INSERT INTO ai_decision_audit (automation_id, decision_type, decision_description)
            VALUES ('\(automation)', 'SUGGESTION', 'Switch it off at night.')
            """,
        ]
    }
}
