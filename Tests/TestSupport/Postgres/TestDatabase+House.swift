import BridgeCore
import PostgresClient
import Store

/// A database with the schema of this build, one user, and one connection of that user.
package struct TestHouse: Sendable {
    package let database: TestDatabase
    /// Its sessions act as the writer, as those of the bridge do.
    package let pool: PostgresPool
    /// A session beside the pool, with the rights of the tests' login.
    package let session: PostgresConnection
    /// “home”, of anna.
    package let connection: ConnectionID
}

extension TestDatabase {
    /// Makes a database as `withSchema` does, with a user and a connection in it, and lends it with a pool of three sessions and
    /// one beside it; both are closed at the end.
    ///
    /// Throws when no server was given or it cannot be used, and what `body` throws.
    package static func withHouse<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: (TestHouse) async throws -> R
    ) async throws -> R {
        try await withSchema { database in
            let pool = PostgresPool(database.configuration.taking(.writer), size: 3, logger: database.logger)
            let session = try await database.connect()
            do {
                let result = try await body(
                    TestHouse(
                        database: database, pool: pool, session: session,
                        connection: try await addConnection("home", of: "anna", to: pool)))
                await session.close()
                await pool.close()
                return result
            } catch {
                await session.close()
                await pool.close()
                throw error
            }
        }
    }

    /// Adds a user and a connection of that user, whose token is none.
    package static func addConnection(
        _ name: String, of user: String, to pool: PostgresPool
    ) async throws -> ConnectionID {
        let user = try await UserRepository(pool).add(username: user, email: "\(name)@example.org")
        let id = ConnectionID()
        _ = try await ConnectionRepository(pool).add(
            id: id, userID: user.id, name: name, url: "http://\(name).local:8123", sealedToken: "v1.k1.n.c.t")
        return id
    }
}
