import PostgresClient

@testable import Store

/// A table of the schema as the catalog describes it. The partition of the events that takes what no month does counts as a table of
/// its own; the months have no row security, but no right for anyone but the writer either.
struct ProtectedTable: Sendable, CustomStringConvertible {
    let name: String
    /// True for the tables that the auditor reads.
    let isAuditors: Bool
    /// The condition under which a row belongs to a user and the user's connection, made from the names of the columns alone;
    /// `nil` for a table that belongs to nobody.
    private let columns: Set<String>

    var description: String { name }

    /// What belongs to no user: every other table must be protected.
    static let common: Set<String> = [
        "automation_lifecycle_transition", "home_assistant_bridges", "home_assistant_retired_keys",
        "home_assistant_spool_cursors", "maintenance_job", "schema_migrations", "sign_in_throttle",
    ]
    /// What only the writer and the lookup of logins read.
    static let hidden: Set<String> = ["home_assistant_logins"]
    /// The tables of which nobody but the owner changes a row.
    static let audit: Set<String> = ["automation_audit_trail", "ai_decision_audit", "home_assistant_audit_log"]

    /// What proves that nobody did: the ends of the chains, and what stands for rows that were taken out.
    static let proofs: Set<String> = ["audit_chain_heads", "audit_chain_anchors"]

    /// Whether a row belongs to the house's user, as the superuser asks it.
    func isOwn(of house: TwoHouses.House) -> String {
        var ways: [String] = []
        if columns.contains("connection_id") { ways.append("connection_id = '\(house.connection)'") }
        if columns.contains("user_id") { ways.append("user_id = '\(house.user)'") }
        if name == "users" { ways.append("id = '\(house.user)'") }
        return ways.joined(separator: " OR ")
    }

    /// The condition, on `pg_class`, for a month of the events.
    private static let isMonth = "(relispartition AND relname ~ '^home_assistant_events_y[0-9]{4}m[0-9]{2}$')"

