import BridgeConcurrency
import BridgeCore
import Logging
import PostgresClient
import Store

/// Ends proposals whose time is over, and tells health and metrics what waits, what is under way and what is stopped.
package struct GovernanceWatch: Sendable {
    private let workplace: AutomationWorkplace
    private let pacing: ApprovalPacing
    private let health: HealthRegistry
    private let waiting: Gauge
    private let stopped: Gauge
    private let operations: Gauge
    private let figures = LockedBox<GovernanceOverview?>(nil)

    /// A watch that has not started.
    package init(
        _ workplace: AutomationWorkplace, health: HealthRegistry, metrics: MetricsRegistry,
        pacing: ApprovalPacing = ApprovalPacing()
    ) {
        self.workplace = workplace
        self.pacing = pacing
        self.health = health
        waiting = metrics.gauge("ha_bridge_approvals_waiting", "Proposals that wait for a decision, in all houses.")
        stopped = metrics.gauge(
            "ha_bridge_emergency_stop", "Emergency stops that are engaged: for one house, or for all.")
        operations = metrics.gauge(
            "ha_bridge_changes_in_progress", "Changes and rollbacks of automations that are under way, in all houses.")
        let figures = figures
        health.addFigure("approvals_waiting") { figures.withLock { $0.map { Double($0.waiting) } } }
        health.addFigure("changes_in_progress") { figures.withLock { $0.map { Double($0.operations.count) } } }
        health.addFigure("emergency_stops") { figures.withLock { $0.map { Double($0.stops.count) } } }
    }

    /// Runs until the task is cancelled.
    package func run() async {
        var hasComplained = false
        while !Task.isCancelled {
            do {
                try await round()
                hasComplained = false
            } catch {
                if !Task.isCancelled {
                    workplace.logger.log(
                        level: hasComplained ? .debug : .warning, "Cannot look after the proposals. Trying again.",
                        metadata: [LoggingKeys.error: "\(error)"])
                }
                hasComplained = true
            }
            guard (try? await Task.sleep(for: pacing.round.scaled)) != nil else { return }
        }
    }

    /// One round: what has expired, then the figures. Throws `PostgresError`.
    package func round() async throws {
        let expired = try await ApprovalRepository(workplace.pool, keys: workplace.auditKeys)
            .expire(at: .now)
        for workflow in expired {
            workplace.logger.notice(
                "A proposal expired.",
                metadata: [
                    "workflow.id": "\(workflow.id)", LoggingKeys.connectionID: "\(workflow.connection)",
                ])
        }
        let overview = try await GovernanceOverview(workplace.pool)
        waiting.set(overview.waiting)
        stopped.set(overview.stops.count)
        operations.set(overview.operations.count)
        let before = figures.withLock { figures in
            defer { figures = overview }
            return figures
        }
        let sentences = overview.stops.map { Redactor.redact($0.sentence) }
        health.setCondition(
            .emergencyStop,
            sentences.isEmpty
                ? .ok : .failing("Nothing is changed in Home Assistant. " + sentences.joined(separator: " ")))
        if (before?.stops.isEmpty ?? true) != overview.stops.isEmpty {
            workplace.logger.warning(
                overview.stops.isEmpty
                    ? "The emergency stop was released."
                    : "An emergency stop is engaged. Nothing is changed in Home Assistant.")
        }
    }
}
