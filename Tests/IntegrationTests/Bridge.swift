import BridgeConcurrency
import BridgeCore
import Cryptography
import EventSpool
import Foundation
import HomeAssistantClient
import Ingest
import Logging
import PostgresClient
import Store
import TestSupport

/// A whole connector in this process, over a fresh database with one user, and what a test asks of it.
struct Bridge: Sendable {
    let database: TestDatabase
    let pool: PostgresPool
    let health: HealthRegistry
    let user: StoredUser
    let sealer: TokenSealer
    let log: LogCollector

    /// Runs `body` beside a connector. `prepare` is called before the connector starts.
    static func with(
        timings: SessionTimings = .fast, queueLimit: Int = 64 << 20, sampleInterval: Duration = .milliseconds(300),
        limits: BatchLimits = BatchLimits(rows: 2_000, age: .milliseconds(10)),
        companions: @Sendable @escaping (CompanionSurroundings) -> [SessionCompanion] = { _ in [] },
        prepare: @Sendable @escaping (Bridge) async throws -> Void = { _ in },
        _ body: @Sendable @escaping (Bridge) async throws -> Void
    ) async throws {
        try await TestDatabase.withSchema { database in
            let configuration = try PostgresConfiguration(database.url).taking(.writer)
            let log = LogCollector()
            let logger = log.logger
            let pool = PostgresPool(configuration, size: 3, logger: logger)
            let directory = FileManager.default.temporaryDirectory.appending(path: "ha-bridge-\(UUID())")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            let sealer = TokenSealer(keyring: try Keyring.create(path: directory.appending(path: "keyring").path))
            let health = HealthRegistry(version: "test")
            let user = try await UserRepository(pool).add(
                username: "ann", email: "ann@home.example", role: .admin)
            let bridge = Bridge(
                database: database, pool: pool, health: health, user: user, sealer: sealer, log: log)
            try await prepare(bridge)
            var settings = ConnectorConfiguration(
                database: configuration, sealer: sealer,
                spool: SpoolConfiguration(directory: directory.appending(path: "spool").path), queueLimit: queueLimit,
                limits: limits)
            settings.timings = timings
            settings.sampleInterval = sampleInterval
            let connector = try Connector(
                configuration: settings, pool: PostgresPool(configuration, size: 2, logger: logger), health: health,
                metrics: MetricsRegistry(), logger: logger, companions: companions)
            let (stop, trigger) = AsyncStream<Void>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await connector.run { for await _ in stop {} } }
                do {
                    try await body(bridge)
                } catch {
                    trigger.finish()
                    throw error
                }
                trigger.finish()
                try await group.waitForAll()
            }
            await pool.close()
        }
    }

    /// Stores a connection with a sealed token, as `ha-bridge connection add` does.
    @discardableResult
    func addConnection(_ name: String = "home", url: String, token: String = "fake-token") async throws -> ConnectionID
    {
        let id = ConnectionID()
        let url = try HomeAssistantURL(url)
        let sealed = try sealer.seal(
            Secret(token.utf8), for: TokenBinding(connectionID: id, userID: user.id, origin: url.origin))
        _ = try await ConnectionRepository(pool).add(
            id: id, userID: user.id, name: name, url: url.description, sealedToken: sealed)
        return id
    }

    /// Replaces the token of a connection.
    func setToken(_ id: ConnectionID, url: String, token: String) async throws {
        let sealed = try sealer.seal(
            Secret(token.utf8),
            for: TokenBinding(connectionID: id, userID: user.id, origin: try HomeAssistantURL(url).origin))
        _ = try await rows("UPDATE home_assistant_connections SET encrypted_token = '\(sealed)' WHERE id = '\(id)'")
    }

    /// The rows of a query, as texts; NULL is `nil`.
    @discardableResult
    func rows(_ sql: String) async throws -> [[String?]] {
        try await pool.withConnection { session in
            let result = try await session.query(sql)
            let columns = result.columnNames.indices
            var texts: [[String?]] = []
            for row in result { texts.append(try columns.map { try row[$0].optionalString }) }
            return texts
        }
    }

    /// The first value of a query as a number.
    func count(_ sql: String) async throws -> Int {
        guard let text = try await rows(sql).first?.first ?? nil else { return 0 }
        return Int(text) ?? 0
    }

    /// Asks again until `condition` holds. False when it does not within `limit`.
    func eventually(
        within limit: Duration = .seconds(20), _ condition: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(40))
        }
        return try await condition()
    }

    /// Waits until a query gives `expected`.
    func waits(
        for sql: String, toGive expected: Int, within limit: Duration = .seconds(20)
    ) async throws -> Bool {
        try await eventually(within: limit) { try await count(sql) == expected }
    }
}

extension SessionTimings {
    /// Short waits: tests of reconnection need not last a minute.
    static var fast: SessionTimings {
        var timings = SessionTimings()
        timings.ping = .milliseconds(200)
        timings.pong = .seconds(5)
        timings.probe = .milliseconds(100)
        return timings
    }
}
