import BridgeCore
import PostgresClient

/// Takes everything that is stored about a user out of the database, and leaves a trail that can still be verified: rows of the
/// trail go against signed anchors, which name no person.
///
/// What stays: the user's id, as a value, in rows that the user caused in other people's houses.
package struct UserEraser: Sendable {
    /// How much went.
    package struct Outcome: Sendable, Equatable {
        package var connections = 0
        package var events = 0
        package var auditRows: Int64 = 0
    }

    private let pool: PostgresPool
    private let pruner: AuditPruner

    /// Uses connections of `pool`, whose login must be able to act as the owner of the tables.
    package init(_ pool: PostgresPool, keys: AuditKeys) {
        self.pool = pool
        pruner = AuditPruner(pool, keys: keys)
    }

    /// Throws `.ownerNeeded` where the login may not act as the owner: asked first, so that nothing is half done.
    package func requireOwner() async throws {
        let mayAct = try await pool.withConnection { session in
            try await session.query(
                """
                SELECT pg_catalog.pg_has_role(session_user, relowner, 'MEMBER') AS may_act
                FROM pg_catalog.pg_class WHERE oid = 'home_assistant_audit_log'::regclass
                """, name: "may_act_as_owner"
            ).one { row throws(PostgresError) in try row.bool("may_act") }
        }
        guard mayAct else {
            throw StoreError(
                .ownerNeeded,
                "Rows of the audit trail are the owner's to take out, and the login of DATABASE_URL may not act as the owner. "
                    + "Nothing was erased. Use the login that runs ha-bridge migrate.")
        }
    }

    /// Erases the user with all connections. `progress` gets the number of events deleted so far.
    ///
    /// It may be interrupted anywhere and run again: the user's own row goes last. Throws `StoreError`, `PostgresError`,
    /// `CryptographyError`.
    package func erase(_ user: StoredUser, progress: (Int) -> Void = { _ in }) async throws -> Outcome {
        try await requireOwner()
        var outcome = Outcome()
        let connections = ConnectionRepository(pool)
        for connection in try await connections.list(user: user.id, includingRemoved: true) {
            if connection.removedAt == nil { try await connections.markRemoved(connection.id) }
            let before = outcome.events
            outcome.events += try await connections.deleteRemoved(connection.id) { progress(before + $0) }
            outcome.connections += 1
        }
        // A bridge that has just been told writes down that it disconnected: rows may still come for a moment.
        for attempt in 0..<Self.passes {
            if attempt > 0 { try await Task.sleep(for: .seconds(1)) }
            let count = try await eraseTrail(of: user.id)
            outcome.auditRows += count
            if count == 0, attempt > 0 { break }
        }
        try await pool.withConnection { session in
            _ = try await session.query("DELETE FROM users WHERE id = $1", [.id(user.id)], name: "delete_user")
        }
        return outcome
    }

    private static let passes = 6

    /// Takes out the chains of the user's connections, which are gone by now, and the user's rows of the chain that belongs to no
    /// connection.
    private func eraseTrail(of user: UserID) async throws -> Int64 {
        var count: Int64 = 0
        for connection in try await formerConnections(of: user) {
            for table in AuditTable.allCases {
                count += try await pruner.prune(
                    AuditChain(table, connection), through: .max, unsignedBefore: .now, reason: Self.reason)
            }
        }
        for table in AuditTable.allCases {
            for rows in try await ownRows(of: user, in: table) {
                count += try await pruner.prune(AuditChain(table, nil), rows: rows, reason: Self.reason)
            }
        }
        return count
    }

    /// Does not name whom it was about.
    private static let reason = "erasure"

    /// Connections of which the trail still speaks and that belonged to this user alone.
    private func formerConnections(of user: UserID) async throws -> [ConnectionID] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT entry.connection_id FROM home_assistant_audit_log AS entry
                WHERE entry.connection_id IS NOT NULL
                    AND NOT EXISTS (SELECT FROM home_assistant_connections AS stored WHERE stored.id = entry.connection_id)
                GROUP BY entry.connection_id
                HAVING bool_and(entry.user_id = $1::uuid)
                ORDER BY entry.connection_id
                """, [.id(user)], name: "former_connections", deadline: .seconds(120)
            ).map { row throws(PostgresError) in try row.id("connection_id") }
        }
    }

    /// The numbers of the user's rows in the chain that belongs to no connection, those that follow each other together.
    private func ownRows(of user: UserID, in table: AuditTable) async throws -> [ClosedRange<Int64>] {
        let numbers = try await pool.withConnection { session in
            try await session.query(
                """
                SELECT chain_sequence FROM \(table.rawValue)
                WHERE connection_id IS NULL AND user_id = $1 AND chain_sequence IS NOT NULL
                ORDER BY chain_sequence
                """, [.id(user)], name: "own_audit_rows", deadline: .seconds(120)
            ).map { row throws(PostgresError) in Int64(try row.int("chain_sequence")) }
        }
        var ranges: [ClosedRange<Int64>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }
}
