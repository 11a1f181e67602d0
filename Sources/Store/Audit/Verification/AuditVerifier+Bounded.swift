import BridgeCore
import PostgresClient

extension AuditVerifier {
    /// As `verify`, of the chains of `connections`, or of all chains where that is `nil`, and only where they have no more than
    /// `rowLimit` rows altogether. Throws `StoreError` (`.invalidValue`) where they have more.
    package func verify(
        connections: [ConnectionID]?, against checkpoints: [AuditCheckpoint], rowLimit: Int
    ) async throws -> AuditReport {
        guard try await rows(of: connections, upTo: rowLimit + 1) <= rowLimit else {
            throw StoreError(
                .invalidValue,
                "There are more than \(rowLimit) rows, which take too long to verify here. Verify one connection alone, or run: "
                    + "ha-bridge audit verify")
        }
        guard let connections else { return try await verify(against: checkpoints) }
        var whole = AuditReport()
        for (number, connection) in connections.enumerated() {
            let report = try await verify(connection: connection, against: checkpoints)
            whole.chains += report.chains
            // What is wrong with checkpoints themselves is the same each time, but for what is about the connection.
            whole.otherFindings += report.otherFindings.filter { number == 0 || $0.chain != nil }
            whole.checkpoints = report.checkpoints
        }
        return whole
    }

    /// How many rows there are, counted no further than `limit`.
    private func rows(of connections: [ConnectionID]?, upTo limit: Int) async throws -> Int {
        let parts = AuditTable.allCases.map { table in
            "SELECT FROM \(table.rawValue) WHERE $1::uuid[] IS NULL OR connection_id = ANY ($1::uuid[])"
        }
        return try await pool.withConnection { session in
            try await session.query(
                "SELECT count(*) AS count FROM (SELECT FROM (\(parts.joined(separator: " UNION ALL "))) AS entry LIMIT $2) AS counted",
                [.optional(connections) { .textArray($0.map(\.description)) }, .int(Int64(limit))],
                name: "count_audit_rows"
            ).one { row throws(PostgresError) in try row.int("count") }
        }
    }
}
