import BridgeCore
import FoundationEssentials
import PostgresClient

/// What is known of a chain before its rows are read, all from one snapshot.
struct AuditChainState: Sendable, Hashable {
    let chain: AuditChain
    var head: AuditChainHead?
    /// By their first number, the longest of one first.
    var anchors: [AuditAnchor] = []
    var signedRows: Int64 = 0
    var unsignedRows: Int64 = 0
    /// The lowest and the highest number among the rows.
    var first: Int64?
    var last: Int64?

    /// Whether rows may have come or gone on purpose between two looks.
    func hasMoved(since earlier: AuditChainState) -> Bool { self != earlier }

    /// The states of all chains of `table`, or of those of one connection alone.
    static func read(
        _ table: AuditTable, connection: ConnectionID?, over session: PostgresConnection
    ) async throws -> [AuditChain: AuditChainState] {
        // Heads come first in each statement about chains: so does whoever takes rows out lock the tables.
        let chains = try await session.query(
            """
            WITH head AS MATERIALIZED (
                SELECT * FROM audit_chain_heads WHERE table_name = $1 AND ($2::uuid IS NULL OR connection_id = $2::uuid)
            ), stored AS MATERIALIZED (
                SELECT connection_id, count(chain_sequence) AS signed_rows, count(*) - count(chain_sequence) AS unsigned_row_count,
                    min(chain_sequence) AS first, max(chain_sequence) AS last
                FROM \(table.rawValue) WHERE $2::uuid IS NULL OR connection_id = $2::uuid
                GROUP BY connection_id
            )
            SELECT coalesce(head.connection_id, stored.connection_id) AS chain_connection, \(AuditChainHead.columns),
                coalesce(stored.signed_rows, 0) AS signed_rows, coalesce(stored.unsigned_row_count, 0) AS unsigned_row_count,
                stored.first, stored.last, head.id IS NOT NULL AS has_head,
                stored.signed_rows IS NOT NULL AS has_rows
            FROM head FULL JOIN stored ON coalesce(head.connection_id::text, '') = coalesce(stored.connection_id::text, '')
            """, [.text(table.rawValue), .optional(connection) { .id($0) }], name: "audit_chains",
            deadline: .seconds(300))
        var states: [AuditChain: AuditChainState] = [:]
        for row in chains {
            let chain = AuditChain(table, try row.optionalID("chain_connection"))
            states[chain] = AuditChainState(
                chain: chain, head: try row.bool("has_head") ? try AuditChainHead(row: row) : nil,
                signedRows: Int64(try row.int("signed_rows")), unsignedRows: Int64(try row.int("unsigned_row_count")),
                first: try row.optionalInt("first").map { Int64($0) },
                last: try row.optionalInt("last").map { Int64($0) })
        }
        let anchors = try await session.query(
            """
            SELECT \(AuditAnchor.columns) FROM audit_chain_anchors AS anchor
            WHERE anchor.table_name = $1 AND ($2::uuid IS NULL OR anchor.connection_id = $2::uuid)
            ORDER BY anchor.connection_id NULLS FIRST, anchor.first_sequence, anchor.last_sequence DESC, anchor.id
            """, [.text(table.rawValue), .optional(connection) { .id($0) }], name: "audit_anchors")
        for row in anchors {
            guard let anchor = try AuditAnchor(row: row) else { continue }
            states[anchor.chain, default: AuditChainState(chain: anchor.chain)].anchors.append(anchor)
        }
        return states
    }
}
