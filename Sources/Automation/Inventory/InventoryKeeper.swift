import BridgeConcurrency
import BridgeCore
import Cryptography
import HomeAssistantClient
import Logging
import Store

/// Keeps `automation_management` and the versions in `automation_backup` as Home Assistant has its automations.
///
/// A failure is logged and tried again; nothing here holds up an event. Everything is harmless when it is repeated.
package final class InventoryKeeper: Sendable {
    /// What was told of a session since it was looked into last.
    private struct Told {
        var isReloaded = false
        var isRegistryChanged = false
        var entities: Set<String> = []

        var isEmpty: Bool { !isReloaded && !isRegistryChanged && entities.isEmpty }
    }

    /// One session that is followed.
    private struct Follower {
        let number: Int
        let signals: Mailbox<Void>
        var told = Told()
    }

    private struct State {
        var followers: [ConnectionID: Follower] = [:]
        var lastNumber = 0
    }

    let automations: AutomationRepository
    let backups: BackupRepository
    let sealer: ConfigurationSealer
    let workplace: AutomationWorkplace
    let pacing: InventoryPacing
    private let state = LockedBox(State())

    /// So many entities are told of one by one; more are listed.
    private static let toldAtMost = 500

    /// A keeper that seals what must not be stored in clear with `sealer`.
    package init(_ workplace: AutomationWorkplace, sealer: TokenSealer, pacing: InventoryPacing = InventoryPacing()) {
        self.workplace = workplace
        self.pacing = pacing
        self.sealer = ConfigurationSealer(sealer)
        automations = AutomationRepository(workplace.pool)
        backups = BackupRepository(workplace.pool)
    }

    /// Takes a signal of the event stream, once its events are stored. May be called from any thread; never waits.
    package func receive(_ signal: AutomationSignal, of connection: ConnectionID) {
        let signals = state.withLock { state -> Mailbox<Void>? in
            guard var follower = state.followers[connection] else { return nil }
            let wasEmpty = follower.told.isEmpty
            switch signal {
            case .triggered, .notificationAnswered: return nil
            case .reloaded: follower.told.isReloaded = true
            case .registryChanged: follower.told.isRegistryChanged = true
            case .stateChanged(let entity):
                if follower.told.entities.count < Self.toldAtMost {
                    follower.told.entities.insert(entity)
                } else {
                    follower.told.isRegistryChanged = true
                }
            }
            state.followers[connection] = follower
            return wasEmpty ? follower.signals : nil
        }
        signals?.push(())
    }

    /// Takes inventory at once and after each change, until the session behind `ports` ends or the task is cancelled.
    package func follow(_ connection: ConnectionID, over ports: SessionPorts) async {
        await follow(
            connection, over: ports.commands,
            file: AutomationConfigurationClient(ports.requests, answerLimit: pacing.answerLimit))
    }

    /// As over both ports; without `file` no version is known to stand in Home Assistant's file as it was read.
    package func follow(
        _ connection: ConnectionID, over port: CommandPort, file: AutomationConfigurationClient? = nil
    ) async {
        var logger = workplace.logger
        logger[metadataKey: LoggingKeys.connectionID] = "\(connection)"
        let signals = Mailbox<Void>(timer: workplace.timer)
        let number = enrol(connection, signals)
        defer { dismiss(connection, number) }
        var round = InventoryRound(
            connection: connection, reader: AutomationReader(port, answerLimit: pacing.answerLimit),
            file: file, memory: InventoryMemory(dwell: pacing.dwell.scaled), logger: logger)
        var generator = SystemRandomNumberGenerator()
        var sweepAt = ContinuousClock.now
        while !Task.isCancelled {
            if sweepAt <= .now {
                round.isListingDue = true
                round.isReadingDue = true
                round.memory.registry = [:]
                sweepAt = .now + pacing.sweep.scaled
            }
            var deadline = sweepAt
            do {
                try await hear(take(connection), &round)
                let isOurs = try await step(&round)
                if !isOurs { deadline = min(deadline, .now + .seconds(30).scaled) }
                round.failures = 0
                round.trouble = nil
                if isOurs, !round.memory.unread.isEmpty { continue }
                if let check = round.memory.uncertainUntil(.now) { deadline = min(deadline, check) }
            } catch CommandFailure.disconnected {
                return
            } catch {
                if Task.isCancelled { return }
                round.failures += 1
                deadline = .now + pacing.retry.delay(attempt: round.failures, using: &generator).scaled
                report("Cannot take the inventory of the automations. Trying again.", error, &round)
            }
            let isTold = !(await signals.next(until: deadline)).isEmpty
            if isTold {
                guard (try? await Task.sleep(for: pacing.afterSignal.scaled)) != nil else { return }
            } else if let check = round.memory.uncertainUntil(round.listedAt), check <= .now {
                round.isListingDue = true
            }
        }
    }

    /// Turns what was told into what is to be done. Of states that changed, most are the beginning or the end of a run.
    private func hear(_ told: Told, _ round: inout InventoryRound) async throws {
        guard !told.isEmpty else { return }
        if told.isReloaded {
            round.isListingDue = true
            round.isReadingDue = true
            round.urgent.formUnion(told.entities)
        }
        if told.isRegistryChanged {
            round.isListingDue = true
            round.memory.registry = [:]
        }
        guard !told.entities.isEmpty, !round.isListingDue else { return }
        // Until this has worked, what was told stays to be done.
        round.isListingDue = true
        let latest = try await automations.latestStates(of: told.entities, connection: round.connection)
        let news = told.entities.filter { entity in
            guard let event = latest[entity] else { return true }
            return round.memory.isNews(entity, state: event.state, attributes: event.attributes)
        }
        round.isListingDue = !news.isEmpty
        round.memory.wantConfigurations(of: news.filter { round.memory.row($0) != nil }.sorted(), isUrgent: true)
    }

    // MARK: Followers

    private func take(_ connection: ConnectionID) -> Told {
        state.withLock { state in
            defer { state.followers[connection]?.told = Told() }
            return state.followers[connection]?.told ?? Told()
        }
    }

    private func enrol(_ connection: ConnectionID, _ signals: Mailbox<Void>) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            state.followers[connection] = Follower(number: state.lastNumber, signals: signals)
            return state.lastNumber
        }
    }

    /// Unless a later session has taken the place.
    private func dismiss(_ connection: ConnectionID, _ number: Int) {
        state.withLock { state in
            if state.followers[connection]?.number == number { state.followers[connection] = nil }
        }
    }

    /// Logs trouble as a warning when it is news.
    func report(_ message: Logger.Message, _ error: any Error, _ round: inout InventoryRound) {
        let trouble = "\(error)"
        round.logger.log(
            level: trouble == round.trouble ? .debug : .warning, message,
            metadata: [LoggingKeys.error: "\(trouble)"])
        round.trouble = trouble
    }
}

/// What following one session has to remember.
struct InventoryRound {
    let connection: ConnectionID
    let reader: AutomationReader
    /// What stands in Home Assistant's file, without what it resolves.
    let file: AutomationConfigurationClient?
    var memory: InventoryMemory
    var logger: Logger
    var isListingDue = false
    /// Whether all configurations are to be read after the next listing.
    var isReadingDue = false
    /// Entities that changed lately, whose configurations are read first.
    var urgent: Set<String> = []
    var listedAt = ContinuousClock.now - .seconds(3_600)
    var failures = 0
    var trouble: String?
    /// The code with which Home Assistant refuses configurations altogether.
    var refusal: String?
}
