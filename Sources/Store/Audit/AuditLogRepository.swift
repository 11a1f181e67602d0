import BridgeCore
import PostgresClient

/// The append-only table `home_assistant_audit_log`. Methods throw `PostgresError`, and `append` what the keys throw.
package struct AuditLogRepository: Sendable {
    private let pool: PostgresPool
    private let writer: AuditChainWriter

    /// Uses connections of `pool`, one for each call. Rows are signed with `keys`, where there are any.
    package init(_ pool: PostgresPool, keys: AuditKeys? = nil) {
        self.pool = pool
        writer = AuditChainWriter(table: .connections, keys: keys)
    }

    /// Appends entries; those that are stored already are left alone, so a call that failed halfway may be repeated whole.
    ///
    /// An entry is never lost for its details: where PostgreSQL refuses them, it is stored with the SQLSTATE in their place.
    package func append(_ entries: [AuditEntry]) async throws {
        var rest = entries[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Self.rowsPerStatement))
            rest = rest.dropFirst(part.count)
            do {
                try await insert(part.map { $0.row() })
            } catch let error as PostgresError where error.rejectsData {
                for entry in part { try await appendAlone(entry) }
            }
        }
    }

    /// The newest entries first, those of `connection` alone where one is given.
    package func recent(connection: ConnectionID? = nil, limit: Int = 100) async throws -> [AuditEntry] {
        try await pool.withConnection { session in
            let result = try await session.query(
                """
                SELECT id, connection_id, user_id, action, details, host(ip_address) AS ip_address, user_agent, success,
                    error_message, duration_ms, created_at
                FROM home_assistant_audit_log
                WHERE $1::uuid IS NULL OR connection_id = $1::uuid
                ORDER BY created_at DESC, id
                LIMIT $2
                """, [.optional(connection) { .id($0) }, .int(Int64(max(0, limit)))], name: "recent_audit")
            return try result.map(AuditEntry.init(row:))
        }
    }

    private func appendAlone(_ entry: AuditEntry) async throws {
        do {
            try await insert([entry.row()])
        } catch let error as PostgresError where error.rejectsData && entry.details != nil {
            try await insert([entry.row(details: #"{"refused":"\#(error.sqlState ?? "")"}"#)])
        }
    }

    private func insert(_ rows: [AuditRow]) async throws { _ = try await writer.append(rows, over: pool) }

    /// The chains of a part are locked for as long as it takes to sign its rows.
    private static let rowsPerStatement = 1_000
}
