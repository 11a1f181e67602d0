import BridgeConcurrency
import Embedding
import Maintenance
import PostgresClient
import Search
import Store

/// Lets the worker work, step by step, until nothing waits.
final class EmbeddingStep {
    /// What was done.
    struct Report: Sendable {
        var version = ""
        /// Keys for which a vector was made.
        var made = 0
        /// Keys whose vector came from another month.
        var copied = 0
        var took = Duration.zero
        /// How often a sentence was known and was not.
        var hits = 0
        var misses = 0
    }

    private let pool: PostgresPool
    private let cache: CachingSentenceEncoder?
    private let worker: EmbeddingWorker
    private var report: Report

    init(pool: PostgresPool, encoder: MeasuredEncoder?) {
        self.pool = pool
        let cache = encoder.map { CachingSentenceEncoder($0) }
        let vectors = DocumentVectors(encoder: cache)
        self.cache = cache
        worker = EmbeddingWorker(
            exemplars: ExemplarRepository(pool), version: vectors.version, metrics: MetricsRegistry(),
            logger: EvaluationDatabase.logger, embed: { vectors.vectors(of: $0) })
        report = Report(version: vectors.version)
    }

    /// Works until every event so far that has a key has a vector. Throws `PostgresError`.
    func work() async throws {
        let start = ContinuousClock.now
        let round = try await worker.drain()
        report.made += round.embedded
        report.copied += round.copied
        report.took += ContinuousClock.now - start
    }

    /// Works until nothing waits. Throws `PostgresError`, and `EvaluationError` where some event never gets a vector.
    func finish() async throws -> Report {
        try await work()
        let pending = try await SearchRepository(pool).pendingEvents()
        guard pending == 0 else {
            throw EvaluationError(
                "\(pending) events have no vector, although nothing is left to do. The worker left them out.")
        }
        report.hits = cache?.counts.hits ?? 0
        report.misses = cache?.counts.misses ?? 0
        return report
    }
}
