import FoundationEssentials
import Logging
import PostgresClient
import Store

/// The database of one evaluation: empty at the start, so that nothing of anybody's is found or lost.
struct EvaluationDatabase: Sendable {
    let configuration: PostgresConfiguration
    /// Its name.
    let name: String
    /// Whether it was made for this run beside the one that was named.
    let isBesideNamed: Bool

    static let logger = Logger(label: "retrieval-eval") { _ in SwiftLogNoOpLogHandler() }

    /// Takes the database of `url` if it holds no events and no connections, and makes one beside it otherwise, or where
    /// `alwaysFresh` says so. A database that does not exist is made. Migrates it.
    ///
    /// Throws `EvaluationError`, `PostgresError` and `MigrationError`.
    static func prepare(url: String, alwaysFresh: Bool) async throws -> EvaluationDatabase {
        let named = try PostgresConfiguration(url, applicationName: "retrieval-eval")
        guard let session = try await connect(named) else { return try await make(missing: named) }
        do {
            let database = try await choose(named, on: session, alwaysFresh: alwaysFresh)
            await session.close()
            try await database.migrate()
            return database
        } catch {
            await session.close()
            throw error
        }
    }

    /// A session, or `nil` where the server has no such database.
    private static func connect(_ configuration: PostgresConfiguration) async throws -> PostgresConnection? {
        do {
            return try await PostgresConnection.connect(configuration, logger: logger)
        } catch {
            guard error.sqlState == "3D000" else { throw error }
            return nil
        }
    }

    /// The database of the session where it is free, else a new one beside it.
    private static func choose(
        _ named: PostgresConfiguration, on session: PostgresConnection, alwaysFresh: Bool
    ) async throws -> EvaluationDatabase {
        let name = try await text(session, "SELECT current_database()") ?? ""
        if !alwaysFresh, try await isFree(session) {
            return EvaluationDatabase(configuration: named, name: name, isBesideNamed: false)
        }
        let number = UUID().uuidString.lowercased().replacing("-", with: "").prefix(12)
        let fresh = "\(name.prefix(30))_retrieval_\(number)"
        try await create(fresh, on: session)
        return EvaluationDatabase(
            configuration: try PostgresConfiguration(
                named.uri(database: fresh), applicationName: "retrieval-eval"), name: fresh, isBesideNamed: true)
    }

    /// Drops the database if it was made beside another.
    func dropIfBesideNamed(_ url: String) async throws {
        guard isBesideNamed else { return }
        let session = try await PostgresConnection.connect(
            try PostgresConfiguration(url, applicationName: "retrieval-eval"), logger: Self.logger)
        defer { Task { await session.close() } }
        try await session.execute("DROP DATABASE IF EXISTS \(Self.quoted(name)) WITH (FORCE)", deadline: .seconds(60))
    }

    /// A database that is missing is made from the one that every server has.
    private static func make(missing named: PostgresConfiguration) async throws -> EvaluationDatabase {
        // `postgresql://user@host/name`, without options.
        let parts = named.redactedDescription.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count > 2, let name = parts.last.map(String.init) else {
            throw EvaluationError("The database does not exist, and --database-url does not name one to be made.")
        }
        let administration = try await PostgresConnection.connect(
            try PostgresConfiguration(named.uri(database: "postgres"), applicationName: "retrieval-eval"),
            logger: logger)
        do {
            try await create(name, on: administration)
            await administration.close()
        } catch {
            await administration.close()
            throw error
        }
        let database = EvaluationDatabase(configuration: named, name: name, isBesideNamed: false)
        try await database.migrate()
        return database
    }

    private static func create(_ name: String, on session: PostgresConnection) async throws {
        try await session.execute(
            "CREATE DATABASE \(quoted(name)) TEMPLATE template0 ENCODING 'UTF8'", deadline: .seconds(60))
    }

    /// Whether nobody uses the database for anything yet.
    private static func isFree(_ session: PostgresConnection) async throws -> Bool {
        let hasTables = try await text(session, "SELECT to_regclass('home_assistant_connections')::text") != nil
        guard hasTables else {
            // Somebody else's tables are no place for ours.
            return try await text(
                session,
                """
                SELECT relname::text FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace
                WHERE relkind IN ('r', 'p', 'v', 'm') AND nspname = current_schema()
                    AND NOT EXISTS (
                        SELECT FROM pg_depend
                        WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
                LIMIT 1
                """) == nil
        }
        return try await text(
            session, "SELECT 'used' WHERE EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM home_assistant_connections)"
        )
            == nil
    }

    private func migrate() async throws {
        let session = try await PostgresConnection.connect(configuration, logger: Self.logger)
        do {
            _ = try await Migrator().up(on: session)
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }

    private static func text(_ session: PostgresConnection, _ sql: String) async throws -> String? {
        try await session.query(sql).first?[0].optionalString
    }

    private static func quoted(_ name: some StringProtocol) -> String {
        "\"\(String(name).replacing("\"", with: "\"\""))\""
    }
}
