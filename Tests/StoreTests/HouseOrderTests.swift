import BridgeCore
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// A house that has been quiet for long, beside one that is busy: its newest events are found without reading the other's.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct HouseOrderTests {
    private static func fill(_ house: TestHouse, busy: ConnectionID) async throws {
        _ = try await house.session.query(
            """
            INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
            SELECT $1, 'state_changed', 'sensor.busy_' || n % 50, n::text, now() - n * interval '10 milliseconds'
            FROM generate_series(1, 20000) AS n
            """, [.id(busy)])
        _ = try await house.session.query(
            """
            INSERT INTO home_assistant_events (connection_id, event_type, entity_id, new_state, timestamp)
            SELECT $1, 'state_changed', 'sensor.quiet', n::text, now() - interval '1 hour' - n * interval '1 minute'
            FROM generate_series(1, 30) AS n
            """, [.id(house.connection)])
        try await house.session.execute("ANALYZE home_assistant_events")
    }

    @Test func readsOnlyTheRowsOfTheHouse() async throws {
        try await TestDatabase.withHouse { house in
            let busy = try await TestDatabase.addConnection("busy", of: "bert", to: house.pool)
            try await Self.fill(house, busy: busy)
            // Small tables are read whole; those of a house in use are not.
            for setting in ["enable_seqscan", "enable_bitmapscan"] {
                try await house.session.execute("SET \(setting) = off")
            }
            let plan = try await house.session.query(
                """
                EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
                SELECT event.id FROM home_assistant_events AS event
                WHERE \(HouseOrder.rows(of: "'\(house.connection)'::uuid"))
                ORDER BY \(HouseOrder.newestFirst), event.id DESC LIMIT 20
                """
            ).map { try $0[0].string }
            let text = plan.joined(separator: "\n")
            #expect(text.contains("connection_id_timestamp_idx"), "\(text)")
            #expect(!text.contains("Rows Removed by Filter"), "\(text)")
        }
    }

    @Test func pagesGiveEachEventOnceInOrder() async throws {
        try await TestDatabase.withHouse { house in
            let busy = try await TestDatabase.addConnection("busy", of: "bert", to: house.pool)
            try await Self.fill(house, busy: busy)
            let events = EventRepository(house.pool)
            var (seen, place): ([EventID], EventPlace?) = ([], nil)
            repeat {
                let page = try await events.page(EventFilter(), houses: [house.connection], after: place, limit: 7)
                seen += page.events.map(\.id)
                place = page.next
            } while place != nil
            #expect(seen.count == 30 && Set(seen).count == 30)
            let recent = try await events.recent(EventFilter(connection: house.connection), limit: 100)
            #expect(recent.map(\.id) == seen)
            let edge = recent[10].timestamp
            var filter = EventFilter(connection: house.connection, since: edge)
            #expect(try await events.recent(filter, limit: 100).map(\.id) == Array(seen[...10]))
            filter = EventFilter(connection: house.connection, until: edge)
            #expect(try await events.recent(filter, limit: 100).map(\.id) == Array(seen[11...]))
            let middle = EventFilter(since: recent[20].timestamp, until: edge)
            let page = try await events.page(middle, houses: [house.connection, busy], limit: 50)
            #expect(page.events.map(\.id) == Array(seen[11...20]))
            // Every way to ask, of which some take another index.
            for type in [nil, "state_changed", "call_service"] {
                for entity in [nil, "sensor.quiet", "sensor.*"] {
                    for source in [nil, "live", "import"] {
                        let filter = EventFilter(
                            entity: entity, type: type, source: source, since: recent[20].timestamp, until: edge)
                        let found = try await events.page(filter, houses: [house.connection], limit: 50)
                        let isNone = type == "call_service" || source == "import"
                        #expect(found.events.map(\.id) == (isNone ? [] : Array(seen[11...20])), "\(filter)")
                        let place = EventPlace(timestamp: recent[12].timestamp, id: recent[12].id)
                        let rest = try await events.page(filter, houses: [house.connection], after: place, limit: 50)
                        #expect(rest.events.map(\.id) == (isNone ? [] : Array(seen[13...20])), "\(filter)")
                    }
                }
            }
            let mixed = try await events.page(EventFilter(), houses: [house.connection, busy], limit: 50)
            #expect(mixed.events.allSatisfy { $0.connectionID == busy })
        }
    }
}
