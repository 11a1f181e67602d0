import BridgeCore
import PostgresClient

/// The append-only table `home_assistant_audit_log`. Methods throw `PostgresError`.
package struct AuditLogRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Appends entries; those that are stored already are left alone, so a call that failed halfway may be repeated whole.
    ///
    /// An entry is never lost for its details: where PostgreSQL refuses them, it is stored with the SQLSTATE in their place.
    package func append(_ entries: [AuditEntry]) async throws {
        var rest = entries[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Self.rowsPerStatement))
            rest = rest.dropFirst(part.count)
            do {
                try await insert(part.map { $0.values() })
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
            try await insert([entry.values()])
        } catch let error as PostgresError where error.rejectsData && entry.details != nil {
            try await insert([entry.values(details: #"{"refused":"\#(error.sqlState ?? "")"}"#)])
        }
    }

    private func insert(_ rows: [[PostgresValue]]) async throws {
        let sql = """
            INSERT INTO home_assistant_audit_log (\(AuditEntry.columns))
            VALUES \(Placeholders.rows(rows.count, columns: AuditEntry.columnCount))
            ON CONFLICT DO NOTHING
            """
        _ = try await pool.withConnection { session in
            try await session.query(sql, rows.flatMap { $0 }, name: "append_audit")
        }
    }

    /// A statement takes 65,535 parameters at most.
    private static let rowsPerStatement = 1_000
}
