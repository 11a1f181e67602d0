import BridgeCore
import Embedding
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Writes the batches of a backfill over a pool, for a command: an error ends the command, and nobody waits for the database.
struct BackfillSink: Sendable {
    let pool: PostgresPool
    /// `nil` where no embeddings are made.
    var documents: DocumentKeeper?

    /// Commits what `batch` holds. A row that PostgreSQL refuses becomes a dead letter. Throws `PostgresError`.
    func write(_ batch: EventBatch) async throws -> WriteOutcome {
        try await documents?.keep(batch.documents, in: pool)
        let parts = try await batch.storeInParts(0..<batch.index.count) { part, _ in
            do {
                return .success(
                    try await pool.withConnection { session in
                        try await EventTable.copyThroughStaging(session, chunks: batch.chunks(of: part))
                    })
            } catch let error as PostgresError where error.rejectsData {
                return .failure(error)
            }
        }
        try await DeadLetterRepository(pool).append(batch.deadLetters + parts.refused)
        return parts.outcome
    }
}

extension Backfiller {
    /// Repairs gaps of `connection` for a command, over the pool of `gaps`. With `house`, rows get the keys by which they are found
    /// by their meaning.
    package init(
        connection: ConnectionID, port: CommandPort, gaps: GapRepository, house: HouseContext?, logger: Logger,
        onProgress: @escaping @Sendable (BackfillProgress) -> Void
    ) {
        var embedding: EmbeddingSources?
        if let house {
            embedding = EmbeddingSources(houses: HouseDirectory(), directory: ExemplarDirectory())
            embedding?.houses.publish(house, for: connection)
        }
        let documents = embedding.map { DocumentKeeper(directory: $0.directory, logger: logger) }
        let sink = BackfillSink(pool: gaps.pool, documents: documents)
        self.init(
            connection: connection, port: port, gaps: gaps, pacing: BackfillPacing(), embedding: embedding,
            onProgress: onProgress, sink: { try await sink.write($0) })
    }
}
