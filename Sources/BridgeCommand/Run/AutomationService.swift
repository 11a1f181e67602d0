import Automation
import BridgeConcurrency
import BridgeCore
import Cryptography
import Ingest
import Logging
import PostgresClient
import Store

/// Watches the automations of every connection: which there are, how their runs end, how well they do, what should change. Carries
/// out what was approved.
final class AutomationService: Sendable {
    private let pool: PostgresPool
    private let database: PostgresConfiguration
    private let sealer: TokenSealer
    private let auditKeys: AuditKeys
    private let logger: Logger
    private let health: HealthRegistry
    private let metrics: MetricsRegistry
    private let workplace = LockedBox<AutomationWorkplace?>(nil)
    private let changes = LockedBox<ChangeKeeper?>(nil)

    init(
        pool: PostgresPool, database: PostgresConfiguration, sealer: TokenSealer, auditKeys: AuditKeys,
        health: HealthRegistry,
        metrics: MetricsRegistry, logger: Logger
    ) {
        self.health = health
        self.metrics = metrics
        self.auditKeys = auditKeys
        self.pool = pool
        self.database = database
        self.sealer = sealer
        self.logger = logger
    }

    /// What works over the session of each connection.
    func companions(_ surroundings: CompanionSurroundings) -> [SessionCompanion] {
        let workplace = AutomationWorkplace(
            pool: pool, timer: surroundings.timer, claims: surroundings.claims, auditKeys: auditKeys, logger: logger)
        self.workplace.withLock { $0 = workplace }
        let inventory = InventoryKeeper(workplace, sealer: sealer)
        let executions = ExecutionKeeper(workplace)
        let approvals = ApprovalKeeper(workplace)
        let changes = ChangeKeeper(workplace, sealer: sealer)
        self.changes.withLock { $0 = changes }
        return [
            SessionCompanion(
                follow: { await inventory.follow($0, over: $1) }, receive: { inventory.receive($0, of: $1) }),
            SessionCompanion(
                follow: { await executions.follow($0, over: $1.commands) }, receive: { executions.receive($0, of: $1) }),
            SessionCompanion(
                follow: { await approvals.follow($0, over: $1.commands) }, receive: { approvals.receive($0, of: $1) }),
            SessionCompanion(
                follow: { await changes.follow($0, over: $1) }, receive: { changes.receive($0, of: $1) }),
        ]
    }

    /// Judges what was found, until cancelled. The companions must have been made.
    func run() async {
        guard let workplace = workplace.withLock({ $0 }) else { return }
        await withTaskGroup { group in
            group.addTask { await ScoreKeeper(workplace).run() }
            group.addTask { await DecisionKeeper(workplace).run() }
            if let changes = changes.withLock({ $0 }) {
                group.addTask { [database] in await changes.listen(database) }
            }
            let watch = GovernanceWatch(workplace, health: health, metrics: metrics)
            group.addTask { await watch.run() }
        }
    }
}
