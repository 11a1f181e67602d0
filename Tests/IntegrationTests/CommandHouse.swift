import PostgresClient
import TestSupport
import Testing

/// A database for the built program, and what several suites do with both.
enum CommandHouse {
    static let token = "eyJhbGciOiJIUzI1NiJ9.aW50ZWdyYXRpb24.dGhlLXRva2VuLW9mLXRoZS10ZXN0"
    static let otherToken = "eyJhbGciOiJIUzI1NiJ9.b3RoZXI.YW5vdGhlci10b2tlbi1vZi10aGUtdGVzdA"

    /// A database with the schema, and a keyring unless `hasKeyring` is false.
    static func with(
        hasSchema: Bool = true, hasKeyring: Bool = true, users: [String] = ["anna"],
        _ body: (CommandRunner, PostgresConnection) async throws -> Void
    ) async throws {
        func run(_ database: TestDatabase) async throws {
            let bridge = try CommandRunner(databaseURL: database.url)
            if hasKeyring { #expect(try await bridge("key", "new").status == 0) }
            for user in users where hasSchema {
                #expect(try await bridge("user", "add", user, "--email", "\(user)@example.org").status == 0)
            }
            let session = try await database.connect()
            try await body(bridge, session)
            await session.close()
            #expect(!bridge.transcript.contains(token) && !bridge.transcript.contains(otherToken))
        }
        if hasSchema {
            try await TestDatabase.withSchema(run)
        } else {
            try await TestDatabase.with(extensions: [], run)
        }
    }

    static func text(_ session: PostgresConnection, _ sql: String) async throws -> String? {
        try await session.query(sql).first.map { try $0[0].optionalString } ?? nil
    }

    /// Events of the last `count` times 55 seconds at most, half of them of a lamp, half of a thermometer.
    static func insertEvents(
        _ count: Int, _ session: PostgresConnection, age: String = "30 seconds", entity: String? = nil
    ) async throws {
        let step = count > 100 ? "1 millisecond" : "55 seconds"
        _ = try await session.query(
            """
            INSERT INTO home_assistant_events
                (id, connection_id, event_type, entity_id, old_state, new_state, attributes, timestamp)
            SELECT gen_random_uuid(), connection.id, 'state_changed',
                coalesce($1, CASE n % 2 WHEN 0 THEN 'sensor.temperature' ELSE 'light.kitchen' END), '20.0', '21.0',
                '{"unit": "°C"}', now() - $2::interval - n * $3::interval
            FROM home_assistant_connections AS connection, generate_series(0, $4::int - 1) AS n
            """,
            [.optional(entity) { .text($0) }, .text(age), .text(step), .int(Int64(count))], name: "insert_events")
    }
}
