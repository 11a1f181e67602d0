import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import Store

/// The side of Home Assistant: looks at the traces of one connection's automations while its session lasts.
actor TraceWatch {
    private typealias Instant = ContinuousClock.Instant

    /// A run that has ended and whose steps are to be read.
    private struct Ended: Sendable {
        var entry: TraceEntry
        var automation: AutomationID
    }

    private let desk: ExecutionDesk
    private let reader: TraceReader
    private let pacing: ExecutionPacing
    private let wake: Mailbox<Void>
    private let takeInbox: @Sendable () -> SignalInbox
    private let logger: Logger
    private let detailsWake: Mailbox<Void>

    private var schedule: TraceSchedule
    private var ledger = RunLedger()
    private var details: [Ended] = []
    /// Triggered automations that are not stored yet, and until when to look for them.
    private var unknown: [String: Instant] = [:]
    private var sweepAt = Instant.now
    private var sweptAt = Instant.now
    private var automationsAt = Instant.now
    private var failures = 0
    private var trouble: String?

    init(
        desk: ExecutionDesk, reader: TraceReader, pacing: ExecutionPacing, wake: Mailbox<Void>,
        takeInbox: @escaping @Sendable () -> SignalInbox, logger: Logger
    ) {
        self.desk = desk
        self.reader = reader
        self.pacing = pacing
        self.wake = wake
        self.takeInbox = takeInbox
        self.logger = logger
        detailsWake = Mailbox(timer: desk.workplace.timer)
        schedule = TraceSchedule(firstPoll: pacing.firstPoll.scaled, lastPoll: pacing.lastPoll.scaled)
    }

    // MARK: Looking

    /// Looks at what is due, until the session ends or the task is cancelled.
    func readAlways() async {
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do {
                try await step()
                failures = 0
                trouble = nil
            } catch CommandFailure.disconnected {
                return
            } catch {
                if Task.isCancelled { return }
                failures += 1
                report(error)
                let pause = pacing.retry.delay(attempt: failures, using: &generator)
                sweepAt = max(sweepAt, .now + pause.scaled)
                automationsAt = max(automationsAt, .now + pause.scaled)
                guard (try? await Task.sleep(for: min(pause, .seconds(1)).scaled)) != nil else { return }
            }
        }
    }

    private func step() async throws {
        await takeSignals()
        if automationsAt <= .now {
            automationsAt = .now + pacing.sweep.scaled
            if try await desk.readAutomations() { sweepAt = min(sweepAt, .now) }
            await askForKnown()
        }
        if await desk.isFull {
            guard (try? await Task.sleep(for: pacing.gathering.scaled)) != nil else { return }
            return
        }
        if sweepAt <= .now { try await sweep() }
        let due = schedule.take(pacing.listingsAtOnce, at: .now)
        if due.isEmpty {
            await rest()
        } else {
            try await look(at: due)
        }
    }

    /// Until the next thing is due or a signal comes.
    private func rest() async {
        let next = min(schedule.next ?? sweepAt, sweepAt, automationsAt)
        // A mailbox sees its deadline up to a tenth of a second late, which is long in a burst.
        if next - .now < .milliseconds(250) {
            try? await Task.sleep(until: next)
        } else {
            _ = await wake.next(until: next)
        }
    }

    private func takeSignals() async {
        let inbox = takeInbox()
        guard !inbox.isEmpty else { return }
        if let from = inbox.triggeredFrom { await desk.takeTriggered(from: from) }
        let soon = Instant.now + pacing.directory.scaled
        if inbox.isOtherHouse { automationsAt = min(automationsAt, soon) }
        if inbox.entities.count > pacing.atOnceLimit {
            // A reload changes every automation: one look at all of them is cheaper than many at each.
            sweepAt = min(sweepAt, max(.now, sweptAt + pacing.betweenSweeps.scaled))
            return
        }
        for entity in inbox.entities {
            if let automation = await desk.automation(entity: entity) {
                if automation.hasOwnID { schedule.ask(automation.homeAssistantID, at: .now) }
            } else if unknown[entity] == nil, unknown.count < 1_000 {
                unknown[entity] = .now + Duration.seconds(60).scaled
                automationsAt = min(automationsAt, soon)
            }
        }
    }

    /// Asks for those that were triggered before they were stored; those that do not come are forgotten after a while.
    private func askForKnown() async {
        for (entity, end) in unknown {
            if let automation = await desk.automation(entity: entity) {
                unknown[entity] = nil
                if automation.hasOwnID { schedule.ask(automation.homeAssistantID, at: .now) }
            } else if end <= .now {
                unknown[entity] = nil
            }
        }
        if !unknown.isEmpty { automationsAt = min(automationsAt, .now + pacing.directory.scaled) }
    }

    /// What Home Assistant said of one automation. No tuple: as the result of a group's task, an optimised build copies a tuple
    /// wrongly and ends with SIGSEGV (Swift 6.3).
    private struct Look: Sendable {
        let item: String
        let result: Result<TraceListing, CommandFailure>
    }

    private func look(at items: [String]) async throws {
        let reader = reader
        let looks = await withTaskGroup(of: Look.self, returning: [Look].self) { group in
            for item in items {
                group.addTask {
                    do throws(CommandFailure) {
                        return Look(item: item, result: .success(try await reader.list(item: item)))
                    } catch {
                        return Look(item: item, result: .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var failure: CommandFailure?
        var generator = SystemRandomNumberGenerator()
        let pause = pacing.retry.delay(attempt: failures + 1, using: &generator)
        for look in looks {
            switch look.result {
            case .success(let listing):
                let news = ledger.take(listing.entries, of: look.item)
                schedule.looked(at: look.item, new: news.new, isBusy: news.isBusy, at: .now)
                await take(news, incomplete: nil)
            case .failure(let error):
                failure = error
                schedule.failed(look.item, retry: .now + pause.scaled)
            }
        }
        if let failure { throw failure }
    }

    private func sweep() async throws {
        let began = Instant.now
        sweptAt = began
        sweepAt = began + pacing.sweep.scaled
        let listing = try await reader.list(item: nil)
        let pause = Duration.seconds(listing.bytes / max(1, pacing.sweepBytesPerSecond))
        sweepAt = .now + max(pacing.sweep, pause).scaled
        var entries: [TraceEntry] = []
        var runs: Set<ExecutionRepository.Run> = []
        // Those of automations that are not stored yet stay news until they are.
        for entry in listing.entries {
            guard let automation = await desk.automation(item: entry.itemID) else { continue }
            entries.append(entry)
            runs.insert(.init(automation: automation.id, runID: entry.runID))
        }
        let before = ledger
        let news = ledger.take(entries)
        do {
            let incomplete = try await desk.incomplete(among: news.ended.map { ($0.itemID, $0.runID) })
            await take(news, incomplete: incomplete)
        } catch {
            ledger = before
            throw error
        }
        await desk.note(ExecutionDesk.Sweep(began: began, runs: runs))
        logger.trace(
            "Looked at all traces.",
            metadata: [
                LoggingKeys.count: "\(entries.count)", LoggingKeys.bytes: "\(listing.bytes)", "new": "\(news.new)",
            ])
    }

    private func take(_ news: RunLedger.News, incomplete: Set<ExecutionRepository.Run>?) async {
        var runs: [ObservedRun] = []
        for entry in news.running {
            guard let automation = await desk.automation(item: entry.itemID) else { continue }
            runs.append(ObservedRun(entry, of: automation.id))
        }
        for entry in news.ended {
            guard let automation = await desk.automation(item: entry.itemID) else { continue }
            if let incomplete, !incomplete.contains(.init(automation: automation.id, runID: entry.runID)) { continue }
            if details.count < pacing.detailLimit {
                details.append(Ended(entry: entry, automation: automation.id))
            } else {
                runs.append(ObservedRun(entry, of: automation.id))
            }
        }
        await desk.take(runs)
        if !details.isEmpty { detailsWake.push(()) }
    }

    // MARK: Steps

    /// Reads the steps of runs that have ended, until the task is cancelled. A run whose trace is gone by then is told by its
    /// summary.
    func readDetailsAlways() async {
        while !Task.isCancelled {
            if details.isEmpty { _ = await detailsWake.next() }
            if await desk.isFull {
                guard (try? await Task.sleep(for: pacing.gathering.scaled)) != nil else { return }
                continue
            }
            let part = Array(details.prefix(pacing.detailsAtOnce))
            guard !part.isEmpty else { continue }
            details.removeFirst(part.count)
            let reader = reader
            let runs = await withTaskGroup(of: ObservedRun?.self, returning: [ObservedRun].self) { group in
                for ended in part {
                    group.addTask {
                        let detail = try? await reader.detail(item: ended.entry.itemID, run: ended.entry.runID)
                        return Self.run(ended, detail)
                    }
                }
                return await group.reduce(into: []) { runs, run in if let run { runs.append(run) } }
            }
            await desk.take(runs)
        }
    }

    /// Tells what has not been read by its summaries: at the end of a session.
    func giveUpDetails() async {
        await desk.take(details.compactMap { Self.run($0, nil) })
        details = []
    }

    private static func run(_ ended: Ended, _ detail: TraceDetail?) -> ObservedRun? {
        guard var detail, !detail.entry.isRunning else {
            let run = ObservedRun(ended.entry, of: ended.automation)
            // A run that an event has told must not count twice, and without a context the two cannot be joined.
            return run.contextID != nil || run.status == .blocked ? run : nil
        }
        detail.entry.contextID = detail.entry.contextID ?? ended.entry.contextID
        return ObservedRun(detail, of: ended.automation)
    }

    // MARK: Trouble

    private func report(_ error: any Error) {
        let text = "\(error)"
        var level: Logger.Level = text == trouble ? .debug : .warning
        // Home Assistant is still starting.
        if case CommandFailure.refused("unknown_command", _) = error { level = .debug }
        logger.log(
            level: level, "Cannot read the traces of automations. Trying again.",
            metadata: [LoggingKeys.error: "\(text)"])
        trouble = text
    }
}
