import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Why an operation ends without success. The text is for a person, and free of secrets.
struct ChangeRefusal: Error {
    let message: String
    /// Whether what was written is to be taken back.
    var isUndone = false

    init(_ message: String, isUndone: Bool = false) {
        self.message = message
        self.isUndone = isUndone
    }
}

/// Carries out one operation, step by step. What has been done is in the database and in the house, and nowhere else: whoever
/// begins at the stored step, after a crash or on another machine, comes to the same end.
struct ChangeRunner: Sendable {
    /// How far it came.
    enum Ending: Sendable {
        /// It has ended, as its row says.
        case ended
        /// Somebody goes on with it: another bridge, or the next session.
        case left
    }

    /// What a step of it leads to.
    enum Outcome: Sendable {
        case moved(StoredOperation)
        case ended
        /// The row is not as it was, or may not be written now.
        case lost
        case wait(Duration)
    }

    /// What one process remembers of an operation; nothing that it could not do without.
    struct Memory: Sendable {
        /// How often Home Assistant had loaded its automations before the write.
        var reloadsBefore: Int?
        var unavailableSince: ContinuousClock.Instant?
        /// Attempts to switch the automation as it was.
        var turns = 0
    }

    let connection: ConnectionID
    let workplace: AutomationWorkplace
    let operations: OperationRepository
    let automations: AutomationRepository
    let backups: BackupRepository
    let sealer: ConfigurationSealer
    let house: ChangeHouse
    let pacing: ChangePacing
    /// How often Home Assistant has loaded its automations since this process sees it.
    let reloads: @Sendable () -> Int
    let logger: Logger

    /// The claims to write under, and whether another bridge holds the lease.
    func claims() -> (isOurs: Bool, claims: LeaseClaims?) {
        guard let claims = workplace.claims else { return (true, nil) }
        let own = claims(connection)
        return (own != nil, own)
    }

    /// Goes on with `first` until it ends, the task is cancelled or the session is over.
    func run(_ first: StoredOperation) async -> Ending {
        var operation = first
        var memory = Memory()
        var failures = 0
        var generator = SystemRandomNumberGenerator()
        var trouble: String?
        while !Task.isCancelled {
            var pause: Duration?
            do {
                guard let situation = try await operations.situation(of: operation) else { return .ended }
                operation = situation.operation
                guard claims().isOurs else { return .left }
                switch try await step(situation, &memory) {
                case .moved(let next):
                    operation = next
                    failures = 0
                case .ended: return .ended
                case .wait(let span): pause = span
                case .lost: pause = pacing.betweenLooks
                }
            } catch ChangeHouseFailure.disconnected {
                return .left
            } catch {
                if Task.isCancelled { return .left }
                failures += 1
                let text = "\((error as? ChangeHouseFailure)?.sentence ?? "\(error)")"
                logger.log(
                    level: text == trouble ? .debug : .warning,
                    "A step of a change could not be taken. Trying again.",
                    metadata: ["step": "\(operation.step.rawValue)", LoggingKeys.error: "\(text)"])
                trouble = text
                if let failure = error as? ChangeHouseFailure, failures >= pacing.attempts {
                    if await end(operation, nil, Self.gaveUp(operation, failure)) { return .ended }
                }
                pause = pacing.retry.delay(attempt: failures, using: &generator)
            }
            if let pause, (try? await Task.sleep(for: pause.scaled)) == nil { return .left }
        }
        return .left
    }

    /// Takes the step that is due. Throws `ChangeHouseFailure` for what may pass, and `PostgresError`.
    private func step(_ situation: OperationSituation, _ memory: inout Memory) async throws -> Outcome {
        let operation = situation.operation
        if let stop = situation.stop {
            let there = await whatIsThere(operation)
            let message = """
                Stopped by an emergency stop (“\(stop)”). \(there) Nothing more is written. Once the stop is released, decide what is \
                to become of it: propose it anew, or use ha-bridge automation rollback.
                """
            return await end(operation, try? await plan(operation), ChangeRefusal(message)) ? .ended : .lost
        }
        if situation.isPushedAside {
            let message = "An emergency rollback took its place. \(await whatIsThere(operation))"
            return await end(operation, try? await plan(operation), ChangeRefusal(message)) ? .ended : .lost
        }
        var plan: ChangePlan?
        do {
            let made = try await self.plan(operation)
            plan = made
            return switch operation.step {
            case .lock: try await lock(operation, made)
            case .backup: try await backUp(operation, made)
            case .write: try await write(operation, made, &memory)
            case .reload: try await awaitReload(situation, made, memory)
            case .readBack: try await readBack(situation, made, &memory)
            case .watch: try await watch(situation, made, &memory)
            }
        } catch let refusal as ChangeRefusal {
            return await end(operation, plan, refusal) ? .ended : .lost
        } catch let failure as ChangeHouseFailure where !failure.isPassing {
            var text = failure.sentence
            if case .configuration(let opened, let snapshot) = plan?.goal {
                text = ConfigurationComparison.scrub(text, of: opened, snapshot)
            }
            return await end(operation, plan, ChangeRefusal(text)) ? .ended : .lost
        } catch let error as PostgresError where error.sqlState == "HB003" || error.sqlState == "HB006" {
            let text = [error.message, error.hint].compactMap { $0 }.joined(separator: " ")
            return await end(operation, plan, ChangeRefusal(text)) ? .ended : .lost
        } catch let error as PostgresError where error.sqlState == "HB004" {
            // The next look finds the stop.
            return .lost
        }
    }

