/// What the event stream says of automations, told after the events themselves are stored.
package enum AutomationSignal: Sendable, Hashable {
    /// `automation_triggered`: its actions begin.
    case triggered(entityID: String, at: Timestamp)
    /// A state of the automation's entity came: switched on or off, a run that ended, unavailable, removed.
    case stateChanged(entityID: String)
    /// `automation_reloaded`: any configuration may be another.
    case reloaded
    /// The entity registry changed: an automation may be new, renamed or gone.
    case registryChanged
}
