import BridgeCore
import PostgresClient

/// The table `home_assistant_embedding_documents`. Methods throw `PostgresError`.
package struct EmbeddingDocumentRepository: Sendable {
    private let pool: PostgresPool

    /// Uses connections of `pool`, one for each call.
    package init(_ pool: PostgresPool) { self.pool = pool }

    /// Stores documents that are not there yet, and returns how many those were. Call it before the rows of these keys are
    /// written: a row without document loses its key. One of a connection that is gone is left out.
    package func insert(_ documents: [StoredDocument], deadline: Duration = .seconds(30)) async throws -> Int {
        try await pool.withConnection { session in try await Self.insert(documents, on: session, deadline: deadline) }
    }

    /// The same over a connection of the caller's; each thousand documents have `deadline`.
    package static func insert(
        _ documents: [StoredDocument], on session: PostgresConnection, deadline: Duration
    ) async throws -> Int {
        var inserted = 0
        // In the order of keys: two writers in opposite orders would wait for each other in a circle.
        let ordered = Dictionary(documents.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
            .values.sorted { EventKey.isOrdered($0.key, $1.key) }
        var rest = ordered[...]
        while !rest.isEmpty {
            let piece = rest.prefix(1_000)
            rest = rest.dropFirst(1_000)
            let result = try await session.query(
                insert, parameters(of: piece), name: "insert_embedding_documents", deadline: deadline)
            inserted += try result.one { row throws(PostgresError) in try row.int("inserted") }
        }
        return inserted
    }

    /// The documents of these keys, in any order; those that are missing are left out.
    package func documents(of keys: [EventKey]) async throws -> [StoredDocument] {
        guard !keys.isEmpty else { return [] }
        return try await pool.withConnection { session in
            try await Self.documents(of: keys, on: session)
        }
    }

    /// Deletes up to `limit` documents whose key no event has any more, and returns how many it deleted. Those that an event needed
    /// in the last `days` days stay: the event may be on its way.
    package func deleteOrphans(limit: Int = 1_000, days: Int = 7) async throws -> Int {
        try await pool.withConnection { session in
            try await session.query(
                Self.deleteOrphans, [.int(Int64(days)), .int(Int64(limit))], name: "delete_orphaned_documents",
                deadline: .seconds(300)
            ).affectedRows
        }
    }

    static func documents(of keys: [EventKey], on session: PostgresConnection) async throws -> [StoredDocument] {
        let result = try await session.query(
            """
            SELECT \(StoredDocument.columns)
            FROM \([EventKey].table(1)) AS wanted
            JOIN home_assistant_embedding_documents AS document USING (connection_id, embedding_key)
            """, keys.parameters, name: "embedding_documents")
        return try result.map(StoredDocument.init(row:))
    }

    /// One array for each column: a parameter for each value would cost PostgreSQL more than the rows do.
    private static func parameters(of documents: ArraySlice<StoredDocument>) -> [PostgresValue] {
        documents.map(\.key).parameters + [
            .textArray(documents.map { StorableText.fitting($0.text) }),
            .textArray(documents.map { optional($0.entityID.map { StorableText.fitting($0, limit: 255) }) }),
            .textArray(documents.map { StorableText.fitting($0.kind) }),
            .textArray(documents.map { StorableText.fitting($0.transition) }),
            .textArray(documents.map { optional($0.area.map { StorableText.fitting($0) }) }),
            .textArray(documents.map { String($0.dayPart) }), .textArray(documents.map { String($0.polarity) }),
        ]
    }

    /// An array of texts has no nulls: what is there follows a sign.
    private static func optional(_ text: String?) -> String { text.map { "=" + $0 } ?? "" }

    // needed_at to the day: a key that comes back every minute must not write every minute.
    private static let insert = """
        WITH stored AS (
            INSERT INTO home_assistant_embedding_documents AS stored (
                connection_id, embedding_key, text, entity_id, kind, transition, area, day_part, polarity)
            SELECT given_connection::uuid, decode(given_key, 'hex'), given_text,
                CASE WHEN given_entity <> '' THEN substr(given_entity, 2) END, given_kind, given_transition,
                CASE WHEN given_area <> '' THEN substr(given_area, 2) END, given_day_part::smallint,
                given_polarity::smallint
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[]) AS given (
                given_connection, given_key, given_text, given_entity, given_kind, given_transition, given_area,
                given_day_part, given_polarity)
            WHERE EXISTS (SELECT FROM home_assistant_connections AS owner WHERE owner.id = given_connection::uuid)
            ON CONFLICT (connection_id, embedding_key) DO UPDATE SET needed_at = now()
                WHERE stored.needed_at < now() - interval '1 day'
            RETURNING xmax = 0 AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new) AS inserted FROM stored
        """

    /// A key that any event has is one of an exemplar or of an event that waits.
    private static let deleteOrphans = """
        DELETE FROM home_assistant_embedding_documents
        WHERE ctid = ANY (ARRAY(
            SELECT document.ctid
            FROM home_assistant_embedding_documents AS document
            WHERE document.needed_at < now() - $1::integer * interval '1 day'
                AND NOT EXISTS (
                    SELECT FROM home_assistant_events AS exemplar
                    WHERE exemplar.connection_id = document.connection_id
                        AND exemplar.embedding_key = document.embedding_key AND exemplar.embedding_vector IS NOT NULL)
                AND NOT EXISTS (
                    SELECT FROM home_assistant_events AS pending
                    WHERE pending.connection_id = document.connection_id
                        AND pending.embedding_key = document.embedding_key AND pending.exemplar_id IS NULL)
            LIMIT $2::bigint
            FOR UPDATE OF document SKIP LOCKED))
        """
}
