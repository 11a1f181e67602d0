import BridgeConcurrency
import BridgeCore
import Logging
import Store

/// Keeps in order what embedding leaves behind: documents that no event needs any more, events that point to a row that is gone,
/// and indexes for vectors.
package struct EmbeddingKeeper: Sendable {
    private let documents: EmbeddingDocumentRepository
    private let exemplars: ExemplarRepository
    private let indexes: VectorIndexKeeper
    private let logger: Logger

    /// A keeper that has not started.
    package init(
        documents: EmbeddingDocumentRepository, exemplars: ExemplarRepository, indexes: VectorIndexKeeper,
        logger: Logger
    ) {
        self.documents = documents
        self.exemplars = exemplars
        self.indexes = indexes
        self.logger = logger
    }

    /// What one look did.
    package struct Work: Sendable, Equatable {
        /// Events that pointed to a vector that is gone.
        package var repaired = 0
        /// Documents that no event needs.
        package var deletedDocuments = 0
        /// Indexes built and dropped.
        package var changedIndexes = 0

        package var items: Int { repaired + deletedDocuments + changedIndexes }

        /// As a sentence; `nil` where nothing was due.
        package var summary: String? {
            var parts: [String] = []
            if repaired > 0 { parts.append("let \(repaired) events wait for a new vector") }
            if deletedDocuments > 0 { parts.append("deleted \(deletedDocuments) documents that no event needs") }
            if changedIndexes > 0 { parts.append("built or dropped \(changedIndexes) indexes for vectors") }
            guard let first = parts.first else { return nil }
            let text = parts.joined(separator: ", ")
            return first.prefix(1).uppercased() + text.dropFirst() + "."
        }
    }

    /// Looks once. Throws `PostgresError`.
    @discardableResult
    package func look(repairs: Bool = true) async throws -> Work {
        var work = Work()
        if repairs {
            let repaired = try await exemplars.repair()
            work.repaired = repaired
            if repaired > 0 {
                logger.info(
                    "Events that pointed to a vector that is gone wait for a new one.",
                    metadata: [LoggingKeys.rows: "\(repaired)"])
            }
        }
        while true {
            try Task.checkCancellation()
            let batch = try await documents.deleteOrphans()
            work.deletedDocuments += batch
            if batch == 0 { break }
        }
        work.changedIndexes = try await indexes.look()
        return work
    }
}
