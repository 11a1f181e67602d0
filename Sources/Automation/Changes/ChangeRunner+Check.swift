import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Store

/// After the write.
extension ChangeRunner {
    /// RELOAD: Home Assistant answers a write before it loads what was written.
    func awaitReload(_ situation: OperationSituation, _ plan: ChangePlan, _ memory: Memory) async throws -> Outcome {
        CrashPoint.beforeReload.reach()
        if case .configuration = plan.goal {
            let isTold = memory.reloadsBefore.map { reloads() > $0 } ?? false
            guard isTold || situation.sinceWrite >= pacing.reload.scaled else { return .wait(pacing.betweenLooks) }
        }
        return try await record(OperationChange(step: .readBack), of: situation.operation)
    }

    /// READ_BACK: whether the file has what was written, and the automation is there.
    func readBack(
        _ situation: OperationSituation, _ plan: ChangePlan, _ memory: inout Memory
    ) async throws -> Outcome {
        CrashPoint.beforeReadBack.reach()
        let operation = situation.operation
        let isOverdue = situation.sinceWrite >= (pacing.reload + pacing.settle).scaled
        if case .enabled(let isOn) = plan.goal {
            let entity = try await entity(plan)
            guard entity?.state == (isOn ? .on : .off) else {
                guard isOverdue else { return .wait(pacing.betweenLooks) }
                throw ChangeRefusal("Home Assistant took the call, but the automation is not switched as it should be.")
            }
            return try await succeed(operation, plan, entity, after: nil)
        }
        let found = try await house.read(plan.homeAssistantID, pacing.readLimit)
        guard plan.goal.isMet(by: found) else {
            let isAsBefore = try await base(operation, plan).isMet(by: found)
            throw ChangeRefusal(
                isAsBefore
                    ? "Home Assistant took the write, but has the earlier configuration again. It stays."
                    : "Somebody else changed the automation right after the write. What Home Assistant has now stays.")
        }
        let entity = try await entity(plan)
        if case .absence = plan.goal {
            guard entity != nil, !isOverdue else { return try await succeed(operation, plan, nil, after: nil) }
            return .wait(pacing.betweenLooks)
        }
        guard let entity, entity.state != .unavailable else {
            guard isOverdue else { return .wait(pacing.betweenLooks) }
            guard operation.kind == .rollback else {
                throw ChangeRefusal(
                    "Home Assistant took the new configuration, but cannot use it: the automation is unavailable.",
                    isUndone: true)
            }
            return try await succeed(operation, plan, entity, after: found)
        }
        if let wasEnabled = operation.wasEnabled, (entity.state == .on) != wasEnabled, memory.turns < 3 {
            memory.turns += 1
            guard
                let next = try await operations.writing(
                    operation, under: claims().claims,
                    {
                        try await house.turn(entity.entityID, wasEnabled, pacing.writeLimit)
                        return OperationChange()
                    })
            else { return .lost }
            _ = next
            return .wait(pacing.betweenLooks)
        }
        return try await succeed(operation, plan, entity, after: found)
    }

    /// WATCH: the first runs of what is new. Ends early when another change waits.
    func watch(_ situation: OperationSituation, _ plan: ChangePlan, _ memory: inout Memory) async throws -> Outcome {
        CrashPoint.beforeWatch.reach()
        let operation = situation.operation
        let runs = try await operations.firstRuns(of: operation)
        if runs.failures > 0, !runs.hadFailedBefore {
            var error = runs.error.map { " (“\($0.split(whereSeparator: \.isNewline).joined(separator: " "))”)" } ?? ""
            if case .configuration(let opened, let snapshot) = plan.goal {
                error = ConfigurationComparison.scrub(error, of: opened, snapshot)
            }
            throw ChangeRefusal("One of its first runs failed\(error).", isUndone: true)
        }
        if runs.successes + runs.failures >= pacing.watchedRuns || situation.sinceWrite >= pacing.watch.scaled
            || situation.isWaitedFor
        {
            return try await record(OperationChange(status: .completed), of: operation)
        }
        // A house that is away for a while is no fault of the change.
        if let entity = try? await entity(plan), entity.state == .unavailable, !entity.isRestored {
            let since = memory.unavailableSince ?? .now
            memory.unavailableSince = since
            if ContinuousClock.now - since >= pacing.settle.scaled {
                throw ChangeRefusal("The automation has become unavailable after the change.", isUndone: true)
            }
        } else {
            memory.unavailableSince = nil
        }
        return .wait(pacing.betweenWatches)
    }

    /// What was to be is there.
    private func succeed(
        _ operation: StoredOperation, _ plan: ChangePlan, _ entity: ListedAutomation?, after found: ConfigurationValue?
    ) async throws -> Outcome {
        var change = OperationChange()
        change.modifiedBy = plan.person
        let isOn = entity?.state != .off
        let reason = reason(operation, plan)
        switch (plan.operation, plan.goal) {
        case (.create, _):
            change.move = .init(to: isOn ? .active : .paused, because: reason, workflow: plan.order?.workflow)
        case (.pause, _): change.move = .init(to: .paused, because: reason, workflow: plan.order?.workflow)
        case (.resume, _): change.move = .init(to: .active, because: reason, workflow: plan.order?.workflow)
        case (.retire, _): change.move = .init(to: .retired, because: reason, workflow: plan.order?.workflow)
        case (.modify, _): break
        case (nil, .configuration):
            if plan.automation.state == .retired { change.move = .init(to: isOn ? .active : .paused, because: reason) }
        case (nil, .absence):
            // A creation that was undone before the automation had become active.
            let isOpen = plan.automation.state == .pendingApproval
            change.move = .init(to: isOpen ? .rejected : .retired, because: reason)
        case (nil, .enabled): break
        }
        let isWatched = plan.operation == .create || plan.operation == .modify
        if isWatched { change.step = .watch } else { change.status = .completed }
        if let found {
            change.after = try await version(found, plan, name: "After: \(plan.verb)", type: .automatic)
        }
        var text = reason
        if entity?.state == .unavailable { text += " Home Assistant shows it as unavailable." }
        if let wasEnabled = operation.wasEnabled, let entity, case .configuration = plan.goal,
            (entity.state == .on) != wasEnabled
        {
            text += " It is not switched as it was before."
        }
        let before = try await operation.before.asyncMap { try await backups.find(id: $0)?.snapshot }
        change.audit = [
            entry(
                operation, plan, action(plan, operation), text, before: before ?? nil, after: change.after?.snapshot)
        ]
        let outcome = try await record(change, of: operation)
        if case .lost = outcome { return outcome }
        logger.notice("A change is in place.", metadata: ["change": "\(plan.verb) \(plan.name)"])
        return outcome
    }

    /// What was done, as a sentence for the history.
    private func reason(_ operation: StoredOperation, _ plan: ChangePlan) -> String {
        switch plan.operation {
        case .create: return "Created \(plan.name) as approved."
        case .modify: return "Changed \(plan.name) as approved."
        case .pause: return "Switched off \(plan.name) as approved."
        case .resume: return "Switched on \(plan.name) as approved."
        case .retire: return "Deleted \(plan.name) as approved."
        case nil: break
        }
        let why = operation.reason.map { ": \($0)" } ?? ""
        let how = operation.rollbackType == .automatic ? " by itself" : ""
        guard let target = plan.target else { return "Took back\(how) the creation of \(plan.name)\(why)" }
        let isRestored = operation.before == nil
        return "\(isRestored ? "Restored" : "Rolled back")\(how) \(plan.name) to version \(target.version)\(why)"
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async throws -> Result? {
        guard let self else { return nil }
        return try await body(self)
    }
}
