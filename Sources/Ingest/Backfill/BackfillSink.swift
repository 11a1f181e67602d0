import BridgeCore
import HomeAssistantClient
import PostgresClient
import Store

/// Writes the batches of a backfill over a pool, for a command: an error ends the command, and nobody waits for the database.
struct BackfillSink: Sendable {
    let pool: PostgresPool

    /// Commits what `batch` holds. A row that PostgreSQL refuses becomes a dead letter. Throws `PostgresError`.
    func write(_ batch: EventBatch) async throws -> WriteOutcome {
        var outcome = WriteOutcome()
        var letters = batch.deadLetters
        var waiting = batch.index.isEmpty ? [] : [0..<batch.index.count]
        while let part = waiting.popLast() {
            do {
                let stored = try await pool.withConnection { session in
                    try await EventTable.copyThroughStaging(session, chunks: batch.chunks(of: part))
                }
                outcome.stored += stored
                outcome.repeated += part.count - stored
            } catch let error as PostgresError where error.rejectsData {
                guard part.count == 1 else {
                    let middle = part.lowerBound + part.count / 2
                    waiting += [middle..<part.upperBound, part.lowerBound..<middle]
                    continue
                }
                let row = batch.index[part.lowerBound]
                letters.append(
                    DeadLetter(
                        of: batch.frames[row.frame], row.source, code: "refused_by_postgresql",
                        reason: "PostgreSQL refused the row: \(error.message)", sqlState: error.sqlState))
            }
        }
        try await DeadLetterRepository(pool).append(letters)
        return outcome
    }
}

extension Backfiller {
    /// Repairs gaps of `connection` for a command, over the pool of `gaps`.
    package init(
        connection: ConnectionID, port: CommandPort, gaps: GapRepository,
        onProgress: @escaping @Sendable (BackfillProgress) -> Void
    ) {
        let sink = BackfillSink(pool: gaps.pool)
        self.init(
            connection: connection, port: port, gaps: gaps, pacing: BackfillPacing(), onProgress: onProgress,
            sink: { try await sink.write($0) })
    }
}
