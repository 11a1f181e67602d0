import PostgresClient

@testable import Store

/// What a database looks like at one moment, to be held against another one.
enum SchemaPicture {
    /// The tables that hold rows of their own, without the months of events, each with its columns.
    static func tables(_ session: PostgresConnection) async throws -> [(name: String, columns: [String])] {
        let result = try await session.query(
            """
            SELECT relname AS name, string_agg(attname, ' ' ORDER BY attnum) AS columns
            FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                AND relname <> 'schema_migrations'
            GROUP BY relname ORDER BY relname
            """)
        return try result.map { row throws(PostgresError) in
            (try row.string("name"), try row.string("columns").split(separator: " ").map(String.init))
        }
    }

    /// Every row of `tables`, one line each: the name of its table, how the row begins, and a digest of the whole; sorted.
    static func rows(
        of tables: [(name: String, columns: [String])], _ session: PostgresConnection
    ) async throws -> [String] {
        let parts = tables.map { table in
            """
            SELECT '\(table.name) ' || left(line, 200) || ' ' || md5(line) FROM (
                SELECT \(table.columns.map { "\"\($0)\"" }.joined(separator: ", ")) FROM "\(table.name)") AS kept,
                CAST(to_jsonb(kept) AS text) AS line
            """
        }
        return try await session.query(parts.joined(separator: " UNION ALL ")).map { row throws(PostgresError) in
            try row[0].string
        }.sorted()
    }

    /// Every object of the schema with all that an upgrade could lose of it, one line each; sorted. The months of events are left
    /// out, or are what it is about.
    static func objects(ofMonths: Bool = false, _ session: PostgresConnection) async throws -> [String] {
        try await session.query(
            """
            WITH relation AS (
                SELECT * FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relname NOT LIKE 'schema_migrations%'
                    AND (relname ~ '^home_assistant_events_y[0-9]{4}m') = \(ofMonths)
            )
            SELECT format('relation %s of %s, kind %s, options %s, row security %s %s, comment %s', relname, relowner::regrole, relkind,
                reloptions, relrowsecurity, relforcerowsecurity, obj_description(oid, 'pg_class'))
            FROM relation WHERE relkind IN ('r', 'p', 'v', 'S')
            UNION ALL
            SELECT format('right on %s: %s may %s', relname, CASE grantee WHEN 0 THEN 'everybody' ELSE grantee::regrole::text END,
                privilege_type)
            FROM relation, aclexplode(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)))
            WHERE relkind IN ('r', 'p', 'v', 'S')
            UNION ALL
            SELECT format('column %s.%s %s, not null %s, generated %s, storage %s, collation %s, default %s, rights %s, comment %s', relname,
                attname, format_type(atttypid, atttypmod), attnotnull, attgenerated, attstorage, attcollation::regcollation,
                pg_get_expr(adbin, adrelid), attacl, col_description(attrelid, attnum))
            FROM relation JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE relkind IN ('r', 'p')
            UNION ALL
            SELECT format('view %s: %s', relname, pg_get_viewdef(oid)) FROM relation WHERE relkind = 'v'
            UNION ALL
            SELECT format('constraint %s.%s: %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
            FROM relation JOIN pg_constraint ON conrelid = relation.oid
            UNION ALL
            SELECT format('index: %s', pg_get_indexdef(indexrelid)) FROM relation JOIN pg_index ON indrelid = relation.oid
            UNION ALL
            SELECT format('trigger: %s %s', tgenabled, pg_get_triggerdef(pg_trigger.oid))
            FROM relation JOIN pg_trigger ON tgrelid = relation.oid WHERE NOT tgisinternal
            UNION ALL
            SELECT format('policy %s.%s: %s %s %s %s', relname, polname, polcmd, (SELECT array_agg(role::regrole) FROM unnest(polroles) AS role),
                pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
            FROM relation JOIN pg_policy ON polrelid = relation.oid
            UNION ALL
            SELECT format('function of %s, rights %s, comment %s: %s', proowner::regrole, (
                    SELECT string_agg(CASE grantee WHEN 0 THEN 'everybody' ELSE grantee::regrole::text END, ' ' ORDER BY grantee)
                    FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
                ), obj_description(oid, 'pg_proc'), oid::regprocedure::text || md5(pg_get_functiondef(oid)))
            FROM pg_proc WHERE NOT \(ofMonths) AND pronamespace = current_schema()::regnamespace
                AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
            """
        ).map { row throws(PostgresError) in try row[0].string }.sorted()
    }

    /// The lines of `expected` that `found` lacks, each as often as it lacks it.
    static func missing(_ expected: [String], in found: [String]) -> [String] {
        var stock = found.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        return expected.filter { line in
            guard let left = stock[line], left > 0 else { return true }
            stock[line] = left - 1
            return false
        }
    }
}