    /// The months of the events.
    static func months(_ session: PostgresConnection) async throws -> [String] {
        let result = try await session.query(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND \(isMonth) ORDER BY relname")
        return try result.map { row throws(PostgresError) in try row.string("relname") }
    }

    /// Every table that must be protected, by name.
    static func all(_ session: PostgresConnection) async throws -> [ProtectedTable] {
        let result = try await session.query(
            """
            SELECT relname AS name, array_to_string(array_agg(attname::text), ' ') AS columns
            FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT \(isMonth)
            GROUP BY relname ORDER BY relname
            """)
        return try result.map { row throws(PostgresError) in
            let name = try row.string("name")
            return ProtectedTable(
                name: name, isAuditors: audit.contains(name) || proofs.contains(name),
                columns: Set(try row.string("columns").split(separator: " ").map(String.init)))
        }.filter { !common.contains($0.name) }
    }

    /// What is wrong with the protection of the schema, one sentence each.
    static func problems(_ session: PostgresConnection) async throws -> [String] {
        let result = try await session.query(
            """
            WITH stored AS (
                SELECT oid, relname::text AS name, relrowsecurity, relforcerowsecurity, relowner, relacl, \(isMonth) AS is_month
                FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
            ),
            carrying AS (
                SELECT name FROM stored JOIN pg_attribute ON attrelid = stored.oid
                WHERE attname IN ('connection_id', 'user_id') AND NOT attisdropped
                UNION
                SELECT stored.name FROM stored JOIN pg_constraint ON conrelid = stored.oid AND contype = 'f'
                UNION SELECT 'users'
            )
            SELECT format('%s carries a connection or a user and counts as common.', name) AS problem FROM carrying
            WHERE name = ANY (string_to_array($1, ' '))
            UNION ALL
            SELECT format('%s has no row security.', name) FROM stored
            WHERE NOT (relrowsecurity AND relforcerowsecurity) AND name <> ALL (string_to_array($1, ' ')) AND NOT is_month
            UNION ALL
            SELECT format('%s may %s %s, which has no row security.', grantee::regrole, privilege_type, name)
            FROM stored, aclexplode(relacl) WHERE is_month AND grantee NOT IN (relowner, 'ha_bridge_writer'::regrole)
            UNION ALL
            SELECT format('The column %s of %s has rights of its own.', attname, name)
            FROM stored JOIN pg_attribute ON attrelid = stored.oid WHERE is_month AND attacl IS NOT NULL
            UNION ALL
            SELECT format('COPY into %s is refused.', name) FROM stored WHERE is_month AND relrowsecurity
            UNION ALL
            SELECT format('%s has no policy for %s.', name, role) FROM stored, unnest(ARRAY[
                'ha_bridge_owner', 'ha_bridge_writer', 'ha_bridge_reader']) AS role
            WHERE name <> ALL (string_to_array($1, ' ')) AND NOT is_month AND NOT (role = 'ha_bridge_reader' AND name = ANY (string_to_array($2, ' ')))
                AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = stored.oid AND polroles = ARRAY[role::regrole::oid])
            UNION ALL
            SELECT format('%s has a policy for everybody.', polrelid::regclass) FROM pg_policy WHERE 0 = ANY (polroles)
            UNION ALL
            SELECT format('%s may %s %s.', role, privilege, name) FROM stored,
                unnest(ARRAY['ha_bridge_reader', 'ha_bridge_auditor']) AS role,
                unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
            WHERE has_table_privilege(role, stored.oid, privilege)
            UNION ALL
            SELECT format('The writer may %s %s.', privilege, name) FROM stored,
                unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
            WHERE has_table_privilege('ha_bridge_writer', stored.oid, privilege)
            UNION ALL
            SELECT format('%s may read %s.%s.', role, name, attname) FROM stored
            JOIN pg_attribute ON attrelid = stored.oid AND attnum > 0 AND NOT attisdropped,
                unnest(ARRAY['ha_bridge_reader', 'ha_bridge_auditor']) AS role
            WHERE attname IN ('encrypted_token', 'sealed_secrets', 'password_hash', 'secret_hash')
                AND has_column_privilege(role, stored.oid, attnum, 'SELECT')
            UNION ALL
            SELECT format('%s belongs to %s.', name, relowner::regrole) FROM (
                SELECT oid::regclass::text AS name, relowner FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
                UNION ALL
                SELECT oid::regprocedure::text, proowner FROM pg_proc
                WHERE pronamespace = current_schema()::regnamespace
                    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
            ) AS owned
            WHERE relowner <> 'ha_bridge_owner'::regrole
            UNION ALL
            SELECT format('The view %s sees with the eyes of its owner.', relname) FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind = 'v'
                AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)
            UNION ALL
            SELECT format('The function %s takes the search_path of its caller.', oid::regprocedure) FROM pg_proc
            WHERE pronamespace = current_schema()::regnamespace
                AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
                AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%')
            UNION ALL
            SELECT format('%s may call %s, which runs as its owner.', role, oid::regprocedure) FROM pg_proc,
                unnest(ARRAY['ha_bridge_reader', 'ha_bridge_auditor']) AS role
            WHERE pronamespace = current_schema()::regnamespace AND prosecdef
                AND proname <> 'home_assistant_current_user' AND has_function_privilege(role, pg_proc.oid, 'EXECUTE')
            UNION ALL
            SELECT format('%s has no comment.', object) FROM (
                SELECT oid::regclass::text AS object, obj_description(oid, 'pg_class') AS comment FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
                UNION ALL
                SELECT oid::regprocedure::text, obj_description(oid, 'pg_proc') FROM pg_proc
                WHERE pronamespace = current_schema()::regnamespace
                    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
            ) AS described
            WHERE comment IS NULL
            UNION ALL
            SELECT format('%s may log in or pass by row security.', rolname) FROM pg_roles
            WHERE rolname IN ('ha_bridge_owner', 'ha_bridge_writer', 'ha_bridge_reader', 'ha_bridge_auditor')
                AND (rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
            """,
            [
                .text(common.sorted().joined(separator: " ")), .text(hidden.sorted().joined(separator: " ")),
            ])
        return try result.map { row throws(PostgresError) in try row.string("problem") }
    }
}
