/// What the database takes on disk, and how many states that is for.
package struct StorageUse: Sendable, Equatable {
    /// About how many events are stored.
    package let events: Int
    /// About how many of them are states.
    package let states: Int
    /// All tables and indexes of the schema, the largest first.
    package let pieces: [StoragePiece]

    package init(events: Int, states: Int, pieces: [StoragePiece]) {
        self.events = events
        self.states = states
        self.pieces = pieces
    }

    /// Everything together.
    package var bytes: Int { pieces.reduce(0) { $0 + $1.bytes } }

    /// How many bytes of `total` fall to each state, in tenths; `nil` before the first state.
    package func tenthsPerState(of total: Int) -> Int? {
        guard states > 0 else { return nil }
        return Int(exactly: (Double(total) * 10 / Double(states)).rounded())
    }
}
