import BridgeConcurrency
import BridgeCore
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

/// Writes batches over one connection of its own, until they are committed: it retries for as long as it takes, and never gives
/// up a row silently.
///
/// Rows go straight into the table by COPY. If one of them is there already, the whole COPY fails, and the batch goes through
/// a staging table, which skips rows that exist. If PostgreSQL refuses a value, the batch is halved until the row is found,
/// which becomes a dead letter.
actor EventSink {
    private let configuration: PostgresConfiguration
    private let deadLetters: DeadLetterRepository
    private let health: HealthRegistry
    private let metrics: IngestMetrics
    private let logger: Logger
    private let retry = RetryPolicy.database
    private var connection: PostgresConnection?
    private var generator = SystemRandomNumberGenerator()
    private var isFailing = false

    /// A batch, or a part of it, has this long; then the server is taken for dead. Shorter than what the liveness of the writer
    /// allows: a dead PostgreSQL must not make this process look dead.
    private static let deadline: Duration = .seconds(20)

    init(
        configuration: PostgresConfiguration, deadLetters: DeadLetterRepository, health: HealthRegistry,
        metrics: IngestMetrics, logger: Logger
    ) {
        self.configuration = configuration
        self.deadLetters = deadLetters
        self.health = health
        self.metrics = metrics
        self.logger = logger
    }

    /// Returns when everything in `batch` is committed. Throws only `CancellationError`; the batch is then not committed as far
    /// as anyone knows.
    func write(_ batch: EventBatch) async throws -> WriteOutcome {
        var outcome = WriteOutcome()
        var letters = batch.deadLetters
        if !batch.index.isEmpty {
            let whole = 0..<batch.index.count
            let owners = Set(batch.frames.map(\.connection))
            var goesThroughStaging = batch.mayRepeat
            if !goesThroughStaging {
                // A connection lost in the commit leaves open whether the rows are there: the second try finds them.
                let copied = try await persistently { connection -> Int? in
                    do throws(PostgresError) {
                        return try await EventTable.copyDirect(
                            connection, chunks: batch.chunks(of: whole), owners: owners, deadline: Self.deadline)
                    } catch {
                        let isMissingOwner = error.sqlState == EventTable.missingOwner
                        if error.isDuplicate || error.rejectsData || isMissingOwner { return nil }
                        throw error
                    }
                }
                if let copied { outcome.stored += copied } else { goesThroughStaging = true }
            }
            if goesThroughStaging {
                try await stage(whole, of: batch, &outcome, &letters)
            }
        }
        if !letters.isEmpty {
            let pending = letters
            _ = try await persistently { _ in try await deadLetters.append(pending) }
            for letter in letters { metrics.deadLetter(reason: letter.reasonCode) }
        }
        return outcome
    }

    /// Closes the connection to PostgreSQL.
    func close() async {
        await connection?.close()
        connection = nil
    }

    /// Stores the rows of `range` that are not there yet; halves the range when PostgreSQL refuses one of them.
    private func stage(
        _ range: Range<Int>, of batch: EventBatch, _ outcome: inout WriteOutcome, _ letters: inout [DeadLetter]
    ) async throws {
        var waiting = [range]
        while let part = waiting.popLast() {
            let result = try await persistently { connection -> Result<Int, PostgresError> in
                do throws(PostgresError) {
                    return .success(
                        try await EventTable.copyThroughStaging(
                            connection, chunks: batch.chunks(of: part), deadline: Self.deadline))
                } catch {
                    if error.rejectsData { return .failure(error) }
                    throw error
                }
            }
            switch result {
            case .success(let inserted):
                outcome.stored += inserted
                outcome.repeated += part.count - inserted
            case .failure(let error) where part.count == 1:
                let row = batch.index[part.lowerBound]
                letters.append(
                    DeadLetter(
                        of: batch.frames[row.frame], row.source, code: "refused_by_postgresql",
                        reason: "PostgreSQL refused the row: \(error.message)", sqlState: error.sqlState))
            case .failure:
                let middle = part.lowerBound + part.count / 2
                waiting.append(middle..<part.upperBound)
                waiting.append(part.lowerBound..<middle)
            }
        }
    }

    // MARK: Trying again

    /// Runs `body` until it succeeds, with a new connection after each failure and a growing wait between.
    private func persistently<Result: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        var attempt = 0
        while true {
            health.beat(.writer)
            do {
                let result = try await body(try await usableConnection())
                recovered()
                return result
            } catch {
                attempt += 1
                try Task.checkCancellation()
                await connection?.close()
                connection = nil
                let wait = retry.delay(attempt: attempt, using: &generator)
                failed(error, wait: wait)
                try await Task.sleep(for: wait)
            }
        }
    }

    private func usableConnection() async throws(PostgresError) -> PostgresConnection {
        if let connection, await connection.isUsable { return connection }
        let fresh = try await PostgresConnection.connect(configuration, logger: logger)
        connection = fresh
        return fresh
    }

    private func failed(_ error: any Error, wait: Duration) {
        metrics.writeFailures.increment()
        health.setReadiness(.writerLag, .failing("Rows cannot be written: \(error)"))
        if !isFailing {
            isFailing = true
            logger.warning(
                "Cannot write to PostgreSQL. Events wait in memory; trying again until it works.",
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
        health.setReadiness(.writerLag, .ok)
        logger.notice("PostgreSQL takes rows again.")
    }
}

extension EventBatch {
    /// COPY's stream of the rows in `range`, in pieces; the whole batch is not copied for it.
    func chunks(of range: Range<Int>) -> [[UInt8]] {
        guard let first = index[range].first, let last = index[range].last else { return [] }
        let part = first.range.lowerBound..<last.range.upperBound
        let body = part == 0..<rows.count ? rows : Array(rows[part])
        return [BinaryCopyEncoder.headerBytes, body, BinaryCopyEncoder.trailerBytes]
    }
}
