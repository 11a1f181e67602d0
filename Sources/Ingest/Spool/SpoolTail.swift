import BridgeConcurrency
import FoundationEssentials

/// The newest items of the spool, in memory: while the writer keeps up, it never reads the disk.
///
/// When more gathers than memory may hold, what is on the disk is let go and read back from there.
final class SpoolTail: Sendable {
    private struct State {
        /// In the order of their sequence; holes are on the disk alone.
        var items: [SpooledItem] = []
        /// Where `items` begins; what lies before was taken.
        var head = 0
        var cost = 0
        /// The number of the item that comes next.
        var nextSequence: UInt64 = 1
    }

    private let state = LockedBox(State())
    private let limit: Int

    /// Holds about `limit` bytes.
    init(limit: Int) { self.limit = limit }

    /// Every item with a smaller number is on the disk, unless the tail holds it or it was taken from here.
    var firstSequence: UInt64 {
        state.withLock { $0.head < $0.items.count ? $0.items[$0.head].sequence : $0.nextSequence }
    }

    /// Bytes held.
    var cost: Int { state.withLock { $0.cost } }

    /// Adds items, which follow those that were added before.
    func push(_ items: [SpooledItem]) {
        guard let last = items.last else { return }
        state.withLock { state in
            state.nextSequence = last.sequence + 1
            state.items += items
            state.cost += items.reduce(0) { $0 + $1.item.cost }
            guard state.cost > limit else { return }
            // Those that could not be written to the disk have no other place.
            state.items = state.items[state.head...].filter { !$0.isOnDisk }
            state.head = 0
            state.cost = state.items.reduce(0) { $0 + $1.item.cost }
        }
    }

    /// Takes the unbroken row of items that begins with number `sequence`, of about `bytes`; empty when it begins elsewhere.
    func take(from sequence: UInt64, bytes: Int) -> [SpooledItem] {
        state.withLock { state in
            var end = state.head
            var next = sequence
            var cost = 0
            while end < state.items.count, state.items[end].sequence == next, cost < bytes {
                cost += state.items[end].item.cost
                next += 1
                end += 1
            }
            let taken = Array(state.items[state.head..<end])
            state.cost -= cost
            state.head = end
            if state.head == state.items.count {
                state.items = []
                state.head = 0
            } else if state.head > 4_096 {
                state.items.removeFirst(state.head)
                state.head = 0
            }
            return taken
        }
    }
}
