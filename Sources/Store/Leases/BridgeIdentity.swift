import BridgeCore

/// What a bridge tells the others about itself.
package struct BridgeIdentity: Sendable, Equatable {
    /// Kept in its state directory.
    package let id: BridgeID
    /// The name of its machine, for a person.
    package let name: String
    /// The version of its program.
    package let version: String
    /// When its process started, by its own clock.
    package let startedAt: Timestamp

    /// Any text will do for `name` and `version`; what the database cannot hold is replaced.
    package init(id: BridgeID, name: String, version: String, startedAt: Timestamp) {
        self.id = id
        self.name = StorableText.fitting(name)
        self.version = StorableText.fitting(version)
        self.startedAt = startedAt
    }
}
