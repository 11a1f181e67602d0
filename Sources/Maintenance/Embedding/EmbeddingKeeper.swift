import BridgeConcurrency
import BridgeCore
import Logging
import Store

/// Keeps in order what embedding leaves behind: documents that no event needs any more, events that point to a row that is gone,
/// and indexes for vectors.
package struct EmbeddingKeeper: Sendable {
    /// A day of hourly looks.
    private static let repairEvery = 24
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

    /// Looks now and then once an hour, until cancelled.
    package func run() async {
        var looks = 0
        while !Task.isCancelled {
            do {
                try await look(repairs: looks % Self.repairEvery == 0)
                looks += 1
                try? await Task.sleep(for: .seconds(3_600))
            } catch {
                logger.debug(
                    "Cannot look after documents and vectors; trying again in a minute.",
                    metadata: [LoggingKeys.error: "\(error)"])
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }

    /// Looks once. Throws `PostgresError`.
    package func look(repairs: Bool = true) async throws {
        if repairs {
            let repaired = try await exemplars.repair()
            if repaired > 0 {
                logger.info(
                    "Events that pointed to a vector that is gone wait for a new one.",
                    metadata: [LoggingKeys.rows: "\(repaired)"])
            }
        }
        var deleted = 0
        while !Task.isCancelled {
            let batch = try await documents.deleteOrphans()
            deleted += batch
            if batch == 0 { break }
        }
        if deleted > 0 {
            logger.info("Deleted documents that no event needs.", metadata: [LoggingKeys.count: "\(deleted)"])
        }
        try await indexes.look()
    }
}