    // MARK: Ending

    private static func gaveUp(_ operation: StoredOperation, _ failure: ChangeHouseFailure) -> ChangeRefusal {
        let there =
            switch operation.step {
            case .lock, .backup: "Nothing was written."
            case .write:
                "Whether it took the write is not known; ha-bridge automation show tells once it is read again."
            case .reload, .readBack, .watch: "It had taken the write, and could not be looked at since."
            }
        return ChangeRefusal("\(failure.sentence) This was tried many times. \(there)")
    }

    /// What the house has, as a sentence; best effort.
    private func whatIsThere(_ operation: StoredOperation) async -> String {
        switch operation.step {
        case .lock, .backup: return "Nothing had been written."
        default: break
        }
        guard let plan = try? await plan(operation) else { return "Whether anything had been written is not known." }
        if case .enabled = plan.goal {
            return operation.writtenAt == nil ? "It may have been switched already." : "It had been switched already."
        }
        do throws(ChangeHouseFailure) {
            let isNew = plan.goal.isMet(by: try await house.read(plan.homeAssistantID, pacing.readLimit))
            return switch (plan.goal, isNew) {
            case (.absence, true): "It had been deleted, and stays so."
            case (.absence, false): "It had not been deleted."
            case (_, true): "The new configuration had been written, and stays."
            case (_, false): "Home Assistant has not the new configuration."
            }
        } catch {
            return "Whether Home Assistant has the earlier or the new configuration could not be read."
        }
    }

    /// Ends an operation as failed, and begins its rollback where that is asked for. False where it is to be tried again.
    func end(_ operation: StoredOperation, _ plan: ChangePlan?, _ refusal: ChangeRefusal) async -> Bool {
        var change = OperationChange(status: .failed, message: refusal.message)
        let undoes = refusal.isUndone && operation.kind == .apply
        if undoes {
            change.undoes = refusal.message
            change.message = "\(refusal.message) It is being rolled back."
        }
        let what = plan.map { "\($0.verb) \($0.name)" } ?? "carry out a change"
        change.audit = [
            entry(
                operation, plan, plan.map { action($0, operation) } ?? .modify,
                "Could not \(what). \(change.message ?? "")")
        ]
        if !undoes, plan?.operation == .create {
            change.move = .init(to: .rejected, because: "It could not be created. \(refusal.message)")
        }
        do {
            if try await operations.record(change, of: operation, under: claims().claims) == nil { return false }
        } catch let error as PostgresError where undoes && error.sqlState == "HB006" {
            let text = [error.message, error.hint].compactMap { $0 }.joined(separator: " ")
            return await end(
                operation, plan, ChangeRefusal("\(refusal.message) It was not rolled back: \(text)"))
        } catch {
            logger.debug("The end of a change could not be stored yet.", metadata: [LoggingKeys.error: "\(error)"])
            return false
        }
        logger.warning(
            "A change failed.",
            metadata: ["change": "\(what)", "step": "\(operation.step.rawValue)", "reason": "\(change.message ?? "")"])
        return true
    }

    /// What the audit trail calls it.
    func action(_ plan: ChangePlan, _ operation: StoredOperation) -> AutomationAuditAction {
        switch plan.operation {
        case .create: .create
        case .modify: .modify
        case .retire: .delete
        case .pause: .disable
        case .resume: .enable
        case nil:
            if case .configuration = plan.goal, operation.before == nil, operation.writtenAt != nil {
                .restore
            } else {
                .rollback
            }
        }
    }

    /// A row of the audit trail.
    func entry(
        _ operation: StoredOperation, _ plan: ChangePlan?, _ action: AutomationAuditAction, _ text: String,
        before: String? = nil, after: String? = nil
    ) -> AutomationAuditEntry {
        AutomationAuditEntry(
            connectionID: connection, automationID: operation.automation,
            workflowID: (operation.workflow ?? operation.undoneWorkflow)?.uuid, action: action, description: text,
            before: before, after: after, userID: plan?.person ?? operation.initiatedBy,
            userAgent: BridgeVersion.userAgent, timestamp: .now)
    }

    /// Stores what a step leaves.
    func record(_ change: OperationChange, of operation: StoredOperation) async throws -> Outcome {
        guard let next = try await operations.record(change, of: operation, under: claims().claims) else {
            return .lost
        }
        return next.status == .inProgress ? .moved(next) : .ended
    }
}
