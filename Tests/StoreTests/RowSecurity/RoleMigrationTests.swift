import PostgresClient
import TestSupport
import Testing

@testable import Store

/// The roles come about whoever migrates, on a server of the test's own that has none of them.
@Suite(.needsPostgres) struct RoleMigrationTests {
    private func withServer(_ body: (ThrowawayServer, PostgresConnection) async throws -> Void) async throws {
        let done: Void? = try await ThrowawayServer.with { server in
            let session = try await PostgresConnection.connect(server.configuration, logger: StoreDatabase.logger)
            try await body(server, session)
            await session.close()
        }
        if done == nil { Issue.record("The programs of PostgreSQL are not on this machine, or not ours to run.") }
    }

    /// A session as `login` in `database`.
    private func connect(_ server: ThrowawayServer, _ login: String, _ database: String) async throws
        -> PostgresConnection
    {
        try await PostgresConnection.connect(
            try PostgresConfiguration("postgresql://\(login)@127.0.0.1:\(server.port)/\(database)"),
            deadline: .seconds(20), logger: StoreDatabase.logger)
    }

    /// A database of its own for a login, with the extension that only an administrator may make.
    private func makeDatabase(_ name: String, owner: String, _ server: ThrowawayServer, _ session: PostgresConnection)
        async throws
    {
        try await session.execute("CREATE DATABASE \(name) OWNER \(owner)")
        let administration = try await connect(server, "ha_bridge", name)
        try await administration.execute("CREATE EXTENSION vector")
        await administration.close()
    }

    @Test func severalDatabasesOfAServerMigrateAtOnce() async throws {
        try await withServer { server, session in
            let names = (1...4).map { "house\($0)" }
            for name in names { try await session.execute("CREATE DATABASE \(name)") }
            try await withThrowingTaskGroup { group in
                for name in names {
                    group.addTask {
                        let own = try await connect(server, "ha_bridge", name)
                        _ = try await Migrator().up(on: own)
                        #expect(try await ProtectedTable.problems(own) == [])
                        await own.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aLoginThatMayMakeRolesMigratesItsOwnDatabase() async throws {
        try await withServer { server, session in
            try await session.execute("CREATE ROLE holder LOGIN CREATEROLE")
            try await makeDatabase("house", owner: "holder", server, session)
            let own = try await connect(server, "holder", "house")
            _ = try await Migrator().up(on: own)
            #expect(try await ProtectedTable.problems(own) == [])
            // A login that may not, once it is a member.
            try await session.execute("CREATE ROLE second LOGIN IN ROLE ha_bridge_owner, ha_bridge_writer")
            try await makeDatabase("other", owner: "second", server, session)
            let other = try await connect(server, "second", "other")
            _ = try await Migrator().up(on: other)
            #expect(try await ProtectedTable.problems(other) == [])
            // Both work as the writer, undo it all, and can begin anew.
            for login in ["holder", "second"] {
                let database = login == "holder" ? "house" : "other"
                let configuration = try PostgresConfiguration(
                    "postgresql://\(login)@127.0.0.1:\(server.port)/\(database)"
                ).taking(.writer)
                let pool = PostgresPool(configuration, size: 1, logger: StoreDatabase.logger)
                _ = try await UserRepository(pool).add(username: "anna", email: "anna@example.org")
                #expect(try await UserRepository(pool).count() == 1)
                await pool.close()
            }
            for connection in [own, other] {
                _ = try await Migrator().down(to: 0, on: connection)
                _ = try await Migrator().up(on: connection)
                #expect(try await ProtectedTable.problems(connection) == [])
                await connection.close()
            }
        }
    }

    @Test func aLoginThatMayNotIsToldWhatAnAdministratorMustRun() async throws {
        try await withServer { server, session in
            try await session.execute("CREATE ROLE holder LOGIN")
            try await makeDatabase("house", owner: "holder", server, session)
            let own = try await connect(server, "holder", "house")
            for round in 1...2 {
                let error = try await thrown(MigrationError.self) { _ = try await Migrator().up(on: own) }
                #expect(error.code == .failed(7))
                let remedy = try #require(error.cause?.hint?.split(separator: ": ", maxSplits: 1).last)
                #expect(error.message.contains(remedy), "\(error.message)")
                #expect(remedy.contains("CREATE ROLE ha_bridge_owner NOLOGIN;") == (round == 1))
                #expect(remedy.contains("GRANT ha_bridge_writer TO holder;"))
                if round == 1 {
                    try await session.execute(
                        "CREATE ROLE ha_bridge_owner; CREATE ROLE ha_bridge_writer; CREATE ROLE ha_bridge_reader; CREATE ROLE ha_bridge_auditor"
                    )
                } else {
                    try await session.execute(String(remedy))
                }
            }
            // The console came later, and with it a right that only an administrator gives.
            let later = try await thrown(MigrationError.self) { _ = try await Migrator().up(on: own) }
            #expect(later.code == .failed(19))
            let grant = try #require(later.cause?.hint?.split(separator: ": ", maxSplits: 1).last)
            #expect(grant.contains("GRANT ha_bridge_reader TO ha_bridge_writer"))
            try await session.execute(String(grant))
            _ = try await Migrator().up(on: own)
            #expect(try await ProtectedTable.problems(own) == [])
            await own.close()
        }
    }

    @Test func aRoleThatPassesByRowSecurityIsRefused() async throws {
        try await withServer { server, session in
            try await session.execute("CREATE ROLE ha_bridge_writer BYPASSRLS")
            try await session.execute("CREATE DATABASE house")
            let own = try await connect(server, "ha_bridge", "house")
            let error = try await thrown(MigrationError.self) { _ = try await Migrator().up(on: own) }
            #expect(error.cause?.hint?.contains("ALTER ROLE ha_bridge_writer NOSUPERUSER NOBYPASSRLS;") == true)
            await own.close()
        }
    }
}
