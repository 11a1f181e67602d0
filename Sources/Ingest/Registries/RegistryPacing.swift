import BridgeCore

/// When the registries are listed.
package struct RegistryPacing: Sendable {
    /// From a change until it is listed: changes often come in a row.
    package var afterChange: Duration = .seconds(2)
    /// At least this lies between the beginnings of two listings, however much changes.
    package var betweenListings: Duration = .seconds(10)
    /// Without any change that was told.
    package var anyway: Duration = .seconds(3_600)
    /// After a failure.
    package var retry = RetryPolicy(first: .seconds(2), cap: .seconds(60))
    /// For one answer of Home Assistant.
    package var answerLimit: Duration = .seconds(60)

    /// The pacing of a house.
    package init() {}
}
