import BridgeConcurrency
import BridgeCore
import Store

/// How the embedding fares, as of the last look.
package struct EmbeddingStatus: Sendable, Equatable {
    /// What makes the vectors now.
    package var version: String
    /// Counts of the database; `nil` before the first look.
    package var progress: EmbeddingProgress?
    /// When they were taken.
    package var progressAt: Timestamp?
    /// Keys for which this process made a vector.
    package var embedded = 0
    /// Keys for which it took one of another month.
    package var copied = 0
    /// The last error in one sentence; `nil` once a round went well again.
    package var lastError: String?
    package var lastErrorAt: Timestamp?

    init(version: String) { self.version = version }
}

/// What `/metrics` shows of it.
struct EmbeddingMetrics: Sendable {
    let pendingRows: Gauge
    let pendingKeys: Gauge
    let exemplars: Gauge
    let outdated: Gauge
    let embedded: Counter
    let copied: Counter
    let rows: Counter
    let undocumented: Counter
    let failures: Counter

    init(_ registry: MetricsRegistry) {
        pendingRows = registry.gauge(
            "ha_bridge_embedding_pending_events", "Events whose vector is still to be computed.")
        pendingKeys = registry.gauge(
            "ha_bridge_embedding_pending_keys", "Different meanings among the events whose vector is to be computed.")
        exemplars = registry.gauge("ha_bridge_embedding_exemplars", "Vectors stored.")
        outdated = registry.gauge(
            "ha_bridge_embedding_outdated_exemplars", "Vectors stored that another version of the embedder made.")
        embedded = registry.counter("ha_bridge_embedding_vectors_made_total", "Vectors computed.")
        copied = registry.counter(
            "ha_bridge_embedding_vectors_copied_total", "Vectors taken over from another month.")
        rows = registry.counter("ha_bridge_embedding_events_total", "Events that were given their vector.")
        undocumented = registry.counter(
            "ha_bridge_embedding_undocumented_events_total",
            "Events that cannot be embedded because nothing says what their key stands for.")
        failures = registry.counter("ha_bridge_embedding_failures_total", "Rounds of embedding that failed.")
    }

    func count(_ round: EmbeddingRound) {
        embedded.add(round.embedded)
        copied.add(round.copied)
        rows.add(round.rows)
        undocumented.add(round.undocumented)
    }

    func show(_ progress: EmbeddingProgress) {
        pendingRows.set(progress.pendingRows)
        pendingKeys.set(progress.pendingKeys)
        exemplars.set(progress.exemplars)
        outdated.set(progress.outdated)
    }
}
