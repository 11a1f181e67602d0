import BridgeConcurrency
import BridgeCore
import Logging
import PostgresClient
import Store
import TestSupport

@testable import Ingest

/// Several bridges on one fresh database, each a keeper and what stands in for its supervisor: it hears notifications, and
/// releases what the keeper gives up.
struct Fleet: Sendable {
    let database: TestDatabase
    let pool: PostgresPool
    let timer: DeadlineTimer

    var repository: LeaseRepository { LeaseRepository(pool) }

    static let logger = TestDatabase.quietLogger

    static func with(connections: Int, _ body: (Fleet, [ConnectionID]) async throws -> Void) async throws {
        try await TestDatabase.withSchema { database in
            let session = try await database.connect()
            let rows = try await session.query(
                """
                WITH owner AS (
                    INSERT INTO users (username, email) VALUES ('anna', 'anna@example.org') RETURNING id
                )
                INSERT INTO home_assistant_connections (user_id, name, url, encrypted_token)
                SELECT id, 'home-' || n, 'http://home-' || n, 'v1.x' FROM owner, generate_series(1, $1::integer) AS n
                RETURNING id
                """, [.int(Int64(connections))])
            let ids = try rows.map { row in try row.id("id", as: ConnectionID.self) }
            await session.close()
            let timer = DeadlineTimer()
            let timing = Task { await timer.run() }
            let fleet = Fleet(
                database: database, pool: PostgresPool(database.configuration.taking(.writer), size: 2, logger: logger),
                timer: timer)
            do {
                try await body(fleet, ids)
            } catch {
                timing.cancel()
                await fleet.pool.close()
                throw error
            }
            timing.cancel()
            await fleet.pool.close()
        }
    }

    /// Starts a bridge; end it by `kill` or `withdraw`.
    func start(
        _ name: String, id: BridgeID = BridgeID(), _ timings: LeaseTimings = .quick, hears: Bool = true
    ) -> FleetBridge {
        let identity = BridgeIdentity(id: id, name: name, version: "1.0", startedAt: .now)
        let keeper = LeaseKeeper(
            identity: identity, configuration: database.configuration, timings: timings, timer: timer,
            logger: Self.logger)
        var tasks = [Task { await keeper.run() }, Task { await Self.releaseSurplus(keeper) }]
        if hears { tasks.append(Task { [database] in try? await Self.listen(database, keeper) }) }
        return FleetBridge(identity: identity, keeper: keeper, tasks: tasks)
    }

    private static func releaseSurplus(_ keeper: LeaseKeeper) async {
        for await _ in keeper.book.changes() {
            for (id, lease) in keeper.book.leases where lease.isGivenUp { keeper.release(id, epoch: lease.epoch) }
        }
    }

    private static func listen(_ database: TestDatabase, _ keeper: LeaseKeeper) async throws {
        let listener = try await database.connect()
        try await listener.listen(to: ConnectionRepository.notificationChannel)
        while !Task.isCancelled {
            if try await !listener.notifications(waitingAtMost: .seconds(5)).isEmpty { keeper.look() }
        }
        await listener.close()
    }

    /// How many leases each living holder has, by the database; expired ones are left out.
    func holdings() async throws -> [BridgeID: Int] {
        try await repository.list().reduce(into: [:]) { counts, lease in
            if let holder = lease.holder, !lease.isExpired { counts[holder, default: 0] += 1 }
        }
    }

    /// Cuts everybody off from the database, and keeps them off while `body` runs, which gets a session that was spared.
    func outage(_ body: (PostgresConnection) async throws -> Void) async throws {
        guard let url = TestDatabase.serverURL else { return }
        let administration = try await PostgresConnection.connect(
            try PostgresConfiguration(url), deadline: .seconds(20), logger: Self.logger)
        let spared = try await database.connect()
        let pid = await spared.backendProcessID ?? 0
        try await administration.execute("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS false")
        do {
            _ = try await administration.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> $2",
                [.text(database.name), .int(Int64(pid))])
            try await body(spared)
        } catch {
            try await administration.execute("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS true")
            throw error
        }
        try await administration.execute("ALTER DATABASE \(database.name) ALLOW_CONNECTIONS true")
        await spared.close()
        await administration.close()
    }

    /// Waits until no lease holds any more.
    func areAllExpired(_ session: PostgresConnection) async throws -> Bool {
        try await eventually {
            try await session.query(
                "SELECT FROM home_assistant_connection_leases WHERE expires_at > clock_timestamp()"
            ).isEmpty
        }
    }

    /// Asks again until `condition` holds; false when it never does.
    func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<1_500 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Waits until the bridges, and nobody else, hold these numbers of leases and know it.
    func settles(_ expected: [(FleetBridge, Int)]) async throws -> Bool {
        try await eventually {
            let holdings = try await holdings()
            return holdings.values.reduce(0, +) == expected.reduce(0) { $0 + $1.1 }
                && expected.allSatisfy { bridge, count in
                    (holdings[bridge.identity.id] ?? 0) == count && bridge.keeper.book.count == count
                }
        }
    }
}

/// One bridge of a fleet.
struct FleetBridge: Sendable {
    let identity: BridgeIdentity
    let keeper: LeaseKeeper
    let tasks: [Task<Void, Never>]

    var book: LeaseBook { keeper.book }

    /// Ends as a killed process does: nothing is released.
    func kill() async {
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Ends as a process does that is told to stop.
    func withdraw() async {
        await keeper.withdraw()
        await kill()
    }
}

extension LeaseTimings {
    /// Short waits, and an expiry that a busy machine does not miss by accident.
    static let quick = LeaseTimings(
        renewal: .milliseconds(200), expiry: .seconds(2), look: .milliseconds(100), patience: .milliseconds(500),
        calm: .milliseconds(300), deadline: .seconds(5))

    /// Finds out on its own only after an hour.
    static let sleepy = LeaseTimings(
        renewal: .milliseconds(200), expiry: .seconds(3_600), look: .seconds(3_600), patience: .seconds(3_600),
        calm: .milliseconds(300), deadline: .seconds(5))
}
