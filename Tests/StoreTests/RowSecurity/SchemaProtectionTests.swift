import BridgeCore
import PostgresClient
import Testing

@testable import Store

/// The catalog of a migrated database: owners, policies, grants, views and functions.
@Suite(.needsPostgres) struct SchemaProtectionTests {
    @Test func everyTableViewAndFunctionIsProtected() async throws {
        try await StoreDatabase.with { database in
            let problems = try await ProtectedTable.problems(database.session)
            #expect(problems == [])
        }
    }

    @Test func whatIsAddedWithoutProtectionIsFound() async throws {
        try await StoreDatabase.with { database in
            let found = { (statement: String) in
                try await database.session.execute(
                    "BEGIN; SET LOCAL ROLE ha_bridge_owner; \(statement); SET LOCAL ROLE NONE")
                let problems = try await ProtectedTable.problems(database.session)
                try await database.session.execute("ROLLBACK")
                return problems.joined(separator: "\n")
            }
            let table = try await found("CREATE TABLE extra (n int)")
            #expect(
                table.contains("extra has no row security.")
                    && table.contains("extra has no policy for ha_bridge_reader."))
            #expect(
                try await found("CREATE VIEW extra AS SELECT * FROM users").contains(
                    "The view extra sees with the eyes"))
            #expect(
                try await found("CREATE FUNCTION extra() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
                    .contains("which runs as its owner"))
            #expect(
                try await found("ALTER TABLE home_assistant_bridges ADD COLUMN user_id uuid").contains(
                    "home_assistant_bridges carries a connection"))
            #expect(
                try await found("ALTER TABLE users NO FORCE ROW LEVEL SECURITY").contains("users has no row security."))
            #expect(
                try await found("GRANT SELECT ON home_assistant_connections TO ha_bridge_reader").contains(
                    "ha_bridge_reader may read home_assistant_connections.encrypted_token."))
            let month = try #require(try await ProtectedTable.months(database.session).first)
            #expect(
                try await found("GRANT SELECT ON \(month) TO ha_bridge_reader").contains(
                    "ha_bridge_reader may SELECT \(month), which has no row security."))
            #expect(
                try await found("GRANT SELECT (id) ON \(month) TO PUBLIC").contains(
                    "The column id of \(month) has rights of its own."))
            #expect(try await ProtectedTable.problems(database.session) == [])
        }
    }

    @Test func aTableOfALaterMigrationIsProtectedByOneCall() async throws {
        try await StoreDatabase.with { database in
            try await database.session.execute(
                """
                BEGIN; SET LOCAL ROLE ha_bridge_owner;
                CREATE TABLE extra (id int, connection_id uuid, mfa_secret text);
                COMMENT ON TABLE extra IS 'x';
                SELECT home_assistant_protect_table('extra', 'connection_id');
                ALTER TABLE extra ADD COLUMN note text;
                SELECT home_assistant_protect_table('extra', 'connection_id');
                COMMIT
                """)
            #expect(try await ProtectedTable.problems(database.session) == [])
            #expect(
                try await database.scalar(
                    "SELECT has_column_privilege('ha_bridge_reader', 'extra', 'mfa_secret', 'SELECT')::text") == "false"
            )
            #expect(
                try await database.scalar(
                    "SELECT has_column_privilege('ha_bridge_reader', 'extra', 'note', 'SELECT')::text") == "true")
        }
    }

    @Test func partitionsOfTheFutureAreProtectedAndTakeTheirRowsAlong() async throws {
        try await TwoHouses.with { database in
            let partitions = PartitionRepository(database.pool)
            let moment = Timestamp(microseconds: 315_532_800_000_000)
            let created = try await partitions.ensureEventPartitions(from: moment, to: moment)
            #expect(created == 1)
            #expect(try await ProtectedTable.problems(database.session) == [])
            #expect(try await database.scalar("SELECT count(*)::text FROM home_assistant_events_y1980m01") == "2")
            #expect(try await database.scalar("SELECT count(*)::text FROM home_assistant_events_default") == "0")
        }
    }

    @Test func undoingFreesTheDatabaseOfTheRoles() async throws {
        try await TwoHouses.with { database in
            let named = """
                SELECT count(*)::text FROM pg_shdepend
                WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND refclassid = 'pg_authid'::regclass AND refobjid::regrole::text LIKE 'ha\\_bridge\\_%'
                """
            #expect(try await database.scalar(named) != "0")
            _ = try await Migrator().down(to: 6, on: database.session)
            #expect(try await database.scalar(named) == "0")
            #expect(try await database.scalar("SELECT count(*)::text FROM pg_class WHERE relrowsecurity") == "0")
            // The rows are there, and a session that would be the writer stays what its login is.
            let session = try await PostgresConnection.connect(
                database.configuration.taking(.writer), logger: StoreDatabase.logger)
            #expect(try await session.query("SELECT FROM users").count == 2)
            await session.close()
            #expect(try await Migrator().up(on: database.session) == Array(7...MigrationCatalog.all.count))
            #expect(try await ProtectedTable.problems(database.session) == [])
            #expect(try await database.users.count() == 2)
        }
    }
}
