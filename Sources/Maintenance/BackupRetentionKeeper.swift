import BridgeCore
import Logging
import Store

/// Deletes versions of configurations whose time is over. What can be needed for a way back stays: see
/// `BackupRepository.deleteExpired`. A failure is logged and tried again.
package struct BackupRetentionKeeper: Sendable {
    private let backups: BackupRepository
    private let interval: Duration
    private let logger: Logger

    /// How many versions go in one transaction.
    private static let step = 500

    /// - Parameter interval: how often it looks.
    package init(backups: BackupRepository, interval: Duration = .seconds(3_600), logger: Logger) {
        self.backups = backups
        self.interval = interval
        self.logger = logger
    }

    /// Runs until the task is cancelled. Every bridge may run one.
    package func run() async {
        while !Task.isCancelled {
            var pause = interval
            do {
                var deleted = 0
                var last = Self.step
                while last == Self.step, !Task.isCancelled {
                    last = try await backups.deleteExpired(limit: Self.step)
                    deleted += last
                }
                if deleted > 0 {
                    logger.notice("Deleted old versions of configurations.", metadata: ["count": "\(deleted)"])
                }
            } catch {
                if Task.isCancelled { return }
                logger.debug(
                    "Cannot delete old versions of configurations; trying again in a minute.",
                    metadata: ["error": "\(error)"])
                pause = min(interval, .seconds(60))
            }
            guard (try? await Task.sleep(for: pause)) != nil else { return }
        }
    }
}
