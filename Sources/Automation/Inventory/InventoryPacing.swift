import BridgeCore

/// When the automations are listed.
package struct InventoryPacing: Sendable {
    /// From a signal until it is looked into: signals come in a row.
    package var afterSignal: Duration = .seconds(1)
    /// At least this lies between the beginnings of two listings.
    package var betweenListings: Duration = .seconds(3)
    /// Everything is listed and read this often, whatever was told.
    package var sweep: Duration = .seconds(600)
    /// An automation is unavailable, or gone, when it has been so for this long: a reload makes each of them blink.
    package var dwell: Duration = .seconds(5)
    /// Between two commands that read a configuration.
    package var betweenConfigurations: Duration = .milliseconds(3)
    /// After a failure, or while another bridge holds the lease.
    package var retry = RetryPolicy(first: .seconds(2), cap: .seconds(60))
    /// For one answer of Home Assistant.
    package var answerLimit: Duration = .seconds(60)

    /// The pacing of a house.
    package init() {}
}
