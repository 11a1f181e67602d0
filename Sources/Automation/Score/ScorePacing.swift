import BridgeCore

/// When scores are computed anew.
package struct ScorePacing: Sendable {
    /// From one look at what changed to the next.
    package var look: Duration = .seconds(10)
    /// From one computation of all scores of a connection to the next: they age without any run.
    package var everything: Duration = .seconds(3_600)
    /// How far back a look goes beyond the one before it. A row bears the time at which its transaction began, and appears later.
    package var margin: Duration = .seconds(120)
    /// After a failure.
    package var retry = RetryPolicy(first: .seconds(2), cap: .seconds(60))

    /// The pacing of a house.
    package init() {}
}
