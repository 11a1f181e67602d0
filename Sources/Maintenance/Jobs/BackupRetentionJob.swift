import Store

/// Deletes versions of configurations whose time is over. What can be needed for a way back stays: see
/// `BackupRepository.deleteExpired`.
package struct BackupRetentionJob: MaintenanceJob {
    package let name = "backup_retention"
    package let interval = Duration.seconds(3_600)

    /// How many versions go in one transaction.
    private static let step = 500

    private let backups: BackupRepository

    /// A job over these versions.
    package init(_ backups: BackupRepository) { self.backups = backups }

    package func run() async throws -> JobOutcome {
        var deleted = 0
        var last = Self.step
        while last == Self.step {
            try Task.checkCancellation()
            last = try await backups.deleteExpired(limit: Self.step)
            deleted += last
        }
        guard deleted > 0 else { return .nothing }
        return JobOutcome(
            summary: "Deleted \(deleted) old \(deleted == 1 ? "version" : "versions") of configurations.",
            items: deleted)
    }
}
