import BridgeCore
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// Logins of the server that a test makes and removes again, and what each may do.
@Suite(.needsPostgres) struct LoginTests {
    /// A login named after nothing else, and a configuration that logs in as it.
    private func withLogin(
        _ database: StoreDatabase, _ membership: String, _ body: (String, PostgresConfiguration) async throws -> Void
    ) async throws {
        let name = "test_login_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let password = UUID().uuidString
        try await database.session.execute("CREATE ROLE \(name) LOGIN PASSWORD '\(password)' \(membership)")
        let uri = database.configuration.uri() + "&user=\(name)&password=\(password)"
        do {
            try await body(name, try PostgresConfiguration(uri))
            try await database.session.execute("DROP OWNED BY \(name); DROP ROLE \(name)")
        } catch {
            try? await database.session.execute("DROP OWNED BY \(name); DROP ROLE \(name)")
            throw error
        }
    }

    private func users(_ session: PostgresConnection) async throws -> [String] {
        try await session.query("SELECT id::text AS id FROM users ORDER BY id").map { row in try row.string("id") }
    }

    @Test func aPersonSeesHerRowsWhateverSheSets() async throws {
        try await TwoHouses.with { database in
            try await withLogin(database, "") { login, configuration in
                let logins = LoginRepository(database.pool)
                let anna = try #require(UserID(TwoHouses.anna.user))
                #expect(try await logins.grant(login, to: anna) == .needsMembership)
                try await database.session.execute("GRANT ha_bridge_reader TO \(login)")
                #expect(try await logins.grant(login, to: anna) == .reads)
                // As the program's own configuration, too: it does not become the writer.
                let session = try await PostgresConnection.connect(
                    configuration.taking(.writer), logger: StoreDatabase.logger)
                #expect(try await users(session) == [TwoHouses.anna.user])
                for attempt in [
                    "SET app.current_user_id = '\(TwoHouses.bob.user)'", "SET ROLE ha_bridge_reader",
                    "RESET ROLE; SET row_security = on", "SET app.current_user_id = ''",
                    "SET search_path = pg_temp, public",
                ] {
                    try await session.execute(attempt)
                    #expect(try await users(session) == [TwoHouses.anna.user], "\(attempt)")
                }
                for view in [
                    "home_assistant_connection_overview", "home_assistant_latest_states", "automation_overview",
                ] {
                    let owners = try await session.query("SELECT DISTINCT connection_id::text AS id FROM \(view)")
                    #expect(
                        try owners.map { row in try row.string("id") } == [TwoHouses.anna.connection], "\(view)")
                }
                for forbidden in [
                    "SET ROLE ha_bridge_owner", "SET ROLE ha_bridge_writer",
                    "SET row_security = off; SELECT FROM users",
                    "UPDATE home_assistant_logins SET user_id = '\(TwoHouses.bob.user)'",
                    "SELECT encrypted_token FROM home_assistant_connections",
                    "SELECT home_assistant_ensure_event_partitions(now(), now())",
                    "SELECT home_assistant_protect_table('users', 'id')",
                ] {
                    let error = try await thrown(PostgresError.self) { try await session.execute(forbidden) }
                    #expect(error.sqlState == "42501", "\(forbidden): \(error)")
                }
                try await session.execute("SET row_security = on")
                #expect(try await logins.revoke(login) == anna)
                #expect(try await users(session) == [])
                try await session.execute("SET app.current_user_id = '\(TwoHouses.anna.user)'")
                #expect(try await users(session) == [])
                await session.close()
            }
        }
    }

    @Test func anErasedUsersLoginSeesNothing() async throws {
        try await TwoHouses.with { database in
            try await withLogin(database, "IN ROLE ha_bridge_reader") { login, configuration in
                let user = try await database.addUser("carla")
                _ = try await LoginRepository(database.pool).grant(login, to: user.id)
                let session = try await PostgresConnection.connect(configuration, logger: StoreDatabase.logger)
                #expect(try await users(session) == [user.id.description])
                _ = try await database.pool.withConnection {
                    try await $0.query("DELETE FROM users WHERE id = $1", [.id(user.id)])
                }
                #expect(try await users(session) == [])
                try await session.execute("SET app.current_user_id = '\(TwoHouses.anna.user)'")
                #expect(try await users(session) == [])
                await session.close()
            }
        }
    }

    @Test func anApplicationSetsTheUserPerRequest() async throws {
        try await TwoHouses.with { database in
            try await withLogin(database, "IN ROLE ha_bridge_reader") { _, configuration in
                let session = try await PostgresConnection.connect(configuration, logger: StoreDatabase.logger)
                #expect(try await users(session) == [])
                for house in TwoHouses.houses {
                    let seen = try await session.transaction { session in
                        try session.execute("SET LOCAL app.current_user_id = '\(house.user)'")
                        return try session.query("SELECT id::text AS id FROM users").map { row in try row.string("id") }
                    }
                    #expect(seen == [house.user])
                }
                #expect(try await users(session) == [])
                await session.close()
            }
        }
    }

    @Test func loginsThatSeeAllAreNotTiedToAPerson() async throws {
        try await TwoHouses.with { database in
            let logins = LoginRepository(database.pool)
            let anna = try #require(UserID(TwoHouses.anna.user))
            try await withLogin(database, "IN ROLE ha_bridge_writer") { login, _ in
                let error = try await thrown(StoreError.self) { _ = try await logins.grant(login, to: anna) }
                #expect(error.code == .invalidValue)
            }
            try await withLogin(database, "BYPASSRLS") { login, _ in
                let error = try await thrown(StoreError.self) { _ = try await logins.grant(login, to: anna) }
                #expect(error.code == .invalidValue)
            }
            let error = try await thrown(StoreError.self) { _ = try await logins.grant("no such login", to: anna) }
            #expect(error.code == .notFound)
            let unknown = try await thrown(StoreError.self) { _ = try await logins.revoke("no such login") }
            #expect(unknown.code == .notFound)
        }
    }

    // MARK: The bridge

    @Test func sessionsTakeTheRoleThatTheirLoginMay() async throws {
        try await StoreDatabase.with { database in
            func role(_ configuration: PostgresConfiguration) async throws -> String? {
                let session = try await PostgresConnection.connect(configuration, logger: StoreDatabase.logger)
                let name = try await session.query("SELECT current_user::text AS name").first?.string("name")
                await session.close()
                return name
            }
            #expect(try await role(database.configuration.taking(.writer)) == "ha_bridge_writer")
            #expect(try await role(database.configuration.taking(.owner)) == "ha_bridge_owner")
            let superuser = try await database.scalar("SELECT session_user::text")
            #expect(try await role(database.configuration) == superuser)
            #expect(try await role(database.configuration.taking(role: "no'such role")) == superuser)
            try await withLogin(database, "IN ROLE ha_bridge_writer") { login, configuration in
                let plain = try await role(configuration)
                #expect(plain == login)
                #expect(try await role(configuration.taking(.writer)) == "ha_bridge_writer")
                #expect(try await role(configuration.taking(.owner)) == login)
            }
        }
    }

    @Test func theBridgesLoginMakesPartitionsAndIndexesOfMonthsThatAreOver() async throws {
        try await StoreDatabase.with { database in
            try await withLogin(database, "IN ROLE ha_bridge_writer") { _, configuration in
                let pool = PostgresPool(configuration.taking(.writer), size: 2, logger: StoreDatabase.logger)
                let past = Timestamp(microseconds: Timestamp.now.microseconds - 70 * 86_400_000_000)
                #expect(try await PartitionRepository(pool).ensureEventPartitions(from: past, to: past) == 1)
                let indexes = VectorIndexRepository(pool)
                let months = try await indexes.candidates(version: "v").map(\.partition)
                let oldest = try #require(months.min { $0.name < $1.name })
                let newest = try #require(months.max { $0.name < $1.name })
                #expect(try await indexes.build(oldest) == .done)
                #expect(try await indexes.build(oldest) == .done)
                #expect(try await indexes.build(newest) == .notYet)
                let names = "SELECT count(*)::text FROM pg_class WHERE relname LIKE 'home_assistant_events_y%\\_vector'"
                #expect(try await database.scalar(names) == "1")
                #expect(try await indexes.drop(oldest) == .done)
                #expect(try await database.scalar(names) == "0")
                // A login that may act as the owner builds any month, and its session is the writer again afterwards.
                #expect(try await VectorIndexRepository(database.pool).build(newest) == .done)
                #expect(try await database.scalar(names) == "1")
                let role = try await database.pool.withConnection { session in
                    try await session.query("SELECT current_user::text AS name").first?.string("name")
                }
                #expect(role == "ha_bridge_writer")
                #expect(try await ProtectedTable.problems(database.session) == [])
                await pool.close()
            }
        }
    }

    @Test func theBridgesLoginEndsItsOwnFrozenSessions() async throws {
        try await StoreDatabase.with { database in
            try await withLogin(database, "IN ROLE ha_bridge_writer") { _, configuration in
                let configuration = configuration.taking(.writer)
                let frozen = try await PostgresConnection.connect(configuration, logger: StoreDatabase.logger)
                try await frozen.execute("BEGIN; SELECT FROM users")
                let stranger = try await database.connect()
                try await stranger.execute("BEGIN; SELECT FROM users")
                let other = try await PostgresConnection.connect(configuration, logger: StoreDatabase.logger)
                #expect(try await other.endFrozenPeers(silentFor: .seconds(3_600)) == 0)
                #expect(try await other.endFrozenPeers(silentFor: .zero) == 1)
                #expect(
                    try await other.query("SELECT current_user::text AS name").first?.string("name")
                        == "ha_bridge_writer")
                #expect(await stranger.isAlive())
                await frozen.close()
                await stranger.close()
                await other.close()
            }
        }
    }
}
