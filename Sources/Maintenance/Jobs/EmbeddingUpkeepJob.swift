import BridgeConcurrency
import Store

/// Keeps in order what embedding leaves behind, and the indexes for vectors; see `EmbeddingKeeper`.
package final class EmbeddingUpkeepJob: MaintenanceJob {
    package let name = "embedding_upkeep"
    package let interval = Duration.seconds(3_600)

    /// Of hourly looks, each 24th repairs.
    private static let repairEvery = 24

    private let keeper: @Sendable () -> EmbeddingKeeper?
    private let looks = LockedBox(0)

    /// - Parameter keeper: That of the model in use; `nil` while none is.
    package init(keeper: @escaping @Sendable () -> EmbeddingKeeper?) { self.keeper = keeper }

    package func run() async throws -> JobOutcome {
        guard let keeper = keeper() else { return .nothing }
        let look = looks.withLock { looks in
            defer { looks += 1 }
            return looks
        }
        let done = try await keeper.look(repairs: look % Self.repairEvery == 0)
        return JobOutcome(summary: done.summary, items: done.items)
    }
}
