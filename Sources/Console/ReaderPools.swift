import BridgeCore
import Logging
import PostgresClient
import Store

/// Sessions of the database for the people who look: each user's own, because whose rows a session sees is fixed when it is
/// opened, and no oversight can lend it to somebody else.
package actor ReaderPools {
    private struct Entry {
        let pool: PostgresPool
        var lastUsed: ContinuousClock.Instant
    }

    private struct Key: Hashable {
        let user: UserID
        let seesAll: Bool
        let seesShared: Bool
    }

    /// So many sessions at most for one user.
    private static let sessionsEach = 3
    /// So many pools at once; the one that was away longest gives way.
    private static let userLimit = 12

    private let database: PostgresConfiguration
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private var entries: [Key: Entry] = [:]

    /// For sessions with the server and login of `database`.
    package init(
        _ database: PostgresConfiguration, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.database = database
        self.logger = logger
        self.now = now
    }

    /// The sessions of a user. An administrator sees every house; everybody else what row security shows. None can write.
    ///
    /// Without `sharedHouses` a house that its owner only shows to the user is not there: nothing but looking follows from a share.
    package func pool(for principal: Principal, sharedHouses: Bool = true) async -> PostgresPool {
        let seesAll = principal.role == .admin
        let key = Key(user: principal.user, seesAll: seesAll, seesShared: seesAll || sharedHouses)
        if let entry = entries[key] {
            entries[key]?.lastUsed = now()
            return entry.pool
        }
        let role: DatabaseRole = key.seesAll ? .writer : .reader
        let configuration = database.insisting(
            on: role.rawValue,
            variables: [
                "app.current_user_id": key.user.description, "default_transaction_read_only": "on",
                "app.leave_out_shares": key.seesShared ? "off" : "on",
            ])
        let pool = PostgresPool(configuration, size: Self.sessionsEach, settings: Self.limits, logger: logger)
        entries[key] = Entry(pool: pool, lastUsed: now())
        if entries.count > Self.userLimit, let oldest = entries.min(by: { $0.value.lastUsed < $1.value.lastUsed }) {
            entries[oldest.key] = nil
            await oldest.value.pool.close()
        }
        return pool
    }

    /// Ends sessions that nobody has used for `span`.
    package func closeIdle(for span: Duration = .seconds(120)) async {
        let limit = now() - span
        for (key, entry) in entries where entry.lastUsed < limit {
            entries[key] = nil
            await entry.pool.close()
        }
    }

    /// Ends all sessions.
    package func close() async {
        let pools = entries.values.map(\.pool)
        entries = [:]
        for pool in pools { await pool.close() }
    }

    /// Nobody waits longer for a page.
    private static let limits = PostgresSessionSettings(
        statementTimeout: .seconds(10), lockTimeout: .seconds(2), idleInTransactionTimeout: .seconds(15),
        clientCheckInterval: .seconds(5))
}
