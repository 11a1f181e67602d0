import FoundationEssentials
import Logging
import PostgresClient

#if canImport(Glibc)
    import Glibc
#endif

/// A fresh database of a test's own in the server that `HA_BRIDGE_TEST_DATABASE_URL` names; dropped at the end.
package struct TestDatabase: Sendable {
    /// The database's name, unique among all runs.
    package let name: String
    /// The connection string for it, as a URI; holds the password.
    package let url: String
    /// The same, taken apart.
    package let configuration: PostgresConfiguration
    /// For connections of tests: says nothing.
    package let logger: Logger

    /// True when the tests were given a server: `@Suite(.enabled(if: TestDatabase.isAvailable))`.
    package static var isAvailable: Bool { serverURL != nil }

    /// The connection string of the server, with a database that may create others.
    package static var serverURL: String? {
        guard let text = getenv("HA_BRIDGE_TEST_DATABASE_URL").map({ String(cString: $0) }), !text.isEmpty else {
            return nil
        }
        return text
    }

    /// A logger that drops everything.
    package static let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Makes a database with pgvector, lends it to `body` and drops it, whatever is still connected to it.
    ///
    /// Throws when no server was given or it cannot be used.
    package static func with<R>(
        isolation: isolated (any Actor)? = #isolation, template: String = "template0",
        extensions: [String] = ["vector"],
        _ body: (TestDatabase) async throws -> R
    ) async throws -> R {
        guard let serverURL else {
            throw PostgresError(.configuration, "HA_BRIDGE_TEST_DATABASE_URL names no server for the tests")
        }
        let server = try PostgresConfiguration(serverURL, applicationName: "ha-bridge-tests")
        let name = "ha_bridge_test_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let administration = try await PostgresConnection.connect(server, deadline: .seconds(20), logger: quietLogger)
        try await administration.execute("CREATE DATABASE \(name) TEMPLATE \(template) ENCODING 'UTF8'")
        do {
            let url = server.uri(database: name)
            let configuration = try PostgresConfiguration(url)
            if !extensions.isEmpty {
                let connection = try await PostgresConnection.connect(configuration, logger: quietLogger)
                for name in extensions { try await connection.execute("CREATE EXTENSION \(name)") }
                await connection.close()
            }
            let database = TestDatabase(name: name, url: url, configuration: configuration, logger: quietLogger)
            let result = try await body(database)
            await drop(name, administration)
            return result
        } catch {
            await drop(name, administration)
            throw error
        }
    }

    /// A session with this database.
    package func connect(deadline: Duration = .seconds(10)) async throws -> PostgresConnection {
        try await PostgresConnection.connect(configuration, deadline: deadline, logger: logger)
    }

    private static func drop(_ name: String, _ administration: PostgresConnection) async {
        // In a task of its own, which is awaited: a cancelled test must drop its database, too.
        await Task {
            try? await administration.execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
            await administration.close()
        }.value
    }
}
