import BridgeCore
import Glibc
import Maintenance
import PostgresClient
import Store

/// The jobs of maintenance with their settings, the same for the bridge and for the commands.
struct MaintenanceJobs {
    let settings: BridgeSettings
    let pool: PostgresPool
    let auditKeys: AuditKeys?
    /// What the audit rows of retention say of who asked for it.
    var askedBy: [String: JSONValue] = ["by": .string("bridge")]
    /// Told how retention comes on.
    var progress: @Sendable (RetentionJob.Progress) -> Void = { _ in }

    /// All but those that need a model.
    func all() -> [any MaintenanceJob] {
        let rollups = RollupRetentionRepository(
            pool, days: settings.rollupDays, metricsDays: settings.metricsDays)
        var jobs: [any MaintenanceJob] = [
            PartitionJob(PartitionRepository(pool)), RollupJob(rollups: RollupRepository(pool)),
            BackupRetentionJob(BackupRepository(pool)),
            AnalyzeJob(TableStatisticsRepository(pool)), retention(rollups), MetricsRetentionJob(rollups),
            IndexPackingJob(IndexPackingRepository(pool)),
        ]
        if let auditKeys, settings.auditDays > 0 {
            jobs.append(AuditAnchorJob(AuditPruner(pool, keys: auditKeys), days: settings.auditDays))
        }
        return jobs
    }

    private func retention(_ rollups: RollupRetentionRepository) -> RetentionJob {
        let auditor = RetentionAuditor(pool, keys: auditKeys, details: askedBy)
        return RetentionJob(
            partitions: PartitionRepository(pool), retention: RetentionRepository(pool, days: settings.retentionDays),
            rollups: rollups, progress: progress
        ) { try await auditor.record($0) }
    }

    /// By what name people know the machine.
    static var bridgeName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "ha-bridge" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
