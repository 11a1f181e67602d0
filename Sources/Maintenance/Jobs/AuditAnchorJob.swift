import BridgeCore
import PostgresClient
import Store

/// Takes audit rows that are past their time out of the signed chains. Each step signs an anchor and deletes the rows before it in
/// one transaction, so that no row ever goes without one, and verification goes on from there. A chain that does not verify is left
/// as it is.
package struct AuditAnchorJob: MaintenanceJob {
    package let name = "audit_anchors"
    package let interval = Duration.seconds(86_400)
    package let firstPause = Duration.seconds(3_600)

    private let pruner: AuditPruner
    private let days: Int

    /// - Parameter days: How long audit rows are kept.
    package init(_ pruner: AuditPruner, days: Int) {
        self.pruner = pruner
        self.days = days
    }

    package func run() async throws -> JobOutcome {
        let moment = Timestamp.now.adding(seconds: -Int64(days) * 86_400)
        var removed: Int64 = 0
        var unsound: StoreError?
        for plan in try await pruner.plans(before: moment) {
            do {
                removed += try await pruner.prune(
                    plan.chain, through: plan.through, unsignedBefore: moment, reason: "retention")
            } catch let error as StoreError where error.code == .auditUnsound {
                unsound = error
            } catch let error as PostgresError where error.sqlState == "42501" {
                throw StoreError(
                    .ownerNeeded,
                    "The login of the bridge may not act as the owner of the audit tables, so that no audit row goes. Grant it ha_bridge_owner, run `ha-bridge audit prune` with a login that may, or set HA_BRIDGE_AUDIT_DAYS to 0."
                )
            }
        }
        // What is sound has gone; what is not has to be looked at.
        if let unsound { throw unsound }
        guard removed > 0 else { return .nothing }
        return JobOutcome(summary: "Deleted \(removed) audit rows and left anchors.", items: Int(removed))
    }
}
