import BridgeCore
import PostgresClient

/// The columns and the SQL with which the event writer fills `home_assistant_events`.
///
/// Both ways take a whole binary COPY stream of `columns` in pieces, and store all of it or nothing. An error whose
/// `rejectsData` is true means that some row of it will never be accepted.
package enum EventTable {
    /// The columns of a row, in the order in which the stream holds them.
    package static let columns = [
        "id", "connection_id", "event_type", "entity_id", "old_state", "new_state", "attributes", "timestamp", "value",
        "source", "context_id", "context_parent_id", "context_user_id",
    ]

    /// Copies straight into the table: the fast way for rows that are new. Returns the number of rows; throws an error whose
    /// `isDuplicate` is true where any of them is stored already.
    ///
    /// `owners` are the connections that the rows belong to. They stay locked against removal until the commit; where one of
    /// them is gone, nothing is stored and the error's SQLSTATE is `missingOwner`.
    package static func copyDirect(
        _ connection: PostgresConnection, chunks: [[UInt8]], owners: Set<ConnectionID> = [],
        deadline: Duration = .seconds(30)
    ) async throws(PostgresError) -> Int {
        if owners.isEmpty {
            return try await connection.copyIn(copyIntoEvents, chunks: chunks, name: "copy_events", deadline: deadline)
        }
        return try await inTransaction(connection, deadline: deadline) { connection in
            let found = try connection.query(
                lockOwners, [.textArray(owners.map(\.description))], name: "lock_owners", deadline: deadline)
            guard found.count == owners.count else {
                throw PostgresError(.server, "A connection was removed", sqlState: missingOwner)
            }
            return try connection.copyIn(copyIntoEvents, chunks: chunks, name: "copy_events", deadline: deadline)
        }
    }

    /// What PostgreSQL itself says of a row whose owner is missing: a foreign key on the partitioned table would cost a third
    /// more for each row than one lock for each batch.
    package static let missingOwner = "23503"

    /// Copies into a table of the session and inserts from there what is new, in one transaction: the way for rows that may be
    /// stored already. Rows of a connection that is gone are left out. Returns the number of rows really inserted.
    package static func copyThroughStaging(
        _ connection: PostgresConnection, chunks: [[UInt8]], deadline: Duration = .seconds(30)
    ) async throws(PostgresError) -> Int {
        // Asked, not tried: the server's log would show an error for each new session.
        let found = try await connection.query(findStaging, name: "find_staging", deadline: deadline)
        if try found.one({ row throws(PostgresError) in try row.optionalString("name") }) == nil {
            try await connection.execute(createStaging, name: "create_staging", deadline: deadline)
        }
        return try await stage(connection, chunks: chunks, deadline: deadline)
    }

    private static func stage(
        _ connection: PostgresConnection, chunks: [[UInt8]], deadline: Duration
    ) async throws(PostgresError) -> Int {
        try await inTransaction(connection, deadline: deadline) { connection in
            _ = try connection.copyIn(copyIntoStaging, chunks: chunks, name: "stage_events", deadline: deadline)
            return try connection.query(insertFromStaging, name: "insert_events", deadline: deadline).affectedRows
        }
    }

    private static func inTransaction(
        _ connection: PostgresConnection, deadline: Duration,
        _ body: @Sendable (isolated PostgresConnection) throws -> Int
    ) async throws(PostgresError) -> Int {
        do {
            return try await connection.transaction(deadline: deadline, body)
        } catch let error as PostgresError {
            throw error
        } catch {
            // Nothing above throws anything else; `transaction` is untyped for the sake of its other users.
            throw PostgresError(.protocolViolation, "The transaction of the event writer failed without a reason")
        }
    }

    private static let columnList = columns.joined(separator: ", ")

    private static let copyIntoEvents = "COPY home_assistant_events (\(columnList)) FROM STDIN (FORMAT binary)"

    private static let copyIntoStaging =
        "COPY pg_temp.home_assistant_events_staging (\(columnList)) FROM STDIN (FORMAT binary)"

    private static let findStaging = "SELECT to_regclass('pg_temp.home_assistant_events_staging') AS name"

    /// Takes the types of the events' columns, whatever a migration made of them.
    private static let createStaging = """
        CREATE TEMPORARY TABLE IF NOT EXISTS home_assistant_events_staging ON COMMIT DELETE ROWS AS
        SELECT \(columnList) FROM home_assistant_events WITH NO DATA
        """

    /// Keeps the owners from being deleted until the end of the transaction, and nothing else from happening to them.
    private static let lockOwners = """
        SELECT id FROM home_assistant_connections WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE
        """

    /// In the order of ids: two writers that insert the same rows in opposite orders would wait for each other in a circle.
    private static let insertFromStaging = """
        WITH owner AS (
            SELECT id AS owner_id FROM home_assistant_connections
            WHERE id IN (SELECT connection_id FROM pg_temp.home_assistant_events_staging)
            ORDER BY id FOR KEY SHARE
        )
        INSERT INTO home_assistant_events (\(columnList))
        SELECT \(columnList) FROM pg_temp.home_assistant_events_staging JOIN owner ON owner_id = connection_id ORDER BY id
        ON CONFLICT DO NOTHING
        """
}
