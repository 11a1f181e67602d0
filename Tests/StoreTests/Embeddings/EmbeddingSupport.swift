import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// An event as these tests write it: only what embedding looks at.
struct KeyedEvent: Sendable {
    var id = EventID()
    var connection: ConnectionID
    /// The number behind the key; `nil` for an event of which nothing is embedded.
    var key: Int?
    var entity: String? = "sensor.one"
    var timestamp: Timestamp

    /// The same number and connection make the same key.
    static func key(_ number: Int, _ connection: ConnectionID) -> EventKey {
        var bytes = withUnsafeBytes(of: connection.uuid.uuid) { Array($0) }
        withUnsafeBytes(of: UInt64(number).bigEndian) { for (index, byte) in $0.enumerated() { bytes[index] ^= byte } }
        return EventKey(connection: connection, bytes: bytes)
    }
}

/// Stands for a model: each key has a unit vector of its own, near those of the numbers next to it.
enum FakeEmbedder {
    static func vector(_ number: Int, spread: Float = 0.02) -> [Float] {
        var generator = SeededGenerator(seed: UInt64(bitPattern: Int64(number)))
        var vector = (0..<1_536).map { _ in Float.random(in: -spread...spread, using: &generator) }
        // Numbers around a circle, so that there are neighbours to find.
        let angle = Double(number) * 0.01
        vector[0] += Float(1 - angle * angle / 2)
        vector[1] += Float(angle)
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }

    /// The number that `StoreDatabase.document` wrote into the text.
    static func number(_ document: StoredDocument) -> Int { Int(document.text.split(separator: " ").last ?? "") ?? -1 }

    static let embed: DocumentEmbedder = { documents in documents.map { vector(number($0)) } }
}

extension StoreDatabase {
    var exemplars: ExemplarRepository { ExemplarRepository(pool) }
    var documents: EmbeddingDocumentRepository { EmbeddingDocumentRepository(pool) }
    var search: SearchRepository { SearchRepository(pool) }

    static func document(_ event: KeyedEvent) -> StoredDocument? {
        event.key.map { number in
            StoredDocument(
                key: KeyedEvent.key(number, event.connection), text: "The thing did number \(number)",
                entityID: event.entity, kind: "sensor", transition: "up", area: "Kitchen", dayPart: 2,
                polarity: 1)
        }
    }

    /// Writes events, and their documents first.
    func write(_ events: [KeyedEvent], documented: Bool = true) async throws {
        if documented { _ = try await documents.insert(events.compactMap(Self.document)) }
        for batch in stride(from: 0, to: events.count, by: 1_000).map({ events[$0..<min($0 + 1_000, events.count)] }) {
            _ = try await session.query(
                """
                INSERT INTO home_assistant_events (id, connection_id, event_type, entity_id, new_state, timestamp, embedding_key)
                SELECT id, connection, CASE WHEN entity = '' THEN 'call_service' ELSE 'state_changed' END,
                    nullif(entity, ''), 'on', moment, decode(nullif(key, ''), 'hex')
                FROM unnest($1::text[]::uuid[], $2::text[]::uuid[], $3::text[], $4::text[]::timestamptz[], $5::text[])
                    AS given (id, connection, entity, moment, key)
                """,
                [
                    .textArray(batch.map(\.id.description)), .textArray(batch.map(\.connection.description)),
                    .textArray(batch.map { $0.entity ?? "" }), .textArray(batch.map(\.timestamp.iso8601)),
                    .textArray(
                        batch.map { event in
                            event.key.map { KeyedEvent.key($0, event.connection).hexadecimal } ?? ""
                        }),
                ])
        }
    }

    /// Embeds everything that waits.
    @discardableResult
    func embedAll(version: String = "v1", _ embed: @escaping DocumentEmbedder = FakeEmbedder.embed) async throws
        -> EmbeddingRound
    {
        var total = EmbeddingRound()
        while true {
            let round = try await exemplars.embedPending(version: version, embed: embed)
            if round.isIdle { return total }
            total.embedded += round.embedded
            total.copied += round.copied
            total.rows += round.rows
            total.renewed += round.renewed
            total.undocumented += round.undocumented
        }
    }

    /// What must never be: `nil`, or a sentence about the first that is.
    func violation() async throws -> String? {
        try await scalar(
            """
            SELECT concat_ws(' ', problem, embedding_key, id) FROM (
                SELECT 'dangling' AS problem, event.embedding_key, event.id
                FROM home_assistant_events AS event
                WHERE exemplar_id IS NOT NULL AND NOT EXISTS (
                    SELECT FROM home_assistant_events AS exemplar
                    WHERE exemplar.id = event.exemplar_id AND exemplar.tableoid = event.tableoid
                        AND exemplar.embedding_key = event.embedding_key
                        AND exemplar.connection_id = event.connection_id AND exemplar.embedding_vector IS NOT NULL)
                UNION ALL
                SELECT 'not its own exemplar', embedding_key, id FROM home_assistant_events
                WHERE embedding_vector IS NOT NULL AND exemplar_id IS DISTINCT FROM id
                UNION ALL
                SELECT 'version without vector or the reverse', embedding_key, id FROM home_assistant_events
                WHERE (embedding_vector IS NULL) <> (embedder_version IS NULL)
                UNION ALL
                SELECT 'two exemplars', embedding_key, NULL FROM home_assistant_events
                WHERE embedding_vector IS NOT NULL GROUP BY tableoid, connection_id, embedding_key HAVING count(*) > 1
            ) AS found LIMIT 1
            """)
    }

    /// How many keys are held in this database.
    func advisoryLocks() async throws -> String? {
        try await scalar(
            """
            SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
            WHERE locktype = 'advisory' AND datname = current_database()
            """)
    }

    func count(_ condition: String) async throws -> Int {
        Int(try await scalar("SELECT count(*) FROM home_assistant_events WHERE \(condition)") ?? "") ?? -1
    }
}

/// Counts what an embedder was asked for.
final class CountingEmbedder: Sendable {
    private let counts = LockedBox<[Int: Int]>([:])

    var embed: DocumentEmbedder {
        { [counts] documents in
            counts.withLock { counts in
                for document in documents { counts[FakeEmbedder.number(document), default: 0] += 1 }
            }
            return try await FakeEmbedder.embed(documents)
        }
    }

    /// How often each number was embedded.
    var all: [Int: Int] { counts.withLock { $0 } }
}
