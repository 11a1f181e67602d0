import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Store

/// Up to the write.
extension ChangeRunner {
    /// LOCK: whether what is there is what may be replaced.
    func lock(_ operation: StoredOperation, _ plan: ChangePlan) async throws -> Outcome {
        if operation.rollbackType == .emergency, try await !pushAside(operation) { return .lost }
        _ = try await found(operation, plan)
        return try await record(OperationChange(step: .backup), of: operation)
    }

    /// BACKUP: stores what is there.
    func backUp(_ operation: StoredOperation, _ plan: ChangePlan) async throws -> Outcome {
        CrashPoint.beforeChangeBackup.reach()
        let found = try await found(operation, plan)
        let entity = try await entity(plan)
        var change = OperationChange(step: .write)
        if operation.wasEnabled == nil, plan.operation != .create {
            change.wasEnabled =
                switch entity?.state {
                case .on: true
                case .off: false
                case .unavailable, nil: plan.automation.isEnabled
                }
        }
        if let found {
            let before = try await version(
                found, plan, name: "Before: \(plan.verb)", type: .beforeChange)
            change.before = before
            change.audit = [
                entry(
                    operation, plan, .backup, "Stored the configuration of \(plan.name) before a change.",
                    before: before.snapshot)
            ]
        }
        return try await record(change, of: operation)
    }

    /// WRITE: at most one write, while no emergency stop can be engaged. What is there by now decides: a write whose answer was lost
    /// is not repeated, and what another hand has written meanwhile is not overwritten.
    func write(_ operation: StoredOperation, _ plan: ChangePlan, _ memory: inout Memory) async throws -> Outcome {
        let base = try await base(operation, plan)
        CrashPoint.beforeHouseWrite.reach()
        var entityID: String?
        if case .enabled = plan.goal { entityID = try await entity(plan)?.entityID ?? plan.automation.entityID }
        memory.reloadsBefore = reloads()
        let next = try await operations.writing(operation, under: claims().claims) {
            try await writeOnce(plan, base, entityID)
            CrashPoint.afterHouseWrite.reach()
            var change = OperationChange(step: .reload)
            change.isWritten = true
            if case .configuration(_, let snapshot) = plan.goal { change.written = snapshot.json }
            return change
        }
        guard let next else { return .lost }
        logger.info("Home Assistant has taken a change.", metadata: ["change": "\(plan.verb) \(plan.name)"])
        return .moved(next)
    }

    private func writeOnce(_ plan: ChangePlan, _ base: ChangeGoal, _ entityID: String?) async throws {
        if case .enabled(let isOn) = plan.goal {
            guard let entityID else { throw ChangeRefusal("Home Assistant shows no entity of the automation.") }
            return try await house.turn(entityID, isOn, pacing.writeLimit)
        }
        let found = try await house.read(plan.homeAssistantID, pacing.lookLimit)
        if plan.goal.isMet(by: found) { return }
        guard plan.isRegardless || base.isMet(by: found) else {
            throw ChangeRefusal(
                """
                Somebody else changed the automation meanwhile, and nothing was written over that: what Home Assistant has now \
                stays. Look at it, and ask again.
                """)
        }
        switch plan.goal {
        case .configuration(let wanted, _):
            try await house.write(wanted, plan.homeAssistantID, pacing.writeLimit)
        case .absence: _ = try await house.delete(plan.homeAssistantID, pacing.writeLimit)
        case .enabled: break
        }
    }

    // MARK: What is there

    /// The automation's entity; `nil` where Home Assistant shows none.
    func entity(_ plan: ChangePlan) async throws -> ListedAutomation? {
        let all = try await house.automations(pacing.readLimit)
        return all.first { $0.ownID == plan.homeAssistantID }
            ?? (plan.automation.hasOwnID ? nil : all.first { $0.entityID == plan.automation.entityID })
    }

    /// What the file has, where that may be replaced. Throws `ChangeRefusal` where it may not.
    private func found(_ operation: StoredOperation, _ plan: ChangePlan) async throws -> ConfigurationValue? {
        if case .enabled = plan.goal {
            guard try await entity(plan) != nil else {
                throw ChangeRefusal("Home Assistant does not show the automation any more. Nothing was switched.")
            }
            return nil
        }
        let found = try await house.read(plan.homeAssistantID, pacing.readLimit)
        if found == nil, let entity = try await entity(plan), !entity.isRestored {
            throw ChangeRefusal(
                """
                Its configuration is not in the file that Home Assistant's configuration API can write (automations.yaml), but in \
                a package or another file: it is read-only here. Change it in the file where it stands.
                """)
        }
        switch plan.operation {
        case .create:
            guard found == nil else {
                throw ChangeRefusal(
                    "An automation with the id “\(plan.homeAssistantID)” has come to be since it was proposed. Propose it anew."
                )
            }
        case .modify, .retire:
            guard let found, let order = plan.order else {
                throw ChangeRefusal("The automation was deleted in Home Assistant since the change was proposed.")
            }
            guard try await isBase(found, of: order, plan) else {
                throw ChangeRefusal(
                    """
                    The automation was changed in Home Assistant since the change was proposed. Nothing was written. Look at it \
                    and propose anew.
                    """)
            }
        case .pause, .resume, nil: break
        }
        return found
    }

    /// Ends what is under way for the automation of an emergency rollback. False where it is to be tried again.
    private func pushAside(_ operation: StoredOperation) async throws -> Bool {
        let others = try await operations.list(of: operation.automation).filter {
            $0.kind == .apply && $0.status == .inProgress
        }
        for other in others {
            let message = "An emergency rollback took its place at the step \(other.step.rawValue)."
            guard await end(other, try? await plan(other), ChangeRefusal(message)) else { return false }
        }
        return true
    }
}
