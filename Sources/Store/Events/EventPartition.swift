import BridgeCore

/// A partition of `home_assistant_events`.
package struct EventPartition: Sendable, Equatable {
    /// The table's name.
    package let name: String
    /// The first moment that it takes; `nil` for the default partition.
    package let from: Timestamp?
    /// The first moment that it takes no more; `nil` for the default partition.
    package let to: Timestamp?
    /// Size on disk with indexes and TOAST.
    package let bytes: Int
    /// What PostgreSQL reckons, 0 for one that has never been analysed.
    package let estimatedRows: Int

    /// True for the one that takes what no other does; rows in it point to a wrong clock or a scheduler that stands still.
    package var isDefault: Bool { from == nil }
}
