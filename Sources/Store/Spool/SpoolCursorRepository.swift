import BridgeCore
import FoundationEssentials
import PostgresClient

/// The table `home_assistant_spool_cursors`: how far the spool of each run of a bridge is written. Cursors move in the
/// transactions of `EventTable`. Methods throw `PostgresError`.
package struct SpoolCursorRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// How far the runs of `bridge` are committed; deletes the cursors of runs other than `runs`, of which no file is left.
    package func load(bridge: BridgeID, keeping runs: Set<UUID>) async throws -> [UUID: UInt64] {
        try await pool.withConnection { session in
            _ = try await session.query(
                "DELETE FROM home_assistant_spool_cursors WHERE bridge_id = $1 AND run_id <> ALL($2::uuid[])",
                [.id(bridge), .textArray(runs.map(\.uuidString))], name: "forget_spool_cursors")
            let result = try await session.query(
                "SELECT run_id, committed_sequence FROM home_assistant_spool_cursors WHERE bridge_id = $1",
                [.id(bridge)], name: "load_spool_cursors")
            var cursors: [UUID: UInt64] = [:]
            for row in result {
                cursors[try row.uuid("run_id")] = UInt64(max(0, try row.int("committed_sequence")))
            }
            return cursors
        }
    }
}
