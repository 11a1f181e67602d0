/// Where an automation stands (`automation_management.lifecycle_state`). The legal moves are data of the database, in
/// `automation_lifecycle_transition`.
package enum LifecycleState: String, CaseIterable, Sendable, Codable {
    case proposed = "PROPOSED"
    case pendingApproval = "PENDING_APPROVAL"
    case active = "ACTIVE"
    /// Its score is low, or it failed several times in a row.
    case degraded = "DEGRADED"
    /// Switched off in Home Assistant.
    case paused = "PAUSED"
    /// Home Assistant reports it unavailable.
    case unavailable = "UNAVAILABLE"
    /// Gone from Home Assistant.
    case retired = "RETIRED"
    case rejected = "REJECTED"
}
