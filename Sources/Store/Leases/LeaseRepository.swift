import BridgeCore
import PostgresClient

/// The tables `home_assistant_bridges` and `home_assistant_connection_leases`: which bridge speaks for which connection.
///
/// Every method is one transaction, goes by the database's clock alone, and locks leases in the order of connection ids.
/// Methods throw `PostgresError`; each takes no longer than the deadline of the repository, besides opening a session.
package struct LeaseRepository: Sendable {
    private let pool: PostgresPool
    private let deadline: Duration

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool, deadline: Duration = .seconds(30)) {
        self.pool = pool
        self.deadline = deadline
    }

    // MARK: Bridges

    /// Says that the bridge lives for `expiry` from now on.
    package func announce(_ bridge: BridgeIdentity, expiry: Duration) async throws {
        try await transaction { connection in
            _ = try connection.query(Self.announce, Self.parameters(bridge, expiry), name: "announce_bridge")
        }
    }

    /// The bridges that live, by name.
    package func livingBridges() async throws -> [LivingBridge] {
        try await pool.withConnection { connection in
            try await connection.query(Self.living, name: "list_bridges", deadline: deadline)
                .map(LivingBridge.init(row:))
        }
    }

    /// How many bridges live, `bridge` included whatever its row says, and how many connections they share.
    package func census(for bridge: BridgeID) async throws -> LeaseCensus {
        try await pool.withConnection { connection in
            try await connection.query(Self.census, [.id(bridge)], name: "lease_census", deadline: deadline)
                .one { row throws(PostgresError) in
                    LeaseCensus(bridges: try row.int("bridges"), wanted: try row.int("wanted"))
                }
        }
    }

    /// Takes the bridge out and frees all that it holds; whoever waits is notified of each. Harmless when repeated.
    package func withdraw(_ bridge: BridgeID) async throws {
        try await patiently { connection, skip in
            _ = try connection.query(
                "DELETE FROM home_assistant_bridges WHERE id = $1", [.id(bridge)], name: "withdraw_bridge")
            _ = try connection.query(
                Self.free(skip, "holder = $1::uuid"), [.id(bridge)], name: "withdraw_leases")
        }
    }

    // MARK: Leases

    /// Says that the bridge lives, and prolongs those of the leases `held` (with the epochs it believes) that are still its own.
    /// Returns every lease that it holds as the database sees it: one that is missing here, or has another epoch, is lost.
    ///
    /// A lease whose time is over and that nobody has acquired since is still its holder's. Where a row is locked for longer
    /// than a moment, by a commit that does not end, it is left for the next time, and the others are prolonged.
    package func renew(
        _ bridge: BridgeIdentity, held: [ConnectionID: Int64], expiry: Duration
    ) async throws -> [ConnectionID: Int64] {
        let claims = LeaseClaims.parameters(LeaseClaims(bridge: bridge.id, epochs: held))
        return try await patiently { connection, skip in
            // A renewal that a crash of the server forgets costs nothing: nobody needs to wait for the disk.
            _ = try connection.query("SET LOCAL synchronous_commit TO off", name: "renew_settings")
            _ = try connection.query(Self.announce, Self.parameters(bridge, expiry), name: "announce_bridge")
            _ = try connection.query(Self.renew(skip), claims + [Self.seconds(expiry)], name: "renew_leases")
            let rows = try connection.query(
                "SELECT connection_id, epoch FROM home_assistant_connection_leases WHERE holder = $1",
                [.id(bridge.id)], name: "held_leases")
            return try Self.epochs(rows)
        }
    }

    /// Acquires at most `limit` leases of connections that are neither paused nor removed: free ones, those of the bridge
    /// itself that are not among `held` (it has forgotten them in a crash), and, unless `takesExpired` is false, those whose
    /// holder has let the time pass. Rows that somebody else is working on are left out. Returns them with their new epochs.
    package func acquire(
        _ bridge: BridgeIdentity, atMost limit: Int, held: some Collection<ConnectionID> & Sendable = [],
        takesExpired: Bool = true, expiry: Duration
    ) async throws -> [ConnectionID: Int64] {
        guard limit > 0 else { return [:] }
        let parameters: [PostgresValue] = [
            .id(bridge.id), .text(bridge.name), Self.seconds(expiry), .int(Int64(limit)),
            .textArray(held.map(\.description)), .bool(takesExpired),
        ]
        return try await transaction { connection in
            try Self.epochs(connection.query(Self.acquire, parameters, name: "acquire_leases"))
        }
    }

    /// Frees those of `connections` that the bridge holds; whoever waits is notified of each.
    package func release(_ bridge: BridgeID, _ connections: some Collection<ConnectionID> & Sendable) async throws {
        guard !connections.isEmpty else { return }
        let parameters: [PostgresValue] = [.id(bridge), .textArray(connections.map(\.description))]
        try await patiently { connection, skip in
            _ = try connection.query(
                Self.free(skip, "holder = $1::uuid AND connection_id = ANY($2::uuid[])"), parameters,
                name: "release_leases")
        }
    }

    /// The lease of every connection, in the order of connection ids.
    package func list() async throws -> [StoredLease] {
        try await pool.withConnection { connection in
            try await connection.query(Self.list, name: "list_leases", deadline: deadline).map(StoredLease.init(row:))
        }
    }
}

