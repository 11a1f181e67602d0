import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import Store

/// Repairs the gaps of one connection for as long as its session lasts.
///
/// Gaps are committed by the event writer, some time after the session was regained: the worker looks soon after its start a few
/// times, then once a minute, and whenever it is told to.
package struct BackfillWorker: Sendable {
    private let connection: ConnectionID
    private let gaps: GapRepository
    private let backfiller: Backfiller
    private let signals: Mailbox<Void>
    private let logger: Logger

    /// When to look after the start, counted from the look before.
    private static let firstLooks: [Duration] = [.seconds(1), .seconds(1), .seconds(3), .seconds(5)]
    private static let interval: Duration = .seconds(60)
    /// Gaps that are read together; more of them wait for the next look.
    private static let gapsAtOnce = 20

    /// A worker for the session that `port` belongs to. `sink` commits a batch, for as long as it takes.
    init(
        connection: ConnectionID, port: CommandPort, gaps: GapRepository, timer: DeadlineTimer, logger: Logger,
        pacing: BackfillPacing = BackfillPacing(), embedding: EmbeddingSources? = nil,
        sink: @escaping Backfiller.Sink
    ) {
        self.connection = connection
        self.gaps = gaps
        self.logger = logger
        signals = Mailbox(timer: timer)
        backfiller = Backfiller(
            connection: connection, port: port, gaps: gaps, pacing: pacing, embedding: embedding, sink: sink)
    }

    /// Makes the worker look for gaps now. May be called from any thread.
    package func lookNow() { signals.push(()) }

    /// Runs until the session ends or the task is cancelled. A gap that is not closed by then is left for the next session.
    package func run() async {
        var looks = Self.firstLooks.makeIterator()
        var lastTrouble: String?
        while !Task.isCancelled {
            var isMore = false
            do {
                isMore = try await repairOnce()
                lastTrouble = nil
            } catch CommandFailure.disconnected {
                return
            } catch is CancellationError {
                return
            } catch {
                // Whoever cancels a statement knows that it did not end.
                if Task.isCancelled { return }
                // The database may be away for hours: said once.
                let trouble = "\(error)"
                let level: Logger.Level = trouble == lastTrouble ? .debug : .warning
                logger.log(
                    level: level, "Cannot look for gaps, or fill one. Trying again.",
                    metadata: [LoggingKeys.error: "\(trouble)"])
                lastTrouble = trouble
            }
            if isMore { continue }
            _ = await signals.next(until: .now + (looks.next() ?? Self.interval).scaled)
        }
    }

    /// Repairs what is there and returns whether more may be.
    private func repairOnce() async throws -> Bool {
        let found = try await gaps.repairable(connection, limit: Self.gapsAtOnce)
        guard !found.isEmpty else { return false }
        logger.info("Reading the history of gaps.", metadata: [LoggingKeys.count: "\(found.count)"])
        let closed = try await backfiller.repair(found)
        for gap in closed { log(gap) }
        return !closed.isEmpty && found.count == Self.gapsAtOnce
    }

    private func log(_ gap: EventGap) {
        var metadata: Logger.Metadata = [
            "cause": "\(gap.cause.rawValue)", "from": "\(gap.startedAt.iso8601)",
            "to": "\(gap.endedAt?.iso8601 ?? "-")", "status": "\(gap.status.rawValue)", "found": "\(gap.rowsFound)",
            "added": "\(gap.rowsAdded)",
            "not_recoverable": "\(gap.unrecoverableTypes.joined(separator: ", "))",
        ]
        if let reason = gap.reason { metadata[LoggingKeys.reason] = "\(reason)" }
        logger.log(
            level: gap.status == .backfilled ? .notice : .warning, "Closed a gap in what was seen.",
            metadata: metadata)
    }
}
