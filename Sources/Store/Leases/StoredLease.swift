import BridgeCore
import PostgresClient

/// A row of `home_assistant_connection_leases`.
package struct StoredLease: Sendable, Equatable {
    package let connection: ConnectionID
    /// Who holds it; `nil` when it is free.
    package let holder: BridgeID?
    /// The name that the holder gave.
    package let holderName: String?
    /// Grows by one with each acquisition.
    package let epoch: Int64
    /// The first epoch of the unbroken row of acquisitions by the bridge that acquired it last.
    package let sameHolderSince: Int64
    package let acquiredAt: Timestamp?
    package let expiresAt: Timestamp?
    /// Whether its time is over by the database's clock; it stays the holder's until another acquires it.
    package let isExpired: Bool
}

extension StoredLease {
    init(row: PostgresRow) throws(PostgresError) {
        connection = try row.id("connection_id")
        holder = try row.optionalID("holder")
        holderName = try row.optionalString("holder_name")
        epoch = Int64(try row.int("epoch"))
        sameHolderSince = Int64(try row.int("same_holder_since"))
        acquiredAt = try row.optionalTimestamp("acquired_at")
        expiresAt = try row.optionalTimestamp("expires_at")
        isExpired = try row.optionalBool("is_expired") ?? false
    }
}

/// A row of `home_assistant_bridges` whose time is not over.
package struct LivingBridge: Sendable, Equatable {
    package let identity: BridgeIdentity
    /// By the database's clock.
    package let expiresAt: Timestamp
    /// Leases that it holds.
    package let held: Int
}

extension LivingBridge {
    init(row: PostgresRow) throws(PostgresError) {
        identity = BridgeIdentity(
            id: try row.id("id"), name: try row.string("name"), version: try row.string("version"),
            startedAt: try row.timestamp("started_at"))
        expiresAt = try row.timestamp("expires_at")
        held = try row.int("held")
    }
}

/// What a bridge needs to know to find its share of the connections.
package struct LeaseCensus: Sendable, Equatable {
    /// Bridges that live, the asking one included.
    package let bridges: Int
    /// Connections that are neither paused nor removed.
    package let wanted: Int

    /// A census of `bridges` and `wanted` connections.
    package init(bridges: Int, wanted: Int) {
        self.bridges = bridges
        self.wanted = wanted
    }

    /// As many connections as one bridge may hold, so that all together hold all.
    package var share: Int { (wanted + max(bridges, 1) - 1) / max(bridges, 1) }
}
