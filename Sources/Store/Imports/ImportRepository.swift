import BridgeCore
import FoundationEssentials
import PostgresClient

/// What tells an event apart from others without its data.
package struct RecordedEventKey: Sendable, Equatable {
    package let type: String
    package let time: Timestamp
    package let context: String?

    /// A key of these three.
    package init(type: String, time: Timestamp, context: String?) {
        self.type = type
        self.time = time
        self.context = context
    }
}

/// The table `home_assistant_import`. Methods throw `PostgresError`.
package struct ImportRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The import of this history and range that is not done, or a new one.
    package func begin(
        _ connection: ConnectionID, kind: ImportKind, source: String, fingerprint: String, range: Range<Timestamp>?
    ) async throws -> StoredImport {
        try await one(
            """
            INSERT INTO home_assistant_import AS import (connection_id, kind, source, fingerprint, from_time, to_time)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (connection_id, kind, fingerprint, from_time, to_time) WHERE finished_at IS NULL
            DO UPDATE SET source = EXCLUDED.source, updated_at = now()
            RETURNING \(StoredImport.columns)
            """,
            [
                .id(connection), .text(kind.rawValue), .text(StorableText.fitting(source)), .text(fingerprint),
                .optional(range?.lowerBound) { .timestamp($0) }, .optional(range?.upperBound) { .timestamp($0) },
            ], name: "begin_import")
    }

    /// Notes that everything up to `position` is stored.
    package func advance(
        _ id: ImportID, to position: ImportPosition, read: Int, added: Int, unusable: Int, oldest: Timestamp?,
        newest: Timestamp?
    ) async throws -> StoredImport {
        let json = String(decoding: try JSONEncoder().encode(position), as: UTF8.self)
        return try await one(
            """
            UPDATE home_assistant_import
            SET position = $2, rows_read = rows_read + $3, rows_added = rows_added + $4,
                rows_unusable = rows_unusable + $5, oldest = least(oldest, $6::timestamptz),
                newest = greatest(newest, $7::timestamptz), updated_at = now(), error = NULL
            WHERE id = $1
            RETURNING \(StoredImport.columns)
            """,
            [
                .id(id), .json(json), .int(Int64(read)), .int(Int64(added)), .int(Int64(unusable)),
                .optional(oldest) { .timestamp($0) }, .optional(newest) { .timestamp($0) },
            ], name: "advance_import")
    }

    /// Notes that it is done.
    package func finish(_ id: ImportID) async throws -> StoredImport {
        try await one(
            """
            UPDATE home_assistant_import SET finished_at = now(), updated_at = now(), error = NULL WHERE id = $1
            RETURNING \(StoredImport.columns)
            """, [.id(id)], name: "finish_import")
    }

    /// Notes what stopped it.
    package func record(_ error: String, for id: ImportID) async throws {
        _ = try await one(
            """
            UPDATE home_assistant_import SET error = $2, updated_at = now() WHERE id = $1
            RETURNING \(StoredImport.columns)
            """, [.id(id), .text(StorableText.fitting(error))], name: "record_import_error")
    }

    /// The imports of a connection, newest first.
    package func list(_ connection: ConnectionID, limit: Int = 100) async throws -> [StoredImport] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT \(StoredImport.columns) FROM home_assistant_import
                WHERE connection_id = $1 ORDER BY started_at DESC, id LIMIT $2
                """, [.id(connection), .int(Int64(limit))], name: "list_imports"
            ).map(StoredImport.init(row:))
        }
    }

    /// Those of `keys` of which a live event of `connection` is stored.
    package func liveEvents(
        among keys: [RecordedEventKey], of connection: ConnectionID
    ) async throws -> [RecordedEventKey] {
        try await pool.withConnection { session in
            try await session.query(
                """
                SELECT DISTINCT event.event_type, event.timestamp, event.context_id
                FROM unnest($2::text[], $3::timestamptz[]) AS wanted (event_type, at)
                JOIN home_assistant_events AS event
                    ON event.connection_id = $1 AND event.timestamp = wanted.at AND event.event_type = wanted.event_type
                WHERE event.source = 'live' AND event.timestamp BETWEEN $4 AND $5
                """,
                [
                    .id(connection), .textArray(keys.map { StorableText.fitting($0.type) }),
                    .textArray(keys.map(\.time.iso8601)), .optional(keys.map(\.time).min()) { .timestamp($0) },
                    .optional(keys.map(\.time).max()) { .timestamp($0) },
                ], name: "live_events", deadline: .seconds(120)
            ).map { row in
                RecordedEventKey(
                    type: try row.string("event_type"), time: try row.timestamp("timestamp"),
                    context: try row.optionalString("context_id"))
            }
        }
    }

    private func one(_ sql: String, _ parameters: [PostgresValue], name: String) async throws -> StoredImport {
        try await pool.withConnection { session in
            try await session.query(sql, parameters, name: name).one(StoredImport.init(row:))
        }
    }
}
