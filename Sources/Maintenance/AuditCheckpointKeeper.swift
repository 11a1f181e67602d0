import BridgeConcurrency
import BridgeCore
import Logging
import Store

/// States again and again, signed, where the chains of the audit trail have come to: to the log and to a file, where whoever changes
/// the database does not reach them. A failure is logged and tried again.
package struct AuditCheckpointKeeper: Sendable {
    /// When the next statement is due.
    package struct Pacing: Sendable {
        /// After so many rows,
        package var rows: Int64 = 1_000
        /// or so long after the last one, where there is any new row.
        package var age = Duration.seconds(3_600)
        /// How often it looks.
        package var look = Duration.seconds(10)

        package init() {}
    }

    private let checkpointer: AuditCheckpointer
    private let file: AuditCheckpointFile
    private let pacing: Pacing
    private let logger: Logger

    package init(
        _ checkpointer: AuditCheckpointer, file: AuditCheckpointFile, pacing: Pacing = Pacing(), logger: Logger
    ) {
        self.checkpointer = checkpointer
        self.file = file
        self.pacing = pacing
        self.logger = logger
    }

    /// What was seen and stated so far.
    private struct Memory {
        var stated: AuditCheckpointer.Positions?
        var seen: AuditCheckpointer.Positions = [:]
        var statedAt = ContinuousClock.now
        var warnings: Set<String> = []
        var isFailing = false
    }

    /// Runs until the task is cancelled.
    package func run() async {
        var memory = Memory()
        while !Task.isCancelled {
            do {
                try await pass(&memory)
                memory.isFailing = false
            } catch let error as StoreError where error.code == .noSigningKey {
                note(error, "No checkpoints of the audit trail are made.", &memory)
            } catch {
                if Task.isCancelled { return }
                note(error, "Cannot make a checkpoint of the audit trail. Trying again.", &memory)
            }
            guard (try? await Task.sleep(for: pacing.look)) != nil else { return }
        }
    }

    private func note(_ error: any Error, _ message: Logger.Message, _ memory: inout Memory) {
        logger.log(
            level: memory.isFailing ? .debug : .warning, message, metadata: [LoggingKeys.error: "\(error)"])
        memory.isFailing = true
    }

    private func pass(_ memory: inout Memory) async throws {
        let look = try await checkpointer.look(after: memory.seen)
        for warning in look.warnings where memory.warnings.insert(warning).inserted {
            logger.critical(
                "The audit trail was tampered with. See: ha-bridge audit verify",
                metadata: [LoggingKeys.reason: "\(warning)"])
        }
        memory.seen.merge(look.positions) { _, new in new }
        let news = look.positions.reduce(Int64(0)) { sum, entry in
            sum + max(0, entry.value.sequence - (memory.stated?[entry.key]?.sequence ?? 0))
        }
        let isDue = memory.stated == nil || news >= pacing.rows || .now - memory.statedAt >= pacing.age
        guard isDue, news > 0 else { return }
        let checkpoint = try checkpointer.statement(
            of: look.positions, since: file.isFresh ? nil : memory.stated, at: .now)
        guard let checkpoint else { return }
        // To the log first: it may be on another machine.
        let line = try checkpoint.line()
        logger.notice("Checkpoint of the audit trail.", metadata: [LoggingKeys.checkpoint: "\(line)"])
        try file.append(checkpoint)
        memory.stated = look.positions
        memory.statedAt = .now
    }
}
