import BridgeCore
import PostgresClient
import TestSupport

@testable import Store

/// A house with a lamp, a door and sensors of the names that the examples use.
struct QuestionHouse: Sendable {
    let database: StoreDatabase
    let connection: ConnectionID

    static func with(_ body: (QuestionHouse) async throws -> Void) async throws {
        try await StoreDatabase.with { database in
            let connection = try await database.addConnection()
            try await database.session.execute(
                "SELECT home_assistant_ensure_event_partitions('2026-10-01Z', '2026-12-01Z')")
            _ = try await database.session.query(
                "INSERT INTO home_assistant_entities (connection_id, registry_id, entity_id) VALUES ($1, 'p1', 'person.ada')",
                [.id(connection.id)])
            try await body(QuestionHouse(database: database, connection: connection.id))
        }
    }

    /// One event; `after` seconds after the 1st of November 2026, noon.
    struct Event {
        var number: Int
        var after: Double
        var type = "state_changed"
        var entity: String?
        var old: String?
        var new: String?
        var attributes = "{}"
        var context: String?
        var parent: String?
        var user: String?
    }

    static let start = "2026-11-01 12:00:00+00"

    /// An id that ends in the number.
    static func id(_ number: Int) -> String {
        let digits = String(number)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    func add(_ events: [Event]) async throws {
        for event in events {
            _ = try await database.session.query(
                """
                INSERT INTO home_assistant_events
                    (id, connection_id, event_type, entity_id, old_state, new_state, attributes, timestamp, value, context_id,
                        context_parent_id, context_user_id)
                VALUES ($1::uuid, $2, $3, $4, $5, $6, $7::jsonb, $8::timestamptz + $9::float8 * interval '1 second',
                    CASE WHEN $6 ~ '^-?[0-9.]+$' THEN $6::float8 END, $10, $11, $12)
                """,
                [
                    .text(Self.id(event.number)), .id(connection), .text(event.type),
                    .optional(event.entity) { .text($0) },
                    .optional(event.old) { .text($0) }, .optional(event.new) { .text($0) }, .text(event.attributes),
                    .text(Self.start), .text("\(event.after)"), .optional(event.context) { .text($0) },
                    .optional(event.parent) { .text($0) }, .optional(event.user) { .text($0) },
                ])
        }
    }

    /// Home Assistant's id of a context that was made so many milliseconds after the start.
    static func context(_ milliseconds: Int, _ tail: Character) -> String {
        // 2026-11-01 12:00 UTC.
        var stamp = 1_793_534_400_000 + milliseconds
        var letters: [Character] = []
        for _ in 0..<10 {
            letters.append(Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")[stamp & 31])
            stamp >>= 5
        }
        return String(letters.reversed()) + String(repeating: tail, count: 16)
    }
}
