import BridgeConcurrency
import Logging
import Store

/// Builds an index for vectors in each month that has outgrown an exact search, and drops it where most of its vectors are about
/// to be replaced.
package struct VectorIndexKeeper: Sendable {
    /// Up to so many vectors in a month an exact search is quick, and finds all.
    package static let threshold = 20_000

    private let indexes: VectorIndexRepository
    private let version: String
    private let threshold: Int
    private let logger: Logger

    /// A keeper that has not started; `threshold` is for tests.
    package init(
        indexes: VectorIndexRepository, version: String, threshold: Int = VectorIndexKeeper.threshold, logger: Logger
    ) {
        self.indexes = indexes
        self.version = version
        self.threshold = threshold
        self.logger = logger
    }

    /// Looks at every month once, and returns how many indexes it built and dropped. Throws `PostgresError`.
    @discardableResult
    package func look() async throws -> Int {
        var changed = 0
        for candidate in try await indexes.candidates(version: version) {
            let name = candidate.partition.name
            let isBeingReplaced = candidate.outdated * 2 > candidate.exemplars
            if candidate.partition.hasVectorIndex {
                // An index keeps a place for what it replaces until it is cleaned, and slows each replacement.
                guard isBeingReplaced, try await indexes.drop(candidate.partition) == .done else { continue }
                changed += 1
                logger.notice("Dropped an index for vectors, which are made anew.", metadata: ["table": "\(name)"])
            } else if candidate.exemplars > threshold, !isBeingReplaced {
                logger.info(
                    "Building an index for vectors.",
                    metadata: ["table": "\(name)", LoggingKeys.count: "\(candidate.exemplars)"])
                guard try await indexes.build(candidate.partition) == .done else { continue }
                changed += 1
                logger.notice(
                    "Built an index for vectors.",
                    metadata: ["table": "\(name)", LoggingKeys.count: "\(candidate.exemplars)"])
            }
        }
        return changed
    }
}
