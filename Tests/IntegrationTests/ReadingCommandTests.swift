import Foundation
import TestSupport
import Testing

/// The commands that show what is stored, by the built program.
@Suite(.enabled(if: TestDatabase.isAvailable)) struct ReadingCommandTests {
    @Test func readsEventsMetricsPartitionsAndStatus() async throws {
        try await CommandHouse.with { bridge, session in
            let file = try bridge.file("token", CommandHouse.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            try await CommandHouse.insertEvents(12, session)
            let all = try await bridge("events", "--json").objects
            #expect(all.count == 12)
            #expect(
                all.compactMap { $0["timestamp"] as? String } == all.compactMap { $0["timestamp"] as? String }.sorted())
            #expect(all.first?["connection"] as? String == "home")
            #expect((all.first?["attributes"] as? [String: Any])?["unit"] as? String == "°C")
            #expect(try await bridge("events", "--json", "--limit", "3").objects.count == 3)
            #expect(try await bridge("events", "--json", "--entity", "light.*").objects.count == 6)
            #expect(try await bridge("events", "--json", "--entity", "sensor.temperature").objects.count == 6)
            #expect(try await bridge("events", "--json", "--since", "5m30s").objects.count == 6)
            #expect(try await bridge("events", "--json", "--type", "none").output == "[]\n")
            #expect(try await bridge("events", "--json", "--connection", "other").status == 64)
            #expect(try await bridge("events", "--limit", "1").output.contains("20.0 → 21.0"))

            try await session.execute(
                """
                INSERT INTO home_assistant_connection_metrics (connection_id, metric_type, metric_value, timestamp)
                SELECT id, 'latency', 12.5, now() - interval '1 minute' FROM home_assistant_connections
                """)
            let metrics = try await bridge("metrics", "home", "--json").objects
            #expect(metrics.first?["metric_type"] as? String == "latency")
            #expect(metrics.first?["metric_value"] as? Double == 12.5)
            #expect(try await bridge("metrics", "home").output.contains("12.50"))
            let partitions = try await bridge("partition", "list", "--json").objects
            #expect(partitions.contains { $0["is_default"] as? Bool == true } && partitions.count >= 5)

            bridge.environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:9"
            let status = try await bridge("status", "--json").json as? [String: Any]
            let connections = status?["connections"] as? [[String: Any]]
            #expect(connections?.first?["events_last_hour"] as? Int == 12)
            #expect((status?["bridge"] as? [String: Any])?["is_running"] as? Bool == false)
            #expect(try await bridge("status").output.contains("does not answer"))
        }
    }

    @Test func showsWhichBridgeHoldsWhichConnection() async throws {
        try await CommandHouse.with { bridge, session in
            let file = try bridge.file("token", CommandHouse.token)
            bridge.environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:9"
            for name in ["home", "barn", "boat"] {
                try await bridge(
                    "connection", "add", name, "--url", "http://\(name)", "--token-file", file, "--no-test")
            }
            try await session.execute(
                """
                INSERT INTO home_assistant_bridges (id, name, version, started_at, expires_at)
                VALUES ('00000000-0000-0000-0000-00000000000a', 'attic', '1', now(), now() + interval '1 hour')
                """)
            #expect(try await !bridge("status").output.contains("attic"))
            try await session.execute(
                """
                INSERT INTO home_assistant_bridges (id, name, version, started_at, expires_at)
                VALUES ('00000000-0000-0000-0000-00000000000b', 'cellar', '1', now(), now() + interval '1 hour');
                UPDATE home_assistant_connection_leases AS lease
                SET holder = bridge.id, holder_name = bridge.name, epoch = 7, acquired_at = now(),
                    expires_at = now() + interval '1 hour'
                FROM home_assistant_connections AS connection, home_assistant_bridges AS bridge
                WHERE lease.connection_id = connection.id
                    AND (connection.name, bridge.name) IN (('home', 'attic'), ('barn', 'cellar'))
                """)
            let status = try await bridge("status").output
            #expect(status.contains("attic (1), cellar (1)"))
            let lines = status.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(lines.first { $0.first == "home" }?.last == "attic")
            #expect(lines.first { $0.first == "barn" }?.last == "cellar")
            #expect(lines.first { $0.first == "boat" }?.last == "-")
            let json = try await bridge("status", "--json").json as? [String: Any]
            let bridges = json?["bridges"] as? [[String: Any]]
            #expect(bridges?.map { $0["name"] as? String } == ["attic", "cellar"])
            let home = (json?["connections"] as? [[String: Any]])?.first { $0["name"] as? String == "home" }
            let lease = home?["lease"] as? [String: Any]
            #expect(lease?["bridge_name"] as? String == "attic" && lease?["epoch"] as? Int == 7)
            #expect(lease?["is_expired"] as? Bool == false)
        }
    }

    @Test func endsQuietlyWhenItsReaderGoesAway() async throws {
        try await CommandHouse.with { bridge, session in
            let file = try bridge.file("token", CommandHouse.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            try await CommandHouse.insertEvents(5_000, session)
            let outcome = try await bridge.shell(#""$HA" events --limit 5000 --json | head -n 2"#)
            #expect(outcome.status == 0 && outcome.errors.isEmpty)
            #expect(outcome.output.split(separator: "\n").count == 2)
        }
    }

    @Test func followsEventsAsTheyAreStored() async throws {
        try await CommandHouse.with { bridge, session in
            let file = try bridge.file("token", CommandHouse.token)
            try await bridge("connection", "add", "home", "--url", "http://h:8123", "--token-file", file, "--no-test")
            try await CommandHouse.insertEvents(3, session)
            try await bridge.withRunning("events", "--follow", "--json", "--limit", "2") { output in
                func lines(_ count: Int) async throws -> [Substring] {
                    let end = ContinuousClock.now + .seconds(20)
                    while ContinuousClock.now < end, output().split(separator: "\n").count < count {
                        try await Task.sleep(for: .milliseconds(50))
                    }
                    return output().split(separator: "\n")
                }
                #expect(try await lines(2).count == 2)
                try await CommandHouse.insertEvents(1, session, age: "0 seconds", entity: "light.new")
                let last = try #require(try await lines(3).last)
                let event = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
                #expect(event?["entity_id"] as? String == "light.new")
                #expect(try await lines(3).count == 3)
            }
        }
    }
}
