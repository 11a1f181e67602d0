import Store

/// Keeps the statistics fresh that autovacuum does not: those of partitioned tables as a whole.
package struct AnalyzeJob: MaintenanceJob {
    package let name = "analyze"
    package let interval = Duration.seconds(3_600)

    private let statistics: TableStatisticsRepository

    /// A job over these statistics.
    package init(_ statistics: TableStatisticsRepository) { self.statistics = statistics }

    package func run() async throws -> JobOutcome {
        let tables = try await statistics.staleTables()
        for table in tables {
            try Task.checkCancellation()
            try await statistics.analyze(table)
        }
        guard !tables.isEmpty else { return .nothing }
        return JobOutcome(
            summary: "Gathered new statistics of \(tables.joined(separator: ", ")).", items: tables.count)
    }
}
