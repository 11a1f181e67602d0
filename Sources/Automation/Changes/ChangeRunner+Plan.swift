import Cryptography
import HomeAssistantClient
import Store

extension ChangeRunner {
    /// All that is known of an operation. Throws `ChangeRefusal` where it cannot be carried out, whatever the house has.
    func plan(_ operation: StoredOperation) async throws -> ChangePlan {
        guard let automation = try await automations.find(id: operation.automation) else {
            throw ChangeRefusal("The automation is not stored any more.")
        }
        switch operation.kind {
        case .apply: return try await applyPlan(operation, automation)
        case .rollback: return try await rollbackPlan(operation, automation)
        }
    }

    private func applyPlan(_ operation: StoredOperation, _ automation: StoredAutomation) async throws -> ChangePlan {
        guard let workflow = operation.workflow, let order = try await operations.order(of: workflow) else {
            throw ChangeRefusal("Its proposal is not stored any more.")
        }
        let (change, goal) = try goal(of: order, automation)
        let verb =
            switch change.operation {
            case .create: "create"
            case .modify: "change"
            case .pause: "switch off"
            case .resume: "switch on"
            case .retire: "delete"
            }
        return ChangePlan(
            automation: automation, homeAssistantID: change.homeAssistantID, verb: verb, goal: goal,
            base: change.operation == .create ? .absence : nil, order: order, operation: change.operation,
            person: order.person)
    }

    /// What a workflow wants to be true.
    private func goal(
        of order: ChangeOrder, _ automation: StoredAutomation
    ) throws -> (change: ProposedChange, goal: ChangeGoal) {
        guard order.isAsApproved, let change = ProposedChange(json: order.changes) else {
            throw ChangeRefusal("What it proposes is not what was approved. Propose it anew.")
        }
        guard change.homeAssistantID == automation.homeAssistantID else {
            throw ChangeRefusal(
                "It was proposed for the id “\(change.homeAssistantID)”, and the automation has another. Propose it anew."
            )
        }
        switch change.operation {
        case .pause: return (change, .enabled(false))
        case .resume: return (change, .enabled(true))
        case .retire: return (change, .absence)
        case .create, .modify:
            guard let snapshot = change.configuration else {
                throw ChangeRefusal("It proposes no configuration. Propose it anew.")
            }
            return (change, try configuration(snapshot, order.sealedSecrets, automation))
        }
    }

    private func rollbackPlan(_ operation: StoredOperation, _ automation: StoredAutomation) async throws -> ChangePlan {
        var plan = ChangePlan(
            automation: automation, homeAssistantID: automation.homeAssistantID, verb: "roll back", goal: .absence,
            person: operation.initiatedBy, isRegardless: operation.rollbackType == .emergency)
        var isCreationUndone = false
        if let workflow = operation.undoneWorkflow, let order = try await operations.order(of: workflow) {
            let undone = try goal(of: order, automation)
            isCreationUndone = undone.change.operation == .create
            if operation.rollbackType == .automatic { plan.base = undone.goal }
        }
        if let target = operation.target {
            guard let backup = try await backups.find(id: target) else {
                throw ChangeRefusal("The version to return to is not stored any more.")
            }
            if let objection = RollbackRules.objection(
                to: backup, isKnownFromFile: try await backups.isKnownFromFile(backup))
            {
                throw ChangeRefusal(objection)
            }
            guard let snapshot = ConfigurationValue(json: backup.snapshot) else {
                throw ChangeRefusal("Version \(backup.version) holds no configuration.")
            }
            plan.target = backup
            plan.goal = try configuration(snapshot, backup.sealedSecrets, automation)
            guard case .configuration(let opened, _) = plan.goal, opened["id"]?.text == automation.homeAssistantID
            else {
                throw ChangeRefusal(
                    "Version \(backup.version) has another id than the automation has now, and would be a second one.")
            }
        } else if !isCreationUndone {
            throw ChangeRefusal("The version to return to is not stored any more.")
        }
        return plan
    }

    /// A configuration with its sealed values, which must all be known.
    private func configuration(
        _ snapshot: ConfigurationValue, _ sealedSecrets: String?, _ automation: StoredAutomation
    ) throws -> ChangeGoal {
        let opened: ConfigurationValue
        do throws(CryptographyError) {
            opened = try sealer.open(
                snapshot, sealedSecrets: sealedSecrets, of: automation.id, connection: connection, revealsSecrets: true)
        } catch {
            throw ChangeRefusal("Its sealed values cannot be opened. \(error.message)")
        }
        guard !ConfigurationComparison.hasPlaceholder(opened) else {
            throw ChangeRefusal(
                "It holds placeholders whose values are not stored, so Home Assistant would get the placeholders.")
        }
        return .configuration(opened, snapshot: snapshot)
    }

    /// What the stored version of before the change holds; `.absence` where there was none.
    func base(_ operation: StoredOperation, _ plan: ChangePlan) async throws -> ChangeGoal {
        if let base = plan.base { return base }
        guard let before = operation.before else { return .absence }
        guard let backup = try await backups.find(id: before), let snapshot = ConfigurationValue(json: backup.snapshot)
        else { throw ChangeRefusal("The version that was stored before the change is gone.") }
        return try configuration(snapshot, backup.sealedSecrets, plan.automation)
    }

    /// What was read from Home Assistant's file, as it is stored.
    func version(
        _ found: ConfigurationValue, _ plan: ChangePlan, name: String, type: BackupType
    ) async throws -> NewBackup {
        let newest = try await backups.newest(of: [plan.automation.id])[plan.automation.id]
        let sealed = try sealer.seal(
            found, of: plan.automation.id, connection: connection, previous: newest?.sealedSecrets)
        return NewBackup(
            name: name, type: type, snapshot: sealed.snapshot.json, digest: sealed.digest,
            sealedSecrets: sealed.sealedSecrets, metadata: BackupOrigin.file, createdBy: plan.person)
    }

    /// Whether a configuration is the one that a proposal was made against. Sealed values have the same digest under the same salt
    /// alone, so each salt that the proposal may have used is tried.
    func isBase(_ found: ConfigurationValue, of order: ChangeOrder, _ plan: ChangePlan) async throws -> Bool {
        guard let wanted = order.baseDigest else { return true }
        var tried: Set<String?> = []
        let stored = try await backups.list(of: plan.automation.id, limit: 20).map(\.sealedSecrets)
        for previous in [order.sealedSecrets] + stored where tried.insert(previous).inserted {
            let sealed = try sealer.seal(
                found, of: plan.automation.id, connection: connection, previous: previous)
            if sealed.digest == wanted { return true }
            // Without sealed values, the salt makes no difference.
            if sealed.sealedSecrets == nil { return false }
        }
        return false
    }
}
