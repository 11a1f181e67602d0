/// When proposals are looked at.
package struct ApprovalPacing: Sendable {
    /// From one look at what waits, in a house, to the next.
    package var look: Duration = .seconds(5)
    /// From one look for what has expired, and for the figures of health and metrics, to the next.
    package var round: Duration = .seconds(5)
    /// After a phone's service refused a notification.
    package var afterRefusal: Duration = .seconds(600)
    /// For one answer of Home Assistant. A stop that is engaged meanwhile waits as long at most.
    package var answerLimit: Duration = .seconds(5)

    /// The pacing of a house.
    package init() {}
}
