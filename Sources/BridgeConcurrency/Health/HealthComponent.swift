/// A part of the process that can be alive, ready or in trouble. The raw value is what `/healthz` shows.
package struct HealthComponent: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static func < (left: HealthComponent, right: HealthComponent) -> Bool { left.rawValue < right.rawValue }

    package var description: String { rawValue }

    /// The thread that serves every WebSocket.
    package static let eventLoop = HealthComponent(rawValue: "event_loop")
    /// What takes batches to PostgreSQL.
    package static let writer = HealthComponent(rawValue: "writer")
    /// What starts periodic work.
    package static let scheduler = HealthComponent(rawValue: "scheduler")

    /// PostgreSQL can be reached.
    package static let database = HealthComponent(rawValue: "database")
    /// The schema is the one that this build expects.
    package static let schema = HealthComponent(rawValue: "schema")
    /// The oldest event that waits is young enough.
    package static let writerLag = HealthComponent(rawValue: "writer_lag")

    /// Tokens can be opened.
    package static let keyring = HealthComponent(rawValue: "keyring")
    /// What waits can be written to the disk.
    package static let spool = HealthComponent(rawValue: "spool")
    /// What waits in memory or on disk is within its bounds.
    package static let queue = HealthComponent(rawValue: "queue")
    /// Rows that PostgreSQL refused.
    package static let deadLetters = HealthComponent(rawValue: "dead_letters")
    /// Whether changes are allowed: an emergency stop fails it.
    package static let emergencyStop = HealthComponent(rawValue: "emergency_stop")
}

/// Whether a component does what it should.
package enum HealthCondition: Sendable, Equatable {
    case ok
    /// The reason is a sentence for a person and carries no secret.
    case failing(String)
}

/// What `/healthz` says about the whole process.
package enum HealthStatus: String, Sendable, Codable {
    /// Everything works.
    case ok
    /// Events of some connection do not arrive, or something needs a person, but the process does its work.
    case degraded
    /// The process cannot do its work: a component is stuck, or PostgreSQL cannot take rows.
    case unavailable
}
