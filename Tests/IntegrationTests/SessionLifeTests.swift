import BridgeCore
import Foundation
import HomeAssistantClient
import Testing
import TestSupport

/// What happens to connections over their life, seen from the database.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct SessionLifeTests {
    private let status = "SELECT status FROM home_assistant_connections"

    private func event(_ number: Int) -> String {
        let time = Timestamp(microseconds: 1_795_000_000_000_000 + Int64(number)).iso8601
        return #"{"event_type":"tick","data":{"n":\#(number)},"time_fired":"\#(time)","context":{"id":"c"}}"#
    }

    @Test func recordsConnectDisconnectAndConnectAgain() async throws {
        var behaviour = FakeBehaviour()
        behaviour.states = [
            #"{"entity_id":"light.a","state":"on","attributes":{"b":1},"last_updated":"2026-11-20T00:00:00.000007+00:00","context":{"id":"x"}}"#
        ]
        let fake = try FakeHomeAssistant(behaviour)
        defer { fake.stop() }
        try await Bridge.with(prepare: { try await $0.addConnection(url: fake.url) }) { bridge async throws in
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            fake.push(eventType: "tick", json: event(1))
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_events WHERE event_type = 'tick'", toGive: 1))
            fake.closeAll()
            #expect(await fake.wait { $0.connections.count == 2 && $0.subscriptionCount == 1 })
            fake.push(eventType: "tick", json: event(2))
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_events WHERE event_type = 'tick'", toGive: 2))
            let actions = try await bridge.rows(
                "SELECT action, success::text FROM home_assistant_audit_log ORDER BY created_at")
            #expect(actions == [["connect", "true"], ["disconnect", "true"], ["connect", "true"]])
            // The same state in two snapshots is one row, with its own time.
            #expect(
                try await bridge.rows(
                    """
                    SELECT entity_id, new_state, source, extract(microseconds from timestamp)::int::text
                    FROM home_assistant_events WHERE source = 'snapshot'
                    """) == [["light.a", "on", "snapshot", "7"]])
            let row = try await bridge.rows(
                """
                SELECT status, home_assistant_version, is_admin::text, time_zone, 'coalesce_messages' = ANY(supported_features),
                    last_connected_at IS NOT NULL FROM home_assistant_connections
                """)
            #expect(
                row == [["connected", "2025.4.4", "t", "Europe/Berlin", "t", "t"]] || row.first?.first == "connected")
        }
    }

    @Test func writesTheFourMetricsOfEachConnection() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        try await Bridge.with(prepare: { try await $0.addConnection(url: fake.url) }) { bridge async throws in
            #expect(
                try await bridge.waits(
                    for: "SELECT count(DISTINCT metric_type) FROM home_assistant_connection_metrics", toGive: 4))
            #expect(
                try await bridge.count(
                    "SELECT count(*) FROM home_assistant_connection_metrics WHERE metric_type = 'uptime' AND metric_value > 100"
                )
                    == 0)
        }
    }

    @Test func aRefusedTokenIsTriedOnceAndAgainWhenItChanges() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        let canary = "canary-0123456789"
        try await Bridge.with(prepare: { try await $0.addConnection(url: fake.url, token: canary) }) {
            bridge async throws in
            #expect(try await bridge.eventually { try await bridge.rows(status) == [["auth_failed"]] })
            try await Task.sleep(for: .seconds(2))
            #expect(fake.snapshot.authAttempts == 1)
            #expect(try await bridge.rows("SELECT action FROM home_assistant_audit_log") == [["auth_failure"]])
            #expect(!bridge.log.text.contains(canary))
            let id = try await bridge.rows("SELECT id::text FROM home_assistant_connections").first?.first ?? nil
            let connection = try #require(id.flatMap { ConnectionID($0) })
            try await bridge.setToken(connection, url: fake.url, token: "fake-token")
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            #expect(try await bridge.eventually { try await bridge.rows(status) == [["connected"]] })
        }
    }

    @Test func addedPausedResumedAndRemovedConnectionsTakeEffect() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        try await Bridge.with { bridge async throws in
            let id = try await bridge.addConnection(url: fake.url)
            #expect(await fake.wait(.seconds(5)) { $0.subscriptionCount == 1 })
            _ = try await bridge.rows("UPDATE home_assistant_connections SET paused_at = now() WHERE id = '\(id)'")
            #expect(await fake.wait(.seconds(5)) { $0.subscriptionCount == 0 })
            _ = try await bridge.rows("UPDATE home_assistant_connections SET paused_at = NULL WHERE id = '\(id)'")
            #expect(await fake.wait(.seconds(5)) { $0.subscriptionCount == 1 && $0.connections.count == 2 })
            _ = try await bridge.rows("UPDATE home_assistant_connections SET removed_at = now() WHERE id = '\(id)'")
            #expect(await fake.wait(.seconds(5)) { $0.subscriptionCount == 0 })
        }
    }

    /// Nothing of a removed connection may come back, though its last events were still on their way; the others go on.
    @Test func eventsOfARemovedConnectionAreLeftOut() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        let other = try FakeHomeAssistant()
        defer { other.stop() }
        try await Bridge.with { bridge async throws in
            let id = try await bridge.addConnection("gone", url: fake.url)
            try await bridge.addConnection("stays", url: other.url)
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            #expect(await other.wait { $0.subscriptionCount == 1 })
            for number in 0..<50 {
                fake.push(eventType: "tick", json: event(number))
                other.push(eventType: "tick", json: event(number))
                if number == 25 {
                    try await bridge.rows("DELETE FROM home_assistant_connections WHERE id = '\(id)'")
                }
            }
            #expect(try await bridge.waits(for: "SELECT count(*) FROM home_assistant_events", toGive: 50))
            #expect(
                try await bridge.count("SELECT count(*) FROM home_assistant_events WHERE connection_id = '\(id)'") == 0)
        }
    }

    @Test func aTokenThatCannotBeOpenedConcernsItsConnectionAlone() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        let other = try FakeHomeAssistant()
        defer { other.stop() }
        try await Bridge.with(prepare: { bridge in
            let id = try await bridge.addConnection("moved", url: fake.url)
            try await bridge.addConnection("good", url: other.url)
            // As somebody with access to the table would, to have the token sent elsewhere.
            _ = try await bridge.rows(
                "UPDATE home_assistant_connections SET url = 'http://127.0.0.1:1' WHERE id = '\(id)'")
        }) { bridge async throws in
            #expect(await other.wait { $0.subscriptionCount == 1 })
            let isRefused = try await bridge.eventually {
                try await bridge.rows("SELECT status FROM home_assistant_connections WHERE name = 'moved'") == [
                    ["error"]
                ]
            }
            #expect(isRefused)
            #expect(fake.snapshot.connections.isEmpty)
        }
    }

    @Test func sendsNothingToAServerThatIsNoHomeAssistant() async throws {
        var behaviour = FakeBehaviour()
        behaviour.greeting = #"{"type":"welcome"}"#
        let fake = try FakeHomeAssistant(behaviour)
        defer { fake.stop() }
        var timings = SessionTimings.fast
        timings.authenticate = .seconds(1)
        try await Bridge.with(timings: timings, prepare: { try await $0.addConnection(url: fake.url) }) {
            bridge async throws in
            #expect(await fake.wait { $0.connections.count >= 2 })
            #expect(!fake.snapshot.saw("fake-token"))
            #expect(fake.snapshot.authAttempts == 0)
        }
    }

    @Test func aLostPostgresCostsNoEvent() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        try await Bridge.with(prepare: { try await $0.addConnection(url: fake.url) }) { bridge async throws in
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            for round in 0..<20 {
                fake.push((0..<200).map { (type: "tick", json: event(round * 200 + $0)) })
                _ = try? await bridge.rows(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """)
                try await Task.sleep(for: .milliseconds(60))
            }
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_events", toGive: 4_000, within: .seconds(60)))
            #expect(fake.snapshot.connections.count == 1)
        }
    }

    @Test func aFullMemoryStopsReadingAndLosesNothingWhilePostgresIsSlow() async throws {
        let fake = try FakeHomeAssistant()
        defer { fake.stop() }
        try await Bridge.with(queueLimit: 1 << 20, prepare: { try await $0.addConnection(url: fake.url) }) {
            bridge async throws in
            #expect(await fake.wait { $0.subscriptionCount == 1 })
            let pad = String(repeating: "x", count: 1_000)
            for round in 0..<20 {
                fake.push(
                    (0..<500).map { number in
                        let time = Timestamp(microseconds: 1_795_000_000_000_000 + Int64(round * 500 + number)).iso8601
                        return (
                            type: "tick",
                            json:
                                #"{"event_type":"tick","data":{"p":"\#(pad)"},"time_fired":"\#(time)","context":{"id":"c"}}"#
                        )
                    })
            }
            #expect(
                try await bridge.waits(
                    for: "SELECT count(*) FROM home_assistant_events", toGive: 10_000, within: .seconds(60)))
        }
    }
}
