import BridgeCore
import FoundationEssentials
import Logging
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// A database of its own for one test, dropped afterwards.
struct StoreDatabase: Sendable {
    static var isAvailable: Bool { TestDatabase.isAvailable }

    let configuration: PostgresConfiguration
    /// Its sessions act as the writer, as those of the bridge do: what a repository may not do shows.
    let pool: PostgresPool
    /// A session beside the pool, with the rights of a superuser.
    let session: PostgresConnection
    /// A session that acts as the writer.
    let writer: PostgresConnection

    static let logger = Logger(label: "store-tests")

    private static let turnstile = Turnstile(places: 6)

    /// Runs `body` on a fresh database, migrated unless `isMigrated` is false.
    static func with(isMigrated: Bool = true, _ body: (StoreDatabase) async throws -> Void) async throws {
        await turnstile.enter()
        do {
            try await run(isMigrated: isMigrated, body)
        } catch {
            await turnstile.leave()
            throw error
        }
        await turnstile.leave()
    }

    private static func run(isMigrated: Bool, _ body: (StoreDatabase) async throws -> Void) async throws {
        func run(_ server: TestDatabase) async throws {
            let database = StoreDatabase(
                configuration: server.configuration,
                pool: PostgresPool(server.configuration.taking(.writer), size: 4, logger: logger),
                session: try await server.connect(),
                writer: try await PostgresConnection.connect(server.configuration.taking(.writer), logger: logger))
            do {
                try await body(database)
            } catch {
                await database.close()
                throw error
            }
            await database.close()
        }
        if isMigrated {
            try await TestDatabase.withSchema(run)
        } else {
            // Without the extension: to create it is the migration's work.
            try await TestDatabase.with(extensions: [], run)
        }
    }

    private func close() async {
        await pool.close()
        await session.close()
        await writer.close()
    }

    /// Another session on the same database.
    func connect() async throws -> PostgresConnection {
        try await PostgresConnection.connect(configuration, logger: Self.logger)
    }

    /// The first column of the first row, as text.
    func scalar(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> String? {
        let result = try await session.query(sql, parameters)
        return try result.first?[0].optionalString
    }

    /// What a statement's only column holds, row by row.
    func column(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> [String] {
        let result = try await session.query(sql, parameters)
        return try result.map { row in try row[0].string }
    }

    var users: UserRepository { UserRepository(pool) }
    var connections: ConnectionRepository { ConnectionRepository(pool) }

    func addUser(_ name: String = "anna") async throws -> StoredUser {
        try await users.add(username: name, email: "\(name)@example.org")
    }

    /// A user and a connection of that user.
    func addConnection(_ name: String = "home", owner: String = "anna") async throws -> StoredConnection {
        let existing = try await users.find(owner)
        let user = if let existing { existing } else { try await addUser(owner) }
        return try await connections.add(
            id: ConnectionID(), userID: user.id, name: name, url: "http://\(name).local:8123",
            sealedToken: "v1.k1.nonce.text-\(name).tag")
    }

    /// A user, a connection, and so many events of it, one a minute from the start of this month on.
    func addConnection(_ name: String, events: Int) async throws -> StoredConnection {
        let connection = try await addConnection(name)
        _ = try await session.query(
            """
            INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
            SELECT $1, 'state_changed', 'sensor.s' || n % 7, n::text,
                date_trunc('month', now()) - interval '20 days' + n * interval '1 minute'
            FROM generate_series(1, $2::integer) AS n
            """, [.id(connection.id), .int(Int64(events))])
        return connection
    }
}

extension Trait where Self == ConditionTrait {
    /// The suite needs a PostgreSQL that may create databases.
    static var needsPostgres: Self {
        .enabled("HA_BRIDGE_TEST_DATABASE_URL is not set.") { StoreDatabase.isAvailable }
    }
}

/// The error that `body` throws, if it is of the type asked for.
func thrown<Failure: Error>(
    _ type: Failure.Type, _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> Failure {
    do {
        try await body()
    } catch let error as Failure {
        return error
    }
    Issue.record("Nothing was thrown.", sourceLocation: sourceLocation)
    throw CancellationError()
}
