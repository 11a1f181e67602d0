import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Logging
import PostgresClient
import Store

/// What became of one batch.
struct WriteOutcome: Sendable {
    /// Rows that are new in the table.
    var stored = 0
    /// Rows that were there already.
    var repeated = 0
}

/// The leases of the bridge that writes.
struct WriterLeases: Sendable {
    var bridge: BridgeID
    var book: LeaseBook
}

/// Writes batches over one connection of its own, until they are committed: it retries for as long as it takes, and never gives
/// up a row silently.
///
/// Two of them may write at once: the rows of a batch are copied while the batch before it is on its way, and committed after it.
///
/// Rows go straight into their month by COPY. If one of them is there already, the whole COPY fails, and the batch goes through
/// a staging table, which skips rows that exist. If PostgreSQL refuses a value, the batch is halved until the row is found,
/// which becomes a dead letter.
actor EventSink {
    private let configuration: PostgresConfiguration
    private let deadLetters: DeadLetterRepository
    private let audits: AuditLogRepository
    private let leases: WriterLeases
    /// `nil` where no embeddings are made.
    private let documents: DocumentKeeper?
    /// `nil` where nobody waits for what is written.
    private let health: HealthRegistry?
    private let metrics: IngestMetrics
    private let logger: Logger
    /// How long rows that are copied wait for the batch before them. It may itself wait for one of them, without PostgreSQL
    /// knowing of both: the same event in both batches does that.
    private let patience: Duration
    private let retry = RetryPolicy.database
    private var connection: PostgresConnection?
    private var generator = SystemRandomNumberGenerator()
    private var isFailing = false
    /// What was claimed last.
    private var claims: [ConnectionID: Int64?] = [:]
    /// When rows may be copied ahead again.
    private var copiesAheadFrom = ContinuousClock.now

    /// A batch, or a part of it, has this long; then the server is taken for dead. Shorter than what the liveness of the writer
    /// allows: a dead PostgreSQL must not make this process look dead.
    private static let deadline: Duration = .seconds(20)

    init(
        configuration: PostgresConfiguration, deadLetters: DeadLetterRepository, audits: AuditLogRepository,
        leases: WriterLeases, documents: DocumentKeeper?, health: HealthRegistry?, metrics: IngestMetrics,
        logger: Logger, patience: Duration = .seconds(2)
    ) {
        self.configuration = configuration
        self.deadLetters = deadLetters
        self.audits = audits
        self.leases = leases
        self.documents = documents
        self.health = health
        self.metrics = metrics
        self.logger = logger
        self.patience = patience
    }

    /// How long nothing is copied ahead after rows have waited in vain: what is rolled back is work for a disk that may be slow.
    private static let pauseAfterWaiting: Duration = .seconds(60)

    /// Copies the rows, waits until `before` is committed, and commits; `nil` when that did not come about.
    private func copyAhead(_ batch: EventBatch, of before: BatchCompletion) async -> Int? {
        do {
            let connection = try await usableConnection()
            if let documents, !batch.documents.isEmpty {
                try await documents.keep(batch.documents, on: connection, deadline: Self.deadline)
            }
            let copied = try await EventTable.copyDirect(
                connection, chunks: batch.chunks(of: 0..<batch.index.count), month: batch.month, seal: seal(of: batch),
                deadline: Self.deadline
            ) { [patience] () throws(PostgresError) in
                CrashPoint.copiedAhead.reach()
                guard before.wait(atMost: patience) else {
                    throw PostgresError(.cancelled, "The batch before this one is not committed yet.")
                }
            }
            metrics.batchesAhead.increment()
            return copied
        } catch {
            // It may be committed by now: giving way is what let it.
            if before.current != false, (error as? PostgresError)?.code == .cancelled {
                copiesAheadFrom = .now + Self.pauseAfterWaiting
            }
            logger.debug(
                "A batch is written again once the one before it is committed.",
                metadata: [LoggingKeys.error: "\(error)"])
            return nil
        }
    }

    /// Returns when everything in `batch` is committed, and `before` is, too. Throws only `CancellationError`; the batch is then
    /// not committed as far as anyone knows.
    ///
    /// Where nothing speaks against it, the rows are copied while `before` is still being written, which is another sink's work;
    /// one try, and whatever goes wrong with it is left to the second, which comes when `before` is committed.
    func write(_ batch: EventBatch, after before: BatchCompletion? = nil) async throws -> WriteOutcome {
        if let before {
            if batch.canBeCopiedAhead, ContinuousClock.now >= copiesAheadFrom,
                let copied = await copyAhead(batch, of: before)
            {
                return WriteOutcome(stored: copied)
            }
            guard await before.ended() else { throw CancellationError() }
        }
        var outcome = WriteOutcome()
        // All are harmless when they are repeated, so they may be there before the cursor moves, and must not be after it.
        try await keep(batch.deadLetters)
        if !batch.audits.isEmpty {
            _ = try await persistently { _, _ in try await audits.append(batch.audits) }
        }
        if let documents, !batch.documents.isEmpty {
            try await persistently { connection, _ in
                try await documents.keep(batch.documents, on: connection, deadline: Self.deadline)
            }
        }
        guard !batch.index.isEmpty else {
            try await persistently { connection, sink in
                try await EventTable.sealAlone(connection, seal: sink.seal(of: batch), deadline: Self.deadline)
            }
            return outcome
        }
        let whole = 0..<batch.index.count
        if !batch.mayRepeat {
            // A connection lost in the commit leaves open whether the rows are there: the second try finds them.
            let copied = try await persistently { connection, sink -> Int? in
                do throws(PostgresError) {
                    return try await EventTable.copyDirect(
                        connection, chunks: batch.chunks(of: whole), month: batch.month, seal: sink.seal(of: batch),
                        deadline: Self.deadline)
                } catch {
                    if error.isDuplicate || error.rejectsData || error.sqlState == EventTable.missingOwner {
                        return nil
                    }
                    throw error
                }
            }
            if let copied {
                outcome.stored = copied
                return outcome
            }
        }
        try await stage(whole, of: batch, &outcome)
        return outcome
    }

    /// What closes a transaction of `batch` now.
    private func seal(of batch: EventBatch) -> BatchSeal {
        claims = [:]
        for connection in batch.connections {
            claims.updateValue(leases.book.epoch(of: connection), forKey: connection)
        }
        return BatchSeal(
            bridge: leases.bridge, claims: claims,
            positions: Dictionary(uniqueKeysWithValues: batch.positions.map { ($0.key.uuid, $0.value) }),
            sightings: batch.sightings, marks: batch.rollupMarks)
    }

    /// Takes PostgreSQL at its word that another bridge speaks for a connection. Returns whether that was news.
    private func loseLease(_ connection: ConnectionID?) -> Bool {
        guard let connection, let epoch = claims[connection] ?? nil else { return false }
        leases.book.markLost(connection, epoch: epoch)
        logger.warning(
            "Another bridge speaks for this connection now. What came before is written all the same.",
            metadata: [LoggingKeys.connectionID: "\(connection)", LoggingKeys.leaseEpoch: "\(epoch)"])
        return true
    }

    private func keep(_ letters: [DeadLetter]) async throws {
        guard !letters.isEmpty else { return }
        _ = try await persistently { _, _ in try await deadLetters.append(letters) }
        for letter in letters { metrics.deadLetter(reason: letter.reasonCode) }
    }

    /// Closes the connection to PostgreSQL.
    func close() async {
        await connection?.close()
        connection = nil
    }

    /// Stores the rows of `range` that are not there yet; halves the range when PostgreSQL refuses one of them. The last
    /// transaction is the one that closes the batch.
    private func stage(_ range: Range<Int>, of batch: EventBatch, _ outcome: inout WriteOutcome) async throws {
        let parts = try await batch.storeInParts(range) { part, isLast in
            try await self.persistently { connection, sink -> Result<Int, PostgresError> in
                do throws(PostgresError) {
                    let seal = sink.seal(of: batch)
                    return .success(
                        try await EventTable.copyThroughStaging(
                            connection, chunks: batch.chunks(of: part), seal: isLast ? seal : seal.claimsAlone,
                            deadline: Self.deadline))
                } catch {
                    if error.rejectsData { return .failure(error) }
                    throw error
                }
            }
        }
        outcome.stored += parts.outcome.stored
        outcome.repeated += parts.outcome.repeated
        if parts.isClosed { return }
        try await keep(parts.refused)
        try await persistently { connection, sink in
            try await EventTable.sealAlone(connection, seal: sink.seal(of: batch), deadline: Self.deadline)
        }
    }

    // MARK: Trying again

    /// Runs `body` until it succeeds, with a new connection after each failure and a growing wait between.
    private func persistently<Result: Sendable>(
        _ body: (PostgresConnection, isolated EventSink) async throws -> Result
    ) async throws -> Result {
        var attempt = 0
        while true {
            health?.beat(.writer)
            do {
                let result = try await body(try await usableConnection(), self)
                recovered()
                return result
            } catch let error as PostgresError where error.isLostLease {
                // Another bridge speaks for the connection. What came before is still written, with no claim to the lease.
                metrics.staleWrites.increment()
                if !loseLease(error.lostLease) {
                    // It named no lease that was claimed here: without a wait the same would happen again at once.
                    attempt += 1
                    try await Task.sleep(for: retry.delay(attempt: attempt, using: &generator))
                }
            } catch {
                attempt += 1
                try Task.checkCancellation()
                await endFrozenPeers(after: error)
                await connection?.close()
                connection = nil
                let wait = retry.delay(attempt: attempt, using: &generator)
                failed(error, wait: wait)
                try await Task.sleep(for: wait)
            }
        }
    }

    /// A bridge that froze in the middle of a batch keeps the keys of its rows locked; the server does not end it by itself.
    private func endFrozenPeers(after error: any Error) async {
        guard (error as? PostgresError)?.sqlState == "55P03", let connection, await connection.isUsable else { return }
        let ended = try? await connection.endFrozenPeers(silentFor: Self.deadline + .seconds(10))
        if let ended, ended > 0 {
            logger.warning(
                "Ended sessions of a bridge that froze in the middle of a transaction.",
                metadata: [LoggingKeys.count: "\(ended)"])
        }
    }

    private func usableConnection() async throws(PostgresError) -> PostgresConnection {
        if let connection, await connection.isUsable { return connection }
        let fresh = try await PostgresConnection.connect(
            configuration, settings: .bounded, logger: logger)
        connection = fresh
        return fresh
    }

    private func failed(_ error: any Error, wait: Duration) {
        metrics.writeFailures.increment()
        health?.setReadiness(.writerLag, .failing("Rows cannot be written: \(error)"))
        if !isFailing {
            isFailing = true
            logger.warning(
                "Cannot write to PostgreSQL. Events wait in the spool; trying again until it works.",
                metadata: [
                    LoggingKeys.error: "\(error)",
                    LoggingKeys.databaseCode: "\((error as? PostgresError)?.sqlState ?? "-")",
                ])
        } else {
            logger.debug(
                "Still cannot write to PostgreSQL.",
                metadata: [LoggingKeys.error: "\(error)", LoggingKeys.retryAfter: "\(Int(wait.inSeconds * 1_000))"])
        }
    }

    private func recovered() {
        guard isFailing else { return }
        isFailing = false
        health?.setReadiness(.writerLag, .ok)
        logger.notice("PostgreSQL takes rows again.")
    }
}
