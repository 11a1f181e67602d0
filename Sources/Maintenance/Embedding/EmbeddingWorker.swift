import BridgeConcurrency
import BridgeCore
import Logging
import Store

/// Gives events their vectors, the newest first, and makes vectors anew that another version made.
///
/// Ingest does not wait for it: rows are written with a key, and here the keys get vectors. Several bridges may each run one.
package final class EmbeddingWorker: Sendable {
    /// How long it rests when there is nothing to do; `wake` ends that.
    private static let rest = Duration.seconds(5)
    /// How long it rests between rounds that had little to do, so that a trickle of events does not make a round each.
    private static let pause = Duration.milliseconds(200)
    /// How often it counts.
    private static let countEvery = Duration.seconds(30)

    private let exemplars: ExemplarRepository
    private let thread: EmbeddingThread
    private let version: String
    private let metrics: EmbeddingMetrics
    private let logger: Logger
    private let state: LockedBox<EmbeddingStatus>
    private let signal = WakeSignal()
    /// Keys that get a vector in one round. A round looks through all that waits, however little it takes of it: where many houses are
    /// new, it takes more, as long as that is done in a second.
    private let keysAtOnce = LockedBox(keysAtOnceRange.lowerBound)
    private static let keysAtOnceRange = 64...512

    /// A worker that has not started.
    ///
    /// - Parameters:
    ///   - version: What `embed` is: vectors of another version are made anew.
    ///   - embed: One vector of 1536 finite numbers for each document, in their order. Runs on a thread of low priority, 16 documents
    ///     at a time at most.
    package init(
        exemplars: ExemplarRepository, version: String, metrics: MetricsRegistry, logger: Logger,
        embed: @escaping @Sendable ([StoredDocument]) -> [[Float]]
    ) {
        self.exemplars = exemplars
        self.version = version
        self.metrics = EmbeddingMetrics(metrics)
        self.logger = logger
        thread = EmbeddingThread(embed)
        state = LockedBox(EmbeddingStatus(version: version))
    }

    /// How it fares.
    package var status: EmbeddingStatus { state.withLock { $0 } }

    /// Says that events without vectors were written. Any thread may call it; it never blocks.
    package func wake() { signal.wake() }

    /// Shows its figures on `/healthz`.
    package func show(on health: HealthRegistry) {
        health.addFigure("embedding_pending_events") { [state] in
            state.withLock { $0.progress.map { Double($0.pendingRows) } }
        }
        health.addFigure("embedding_pending_keys") { [state] in
            state.withLock { $0.progress.map { Double($0.pendingKeys) } }
        }
        health.addFigure("embedding_exemplars") { [state] in
            state.withLock { $0.progress.map { Double($0.exemplars) } }
        }
        health.addFigure("embedding_outdated_exemplars") { [state] in
            state.withLock { $0.progress.map { Double($0.outdated) } }
        }
    }

    /// Works until cancelled. An outage of the database only makes it wait.
    package func run() async {
        var failures = 0
        var counted = ContinuousClock.now - Self.countEvery
        while !Task.isCancelled {
            do {
                if ContinuousClock.now - counted >= Self.countEvery {
                    try await count()
                    counted = .now
                }
                let round = try await self.round()
                failures = 0
                state.withLock { $0.lastError = nil }
                if round.isIdle {
                    await signal.wait(upTo: Self.rest)
                } else if round.embedded + round.copied + round.renewed < 16 {
                    try? await Task.sleep(for: Self.pause)
                }
            } catch is CancellationError {
                return
            } catch {
                failures += 1
                guard !Task.isCancelled else { return }
                await failed(error, failures)
            }
        }
    }

    /// Works until nothing waits and nothing is outdated, and returns what it did. Throws what a round throws. What other bridges are
    /// at may still wait.
    package func drain() async throws -> EmbeddingRound {
        var total = EmbeddingRound()
        while true {
            let round = try await self.round()
            if round.isIdle { break }
            total.add(round)
        }
        try await count()
        return total
    }

    // MARK: Rounds

    private func round() async throws -> EmbeddingRound {
        let thread = thread
        let limit = keysAtOnce.withLock { $0 }
        let start = ContinuousClock.now
        var round = try await exemplars.embedPending(version: version, keys: limit) {
            try await thread.vectors(of: $0)
        }
        adapt(limit, to: round, took: ContinuousClock.now - start)
        // What has no vector comes before what has an old one.
        if round.isIdle {
            round = try await exemplars.renewOutdated(version: version) { try await thread.vectors(of: $0) }
            if round.renewed > 0 {
                logger.notice(
                    "Made vectors anew.",
                    metadata: [
                        LoggingKeys.count: "\(round.renewed)", LoggingKeys.version: "\(version)",
                        "left": "\(outdatedLeft(after: round.renewed))",
                    ])
            }
        }
        if round.undocumented > 0 {
            logger.warning(
                "Events cannot be found by meaning, because the documents of their keys are missing.",
                metadata: [LoggingKeys.rows: "\(round.undocumented)"])
        }
        metrics.count(round)
        state.withLock { state in
            state.embedded += round.embedded
            state.copied += round.copied
        }
        return round
    }

    private func adapt(_ limit: Int, to round: EmbeddingRound, took: Duration) {
        let range = Self.keysAtOnceRange
        keysAtOnce.withLock { keys in
            if took > .seconds(1) {
                keys = max(range.lowerBound, limit / 2)
            } else if round.embedded >= limit, took < .milliseconds(400) {
                keys = min(range.upperBound, limit * 2)
            }
        }
    }

    /// How many were outdated at the last count, less those renewed since.
    private func outdatedLeft(after renewed: Int) -> Int {
        let left = state.withLock { state -> Int in
            let left = max(0, (state.progress?.outdated ?? 0) - renewed)
            state.progress?.outdated = left
            return left
        }
        metrics.outdated.set(left)
        return left
    }

    private func count() async throws {
        let progress = try await exemplars.progress(version: version)
        metrics.show(progress)
        let before = state.withLock { state -> EmbeddingProgress? in
            defer {
                state.progress = progress
                state.progressAt = .now
            }
            return state.progress
        }
        if progress.outdated > 0, before?.outdated ?? 0 == 0 {
            logger.notice(
                "Vectors of another version are made anew; searches go on meanwhile.",
                metadata: [LoggingKeys.count: "\(progress.outdated)", LoggingKeys.version: "\(version)"])
        }
    }

    private func failed(_ error: any Error, _ failures: Int) async {
        metrics.failures.increment()
        let isNew = state.withLock { state -> Bool in
            let text = "\(error)"
            defer {
                state.lastError = text
                state.lastErrorAt = .now
            }
            return state.lastError != text
        }
        let pause = Duration.seconds(min(30, 1 << min(failures - 1, 5)))
        logger.log(
            level: isNew ? .warning : .debug, "Cannot give events their vectors; trying again.",
            metadata: [LoggingKeys.error: "\(error)", LoggingKeys.attempt: "\(failures)"])
        try? await Task.sleep(for: pause)
    }
}

extension EmbeddingRound {
    /// Adds what another round did.
    mutating func add(_ other: EmbeddingRound) {
        embedded += other.embedded
        copied += other.copied
        rows += other.rows
        renewed += other.renewed
        undocumented += other.undocumented
    }
}
