import BridgeCore
import Foundation
import HomeAssistantClient
import TestSupport
import Testing

/// The connector beside a real Home Assistant.
@Suite(.enabled(if: TestDatabase.isAvailable && TestHomeAssistant.given != nil), .serialized)
struct RealHomeAssistantTests {
    private static let live = "SELECT count(*) FROM home_assistant_events WHERE source = 'live'"

    /// A bridge that has taken its snapshot of the house.
    private static func with(_ body: @Sendable @escaping (Bridge, RealHouse) async throws -> Void) async throws {
        let house = try RealHouse()
        try await Bridge.with(prepare: {
            try await $0.addConnection(url: house.url.description, token: house.token)
        }) { bridge async throws in
            let isSubscribed = try await bridge.waits(
                for: "SELECT count(*) FROM home_assistant_connections WHERE status = 'connected'", toGive: 1,
                within: .seconds(60))
            try #require(isSubscribed, "\(bridge.log.text)")
            try await body(bridge, house)
            #expect(!bridge.log.text.contains(house.token))
            let tables = try await bridge.rows(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for table in tables.compactMap({ $0.first ?? nil }) {
                #expect(
                    try await bridge.count(
                        "SELECT count(*) FROM \(table) r WHERE strpos(r::text, '\(house.token)') > 0")
                        == 0)
            }
        }
    }

    @Test func storesTheHouseAndWhatHappensInIt() async throws {
        try await Self.with { bridge, house in
            let entities = house.entities()
            #expect(entities.count > 10)
            let snapshot = try await bridge.eventually {
                let rows = try await bridge.rows(
                    "SELECT DISTINCT entity_id FROM home_assistant_events WHERE source = 'snapshot'")
                return entities.subtracting(rows.compactMap { $0.first ?? nil }).isEmpty
            }
            #expect(snapshot)

            let before = try await bridge.count(Self.live)
            #expect(try await bridge.eventually { try await bridge.count(Self.live) > before + 5 })

            // The state machine of the house runs an automation, whose event and whose trigger are both stored.
            let number = Int.random(in: 1_000_000...9_999_999)
            #expect(house.ask("POST", "/api/events/lab_ok", #"{"n": \#(number), "place": "Küche"}"#).status == 200)
            let fired = """
                SELECT count(*) FROM home_assistant_events
                WHERE event_type = 'lab_ok' AND attributes->>'n' = '\(number)' AND attributes->>'place' = 'Küche'
                """
            #expect(try await bridge.waits(for: fired, toGive: 1))
            let triggered = """
                SELECT count(*) FROM home_assistant_events AS run JOIN home_assistant_events AS cause
                    ON cause.event_type = 'lab_ok' AND cause.context_id = run.context_parent_id
                WHERE run.event_type = 'automation_triggered' AND run.attributes->>'name' = 'Lab ok'
                    AND cause.attributes->>'n' = '\(number)'
                """
            let isTriggered = try await bridge.waits(for: triggered, toGive: 1)
            let seen = try await bridge.rows(
                """
                SELECT event_type, attributes::text, context_id, context_parent_id FROM home_assistant_events
                WHERE event_type IN ('lab_ok', 'automation_triggered')
                """)
            #expect(isTriggered, "\(seen)")

            #expect(
                try await bridge.waits(
                    for: "SELECT count(DISTINCT metric_type) FROM home_assistant_connection_metrics", toGive: 4))
            let connect = try await bridge.rows(
                """
                SELECT details->>'version', duration_ms > 0, success FROM home_assistant_audit_log
                WHERE action = 'connect'
                """)
            let version = (house.ask("GET", "/api/config").json as? [String: Any])?["version"] as? String
            #expect(version != nil && connect == [[version, "t", "t"]])
            #expect(
                try await bridge.rows(
                    "SELECT home_assistant_version, is_admin FROM home_assistant_connections") == [[version, "t"]])
            #expect(try await bridge.count("SELECT count(*) FROM home_assistant_dead_letters") == 0)
        }
    }

    @Test func agreesWithHomeAssistantsOwnHistory() async throws {
        try await Self.with { bridge, house in
            let start = Timestamp.now
            for round in 0..<20 {
                _ = house.ask("POST", "/api/events/lab_ok", #"{"n": \#(round)}"#)
                try await Task.sleep(for: .milliseconds(500))
            }
            let end = Timestamp.now
            // The recorder commits once a second.
            try await Task.sleep(for: .seconds(4))
            let window = """
                FROM home_assistant_events WHERE event_type = 'state_changed' AND source = 'live'
                    AND new_state IS NOT NULL AND timestamp > '\(start.iso8601)' AND timestamp < '\(end.iso8601)'
                """
            let busy = try await bridge.rows(
                "SELECT entity_id \(window) GROUP BY entity_id ORDER BY count(*) DESC, entity_id LIMIT 8"
            ).compactMap { $0.first ?? nil }
            try #require(busy.count >= 3, "\(busy)")
            let history = house.history(of: busy, from: start, to: end)
            for entity in busy {
                let stored = try await bridge.rows(
                    """
                    SELECT (extract(epoch FROM timestamp) * 1000000)::bigint::text \(window) AND entity_id = '\(entity)'
                    ORDER BY timestamp
                    """
                ).compactMap { $0.first.flatMap { $0 }.flatMap { Int64($0) } }
                let recorded = (history[entity] ?? []).filter { $0 > start.microseconds && $0 < end.microseconds }
                #expect(!recorded.isEmpty, "\(entity)")
                #expect(stored == recorded, "\(entity)")
            }
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_HA_CONTROL"] != nil))
    func comesBackByItselfAfterARestart() async throws {
        let control = try #require(ProcessInfo.processInfo.environment["HA_BRIDGE_TEST_HA_CONTROL"])
        try await Self.with { bridge, _ in
            #expect(try await bridge.eventually { try await bridge.count(Self.live) > 0 })
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "exec \(control) restart >/dev/null 2>&1"]
            try process.run()
            while process.isRunning { try await Task.sleep(for: .milliseconds(200)) }
            #expect(process.terminationStatus == 0)
            let actions = """
                SELECT (string_agg(action, ' ' ORDER BY created_at) = 'connect disconnect connect')::int
                FROM home_assistant_audit_log WHERE action IN ('connect', 'disconnect')
                """
            let isBack = try await bridge.waits(for: actions, toGive: 1, within: .seconds(90))
            let audit = try await bridge.rows(
                "SELECT action, error_message FROM home_assistant_audit_log ORDER BY created_at")
            #expect(isBack, "\(audit)")
            let before = try await bridge.count(Self.live)
            #expect(try await bridge.eventually { try await bridge.count(Self.live) > before + 3 })
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_connections WHERE status = 'connected'", toGive: 1))
        }
    }
}
