import BridgeCore
import Store

/// Makes the roll-ups of every connection: 5 minutes from the events, hours and days from those.
package struct RollupJob: MaintenanceJob {
    package let name = "rollups"
    package let interval: Duration = .seconds(60)
    private let rollups: RollupRepository
    /// How many transactions a run has for each connection, so that no house keeps the others waiting; the next run goes on where
    /// this one ended.
    private let steps: Int

    /// A job that has not run.
    package init(rollups: RollupRepository, steps: Int = 200) {
        self.rollups = rollups
        self.steps = steps
    }

    /// Does what is marked and over, in the order of time for each connection. What is done stays done when it throws.
    package func run() async throws -> JobOutcome {
        var total = RollupStep()
        var isUnfinished = false
        for connection in try await rollups.due() {
            var left = steps
            // What was stored before is marked before anything is computed, and the finer before the coarser: each is made of the
            // one before it.
            for stage in Self.stages {
                var step = RollupStep(isUnfinished: true)
                while step.isUnfinished, left > 0 {
                    try Task.checkCancellation()
                    step = try await stage(rollups, connection)
                    total += step
                    left -= 1
                }
                isUnfinished = isUnfinished || step.isUnfinished
            }
        }
        guard total.rows > 0 else { return JobOutcome(isUnfinished: isUnfinished) }
        return JobOutcome(
            summary: "Wrote \(total.rows) rows of roll-ups.", items: total.rows, isUnfinished: isUnfinished)
    }

    private static let stages: [@Sendable (RollupRepository, ConnectionID) async throws -> RollupStep] = [
        { try await $0.prepare($1) }, { try await $0.rollUpFiveMinutes($1) }, { try await $0.rollUpHours($1) },
        { try await $0.rollUpDays($1) }, { try await $0.rollUpMetricHours($1) }, { try await $0.rollUpMetricDays($1) },
    ]
}
