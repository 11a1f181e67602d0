import BridgeCore
import PostgresClient

/// Writes down what retention deleted, one row of `home_assistant_audit_log` for each house and table.
package struct RetentionAuditor: Sendable {
    private let pool: PostgresPool
    private let audit: AuditLogRepository
    private let details: [String: JSONValue]

    /// Rows are signed with `keys`, where there are any; `details` say who asked for it.
    package init(_ pool: PostgresPool, keys: AuditKeys?, details: [String: JSONValue] = ["by": .string("bridge")]) {
        self.pool = pool
        audit = AuditLogRepository(pool, keys: keys)
        self.details = details
    }

    /// Throws what `AuditLogRepository.append` throws.
    package func record(_ records: [RetentionRecord]) async throws {
        let records = records.filter { $0.rows > 0 }
        guard !records.isEmpty else { return }
        let owners = try await pool.withConnection { session in
            var owners: [ConnectionID: UserID] = [:]
            let rows = try await session.query(
                "SELECT id, user_id FROM home_assistant_connections WHERE id = ANY ($1::uuid[])",
                [.textArray(records.map(\.connection.description))], name: "owners_of_houses")
            for row in rows { owners[try row.id("id")] = try row.id("user_id") }
            return owners
        }
        // Of a house that is gone meanwhile everything is gone.
        let entries = try records.compactMap { record -> AuditEntry? in
            guard let owner = owners[record.connection] else { return nil }
            let facts: [String: JSONValue] = [
                "table": .string(record.table), "rows": .integer(Int64(record.rows)),
                "whole_month": .bool(record.isDropped),
            ]
            let text = try JSONValue.object(details.merging(facts) { _, new in new }).text(indented: false)
            return AuditEntry(
                connectionID: record.connection, userID: owner, action: .retention, details: text,
                userAgent: BridgeVersion.userAgent, success: true, createdAt: .now)
        }
        try await audit.append(entries)
    }
}

extension AuditAction {
    /// Rows that were past their time were deleted.
    package static let retention = AuditAction(rawValue: "retention")
}
