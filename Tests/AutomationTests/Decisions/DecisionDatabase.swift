import BridgeCore
import Logging
import PostgresClient
import TestSupport

@testable import Store

/// A migrated database with one house, for tests of decisions.
struct DecisionDatabase: Sendable {
    static let connection = ConnectionID("c0000000-0000-0000-0000-000000000001")
    static let owner = "00000000-0000-0000-0000-000000000001"
    static let automation = "a0000000-0000-0000-0000-000000000001"

    let pool: PostgresPool
    let session: PostgresConnection

    static func with(_ body: (DecisionDatabase, StoredConnection) async throws -> Void) async throws {
        try await TestDatabase.withSchema { server in
            let session = try await server.connect()
            let pool = PostgresPool(server.configuration.taking(.writer), size: 3, logger: TestDatabase.quietLogger)
            let database = DecisionDatabase(pool: pool, session: session)
            for statement in seed { try await session.execute(statement) }
            do {
                guard let id = connection, let stored = try await ConnectionRepository(pool).find(id: id) else {
                    throw StoreError(.notFound, "The house of the test is missing.")
                }
                try await body(database, stored)
            } catch {
                await pool.close()
                await session.close()
                throw error
            }
            await pool.close()
            await session.close()
        }
    }

    private static let seed = [
        "INSERT INTO users (id, username, email) VALUES ('\(owner)', 'anna', 'anna@example.org')",
        """
        INSERT INTO home_assistant_connections
            (id, name, url, encrypted_token, user_id, time_zone, home_assistant_version)
        VALUES ('c0000000-0000-0000-0000-000000000001', 'home', 'http://home.local:8123', 'v1.k1.n.c.t', '\(owner)',
            'Europe/Berlin', '2025.4.4')
        """,
        "SELECT home_assistant_ensure_event_partitions('2026-07-01', '2026-12-01')",
        """
        INSERT INTO automation_management
            (id, connection_id, home_assistant_automation_id, name, lifecycle_state, created_at, last_seen_at)
        VALUES ('\(automation)', 'c0000000-0000-0000-0000-000000000001', 'night_light', 'Night light', 'ACTIVE',
            '2026-01-01', '2026-11-15 22:00+00')
        """,
    ]

    /// Stores events as the writer of events would.
    func store(_ events: [DecisionEvent]) async throws {
        for start in stride(from: 0, to: events.count, by: 2_000) {
            let part = events[start..<min(events.count, start + 2_000)]
            var columns: [[String]] = Array(repeating: [], count: 8)
            for event in part {
                if case .change(let entity, let from, let to) = event.kind {
                    for (index, value) in ["state_changed", entity, from ?? "", to].enumerated() {
                        columns[index].append(value)
                    }
                } else {
                    for (index, value) in ["automation_triggered", "", "", ""].enumerated() {
                        columns[index].append(value)
                    }
                }
                columns[4].append(event.time.iso8601)
                columns[5].append(event.context ?? "")
                columns[6].append(event.parent ?? "")
                columns[7].append(event.hasUser ? "user" : "")
            }
            _ = try await session.query(
                """
                INSERT INTO home_assistant_events
                    (connection_id, event_type, entity_id, old_state, new_state, timestamp, context_id, context_parent_id,
                        context_user_id)
                SELECT $1::uuid, type, nullif(entity, ''), nullif(old, ''), nullif(new, ''), time::timestamptz,
                    nullif(context, ''), nullif(parent, ''), nullif(person, '')
                FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
                    AS event (type, entity, old, new, time, context, parent, person)
                """, [.text("c0000000-0000-0000-0000-000000000001")] + columns.map { .textArray($0) })
        }
    }

    func count(_ sql: String) async throws -> Int {
        try await session.query("SELECT count(*)::integer AS count FROM \(sql)").first?.int("count") ?? -1
    }
}
