import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Testing

@testable import Observability

/// A clock that stands still until it is told otherwise.
final class ManualClock: Sendable {
    private let seconds = LockedBox(0.0)

    func advance(by seconds: Double) { self.seconds.withLock { $0 += seconds } }

    var clock: HealthClock {
        HealthClock(
            monotonicNanoseconds: { self.seconds.withLock { Int64($0 * 1e9) } },
            wall: { Timestamp(microseconds: 1_700_000_000_000_000 + self.seconds.withLock { Int64($0 * 1e6) }) })
    }
}

@Suite struct HealthTests {
    private func ready(_ health: HealthRegistry) {
        for component in [HealthComponent.database, .schema, .writerLag] { health.setReadiness(component, .ok) }
    }

    @Test func isAliveWhileEveryBeatIsYoung() {
        let time = ManualClock()
        let health = HealthRegistry(version: "1", clock: time.clock)
        #expect(health.snapshot().isLive)
        time.advance(by: 29)
        #expect(health.snapshot().isLive)
        time.advance(by: 2)
        #expect(health.snapshot().livenessReasons == ["event_loop: no sign of life for 31 s."])
        health.beat(.eventLoop)
        health.heartbeat(of: .writer)?.beat()
        // What waits for PostgreSQL is given the time that a silent server takes to be given up.
        time.advance(by: 28)
        #expect(health.snapshot().isLive)
        health.beat(.eventLoop)
        time.advance(by: 29)
        health.beat(.eventLoop)
        time.advance(by: 3)
        #expect(health.snapshot().livenessReasons == ["scheduler: no sign of life for 91 s."])
        #expect(health.snapshot().status == .unavailable)
        health.beat(.scheduler)
        #expect(health.snapshot().isLive)
        health.beat(HealthComponent(rawValue: "unknown"))
        #expect(health.snapshot().live.count == 3)
    }

    @Test func isReadyOnlyOnceEverythingWasReported() {
        let health = HealthRegistry(version: "1")
        #expect(health.snapshot().readinessReasons.count == 3)
        ready(health)
        #expect(health.snapshot().isReady)
        #expect(health.snapshot().status == .ok)
        health.setReadiness(.database, .failing("Cannot reach PostgreSQL."))
        #expect(health.snapshot().readinessReasons == ["database: Cannot reach PostgreSQL."])
        #expect(health.snapshot().status == .unavailable)
        #expect(health.snapshot().isLive)
    }

    @Test(arguments: ConnectionHealth.State.allCases)
    func isOnlyDegradedByAHomeAssistantThatIsAway(state: ConnectionHealth.State) {
        let health = HealthRegistry(version: "1")
        ready(health)
        health.setConnection(.init(id: ConnectionID(), name: "home", state: state, since: Timestamp(microseconds: 0)))
        let snapshot = health.snapshot()
        #expect(snapshot.status == (state == .connected || state == .paused ? .ok : .degraded))
        #expect(snapshot.isLive && snapshot.isReady)
    }

    @Test func showsTheWholePictureAsJSON() throws {
        let time = ManualClock()
        let health = HealthRegistry(
            version: "1.2.3", live: [.writer: .seconds(30)], ready: [.database], clock: time.clock)
        health.setReadiness(.database, .ok)
        health.setCondition(.deadLetters, .failing("3 rows were refused."))
        let id = ConnectionID(UUID(uuidString: "6B7A5C1E-0000-4000-8000-000000000001") ?? UUID())
        var home = ConnectionHealth(
            id: id, name: "home", state: .connected, since: Timestamp(microseconds: 1_700_000_000_000_000))
        home.homeAssistantVersion = "2025.4.4"
        health.setConnection(home)
        health.updateConnection(id) { $0.lastEventAt = Timestamp(microseconds: 1_700_000_000_500_000) }
        health.updateConnection(ConnectionID()) { $0.name = "never" }
        health.addFigure("queue_bytes") { 12 }
        health.addFigure("unknown") { nil }
        health.addFigure("infinite") { .infinity }
        let histogram = Histogram(bounds: [1])
        histogram.observe(1)
        health.addFigures("commit_seconds", of: histogram)
        time.advance(by: 2)
        let page = HTTPPages(health: health, metrics: MetricsRegistry()).page(method: "GET", path: "/healthz")
        #expect(page.status == 200)
        #expect(
            page.body == """
                {"conditions":{"dead_letters":{"ok":false,"reason":"3 rows were refused."}},\
                "connections":[{"events_received":0,"home_assistant_version":"2025.4.4",\
                "id":"6b7a5c1e-0000-4000-8000-000000000001","last_event_age_seconds":1.5,\
                "last_event_at":"2023-11-14T22:13:20.500000+00:00","name":"home","reconnects":0,\
                "since":"2023-11-14T22:13:20.000000+00:00","state":"connected"}],\
                "figures":{"commit_seconds_p50":0.5,"commit_seconds_p99":0.99,"queue_bytes":12},\
                "live":{"writer":{"age_seconds":2,"ok":true}},"ready":{"database":{"ok":true}},\
                "reasons":["dead_letters: 3 rows were refused."],"started_at":"2023-11-14T22:13:20.000000+00:00",\
                "status":"degraded","uptime_seconds":2,"version":"1.2.3"}

                """)
        let decoded = try JSONDecoder().decode(HealthSnapshot.self, from: Data(page.body.utf8))
        #expect(decoded == health.snapshot())
        health.removeConnection(id)
        #expect(health.snapshot().connections.isEmpty)
    }

    @Test func repeatsNoSecretThatAComponentReported() {
        let health = HealthRegistry(version: "1", live: [:], ready: [.database])
        health.setReadiness(.database, .failing("postgres://u:hunter2@h failed."))
        health.setCondition(.queue, .failing("password=hunter2"))
        var home = ConnectionHealth(
            id: ConnectionID(), name: "home", state: .failed, since: Timestamp(microseconds: 0))
        home.lastError = "access_token=hunter2"
        health.setConnection(home)
        let pages = HTTPPages(health: health, metrics: MetricsRegistry())
        for path in ["/livez", "/readyz", "/healthz", "/metrics"] {
            #expect(!pages.page(method: "GET", path: path).body.contains("hunter2"))
        }
    }
}
