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
    /// A button of a notification of ours was pressed on a phone.
    ///
    /// - Parameters:
    ///   - action: The button's name; begins with `ha_bridge_`.
    ///   - userID: The user of Home Assistant who is behind the event.
    ///   - reply: What the person typed.
    case notificationAnswered(action: String, userID: String?, reply: String?)
}