extension LeaseRepository {
    /// `body` in a transaction of its own. A session that leads to a server which takes no writes is given up, so that the next
    /// call finds the one that does.
    private func transaction<R: Sendable>(
        _ body: @escaping @Sendable (isolated PostgresConnection) throws -> R
    ) async throws -> R {
        try await pool.withConnection { connection in
            do {
                return try await connection.transaction(deadline: deadline, body)
            } catch let error as PostgresError where error.isConnectionLoss {
                await connection.close()
                throw error
            }
        }
    }

    /// `body` in a transaction that waits for a locked row for half of the deadline; if that was not enough, once more in one
    /// that skips locked rows. The flag says which one it is.
    private func patiently<R: Sendable>(
        _ body: @escaping @Sendable (isolated PostgresConnection, _ skipsLocked: Bool) throws -> R
    ) async throws -> R {
        let patience = max(1, Int(deadline / .milliseconds(2)))
        do {
            return try await transaction { connection in
                _ = try connection.query("SET LOCAL lock_timeout TO \(patience)", name: "lease_patience")
                return try body(connection, false)
            }
        } catch let error as PostgresError where error.sqlState == "55P03" {
            return try await transaction { try body($0, true) }
        }
    }

    private static func parameters(_ bridge: BridgeIdentity, _ expiry: Duration) -> [PostgresValue] {
        [.id(bridge.id), .text(bridge.name), .text(bridge.version), .timestamp(bridge.startedAt), seconds(expiry)]
    }

    private static func seconds(_ duration: Duration) -> PostgresValue { .double(duration / .seconds(1)) }

    private static func epochs(_ rows: PostgresResult) throws(PostgresError) -> [ConnectionID: Int64] {
        var epochs: [ConnectionID: Int64] = [:]
        for row in rows { epochs[try row.id("connection_id")] = Int64(try row.int("epoch")) }
        return epochs
    }
}

// MARK: - SQL

extension LeaseRepository {
    /// Sweeps out bridges that have been gone for a day, too.
    private static let announce = """
        WITH gone AS (
            SELECT id FROM home_assistant_bridges
            WHERE expires_at < clock_timestamp() - interval '1 day' AND id <> $1::uuid
            FOR UPDATE SKIP LOCKED
        ), swept AS (
            DELETE FROM home_assistant_bridges AS bridge USING gone WHERE bridge.id = gone.id
        )
        INSERT INTO home_assistant_bridges (id, name, version, started_at, expires_at)
        VALUES ($1::uuid, $2, $3, $4::timestamptz, clock_timestamp() + make_interval(secs => $5::float8))
        ON CONFLICT (id) DO UPDATE
            SET name = EXCLUDED.name, version = EXCLUDED.version, started_at = EXCLUDED.started_at,
                expires_at = EXCLUDED.expires_at
        """

