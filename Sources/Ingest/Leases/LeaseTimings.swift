import BridgeConcurrency
import BridgeCore

/// When leases are renewed, looked for and given up.
package struct LeaseTimings: Sendable {
    /// Between two renewals.
    package var renewal: Duration
    /// How long a lease holds without renewal, by the database's clock.
    package var expiry: Duration
    /// Between two looks for free leases; a notification makes it at once.
    package var look: Duration
    /// How long the bridge must have held more than its share before it gives the surplus up, so that a bridge that comes and
    /// goes does not make connections move to and fro.
    package var patience: Duration
    /// How long the database must have answered without a pause before the time of another's lease counts as over: after an
    /// outage every lease has run out, and each holder is to have a chance to renew its own.
    package var calm: Duration
    /// For each step with the database; not scaled, since it is the database's time and not a house's.
    package var deadline: Duration

    /// The times of a house, faster where `TimeScale` says so, but never so short that the machine's own hiccups lose a lease.
    package init(
        renewal: Duration = max(.seconds(3).scaled, .milliseconds(300)),
        expiry: Duration = max(.seconds(10).scaled, .milliseconds(1_500)),
        look: Duration = max(.seconds(2).scaled, .milliseconds(200)),
        patience: Duration = max(.seconds(10).scaled, .milliseconds(1_500)),
        calm: Duration = max(.seconds(5).scaled, .milliseconds(700)), deadline: Duration = .seconds(2)
    ) {
        self.renewal = renewal
        self.expiry = expiry
        self.look = look
        self.patience = patience
        self.calm = calm
        self.deadline = deadline
    }

    /// After a failed step. Well below `calm`, so that whoever comes back last after an outage still renews in time.
    var retry: RetryPolicy {
        RetryPolicy(
            first: max(.milliseconds(200).scaled, .milliseconds(50)), cap: max(.seconds(2).scaled, .milliseconds(300)))
    }
}
