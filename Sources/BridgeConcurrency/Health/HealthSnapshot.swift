/// The whole picture at one moment: what `/healthz` prints and what `ha-bridge status` reads.
package struct HealthSnapshot: Sendable, Equatable, Codable {
    package var status: HealthStatus
    package var version: String
    package var startedAt: String
    package var uptimeSeconds: Double
    /// Every reason for a status other than `ok`, as sentences.
    package var reasons: [String]
    /// Whether each component that must beat has done so.
    package var live: [String: Beat]
    /// What must hold before the process may be called ready.
    package var ready: [String: Check]
    /// Whatever else a component reported.
    package var conditions: [String: Check]
    /// By name.
    package var connections: [Connection]
    /// Numbers worth a look, such as `commit_seconds_p99`.
    package var figures: [String: Double]

    /// Whether every component that must beat does.
    package var isLive: Bool { live.values.allSatisfy(\.ok) }

    /// Whether everything that must hold does.
    package var isReady: Bool { ready.values.allSatisfy(\.ok) }

    /// Why the process is not alive; empty when it is.
    package var livenessReasons: [String] {
        live.sorted { $0.key < $1.key }.filter { !$0.value.ok }.map { name, beat in
            "\(name): no sign of life for \(Int(beat.ageSeconds)) s."
        }
    }

    /// Why the process is not ready; empty when it is.
    package var readinessReasons: [String] { Self.reasons(of: ready) }

    /// The failing checks, by name, as sentences.
    static func reasons(of checks: [String: Check]) -> [String] {
        checks.sorted { $0.key < $1.key }.filter { !$0.value.ok }.map { "\($0.key): \($0.value.reason ?? "failing")" }
    }

    /// A component that beats.
    package struct Beat: Sendable, Equatable, Codable {
        package var ok: Bool
        package var ageSeconds: Double

        enum CodingKeys: String, CodingKey {
            case ok
            case ageSeconds = "age_seconds"
        }
    }

    /// A condition that holds or does not.
    package struct Check: Sendable, Equatable, Codable {
        package var ok: Bool
        package var reason: String?
    }

    /// One connection; times are RFC 3339 in UTC.
    package struct Connection: Sendable, Equatable, Codable {
        package var id: String
        package var name: String
        package var state: ConnectionHealth.State
        package var since: String
        package var lastEventAt: String?
        package var lastEventAgeSeconds: Double?
        package var homeAssistantVersion: String?
        package var reconnects: Int
        package var eventsReceived: Int
        package var lastError: String?
        package var lastErrorAt: String?
        package var latencyMilliseconds: Double?

        enum CodingKeys: String, CodingKey {
            case id, name, state, since, reconnects
            case lastEventAt = "last_event_at"
            case lastEventAgeSeconds = "last_event_age_seconds"
            case homeAssistantVersion = "home_assistant_version"
            case eventsReceived = "events_received"
            case lastError = "last_error"
            case lastErrorAt = "last_error_at"
            case latencyMilliseconds = "latency_ms"
        }
    }

    enum CodingKeys: String, CodingKey {
        case status, version, reasons, live, ready, conditions, connections, figures
        case startedAt = "started_at"
        case uptimeSeconds = "uptime_seconds"
    }
}
