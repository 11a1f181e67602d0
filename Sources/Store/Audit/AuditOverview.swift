import BridgeCore
import FoundationEssentials
import PostgresClient

/// A row of one of the audit tables, as a person skims it.
package struct AuditTrailRow: Sendable, Equatable {
    package let table: AuditTable
    package let id: UUID
    package let connection: ConnectionID?
    package let time: Timestamp
    /// A word of the table's own set.
    package let action: String
    package let description: String?
    /// A JSON object.
    package let details: String?
    package let user: UserID?
    /// The numeric address of the other end.
    package let address: String?
    package let isSuccess: Bool
    /// `nil` for a row without a signature.
    package let sequence: Int?

    init(row: PostgresRow) throws(PostgresError) {
        table = try row.enumeration("table_name")
        id = try row.uuid("id")
        connection = try row.optionalID("connection_id")
        time = try row.timestamp("happened_at")
        action = try row.string("action")
        description = try row.optionalString("description")
        details = try row.optionalString("details")
        user = try row.optionalID("user_id")
        address = try row.optionalString("ip_address")
        isSuccess = try row.bool("success")
        sequence = try row.optionalInt("chain_sequence")
    }

    /// All of it; `names` tells who the people are.
    package func jsonValue(names: [UserID: String]) -> JSONValue {
        .object([
            "table": .string(table.rawValue), "id": .string(id.uuidString.lowercased()),
            "connection_id": .optional(connection?.description), "time": .time(time), "action": .string(action),
            "description": .optional(description), "details": .parsed(details), "user_id": .optional(user?.description),
            "user": .optional(user.flatMap { names[$0] }), "address": .optional(address), "success": .bool(isSuccess),
            "sequence": sequence.map { .integer(Int64($0)) } ?? .null,
        ])
    }
}

/// What the session sees of the audit trail, without a proof. Methods throw `PostgresError`.
package struct AuditOverview: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The end of each chain, by table and connection. Nothing is counted or verified.
    package func heads() async throws -> [AuditChainHead] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(AuditChainHead.columns) FROM audit_chain_heads AS head
                ORDER BY head.table_name, head.connection_id NULLS FIRST
                """, name: "list_audit_heads"
            ).compactMap(AuditChainHead.init(row:))
        }
    }

    /// Rows of all three tables, newest first; those of one table or connection alone, where it is given. `after` is the time and
    /// the id of the row behind which to go on.
    package func rows(
        table: AuditTable? = nil, connection: ConnectionID? = nil, after: (time: Timestamp, id: UUID)? = nil, limit: Int
    ) async throws -> [AuditTrailRow] {
        let tables = table.map { [$0] } ?? AuditTable.allCases
        let parts = tables.map { table in
            """
            (SELECT '\(table.rawValue)' AS table_name, id, connection_id, \(table.timeColumn) AS happened_at,
                \(Self.columns(of: table)), user_id, chain_sequence
            FROM \(table.rawValue)
            WHERE ($1::uuid IS NULL OR connection_id = $1::uuid)
                AND ($2::timestamptz IS NULL OR (\(table.timeColumn), id) < ($2::timestamptz, $3::uuid))
            ORDER BY \(table.timeColumn) DESC, id DESC LIMIT $4)
            """
        }
        let statement = """
            SELECT * FROM (\(parts.joined(separator: " UNION ALL "))) AS entry
            ORDER BY happened_at DESC, id DESC LIMIT $4
            """
        return try await pool.withConnection { session in
            try await session.query(
                statement,
                [
                    .optional(connection) { .id($0) }, .optional(after?.time, PostgresValue.timestamp),
                    .optional(after?.id) { .uuid($0) }, .int(Int64(max(0, limit))),
                ], name: "page_audit_rows"
            ).map(AuditTrailRow.init(row:))
        }
    }

    private static func columns(of table: AuditTable) -> String {
        switch table {
        case .automations:
            """
            action_type::text AS action, action_description AS description, NULL::jsonb AS details,
                host(ip_address) AS ip_address, TRUE AS success
            """
        case .decisions:
            """
            CASE WHEN feedback_on IS NULL THEN decision_type ELSE 'FEEDBACK_' || user_feedback END::text AS action,
                decision_description AS description, NULL::jsonb AS details, NULL::text AS ip_address, TRUE AS success
            """
        case .connections:
            """
            action::text AS action, error_message AS description, details, host(ip_address) AS ip_address, success
            """
        }
    }
}

extension AuditChainHead {
    /// Where the chain ends.
    package var jsonValue: JSONValue {
        .object([
            "table": .string(chain.table.rawValue), "connection_id": .optional(chain.connection?.description),
            "sequence": .integer(position.sequence), "digest": .string(position.digest),
            "unsigned_rows": .integer(unsignedRows), "started_at": .time(startedAt), "updated_at": .time(updatedAt),
        ])
    }
}
