import BridgeCore

/// When changes are carried out, and how long each step may take.
package struct ChangePacing: Sendable {
    /// From one look for work to the next, where no notification tells of it.
    package var look: Duration = .seconds(5)
    /// For one answer of Home Assistant that changes nothing.
    package var readLimit: Duration = .seconds(15)
    /// For the look right before a write. With `writeLimit` under ten seconds: so long an emergency stop waits.
    package var lookLimit: Duration = .seconds(3)
    /// For the write.
    package var writeLimit: Duration = .seconds(6)
    /// How long Home Assistant may take to say that it has loaded what was written.
    package var reload: Duration = .seconds(10)
    /// How long an automation may be unavailable after that before the change counts as failed.
    package var settle: Duration = .seconds(20)
    /// From one look at the automation to the next while that lasts.
    package var betweenLooks: Duration = .milliseconds(500)
    /// How long the first runs are watched at most.
    package var watch: Duration = .seconds(600)
    /// So many runs end the watch.
    package var watchedRuns = 3
    /// From one look at the runs to the next.
    package var betweenWatches: Duration = .seconds(5)
    /// After a failure that may pass.
    package var retry = RetryPolicy(first: .seconds(1), cap: .seconds(60))
    /// So many failures in a row of a house that is connected end an operation: some ten minutes.
    package var attempts = 15
    /// A workflow that a rule or limit holds back is tried again after this.
    package var hold: Duration = .seconds(300)

    /// The pacing of a house.
    package init() {}
}
