import BridgeCore
import Store

/// Keeps partitions of `home_assistant_events` ready ahead of time, and empties the DEFAULT partition: what lies there gets the
/// partition of its month.
package struct PartitionJob: MaintenanceJob {
    package let name = "partitions"
    package let interval = Duration.seconds(3_600)

    /// Partitions are made this far ahead.
    private static let ahead: Int64 = 92 * 86_400
    /// And this far back: a snapshot holds states as old as the last restart of Home Assistant.
    private static let behind: Int64 = 62 * 86_400
    /// Months of the DEFAULT partition in one run.
    private static let monthsAtOnce = 24
    /// Writers wait behind a lock that is waited for.
    private static let patience = Duration.milliseconds(200)
    private static let lock = LockPatience(attempts: 10, pause: .milliseconds(300)...Duration.milliseconds(1_500))

    private let partitions: PartitionRepository

    /// A job over these partitions.
    package init(_ partitions: PartitionRepository) { self.partitions = partitions }

    package func run() async throws -> JobOutcome {
        let now = Timestamp.now
        var made = try await ensure(
            from: now.adding(seconds: -Self.behind), to: now.adding(seconds: Self.ahead))
        let strays = try await partitions.monthsInDefaultPartition(limit: Self.monthsAtOnce + 1)
        for month in strays.prefix(Self.monthsAtOnce) { made += try await ensure(from: month, to: month) }
        guard made > 0 else { return .nothing }
        return JobOutcome(
            summary: "Made \(made) \(made == 1 ? "partition" : "partitions") for events.", items: made,
            isUnfinished: strays.count > Self.monthsAtOnce)
    }

    /// Waits for no lock longer than writers may be kept waiting, and tries again a few times.
    private func ensure(from: Timestamp, to: Timestamp) async throws -> Int {
        try await Self.lock {
            try await partitions.ensureEventPartitions(from: from, to: to, patience: Self.patience)
        }
    }
}