    private static let living = """
        SELECT bridge.*, (
                SELECT count(*) FROM home_assistant_connection_leases AS lease WHERE lease.holder = bridge.id
            ) AS held
        FROM home_assistant_bridges AS bridge
        WHERE bridge.expires_at > clock_timestamp()
        ORDER BY bridge.name, bridge.started_at, bridge.id
        """

    private static let census = """
        SELECT (
                SELECT count(*) + 1 FROM home_assistant_bridges
                WHERE expires_at > clock_timestamp() AND id <> $1::uuid
            ) AS bridges, (
                SELECT count(*) FROM home_assistant_connections WHERE paused_at IS NULL AND removed_at IS NULL
            ) AS wanted
        """

    private static let list = """
        SELECT lease.*, lease.expires_at <= clock_timestamp() AS is_expired
        FROM home_assistant_connection_leases AS lease
        ORDER BY lease.connection_id
        """

    private static func renew(_ skipsLocked: Bool) -> String {
        """
        WITH mine AS MATERIALIZED (
            SELECT lease.connection_id
            FROM home_assistant_connection_leases AS lease
            JOIN unnest($2::uuid[], $3::bigint[]) AS claim (connection_id, epoch)
                ON claim.connection_id = lease.connection_id
            WHERE lease.holder = $1::uuid AND lease.epoch = claim.epoch
            ORDER BY lease.connection_id
            FOR NO KEY UPDATE OF lease \(skipsLocked ? "SKIP LOCKED" : "")
        )
        UPDATE home_assistant_connection_leases AS lease
        SET expires_at = clock_timestamp() + make_interval(secs => $4::float8)
        FROM mine
        WHERE lease.connection_id = mine.connection_id
        """
    }

    private static let acquire = """
        WITH free AS MATERIALIZED (
            SELECT lease.connection_id
            FROM home_assistant_connection_leases AS lease
            JOIN home_assistant_connections AS connection ON connection.id = lease.connection_id
            WHERE connection.paused_at IS NULL AND connection.removed_at IS NULL
                AND CASE
                    WHEN lease.holder IS NULL THEN true
                    WHEN lease.holder = $1::uuid THEN lease.connection_id <> ALL ($5::uuid[])
                    ELSE $6::boolean AND lease.expires_at <= clock_timestamp()
                END
            ORDER BY lease.connection_id
            LIMIT $4::bigint
            FOR UPDATE OF lease SKIP LOCKED
        )
        UPDATE home_assistant_connection_leases AS lease
        SET holder = $1::uuid, holder_name = $2, epoch = lease.epoch + 1,
            same_holder_since = CASE
                WHEN lease.last_holder = $1::uuid THEN lease.same_holder_since ELSE lease.epoch + 1
            END,
            last_holder = $1::uuid, acquired_at = clock_timestamp(),
            expires_at = clock_timestamp() + make_interval(secs => $3::float8)
        FROM free
        WHERE lease.connection_id = free.connection_id
        RETURNING lease.connection_id, lease.epoch
        """

    private static func free(_ skipsLocked: Bool, _ condition: String) -> String {
        """
        WITH mine AS MATERIALIZED (
            SELECT connection_id FROM home_assistant_connection_leases
            WHERE \(condition)
            ORDER BY connection_id
            FOR UPDATE \(skipsLocked ? "SKIP LOCKED" : "")
        )
        UPDATE home_assistant_connection_leases AS lease
        SET holder = NULL, holder_name = NULL, acquired_at = NULL, expires_at = NULL
        FROM mine
        WHERE lease.connection_id = mine.connection_id
        """
    }
}
