import BridgeConcurrency
import Embedding
import Logging
import PostgresClient
import Store

/// Stores what is embedded of events, before the events themselves.
struct DocumentKeeper: Sendable {
    let directory: ExemplarDirectory
    let logger: Logger

    /// Commits `batch` over a connection of `pool`, for those who have no other.
    func keep(_ batch: [StoredDocument], in pool: PostgresPool) async throws {
        guard !batch.isEmpty else { return }
        try await pool.withConnection { try await keep(batch, on: $0, deadline: .seconds(30)) }
    }

    /// Commits `batch` over the writer's own connection, so that it waits for PostgreSQL as long as for the events, and not longer. A document that PostgreSQL refuses is left out: its events then have no vector, and nothing else is lost.
    /// Throws what a later try may mend.
    func keep(_ batch: [StoredDocument], on connection: PostgresConnection, deadline: Duration) async throws {
        do {
            _ = try await EmbeddingDocumentRepository.insert(batch, on: connection, deadline: deadline)
        } catch let error as PostgresError where error.rejectsData {
            for document in batch {
                do {
                    _ = try await EmbeddingDocumentRepository.insert([document], on: connection, deadline: deadline)
                } catch let error as PostgresError where error.rejectsData {
                    logger.warning(
                        "PostgreSQL refuses the text of an event; events like it are not found by their meaning.",
                        metadata: ["text": "\(document.text)", LoggingKeys.error: "\(error)"])
                }
            }
        }
        directory.stored(batch.lazy.compactMap { EmbeddingKey($0.key.bytes) })
    }
}
