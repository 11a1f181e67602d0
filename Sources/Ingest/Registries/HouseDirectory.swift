import BridgeConcurrency
import BridgeCore
import Embedding
import Synchronization

/// What the registries of each connection's Home Assistant say, for those who describe its events. Thread-safe; no call waits.
package final class HouseDirectory: Sendable {
    private let houses = LockedBox<[ConnectionID: HouseContext]>([:])
    private let changes = Atomic<UInt64>(0)

    /// An empty directory.
    package init() {}

    /// Grows with each change of any context: a reader that has seen this number knows everything there is.
    package var generation: UInt64 { changes.load(ordering: .acquiring) }

    /// What is known of a house; `nil` before anything is.
    package func context(of connection: ConnectionID) -> HouseContext? { houses.withLock { $0[connection] } }

    /// Replaces what is known of a house, or says something first: with `isFallback`, what is known already stays. Returns whether
    /// that changed anything.
    @discardableResult
    package func publish(_ context: HouseContext, for connection: ConnectionID, isFallback: Bool = false) -> Bool {
        let isNews = houses.withLock { houses in
            let known = houses[connection]
            guard known != context, known == nil || !isFallback else { return false }
            houses[connection] = context
            return true
        }
        // After the change: who sees the new number finds the new context.
        if isNews { changes.add(1, ordering: .releasing) }
        return isNews
    }
}
