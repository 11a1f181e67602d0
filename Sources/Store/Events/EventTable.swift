import BridgeConcurrency
import BridgeCore
import PostgresClient

/// The columns and the SQL with which the event writer fills `home_assistant_events`.
///
/// Each way is one transaction: rows, sightings, and the seal that checks leases and moves the cursor of the spool, all of it or
/// nothing. An error whose `rejectsData` is true means that some row will never be accepted; one whose `isLostLease` is true,
/// that another bridge speaks for a connection now.
package enum EventTable {
    /// The columns of a row, in the order in which the stream holds them.
    package static let columns = [
        "id", "connection_id", "event_type", "entity_id", "old_state", "new_state", "attributes", "timestamp", "value",
        "source", "context_id", "context_parent_id", "context_user_id", "embedding_key", "exemplar_id",
    ]

    /// The fast way for rows that are new. Returns the number of rows; throws an error whose `isDuplicate` is true where any of
    /// them is stored already.
    ///
    /// PostgreSQL refuses COPY into a table with row security, such as `home_assistant_events`. The rows of one `month` are copied
    /// into its partition, on which the writer alone has a right. Those of several months, `nil`, or of one that has no partition
    /// pass through a table of the session and are inserted from there in the order in which they came.
    ///
    /// The rows must be in the order of their ids: two writers that insert the same rows in opposite orders would wait for each
    /// other in a circle. Where one of the connections of `seal` is gone, nothing is stored and the error's SQLSTATE is
    /// `missingOwner`.
    ///
    /// `beforeSeal` is called on the session's thread when the rows are copied, before a lease is looked at and before anything
    /// is sealed. What it throws rolls everything back.
    package static func copyDirect(
        _ connection: PostgresConnection, chunks: [[UInt8]], month: EventMonth?, seal: BatchSeal? = nil,
        deadline: Duration = .seconds(30), beforeSeal: (@Sendable () throws(PostgresError) -> Void)? = nil
    ) async throws(PostgresError) -> Int {
        let partition = month?.partitionName
        // Every row is new: all of their time is to be rolled up.
        return try await sealed(connection, seal, skipsMissing: false, isMarking: true, deadline: deadline) {
            (connection) throws(PostgresError) in
            let count: Int
            if let partition, try lock(partition, connection, deadline) {
                count = try connection.copyIn(
                    "COPY \(partition) (\(columnList)) FROM STDIN (FORMAT binary)", chunks: chunks, name: "copy_events",
                    deadline: deadline)
            } else {
                try prepareStaging(connection, deadline: deadline)
                _ = try connection.copyIn(copyIntoStaging, chunks: chunks, name: "copy_events", deadline: deadline)
                count = try connection.query(insertNew, name: "insert_events", deadline: deadline).affectedRows
            }
            try beforeSeal?()
            return count
        }
    }

    /// Whether the partition is there, and stays so until the end of the transaction.
    private static func lock(
        _ partition: String, _ connection: isolated PostgresConnection, _ deadline: Duration
    ) throws(PostgresError) -> Bool {
        try connection.query(
            "SELECT home_assistant_lock_event_partition($1) AS is_there", [.text(partition)], name: "lock_partition",
            deadline: deadline
        ).one { row throws(PostgresError) in try row.bool("is_there") }
    }

    /// What PostgreSQL itself says of a row whose owner is missing: a foreign key on the partitioned table would cost a third
    /// more for each row than one lock for each batch.
    package static let missingOwner = "23503"

    /// Copies into a table of the session and inserts from there, in one transaction: the way for rows that may be stored
    /// already. A row from a better source replaces one from a weaker: live, import, snapshot, backfill. Rows of a connection
    /// that is gone are left out. Returns the number of rows inserted or replaced.
    package static func copyThroughStaging(
        _ connection: PostgresConnection, chunks: [[UInt8]], seal: BatchSeal? = nil, deadline: Duration = .seconds(30)
    ) async throws(PostgresError) -> Int {
        return try await sealed(connection, seal, skipsMissing: true, deadline: deadline) {
            (connection) throws(PostgresError) in
            try prepareStaging(connection, deadline: deadline)
            _ = try connection.copyIn(copyIntoStaging, chunks: chunks, name: "stage_events", deadline: deadline)
            return try connection.query(insertFromStaging, name: "insert_events", deadline: deadline).one {
                row throws(PostgresError) in try row.int("count")
            }
        }
    }

    /// Commits sightings and positions without any row.
    package static func sealAlone(
        _ connection: PostgresConnection, seal: BatchSeal, deadline: Duration = .seconds(30)
    ) async throws(PostgresError) {
        _ = try await sealed(connection, seal, skipsMissing: true, deadline: deadline) { _ in 0 }
    }

    private static func sealed(
        _ connection: PostgresConnection, _ seal: BatchSeal?, skipsMissing: Bool, isMarking: Bool = false,
        deadline: Duration,
        _ body: @Sendable (isolated PostgresConnection) throws(PostgresError) -> Int
    ) async throws(PostgresError) -> Int {
        do {
            guard let seal else { return try await connection.transaction(deadline: deadline, body) }
            let statement = seal.statement(skipsMissing: skipsMissing) + (isMarking ? seal.markStatement : "")
            return try await connection.transaction(
                deadline: deadline, finalStatement: statement, finalName: "seal_batch"
            ) { connection in
                let count = try body(connection)
                try seal.record(on: connection, deadline: deadline)
                CrashPoint.beforeCommit.reach()
                return count
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            // Nothing above throws anything else; `transaction` is untyped for the sake of its other users.
            throw PostgresError(.protocolViolation, "The transaction of the event writer failed without a reason")
        }
    }

    private static let columnList = columns.joined(separator: ", ")

    private static let copyIntoStaging =
        "COPY pg_temp.home_assistant_events_staging (\(columnList)) FROM STDIN (FORMAT binary)"

    private static let findStaging = "SELECT to_regclass('pg_temp.home_assistant_events_staging') AS name"

    /// The table of the session that rows pass through; asked for, not tried: the server's log would show an error for each new
    /// session.
    private static func prepareStaging(
        _ connection: isolated PostgresConnection, deadline: Duration
    ) throws(PostgresError) {
        let found = try connection.query(findStaging, name: "find_staging", deadline: deadline)
        if try found.one({ row throws(PostgresError) in try row.optionalString("name") }) == nil {
            try connection.execute(createStaging, name: "create_staging", deadline: deadline)
        }
    }

    /// Takes the types of the events' columns, whatever a migration made of them.
    private static let createStaging = """
        CREATE TEMPORARY TABLE IF NOT EXISTS home_assistant_events_staging ON COMMIT DELETE ROWS AS
        SELECT \(columnList) FROM home_assistant_events WITH NO DATA
        """

    /// A scan of the session's table finds the rows in the order in which COPY brought them.
    private static let insertNew = """
        INSERT INTO home_assistant_events (\(columnList))
        SELECT \(columnList) FROM pg_temp.home_assistant_events_staging
        """

    /// In the order of ids, like every other writer. Within the batch the best source of each row counts. What is new or replaced
    /// is to be rolled up; a snapshot, of which most rows are stored already, must not mark all of their times. The connections are
    /// locked first, so that the marks need not wait for the leases.
    private static let insertFromStaging = """
        WITH owner AS (
            SELECT id AS owner_id FROM home_assistant_connections
            WHERE id IN (SELECT connection_id FROM pg_temp.home_assistant_events_staging)
            ORDER BY id FOR KEY SHARE
        ),
        best AS (
            SELECT DISTINCT ON (id, timestamp) \(columnList)
            FROM pg_temp.home_assistant_events_staging JOIN owner ON owner_id = connection_id
            ORDER BY id, timestamp, \(rank(of: "source")) DESC
        ),
        written AS (
            INSERT INTO home_assistant_events AS stored (\(columnList))
            SELECT \(columnList) FROM best ORDER BY id
            ON CONFLICT ON CONSTRAINT home_assistant_events_pkey DO UPDATE SET
                \(replaced.map { "\($0) = EXCLUDED.\($0)" }.joined(separator: ", ")), processed_at = now(),
                \(kept.map(keptWithTheKey).joined(separator: ", "))
            WHERE \(rank(of: "EXCLUDED.source")) > \(rank(of: "stored.source"))
            RETURNING connection_id, event_type, timestamp
        ),
        marked AS (
            INSERT INTO home_assistant_rollup_dirty (connection_id, bucket_start)
            SELECT DISTINCT connection_id, date_bin('5 minutes', timestamp, '2000-01-01Z') FROM written
            WHERE event_type = 'state_changed'
            ORDER BY 1, 2
            ON CONFLICT (connection_id, bucket_start) DO UPDATE SET generation = EXCLUDED.generation
        )
        SELECT count(*) AS count FROM written
        """

    /// Everything that is not part of the event's identity.
    private static let replaced = columns.filter { !["id", "connection_id", "timestamp", "exemplar_id"].contains($0) }

    /// What a row keeps while its embedding key stays.
    private static let kept = ["exemplar_id", "embedding_vector", "embedder_version"]

    private static func keptWithTheKey(_ column: String) -> String {
        let other = column == "exemplar_id" ? " ELSE EXCLUDED.exemplar_id" : ""
        return "\(column) = CASE WHEN stored.embedding_key = EXCLUDED.embedding_key THEN stored.\(column)\(other) END"
    }

    /// How much a source knows of an event: a live event has everything, the history neither context nor large attributes.
    private static func rank(of column: String) -> String {
        "array_position(ARRAY['backfill', 'snapshot', 'import', 'live'], \(column)::text)"
    }
}
