import BridgeCore
import PostgresClient

extension LeaseClaims {
    /// Waits until nobody else writes `subject` of the connection (a table's name, say), keeps the connection's row from being deleted
    /// meanwhile, and says whether it may be written: it is there, and its lease is held as claimed where anything is claimed.
    /// All holds until the transaction of `session` ends. Throws `PostgresError`.
    static func lock(
        _ subject: String, of connection: ConnectionID, under claims: LeaseClaims?,
        _ session: isolated PostgresConnection
    ) throws -> Bool {
        _ = try session.query(
            "SELECT pg_advisory_xact_lock(hashtextextended($2::text || ' ' || $1::text, 0))",
            [.id(connection), .text(subject)], name: "lock_subject")
        let rows = try session.query(
            """
            WITH known AS MATERIALIZED (
                SELECT id FROM home_assistant_connections WHERE id = $1::uuid AND removed_at IS NULL FOR KEY SHARE
            ), held AS MATERIALIZED (
                \(held(known: "known", first: 2))
            )
            SELECT FROM known WHERE $2::uuid IS NULL OR id IN (SELECT id FROM held)
            """, [.id(connection)] + parameters(claims), name: "claim_connection")
        return !rows.isEmpty
    }
}
