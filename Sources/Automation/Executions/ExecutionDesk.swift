import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Logging
import PostgresClient
import Store

/// The side of the database: what is known of the automations of one connection, and the runs that wait to be written.
actor ExecutionDesk {
    /// What Home Assistant had at the last look at all traces.
    struct Sweep: Sendable {
        var began: ContinuousClock.Instant
        var runs: Set<ExecutionRepository.Run>
    }

    let connection: ConnectionID
    let repository: ExecutionRepository
    let workplace: AutomationWorkplace
    let pacing: ExecutionPacing
    /// The houses with runs that are neither settled nor checked.
    let leftovers: SharedLook
    let logger: Logger
    private let wake: Mailbox<Void>
    /// Wakes the housekeeping when the stored events are to be searched.
    let searchWake: Mailbox<Void>

    /// Automations by the id in their configuration, without those that have none.
    private var byItem: [String: AutomationReference] = [:]
    private var byEntity: [String: AutomationReference] = [:]
    private var known: Set<AutomationID> = []
    private var waiting: [ObservedRun] = []
    /// The oldest event whose row is to be made.
    private var triggeredFrom: Timestamp?
    private var trouble: [String: String] = [:]

    /// Until when the stored events have been searched; `nil` when they are to be searched from the beginning of the reach.
    var searchedUntil: Timestamp?
    var isSearchDue = true
    private(set) var hasReadAutomations = false
    var lastSweep: Sweep?
    /// Automations whose figures are to be computed in a while.
    var postponed: Set<AutomationID> = []

    init(
        connection: ConnectionID, workplace: AutomationWorkplace, pacing: ExecutionPacing, leftovers: SharedLook,
        searchedUntil: Timestamp?, logger: Logger
    ) {
        self.connection = connection
        self.leftovers = leftovers
        self.workplace = workplace
        self.pacing = pacing
        self.searchedUntil = searchedUntil
        self.logger = logger
        repository = ExecutionRepository(workplace.pool)
        wake = Mailbox(timer: workplace.timer)
        searchWake = Mailbox(timer: workplace.timer)
    }

    /// Whether so much waits to be written that nothing more should be read.
    var isFull: Bool { waiting.count >= pacing.waitingLimit }

    // MARK: Automations

    /// Reads the stored automations, and says whether there are some that were not known.
    func readAutomations() async throws -> Bool {
        let automations = try await repository.automations(of: connection)
        let ids = Set(automations.map(\.id))
        let hasNew = !ids.isSubset(of: known)
        if hasNew, hasReadAutomations {
            // Their runs may be in events that were stored before.
            searchedUntil = nil
            isSearchDue = true
            searchWake.push(())
        }
        hasReadAutomations = true
        known = ids
        byItem = [:]
        byEntity = [:]
        for automation in automations {
            if automation.hasOwnID { byItem[automation.homeAssistantID] = automation }
            if let entity = automation.entityID { byEntity[entity] = automation }
        }
        return hasNew
    }

    func automation(item: String) -> AutomationReference? { byItem[item] }

    func automation(entity: String) -> AutomationReference? { byEntity[entity] }

    // MARK: What is to be written

    /// Takes runs that were read.
    func take(_ runs: [ObservedRun]) {
        guard !runs.isEmpty else { return }
        waiting += runs
        wake.push(())
    }

    /// Takes note of events that have been stored.
    func takeTriggered(from time: Timestamp) {
        triggeredFrom = min(triggeredFrom ?? time, time)
        wake.push(())
    }

    /// Those of the runs of a listing of which something is left to be read.
    func incomplete(among entries: [(String, String)]) async throws -> Set<ExecutionRepository.Run> {
        let runs = entries.compactMap { item, run in
            byItem[item].map { ExecutionRepository.Run(automation: $0.id, runID: run) }
        }
        var incomplete = Set(runs)
        for start in stride(from: 0, to: runs.count, by: 5_000) {
            let part = Array(runs[start..<min(start + 5_000, runs.count)])
            incomplete.subtract(try await repository.complete(among: part, of: connection))
        }
        return incomplete
    }

    func note(_ sweep: Sweep) { lastSweep = sweep }

    /// Writes what gathers, until the task is cancelled.
    func writeAlways() async {
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        while !Task.isCancelled {
            if waiting.isEmpty, triggeredFrom == nil { _ = await wake.next() }
            guard (try? await Task.sleep(for: pacing.gathering.scaled)) != nil else { return }
            do {
                try await write(oneByOne: failures >= 3)
                failures = 0
                settled("write")
            } catch {
                if Task.isCancelled { return }
                failures += 1
                report("write", "Cannot store runs of automations. Trying again.", error)
                let pause = pacing.retry.delay(attempt: failures, using: &generator)
                guard (try? await Task.sleep(for: pause.scaled)) != nil else { return }
            }
        }
    }

    /// Writes what has gathered, once: for the end of a session.
    func writeOnce() async {
        do {
            try await write(oneByOne: false)
        } catch {
            if Task.isCancelled { return }
            report("write", "Cannot store the last runs of a session. They are read again with the next one.", error)
        }
    }

    /// Events first: a row that an event made takes its trace in.
    private func write(oneByOne: Bool) async throws {
        if let from = triggeredFrom {
            triggeredFrom = nil
            do {
                try await writeTriggered(from: from.adding(seconds: -1), before: Self.endOfTime)
            } catch {
                triggeredFrom = min(triggeredFrom ?? from, from)
                throw error
            }
        }
        while !waiting.isEmpty {
            let part = Array(waiting.prefix(500))
            waiting.removeFirst(part.count)
            do {
                if oneByOne { try await writeEach(part) } else { try await writeTogether(part) }
            } catch {
                waiting.insert(contentsOf: part, at: 0)
                throw error
            }
        }
    }

    private func writeTogether(_ runs: [ObservedRun]) async throws {
        guard let claims = claims() else { return }
        note(try await repository.record(runs, of: connection, under: claims.value))
    }

    /// After PostgreSQL has refused them together: what it refuses alone is left out.
    private func writeEach(_ runs: [ObservedRun]) async throws {
        for run in runs {
            do {
                try await writeTogether([run])
            } catch let error as PostgresError where !error.isRetriable {
                report("run", "PostgreSQL refuses a run of an automation. It is left out.", error)
            }
        }
    }

    /// Makes rows of the events of a time.
    func writeTriggered(from start: Timestamp, before end: Timestamp) async throws {
        guard let claims = claims() else { return }
        note(
            try await repository.recordTriggered(
                of: connection, from: start, before: end, grace: pacing.grace, under: claims.value))
    }

    /// Remembers whose figures are left to be computed.
    func note(_ changes: ExecutionRepository.Changes?) {
        guard let changes else { return }
        postponed.formUnion(changes.postponed)
    }

    // MARK: Common

    /// Later than any event; PostgreSQL knows it, and it has four digits for the year.
    static let endOfTime = Timestamp(microseconds: 253_370_764_800_000_000)

    struct Claims {
        var value: LeaseClaims?
    }

    /// What to write under; `nil` when another bridge speaks for the connection by now: it reads the same runs.
    func claims() -> Claims? {
        guard let claims = workplace.claims else { return Claims() }
        return claims(connection).map { Claims(value: $0) }
    }

    /// Logs trouble as a warning when it is news.
    func report(_ subject: String, _ message: Logger.Message, _ error: any Error) {
        let text = "\(error)"
        let level: Logger.Level = trouble[subject] == text ? .debug : .warning
        logger.log(level: level, message, metadata: [LoggingKeys.error: "\(text)"])
        trouble[subject] = text
    }

    /// What was trouble is none any more.
    func settled(_ subject: String) { trouble[subject] = nil }
}
