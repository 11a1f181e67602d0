import BridgeCore
import FoundationEssentials
import PostgresClient

/// The emergency stops (`automation_emergency_stop`): rows, so that they hold in every bridge and survive restarts. Methods throw
/// `ApprovalRefusal` and `PostgresError`.
package struct EmergencyStopRepository: Sendable {
    private let pool: PostgresPool
    private let trail: AutomationAuditRepository

    /// Uses connections of `pool`, one for each call. Audit rows are signed with `keys`, where there are any.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        trail = AutomationAuditRepository(pool, keys: keys)
    }

    /// Engages a stop for one house, or for every house where `connection` is `nil`, and says whether it is new. Where one is engaged
    /// there already, that one stays as it is and is returned. Once this returns, nothing more is written.
    ///
    /// `account` is who sat at the machine. Throws `.invalid` for a blank reason.
    package func engage(
        _ connection: ConnectionID?, reason: String, by user: UserID?, account: String? = nil,
        from origin: ActOrigin = .commandLine, at time: Timestamp
    ) async throws -> (stop: StoredEmergencyStop, isNew: Bool) {
        let reason = try Self.checked(reason)
        let engaged = try await pool.withConnection { session in
            try await session.transaction { session -> Engagement in
                let fresh = try session.query(
                    """
                    INSERT INTO automation_emergency_stop (connection_id, reason, engaged_by, engaged_at)
                    VALUES ($1, $2, $3, clock_timestamp())
                    ON CONFLICT (connection_id) WHERE released_at IS NULL DO NOTHING
                    RETURNING id
                    """, [.optional(connection) { .id($0) }, .text(reason), .optional(user) { .id($0) }],
                    name: "engage_emergency_stop")
                let rows = try session.query(
                    """
                    \(StoredEmergencyStop.selection)
                    WHERE stop.released_at IS NULL AND stop.connection_id IS NOT DISTINCT FROM $1::uuid
                    """, [.optional(connection) { .id($0) }], name: "read_emergency_stop")
                let stop = try rows.one(StoredEmergencyStop.init(row:))
                let isNew = !fresh.isEmpty
                if isNew {
                    try trail.append(
                        [
                            Self.entry(
                                .emergencyStop,
                                "Stopped all writes to \(stop.place)\(origin.wayUnlessCommandLine): \(reason)",
                                connection, user, account, origin, time)
                        ], in: session)
                }
                return Engagement(stop: stop, isNew: isNew)
            }
        }
        return (engaged.stop, engaged.isNew)
    }

    private struct Engagement: Sendable {
        let stop: StoredEmergencyStop
        let isNew: Bool
    }

    /// Releases the stop of one house, or the one for every house where `connection` is `nil`. A stop of the other kind stays
    /// engaged. Throws `.notFound` where none is engaged, `.invalid` for a blank reason.
    package func release(
        _ connection: ConnectionID?, reason: String, by user: UserID?, account: String? = nil,
        from origin: ActOrigin = .commandLine, at time: Timestamp
    ) async throws -> StoredEmergencyStop {
        let reason = try Self.checked(reason)
        return try await pool.withConnection { session in
            try await session.transaction { session in
                let released = try session.query(
                    """
                    UPDATE automation_emergency_stop
                    SET released_at = GREATEST(clock_timestamp(), engaged_at), release_reason = $2, released_by = $3
                    WHERE released_at IS NULL AND connection_id IS NOT DISTINCT FROM $1::uuid
                    RETURNING id
                    """, [.optional(connection) { .id($0) }, .text(reason), .optional(user) { .id($0) }],
                    name: "release_emergency_stop")
                guard let id = try released.first?.uuid("id") else {
                    throw ApprovalRefusal(
                        .notFound,
                        connection == nil
                            ? "No emergency stop for every house is engaged. See: ha-bridge emergency status"
                            : "No emergency stop of that connection is engaged. See: ha-bridge emergency status")
                }
                let rows = try session.query(
                    "\(StoredEmergencyStop.selection) WHERE stop.id = $1", [.uuid(id)], name: "read_released_stop")
                let stop = try rows.one(StoredEmergencyStop.init(row:))
                try trail.append(
                    [
                        Self.entry(
                            .emergencyRelease,
                            "Released the emergency stop of \(stop.place)\(origin.wayUnlessCommandLine): \(reason)",
                            connection, user, account, origin, time)
                    ], in: session)
                return stop
            }
        }
    }

    /// The stops that concern these connections and those that hold for every house: those that hold now first, then the newest
    /// that were released. `after` is the stop behind which to go on.
    package func page(
        of connections: [ConnectionID], after: UUID? = nil, limit: Int
    ) async throws -> [StoredEmergencyStop] {
        try await pool.withConnection { session in
            try await session.query(
                """
                \(StoredEmergencyStop.selection)
                WHERE (stop.connection_id IS NULL OR stop.connection_id = ANY ($1::uuid[]))
                    AND ($2::uuid IS NULL
                        OR (coalesce(stop.released_at, 'infinity'), stop.engaged_at, stop.id) < (
                            SELECT coalesce(last.released_at, 'infinity'), last.engaged_at, last.id
                            FROM automation_emergency_stop AS last WHERE last.id = $2::uuid))
                ORDER BY coalesce(stop.released_at, 'infinity') DESC, stop.engaged_at DESC, stop.id DESC
                LIMIT $3
                """,
                [
                    .textArray(connections.map(\.description)), .optional(after) { .uuid($0) },
                    .int(Int64(max(0, limit))),
                ], name: "page_emergency_stops"
            ).map(StoredEmergencyStop.init(row:))
        }
    }

    /// The stops that hold now, oldest first.
    package func engaged() async throws -> [StoredEmergencyStop] {
        try await pool.withConnection { session in
            try await session.query(
                "\(StoredEmergencyStop.selection) WHERE stop.released_at IS NULL ORDER BY stop.engaged_at, stop.id",
                name: "list_engaged_stops"
            ).map(StoredEmergencyStop.init(row:))
        }
    }

    /// Stops that were released, the newest first.
    package func released(limit: Int = 20) async throws -> [StoredEmergencyStop] {
        try await pool.withConnection { session in
            try await session.query(
                """
                \(StoredEmergencyStop.selection)
                WHERE stop.released_at IS NOT NULL ORDER BY stop.released_at DESC, stop.id LIMIT $1
                """, [.int(Int64(max(0, limit)))], name: "list_released_stops"
            ).map(StoredEmergencyStop.init(row:))
        }
    }

    /// Whether no stop holds for the connection at this moment.
    package func allowsWrites(to connection: ConnectionID) async throws -> Bool {
        try await pool.withConnection { session in
            try await session.query(
                "SELECT automation_writes_allowed($1) AS is_allowed", [.id(connection)], name: "are_writes_allowed"
            ).one { row throws(PostgresError) in try row.bool("is_allowed") }
        }
    }

    /// Runs `body`, which writes to the house of `connection`, unless an emergency stop holds for it; returns `nil` then. A stop that
    /// is engaged meanwhile waits for the end of `body`, which must therefore be short.
    package func whileWritesAreAllowed<Result: Sendable>(
        to connection: ConnectionID, _ body: () async -> Result
    ) async throws -> Result? {
        try await pool.withConnection { session in
            // The pool rolls back what is left open.
            try await session.execute("BEGIN ISOLATION LEVEL READ COMMITTED", name: "begin_house_write")
            let isAllowed = try await session.query(
                "SELECT automation_lock_writes($1) AS is_allowed", [.id(connection)], name: "lock_house_writes"
            ).one { row throws(PostgresError) in try row.bool("is_allowed") }
            let result = isAllowed ? await body() : nil
            try await session.execute("COMMIT", name: "end_house_write")
            return result
        }
    }

    private static func checked(_ reason: String) throws(ApprovalRefusal) -> String {
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw ApprovalRefusal(.invalid, "An emergency stop and its release need a reason, for whoever finds it.")
        }
        return StorableText.fitting(reason)
    }

    private static func entry(
        _ action: AutomationAuditAction, _ description: String, _ connection: ConnectionID?, _ user: UserID?,
        _ account: String?, _ origin: ActOrigin, _ time: Timestamp
    ) -> AutomationAuditEntry {
        AutomationAuditEntry(
            connectionID: connection, action: action, description: Redactor.redact(description),
            after: account.flatMap { try? JSONValue.object(["account": .string($0)]).text(indented: false) },
            userID: user, ipAddress: origin.address, userAgent: BridgeVersion.userAgent, sessionID: origin.session,
            timestamp: time)
    }
}
