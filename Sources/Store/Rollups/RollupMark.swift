import BridgeCore

/// Five minutes of a connection whose roll-ups are to be made again.
package struct RollupMark: Hashable, Sendable {
    package let connection: ConnectionID
    /// How many times 5 minutes lie between 1970 and their beginning.
    package let bucket: Int64

    /// The 5 minutes in which `time` lies.
    package init(_ connection: ConnectionID, at time: Timestamp) {
        self.connection = connection
        let length: Int64 = 300_000_000
        bucket = time.microseconds / length - (time.microseconds % length < 0 ? 1 : 0)
    }
}
