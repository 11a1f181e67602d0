import BridgeCore
import PostgresClient
import Store

extension TestDatabase {
    /// Makes a database with the schema of this build, lends it to `body` and drops it. It is a copy of one that the first
    /// test to ask has migrated: a copy takes a fraction of the time. `Migrator().up` on it finds nothing left to do.
    ///
    /// Throws when no server was given or it cannot be used.
    package static func withSchema<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: (TestDatabase) async throws -> R
    ) async throws -> R {
        try await with(template: try await SchemaTemplate.shared.name(), extensions: [], body)
    }
}

/// The database that the tests copy. It stays on the server, for the next run of the same schema.
private actor SchemaTemplate {
    static let shared = SchemaTemplate()
    private var making: Task<String, any Error>?

    func name() async throws -> String {
        let task = making ?? Task { try await Self.make() }
        making = task
        return try await task.value
    }

    private static func make() async throws -> String {
        guard let serverURL = TestDatabase.serverURL else {
            throw PostgresError(.configuration, "HA_BRIDGE_TEST_DATABASE_URL names no server for the tests")
        }
        let server = try PostgresConfiguration(serverURL, applicationName: "ha-bridge-tests")
        // Another schema is another database, and so is another month: the schema makes partitions from the present one on.
        let schema = MigrationCatalog.all.map(\.checksum).joined()
        let month = Timestamp.now.iso8601.prefix(7)
        let digest = (schema + month).utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        let name = "ha_bridge_schema_" + String(digest, radix: 16)
        let administration = try await PostgresConnection.connect(
            server, deadline: .seconds(20), logger: TestDatabase.quietLogger)
        do {
            try await make(name, server, administration)
        } catch {
            await administration.close()
            throw error
        }
        await administration.close()
        return name
    }

    private static func make(
        _ name: String, _ server: PostgresConfiguration, _ administration: PostgresConnection
    ) async throws {
        // Another process may be at the same work.
        try await administration.execute("SELECT pg_advisory_lock(hashtext('\(name)'))")
        let made = try await administration.query("SELECT 1 FROM pg_database WHERE datname = $1", [.text(name)])
        if made.first != nil { return }
        let unfinished = name + "_unfinished"
        try await administration.execute("DROP DATABASE IF EXISTS \(unfinished) WITH (FORCE)")
        try await administration.execute("CREATE DATABASE \(unfinished) TEMPLATE template0 ENCODING 'UTF8'")
        let session = try await PostgresConnection.connect(
            try PostgresConfiguration(server.uri(database: unfinished)), logger: TestDatabase.quietLogger)
        _ = try await Migrator().up(on: session)
        await session.close()
        try await administration.execute("ALTER DATABASE \(unfinished) RENAME TO \(name)")
    }
}
