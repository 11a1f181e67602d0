import BridgeConcurrency
import BridgeCore
import FoundationEssentials
import Logging
import Store

extension ExecutionDesk {
    /// Looks again and again for what the moment has left over, until the task is cancelled: stored events without a row, runs
    /// whose traces are lost, reversals by hand, and figures that take long to compute.
    func keepHouse() async {
        var figuresAt = ContinuousClock.now
        var isFirst = true
        while !hasReadAutomations {
            guard (try? await Task.sleep(for: pacing.gathering.scaled)) != nil else { return }
        }
        while !Task.isCancelled {
            await attempt("search", "Cannot search the stored events for runs. Trying again.") {
                try await self.searchEvents()
            }
            if await hasLeftovers {
                await attempt("settle", "Cannot settle runs whose traces are lost. Trying again.") {
                    try await self.settleLost()
                }
                await attempt("overrides", "Cannot look for runs that were reversed by hand. Trying again.") {
                    try await self.checkOverrides()
                }
            }
            if isFirst || figuresAt + pacing.largeFigures.scaled <= .now {
                let all = isFirst
                let isDone = await attempt("figures", "Cannot compute the figures of automations. Trying again.") {
                    try await self.computeFigures(all: all)
                }
                if isDone { isFirst = false }
                figuresAt = .now
            }
            // Automations that were found meanwhile are not kept waiting.
            if !isSearchDue { _ = await searchWake.next(until: .now + pacing.housekeeping.scaled) }
            guard (try? await Task.sleep(for: pacing.gathering.scaled)) != nil else { return }
        }
    }

    /// Where that cannot be asked, what follows tells of it.
    private var hasLeftovers: Bool {
        get async { (try? await leftovers.finds(connection)) ?? true }
    }

    /// Runs `body`, and says whether it went well.
    @discardableResult
    private func attempt(
        _ subject: String, _ message: Logger.Message, _ body: @Sendable () async throws -> Void
    ) async -> Bool {
        do {
            try await body()
            settled(subject)
            return true
        } catch {
            if !Task.isCancelled { report(subject, message, error) }
            return false
        }
    }

    /// Makes rows of events that were stored while nobody followed: day by day, so that no transaction is long.
    private func searchEvents() async throws {
        guard isSearchDue else { return }
        isSearchDue = false
        let now = Timestamp.now
        do {
            let day: Duration = .seconds(86_400)
            let last = now.adding(day)
            var start = searchedUntil ?? now.adding(.zero - pacing.reach)
            while start < last {
                let end = min(start.adding(day), last)
                try await writeTriggered(from: start, before: end == last ? Self.endOfTime : end)
                start = end
            }
            // An event may be stored some time after it happened. What comes late is told; this is for what is told to nobody.
            if !isSearchDue { searchedUntil = now.adding(seconds: -600) }
        } catch {
            isSearchDue = true
            throw error
        }
    }

    /// Gives up the runs whose outcome cannot come any more.
    private func settleLost() async throws {
        guard let claims = claims() else { return }
        let sweep = lastSweep
        let sinceSweep = sweep.map { ContinuousClock.now - $0.began }
        let lost = try await repository.unfinished(of: connection).filter { execution in
            guard let run = execution.runID else { return execution.age > pacing.grace.scaled }
            // Home Assistant may keep the trace of a run that it was killed in as running for ever.
            if execution.isIdleSince, execution.age > pacing.grace.scaled { return true }
            guard let sweep, let sinceSweep else { return false }
            // Rows younger than the sweep are of runs that it could not know.
            return execution.age > sinceSweep + Duration.seconds(5).scaled
                && !sweep.runs.contains(ExecutionRepository.Run(automation: execution.automation, runID: run))
        }
        guard !lost.isEmpty else { return }
        note(try await repository.giveUp(lost.map(\.id), of: connection, under: claims.value))
        logger.debug("The traces of some runs are lost.", metadata: [LoggingKeys.count: "\(lost.count)"])
    }

    private func checkOverrides() async throws {
        // Many at once after a time without the bridge; the rest has its turn with the next round.
        for _ in 0..<50 {
            guard let claims = claims(),
                let check = try await repository.checkOverrides(of: connection, limit: 200, under: claims.value),
                check.checked > 0
            else { return }
            if check.overridden > 0 {
                logger.debug(
                    "Runs of automations were reversed by hand.", metadata: [LoggingKeys.count: "\(check.overridden)"])
            }
        }
    }

    private func computeFigures(all: Bool) async throws {
        guard let claims = claims() else { return }
        let due = postponed
        guard all || !due.isEmpty else { return }
        postponed = []
        do {
            try await repository.recomputeFigures(
                of: connection, automations: all ? nil : due, under: claims.value)
        } catch {
            postponed.formUnion(due)
            throw error
        }
    }
}
