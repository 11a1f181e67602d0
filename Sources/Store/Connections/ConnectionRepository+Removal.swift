import BridgeCore
import PostgresClient

/// Removal in two steps: the mark stops the bridge at once; the rows then go in batches, so that no transaction grows with what
/// months have stored.
extension ConnectionRepository {
    /// Marks the connection as removed: the bridge disconnects, and its name and URL are free again. Throws `.notFound`; one
    /// that is marked already stays as it is.
    package func markRemoved(_ id: ConnectionID) async throws {
        let isChanged = try await change(
            """
            UPDATE home_assistant_connections
            SET removed_at = coalesce(removed_at, CURRENT_TIMESTAMP), status = 'disconnected'
            WHERE id = $1
            """, [.id(id)], name: "mark_connection_removed")
        guard isChanged else { throw Self.gone(id) }
    }

    /// Deletes everything that a removed connection has left, in transactions of about `batch` rows: events, metrics, dead
    /// letters, roll-ups, then the row itself. Returns how many events went; `progress` gets the same count so far.
    ///
    /// It may be interrupted at any point, also by cancellation, and run again; for a connection that is gone it returns 0.
    /// Audit rows stay. Throws `.notRemoved` for a connection in use.
    package func deleteRemoved(
        _ id: ConnectionID, batch: Int = 10_000, progress: (Int) -> Void = { _ in }
    ) async throws -> Int {
        guard let stored = try await find(id: id) else { return 0 }
        guard stored.removedAt != nil else {
            throw StoreError(
                .notRemoved,
                "The connection “\(stored.name)” is in use; nothing was deleted. Remove it first with"
                    + " `ha-bridge connection remove \(stored.name)`.")
        }
        let events = try await deleteEvents(of: id, batch: batch, progress)
        _ = try await deleteBatches(
            Self.delete(from: "home_assistant_connection_metrics"), of: id, batch: batch, name: "delete_metrics"
        ) { _ in }
        _ = try await deleteBatches(
            Self.delete(from: "home_assistant_dead_letters"), of: id, batch: batch, name: "delete_dead_letters"
        ) { _ in }
        for table in Self.rollups {
            _ = try await deleteBatches(Self.delete(from: table), of: id, batch: batch, name: "delete_rollups") { _ in }
        }
        // A writer may have stored a last batch meanwhile: the trigger of the table deletes that along with the row.
        _ = try await change(
            "DELETE FROM home_assistant_connections WHERE id = $1 AND removed_at IS NOT NULL", [.id(id)],
            name: "delete_connection")
        return events
    }

    /// Goes through the events in the order of time. Each batch starts where the one before it ended: from the beginning, the
    /// index would lead it past everything that was deleted already.
    private func deleteEvents(of id: ConnectionID, batch: Int, _ progress: (Int) -> Void) async throws -> Int {
        var total = 0
        var from = "-infinity"
        repeat {
            try Task.checkCancellation()
            let parameters: [PostgresValue] = [.id(id), .int(Int64(max(1, batch))), .text(from)]
            let (count, until) = try await pool.withConnection { connection in
                let result = try await connection.query(
                    Self.deleteEvents, parameters, name: "delete_events", deadline: Self.deadline)
                return try result.one { row throws(PostgresError) in (try row.int("count"), try row.string("until")) }
            }
            total += count
            if count > 0 { progress(total) }
            from = until
        } while from != "infinity"
        return total
    }

    private func deleteBatches(
        _ sql: String, of id: ConnectionID, batch: Int, name: String, _ progress: (Int) -> Void
    ) async throws -> Int {
        var total = 0
        while true {
            try Task.checkCancellation()
            let count = try await pool.withConnection { connection in
                try await connection.query(
                    sql, [.id(id), .int(Int64(max(1, batch)))], name: name, deadline: Self.deadline
                ).affectedRows
            }
            guard count > 0 else { return total }
            total += count
            progress(total)
        }
    }

    private static let deadline = Duration.seconds(300)

    /// The oldest ones between two moments: the index on connection and time finds the second moment and the rows, and partitions
    /// outside are left out. Rows of the same moment go together, so a batch may be a little larger.
    private static let deleteEvents = """
        WITH boundary AS (
            SELECT coalesce(
                (
                    SELECT timestamp FROM home_assistant_events
                    WHERE connection_id = $1::uuid AND timestamp >= $3::timestamptz
                    ORDER BY timestamp
                    OFFSET $2::bigint - 1 LIMIT 1
                ), 'infinity') AS until
        ), deleted AS (
            DELETE FROM home_assistant_events
            WHERE connection_id = $1::uuid AND timestamp >= $3::timestamptz AND timestamp <= (SELECT until FROM boundary)
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM deleted) AS count, until FROM boundary
        """

    /// The roll-ups that grow with the time.
    private static let rollups = ["states", "metrics"].flatMap { kind in
        ["5_minutes", "hourly", "daily"].map { "home_assistant_\(kind)_\($0)" }
    }

    private static func delete(from table: String) -> String {
        """
        DELETE FROM \(table)
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM \(table) WHERE connection_id = $1::uuid LIMIT $2::bigint))
        """
    }
}
