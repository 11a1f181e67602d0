import BridgeConcurrency
import BridgeCore
import Cryptography
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Carries out what was approved, and the rollbacks that people ask for, in the houses whose leases this process holds: the changes of
/// one automation one after the other, those of several beside each other. What has begun is gone on with after a crash.
package final class ChangeKeeper: Sendable {
    /// One session that is followed.
    private struct Follower {
        let number: Int
        let wake: Mailbox<Void>
    }

    private struct State {
        var followers: [ConnectionID: Follower] = [:]
        var lastNumber = 0
        /// How often each house has loaded its automations.
        var reloads: [ConnectionID: Int] = [:]
        /// Until when workflows that a rule or limit holds back are left alone.
        var held: [WorkflowID: ContinuousClock.Instant] = [:]
        /// When work was last told of.
        var news: ContinuousClock.Instant?
    }

    private let workplace: AutomationWorkplace
    private let operations: OperationRepository
    private let sealer: ConfigurationSealer
    private let pacing: ChangePacing
    private let state = LockedBox(State())
    private let work: SharedLook

    /// A keeper that works in `workplace`; where that has claims, only for connections whose lease is held.
    package init(_ workplace: AutomationWorkplace, sealer: TokenSealer, pacing: ChangePacing = ChangePacing()) {
        self.workplace = workplace
        self.pacing = pacing
        self.sealer = ConfigurationSealer(sealer)
        let operations = OperationRepository(workplace.pool, keys: workplace.auditKeys)
        self.operations = operations
        work = SharedLook(age: (pacing.look / 2).scaled) { try await operations.connectionsWithWork() }
    }

    /// Takes a signal of the event stream. May be called from any thread; never waits.
    package func receive(_ signal: AutomationSignal, of connection: ConnectionID) {
        guard signal == .reloaded else { return }
        state.withLock { $0.reloads[connection, default: 0] += 1 }
    }

    /// Looks for work at once; of all connections where none is named. Never waits.
    package func wake(_ connection: ConnectionID? = nil) {
        let boxes = state.withLock { state in
            state.news = .now
            return connection.map { [state.followers[$0]?.wake].compactMap { $0 } }
                ?? state.followers.values.map(\.wake)
        }
        for box in boxes { box.push(()) }
    }

    /// Wakes the keeper when the database tells of an approval, of a step or of an emergency stop, until the task is cancelled.
    /// Without it the keeper looks every few seconds.
    package func listen(_ configuration: PostgresConfiguration) async {
        while !Task.isCancelled {
            do {
                let session = try await PostgresConnection.connect(configuration, logger: workplace.logger)
                try await session.listen(to: OperationRepository.notificationChannel)
                try await session.listen(to: "automation_emergency_stop")
                wake()
                while !Task.isCancelled {
                    for notice in try await session.notifications(waitingAtMost: .seconds(60)) {
                        wake(ConnectionID(notice.payload))
                    }
                }
                await session.close()
            } catch {
                workplace.logger.debug(
                    "Cannot listen for approved changes. Trying again.", metadata: [LoggingKeys.error: "\(error)"])
                guard (try? await Task.sleep(for: pacing.look.scaled)) != nil else { return }
            }
        }
    }

    /// Carries out what is due over a session, until the task is cancelled: when the session ends.
    package func follow(_ connection: ConnectionID, over ports: SessionPorts) async {
        await follow(connection, house: .over(ports))
    }

    /// Carries out what is due in a house until the task is cancelled.
    package func follow(_ connection: ConnectionID, house: ChangeHouse) async {
        var logger = workplace.logger
        logger[metadataKey: LoggingKeys.connectionID] = "\(connection)"
        let wake = Mailbox<Void>(timer: workplace.timer)
        let number = enrol(connection, wake)
        defer { dismiss(connection, number) }
        let runner = ChangeRunner(
            connection: connection, workplace: workplace, operations: operations,
            automations: AutomationRepository(workplace.pool), backups: BackupRepository(workplace.pool),
            sealer: sealer, house: house, pacing: pacing,
            reloads: { [self] in state.withLock { $0.reloads[connection, default: 0] } }, logger: logger)
        let running = LockedBox<Set<AutomationID>>([])
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for (automation, work) in await due(connection, runner)
                where running.withLock({ $0.insert(automation).inserted }) {
                    group.addTask { [self] in
                        let hasEnded = await carryOut(work, of: automation, runner)
                        running.withLock { _ = $0.remove(automation) }
                        // Something else may have waited for it.
                        if hasEnded { self.wake(connection) }
                    }
                }
                _ = await wake.next(until: .now + pacing.look.scaled)
            }
        }
    }

    private func due(
        _ connection: ConnectionID, _ runner: ChangeRunner
    ) async -> [AutomationID: OperationRepository.Work] {
        guard runner.claims().isOurs else { return [:] }
        let (held, news) = state.withLock { state in
            state.held = state.held.filter { $0.value > .now }
            return (Set(state.held.keys), state.news)
        }
        do {
            guard try await self.work.finds(connection, since: news) else { return [:] }
            return try await operations.work(of: connection, holding: held)
        } catch {
            runner.logger.debug("Cannot look for approved changes.", metadata: [LoggingKeys.error: "\(error)"])
            return [:]
        }
    }

    /// Says whether it has ended.
    private func carryOut(
        _ work: OperationRepository.Work, of automation: AutomationID, _ runner: ChangeRunner
    ) async -> Bool {
        switch work {
        case .resume(let operation): return await runner.run(operation) == .ended
        case .begin(let workflow):
            do {
                let begun = try await operations.begin(
                    workflow, of: runner.connection, under: runner.claims().claims)
                guard let begun else { return false }
                return await runner.run(begun) == .ended
            } catch {
                await refused(workflow, of: automation, error, runner)
                return false
            }
        }
    }

    /// The database does not let a workflow be applied.
    private func refused(
        _ workflow: WorkflowID, of automation: AutomationID, _ error: any Error, _ runner: ChangeRunner
    ) async {
        let code = (error as? PostgresError)?.sqlState
        let text = (error as? PostgresError).map { [$0.message, $0.hint].compactMap { $0 }.joined(separator: " ") }
        let details: Logger.Metadata = ["workflow": "\(workflow)", LoggingKeys.error: "\(text ?? "\(error)")"]
        switch code {
        case "HB003":
            // Neither another day nor another bridge makes it what was approved.
            let entry = AutomationAuditEntry(
                connectionID: runner.connection, automationID: automation, workflowID: workflow.uuid, action: .cancel,
                description: "Closed an approved proposal that cannot be applied. \(text ?? "")",
                userAgent: BridgeVersion.userAgent, timestamp: .now)
            let isClosed = try? await operations.cancel(
                workflow, of: runner.connection, audit: entry, under: runner.claims().claims)
            if isClosed == true { runner.logger.error("Closed a proposal that cannot be applied.", metadata: details) }
            hold(workflow)
        case "HB006":
            runner.logger.warning("A rule or limit holds back an approved change.", metadata: details)
            hold(workflow)
        case "HB004", "23505":
            break
        default:
            runner.logger.warning("Cannot begin an approved change. Trying again.", metadata: details)
        }
    }

    private func hold(_ workflow: WorkflowID) {
        state.withLock { $0.held[workflow] = .now + pacing.hold.scaled }
    }

    // MARK: Followers

    private func enrol(_ connection: ConnectionID, _ wake: Mailbox<Void>) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            state.followers[connection] = Follower(number: state.lastNumber, wake: wake)
            return state.lastNumber
        }
    }

    /// Unless a later session has taken the place.
    private func dismiss(_ connection: ConnectionID, _ number: Int) {
        state.withLock { state in
            if state.followers[connection]?.number == number { state.followers[connection] = nil }
        }
    }
}
