import BridgeCore

/// Where every component reports how it fares and from where `/livez`, `/readyz` and `/healthz` are answered.
///
/// Thread-safe; no call blocks or calls back while it holds the lock.
package final class HealthRegistry: Sendable {
    private let version: String
    private let limits: [HealthComponent: Duration]
    private let clock: HealthClock
    private let startedAt: Timestamp
    private let startedNanoseconds: Int64
    // Fixed from the start, so that a beat needs no lock.
    private let beats: [HealthComponent: Heartbeat]
    private let state: LockedBox<State>

    /// What the process is and what must hold.
    ///
    /// - Parameters:
    ///   - version: Of this build.
    ///   - live: Components that must beat, and the age at which a beat of each no longer counts; the first has as long.
    ///   - ready: Conditions that fail until they are first reported.
    package init(
        version: String,
        live: [HealthComponent: Duration] = .ofTheBridge,
        ready: [HealthComponent] = [.database, .schema, .writerLag],
        clock: HealthClock = .system
    ) {
        self.version = version
        limits = live
        self.clock = clock
        startedAt = clock.wall()
        startedNanoseconds = clock.monotonicNanoseconds()
        beats = live.mapValues { _ in Heartbeat(clock: clock) }
        state = LockedBox(
            State(ready: Dictionary(ready.map { ($0, .failing("Not checked yet.")) }, uniquingKeysWith: { $1 })))
    }

    /// The sign of life of `component` to keep in its loop, or `nil` when the component was not named in `live`.
    package func heartbeat(of component: HealthComponent) -> Heartbeat? { beats[component] }

    /// Says that `component` is alive now; one that was not named in `live` is ignored.
    package func beat(_ component: HealthComponent) { beats[component]?.beat() }

    /// Says whether something holds that the process needs to do its work; when it does not, `/readyz` is 503.
    package func setReadiness(_ component: HealthComponent, _ condition: HealthCondition) {
        state.withLock { $0.ready[component] = condition }
    }

    /// Says whether something holds that a person should look at; when it does not, `/healthz` is `degraded`.
    package func setCondition(_ component: HealthComponent, _ condition: HealthCondition) {
        state.withLock { $0.conditions[component] = condition }
    }

    /// Replaces what is known about a connection.
    package func setConnection(_ connection: ConnectionHealth) {
        state.withLock { $0.connections[connection.id] = connection }
    }

    /// Changes what is known about a connection in place; does nothing for one that was never set.
    package func updateConnection(_ id: ConnectionID, _ change: (inout ConnectionHealth) -> Void) {
        state.withLock { state in
            guard var connection = state.connections[id] else { return }
            change(&connection)
            state.connections[id] = connection
        }
    }

    /// Forgets a connection that was removed.
    package func removeConnection(_ id: ConnectionID) {
        state.withLock { $0.connections[id] = nil }
    }

    /// Shows a number on `/healthz`. `read` runs when someone looks and must not block; `nil` leaves it out.
    package func addFigure(_ name: String, read: @escaping @Sendable () -> Double?) {
        state.withLock { $0.figures[name] = read }
    }

    /// Shows the median and the 99th percentile of `histogram` as `<name>_p50` and `<name>_p99`.
    package func addFigures(_ name: String, of histogram: Histogram) {
        addFigure("\(name)_p50") { histogram.snapshot().quantile(0.5) }
        addFigure("\(name)_p99") { histogram.snapshot().quantile(0.99) }
    }

    /// The whole picture now.
    package func snapshot() -> HealthSnapshot {
        let (state, now) = (state.withLock { $0 }, clock.wall())
        let live = beats.reduce(into: [String: HealthSnapshot.Beat]()) { live, entry in
            let age = entry.value.age
            live[entry.key.rawValue] = .init(
                ok: age < limits[entry.key, default: .zero], ageSeconds: Self.seconds(age))
        }
        var snapshot = HealthSnapshot(
            status: .ok, version: version, startedAt: startedAt.iso8601,
            uptimeSeconds: Self.seconds(.nanoseconds(clock.monotonicNanoseconds() - startedNanoseconds)),
            reasons: [], live: live, ready: Self.checks(state.ready), conditions: Self.checks(state.conditions),
            connections: state.connections.values.sorted { ($0.name, $0.id.description) < ($1.name, $1.id.description) }
                .map { Self.connection($0, now: now) },
            figures: state.figures.compactMapValues { $0() }.filter(\.value.isFinite))
        let stopping = snapshot.livenessReasons + snapshot.readinessReasons
        let degrading =
            HealthSnapshot.reasons(of: snapshot.conditions)
            + snapshot.connections.filter { !$0.state.isHealthy }.map(Self.reason)
        snapshot.reasons = stopping + degrading
        snapshot.status = !stopping.isEmpty ? .unavailable : degrading.isEmpty ? .ok : .degraded
        return snapshot
    }

    private static func checks(_ conditions: [HealthComponent: HealthCondition]) -> [String: HealthSnapshot.Check] {
        conditions.reduce(into: [:]) { checks, entry in
            switch entry.value {
            case .ok: checks[entry.key.rawValue] = .init(ok: true, reason: nil)
            case .failing(let reason): checks[entry.key.rawValue] = .init(ok: false, reason: reason)
            }
        }
    }

    private static func reason(of connection: HealthSnapshot.Connection) -> String {
        let state = "connection \(connection.name): \(connection.state.rawValue) since \(connection.since)."
        return connection.lastError.map { "\(state) \($0)" } ?? state
    }

    private static func connection(_ health: ConnectionHealth, now: Timestamp) -> HealthSnapshot.Connection {
        HealthSnapshot.Connection(
            id: health.id.description, name: health.name, state: health.state, since: health.since.iso8601,
            lastEventAt: health.lastEventAt?.iso8601,
            lastEventAgeSeconds: health.lastEventAt.map {
                Double(max(0, now.microseconds - $0.microseconds)) / 1_000_000
            },
            homeAssistantVersion: health.homeAssistantVersion, reconnects: health.reconnects,
            eventsReceived: health.eventsReceived, lastError: health.lastError,
            lastErrorAt: health.lastErrorAt?.iso8601, latencyMilliseconds: health.latencyMilliseconds)
    }

    /// Milliseconds are enough for a person.
    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1_000
    }

    private struct State {
        var ready: [HealthComponent: HealthCondition]
        var conditions: [HealthComponent: HealthCondition] = [:]
        var connections: [ConnectionID: ConnectionHealth] = [:]
        var figures: [String: @Sendable () -> Double?] = [:]
    }
}

extension [HealthComponent: Duration] {
    /// What must beat in a bridge that runs.
    ///
    /// The writer and the scheduler wait for PostgreSQL between two beats: up to 10 s for a session, 5 s for its sign of life, 5 s
    /// for a new one, 30 s for each statement and 2 s to cancel it. A server that has fallen silent must not make this process look
    /// dead: a restart would not help.
    package static let ofTheBridge: Self = [.eventLoop: .seconds(30), .writer: .seconds(90), .scheduler: .seconds(90)]
}
