import BridgeCore
import Logging
import Store

/// Keeps partitions of `home_assistant_events` ready ahead of time, so that rows do not fall into the DEFAULT partition.
package struct PartitionKeeper: Sendable {
    /// Partitions are made this far ahead.
    private static let ahead: Int64 = 92 * 86_400
    /// And this far back: a snapshot holds states as old as the last restart of Home Assistant.
    private static let behind: Int64 = 62 * 86_400
    private let partitions: PartitionRepository
    private let logger: Logger

    /// A keeper that has not started.
    package init(partitions: PartitionRepository, logger: Logger) {
        self.partitions = partitions
        self.logger = logger
    }

    /// Looks now and then once an hour, until cancelled.
    package func run() async {
        while !Task.isCancelled {
            let now = Timestamp.now
            do {
                let made = try await partitions.ensureEventPartitions(
                    from: now.adding(seconds: -Self.behind), to: now.adding(seconds: Self.ahead))
                if made > 0 { logger.notice("Made partitions for events.", metadata: ["count": "\(made)"]) }
                try? await Task.sleep(for: .seconds(3_600))
            } catch {
                logger.debug("Cannot look after partitions; trying again in a minute.", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }
}
