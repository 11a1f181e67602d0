import FoundationEssentials
import PostgresClient
import Testing

@testable import Store

/// `deploy/citus.sql` against the rules of Citus, which are played by a function of the same name: it refuses what Citus refuses.
@Suite(.needsPostgres) struct CitusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func script() throws -> String {
        let path = folder.appending(path: "deploy/citus.sql").path()
        return String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
    }

    /// What Citus would say of a table, from its documentation: unique keys, foreign keys, policies and triggers.
    private static let referee = """
        CREATE TABLE distributed (name text PRIMARY KEY, shards integer, beside text);
        CREATE FUNCTION create_distributed_table(
            target text, key text, shard_count integer DEFAULT NULL, colocate_with text DEFAULT 'default'
        ) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            fault text;
        BEGIN
            WITH piece AS (
                SELECT target::regclass::oid AS member UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = target::regclass
            )
            SELECT string_agg(problem, '; ') INTO fault FROM (
                SELECT format('the unique key %s lacks %s', indexrelid::regclass, key) FROM piece JOIN pg_index ON indrelid = member
                WHERE indisunique AND NOT (SELECT attnum FROM pg_attribute WHERE attrelid = member AND attname = key)
                    = ANY ((indkey::smallint[])[0:indnkeyatts - 1])
                UNION ALL
                SELECT format('the foreign key %s leads to a table of the coordinator', conname)
                FROM piece JOIN pg_constraint ON conrelid = member
                WHERE contype = 'f' AND confrelid::regclass::text NOT IN (SELECT name FROM distributed)
                UNION ALL
                SELECT format('a table of the coordinator refers to it by %s', conname)
                FROM piece JOIN pg_constraint ON confrelid = member WHERE contype = 'f'
                UNION ALL
                SELECT format('the policy %s asks another table', polname) FROM piece JOIN pg_policy ON polrelid = member
                WHERE concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ~ 'SELECT'
                UNION ALL
                SELECT format('it has the trigger %s', tgname) FROM piece JOIN pg_trigger ON tgrelid = member
                WHERE NOT tgisinternal AND coalesce(current_setting('citus.enable_unsafe_triggers', true), '') <> 'on'
                UNION ALL
                SELECT format('%s may be NULL or is no uuid', key) FROM piece JOIN pg_attribute ON attrelid = member
                WHERE attname = key AND NOT (attnotnull AND atttypid = 'uuid'::regtype)
                UNION ALL
                SELECT format('the trigger %s asks the coordinator', tgname)
                FROM piece JOIN pg_trigger ON tgrelid = member JOIN pg_proc ON pg_proc.oid = tgfoid
                WHERE NOT tgisinternal AND prosrc ~ 'FROM (home_assistant_connections|users|automation_)'
                UNION ALL
                SELECT 'it lies beside a table that is not distributed'
                WHERE colocate_with <> 'default' AND colocate_with NOT IN (SELECT name FROM distributed)
            ) AS found (problem);
            IF fault IS NOT NULL THEN
                RAISE EXCEPTION 'Citus cannot distribute %: %.', target, fault;
            END IF;
            INSERT INTO distributed VALUES (target, shard_count, colocate_with);
        END;
        $$
        """

    private func distribute(_ database: StoreDatabase) async throws {
        try await database.session.execute(Self.referee)
        try await database.session.execute(try Self.script())
    }

    @Test func everyTableHasItsPlaceAndTheLargeOnesObeyTheRules() async throws {
        try await StoreDatabase.with { database in
            _ = try await database.addConnection("home", events: 500)
            try await distribute(database)
            #expect(
                try await database.scalar("SELECT string_agg(DISTINCT beside, ' ' ORDER BY beside) FROM distributed")
                    == "default home_assistant_events")
            #expect(try await database.scalar("SELECT count(*) FROM distributed WHERE shards IS NOT NULL") == "1")
            // All that grows with every event carries the house, and lies on its node.
            let large = try await database.column("SELECT name FROM distributed ORDER BY name")
            for name in [
                "home_assistant_events", "home_assistant_embedding_documents", "home_assistant_connection_metrics",
            ] {
                #expect(large.contains(name))
            }
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_events") == "500")
        }
    }

    @Test func refusesASchemaThatItDoesNotKnow() async throws {
        try await StoreDatabase.with { database in
            try await database.session.execute("CREATE TABLE home_assistant_surprises (connection_id uuid)")
            let error = try await thrown(PostgresError.self) { try await distribute(database) }
            #expect("\(error)".contains("home_assistant_surprises"), "\(error)")
        }
    }

    /// The referee of these tests does see what breaks the rules: without the preparations nothing is distributed.
    @Test func theSchemaAsMigratedWouldBeRefused() async throws {
        try await StoreDatabase.with { database in
            try await database.session.execute(Self.referee)
            let error = try await thrown(PostgresError.self) {
                try await database.session.execute(
                    "SELECT create_distributed_table('home_assistant_events', 'connection_id')")
            }
            for words in ["home_assistant_events_pkey lacks connection_id", "asks another table", "it has the trigger"]
            {
                #expect("\(error)".contains(words), "\(words): \(error)")
            }
        }
    }

    /// The same program writes to both: a better source replaces a weaker one by the key that the cluster needs, and a removed
    /// connection takes its rows along without a foreign key.
    @Test func theWriterWorksOnTheSchemaOfTheCluster() async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection()
            try await distribute(database)
            let id = UUID()
            for (state, source) in [("seen", "snapshot"), ("told", "live"), ("late", "backfill")] {
                let row = EventRow(id: id, connection: connection.id, new: state, timestamp: .sample, source: source)
                _ = try await EventTable.copyThroughStaging(database.writer, chunks: EventRow.chunks([row]))
            }
            #expect(try await database.column("SELECT new_state FROM home_assistant_events") == ["told"])
            try await database.session.execute(
                "INSERT INTO home_assistant_areas (connection_id, area_id, name) VALUES ('\(connection.id)', 'a', 'A')")
            try await database.session.execute("DELETE FROM home_assistant_connections")
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_events") == "0")
            #expect(try await database.scalar("SELECT count(*) FROM home_assistant_areas") == "0")
        }
    }

    // MARK: Joins

    /// A join of two distributed tables that says nothing of the house would ask every node for every other one's rows.
    @Test func joinsOfLargeTablesCarryTheHouse() async throws {
        try await StoreDatabase.with { database in
            try await distribute(database)
            let names = try await database.column("SELECT name FROM distributed")
            var texts = try await database.column(
                """
                SELECT pg_get_viewdef(oid) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'v'
                UNION ALL SELECT prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
                    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
                """)
            let sources = Self.folder.appending(path: "Sources").path()
            let files = try FileManager.default.subpathsOfDirectory(atPath: sources).filter { $0.hasSuffix(".swift") }
            for file in files {
                let bytes = try #require(FileManager.default.contents(atPath: sources + "/" + file))
                texts.append(String(decoding: bytes, as: UTF8.self))
            }
            var joins = 0
            for text in texts {
                for join in Self.joins(of: Set(names), in: text) {
                    joins += 1
                    #expect(join.contains("connection_id"), "a join without the house: \(join)")
                }
            }
            #expect(joins > 0, "no join was found, so nothing was checked")
        }
    }

    /// The conditions of `JOIN table … ON …` and `JOIN table … USING (…)` for the tables of `names`, up to the next clause.
    private static func joins(of names: Set<String>, in text: String) -> [String] {
        let clauses: Set<String> = [
            "JOIN", "LEFT", "INNER", "CROSS", "RIGHT", "FULL", "WHERE", "GROUP", "ORDER", "UNION", "LIMIT", "RETURNING",
            "SET",
            "SELECT", "FOR", "\"\"\"",
        ]
        let words = text.split { $0.isWhitespace }.map(String.init)
        return words.indices.compactMap { index in
            guard words[index] == "JOIN", index + 1 < words.count,
                names.contains(words[index + 1].filter { $0.isLetter || $0.isNumber || $0 == "_" })
            else { return nil }
            let rest = words[(index + 1)...].prefix { !clauses.contains($0) }
            return rest.joined(separator: " ")
        }
    }
}
