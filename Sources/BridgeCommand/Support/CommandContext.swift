import FoundationEssentials
import Logging
import PostgresClient
import Store

/// What a subcommand works with; tests give their own.
struct CommandContext: Sendable {
    let console: Console
    let environment: [String: String]
    let tester: any ConnectionTester

    /// The process's own surroundings.
    static let live = CommandContext(
        console: .standard, environment: ProcessInfo.processInfo.environment, tester: ConnectionProbe())

    /// The settings of the environment and the configuration file. Throws `ConfigurationError`.
    func settings(requiresDatabase: Bool = true) throws -> BridgeSettings {
        try SettingsLoader.load(environment: environment, requiresDatabase: requiresDatabase)
    }

    /// Lends a pool to the database of the settings and closes it afterwards. Its sessions act as the writer, whatever the login
    /// may do besides.
    func withPool<Result>(
        _ settings: BridgeSettings, _ body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        let pool = PostgresPool(try configuration(settings).taking(.writer), size: 2, logger: Self.silent)
        do {
            let result = try await body(pool)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }

    /// Lends one session of its own with all that the login may do, as migrations need, and closes it afterwards.
    func withSession<Result>(
        _ settings: BridgeSettings, _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let session = try await PostgresConnection.connect(try configuration(settings), logger: Self.silent)
        do {
            let result = try await body(session)
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    private func configuration(_ settings: BridgeSettings) throws -> PostgresConfiguration {
        try PostgresConfiguration(try settings.requireDatabaseURL())
    }

    /// A command says what it has to say in sentences; errors carry all that the driver would log.
    private static let silent = Logger(label: "ha-bridge") { _ in SwiftLogNoOpLogHandler() }
}
