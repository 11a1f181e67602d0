import BridgeCore
import PostgresClient
import Store
import Testing

extension StoreDatabase {
    var leases: LeaseRepository { LeaseRepository(pool) }

    /// Connections of one user; returns their ids in order.
    func addConnections(_ count: Int) async throws -> [ConnectionID] {
        var ids: [ConnectionID] = []
        for number in 0..<count { ids.append(try await addConnection("home-\(number)").id) }
        return ids.sorted { $0.description < $1.description }
    }

    /// Lets the time of all leases, or of those of one bridge, and of the bridge itself, pass at once.
    func expire(_ bridge: BridgeID? = nil) async throws {
        for (table, column) in [("home_assistant_connection_leases", "holder"), ("home_assistant_bridges", "id")] {
            _ = try await session.query(
                """
                UPDATE \(table) SET expires_at = clock_timestamp() - interval '1 millisecond'
                WHERE \(column) IS NOT NULL AND ($1::uuid IS NULL OR \(column) = $1::uuid)
                """, [.optional(bridge) { .id($0) }])
        }
    }

    func lease(_ connection: ConnectionID) async throws -> StoredLease {
        try #require(try await leases.list().first { $0.connection == connection })
    }
}

extension BridgeIdentity {
    static func sample(_ name: String) -> BridgeIdentity {
        BridgeIdentity(id: BridgeID(), name: name, version: "1.0", startedAt: .sample)
    }
}

extension PostgresConnection {
    /// Seals a transaction as the event writer does.
    func seal(_ bridge: BridgeID, _ claims: [ConnectionID: Int64?]) throws(PostgresError) {
        let pairs = claims.sorted { $0.key.description < $1.key.description }
        let epochs = pairs.map { $0.value.map(String.init) ?? "NULL" }.joined(separator: ",")
        _ = try query(
            "SELECT home_assistant_seal_batch($1, $2::uuid[], $3::bigint[], '{}', '{}', false)",
            [.id(bridge), .textArray(pairs.map(\.key.description)), .text("{\(epochs)}")], name: "seal_batch")
    }

    /// Stores one event, in the transaction that is open.
    func insertEvent(_ connection: ConnectionID) throws(PostgresError) {
        _ = try query(
            """
            INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
            VALUES ($1, 'state_changed', 'light.kitchen', 'on', clock_timestamp())
            """, [.id(connection)], name: "insert_event")
    }
}
