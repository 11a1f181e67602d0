import BridgeCore
import PostgresClient

/// The leases that a bridge believes to hold. A statement that is given claims takes effect only where the database agrees, and
/// keeps it so until it commits: a bridge that was frozen and has lost a lease meanwhile changes nothing.
package struct LeaseClaims: Sendable, Equatable {
    /// Who claims.
    package let bridge: BridgeID
    /// Each connection claimed, with the epoch under which it was acquired.
    package let epochs: [ConnectionID: Int64]

    /// Claims of `bridge`.
    package init(bridge: BridgeID, epochs: [ConnectionID: Int64]) {
        self.bridge = bridge
        self.epochs = epochs
    }

    /// The bridge, the connections and their epochs as parameters of a statement; three NULLs where nothing is claimed, which
    /// means that no lease is asked for.
    static func parameters(_ claims: LeaseClaims?) -> [PostgresValue] {
        guard let claims else { return [.null, .null, .null] }
        let pairs = claims.epochs.sorted { $0.key.description < $1.key.description }
        return [
            .id(claims.bridge), .textArray(pairs.map(\.key.description)), .textArray(pairs.map { String($0.value) }),
        ]
    }

    /// A subquery that gives the ids among those of the query `known` whose lease is held as claimed, and locks those leases
    /// until the commit. The three parameters are numbered from `first`.
    ///
    /// The rows of `known` are locked before: everything that needs both locks the connection first, then its lease.
    static func held(known: String, first: Int) -> String {
        """
        SELECT lease.connection_id AS id
        FROM \(known)
        JOIN unnest($\(first + 1)::uuid[], $\(first + 2)::bigint[]) AS claim (connection_id, epoch)
            ON claim.connection_id = \(known).id
        JOIN home_assistant_connection_leases AS lease ON lease.connection_id = \(known).id
        WHERE lease.holder = $\(first)::uuid AND lease.epoch = claim.epoch
        ORDER BY lease.connection_id
        FOR SHARE OF lease
        """
    }
}
