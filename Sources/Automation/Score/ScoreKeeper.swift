import BridgeConcurrency
import BridgeCore
import Logging
import Store

/// Keeps the scores up to date, and with them ACTIVE and DEGRADED: soon after runs came, and slowly for all, since runs age.
///
/// One for each process; it works on the connections whose leases the process holds, and needs no session. Two at once, and
/// one that is repeated, do no harm.
package final class ScoreKeeper: Sendable {
    /// What was looked at of one connection.
    struct Progress: Sendable {
        /// When all of it was scored, on our clock.
        var everythingAt: ContinuousClock.Instant
        /// Changes up to here have been seen, on the database's clock.
        var seenUntil: Timestamp
        /// The changes within the margin that have been seen, so that they are not worked off at each look.
        var seen: [AutomationID: ScoreRepository.Change] = [:]
    }

    private let pass: ScorePass
    private let scores: ScoreRepository
    private let connections: ConnectionRepository
    private let claims: (@Sendable (ConnectionID) -> LeaseClaims?)?
    private let pacing: ScorePacing
    private let logger: Logger

    /// A keeper that has not started.
    package init(
        _ workplace: AutomationWorkplace, rules: LifecycleRules = LifecycleRules(), pacing: ScorePacing = ScorePacing()
    ) {
        pass = ScorePass(workplace, rules: rules)
        scores = ScoreRepository(workplace.pool)
        connections = ConnectionRepository(workplace.pool)
        claims = workplace.claims
        self.pacing = pacing
        logger = workplace.logger
    }

    /// Looks now and then at what has changed, until the task is cancelled. Failures are logged and tried again.
    package func run() async {
        var progress: [ConnectionID: Progress] = [:]
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        while !Task.isCancelled {
            var pause = pacing.look
            do {
                try await look(&progress)
                failures = 0
            } catch {
                if Task.isCancelled { return }
                failures += 1
                pause = pacing.retry.delay(attempt: failures, using: &generator)
                logger.log(
                    level: failures == 2 ? .warning : .debug, "Cannot compute the scores of automations. Trying again.",
                    metadata: [LoggingKeys.error: "\(error)", LoggingKeys.attempt: "\(failures)"])
            }
            guard (try? await Task.sleep(for: pause.scaled)) != nil else { return }
        }
    }

    /// Looks once at each connection that is ours. Throws the first failure after all have had their turn.
    @discardableResult
    func look(_ progress: inout [ConnectionID: Progress]) async throws -> ScorePass.Outcome {
        var outcome = ScorePass.Outcome()
        let ours = try await connections.list().map(\.id).filter { claims == nil || claims?($0) != nil }
        // A connection that comes back from another bridge is begun anew.
        let lost = Set(progress.keys).subtracting(ours)
        for connection in lost { progress[connection] = nil }
        // One question for all houses: in most of them nothing has run since the last look.
        let moment = try await scores.now()
        let known = progress.filter { !isDue($0.value, at: .now) }
        let changes = try await scores.changes(since: known.mapValues { $0.seenUntil.adding(.zero - pacing.margin) })
        var failure: (any Error)?
        for connection in ours {
            do {
                if var seen = known[connection] {
                    let found = changes[connection] ?? []
                    let news = found.filter { seen.seen[$0.automation] != $0 }
                    if !news.isEmpty { outcome += try await pass.run(news.map(\.automation), of: connection) }
                    seen.seen = Dictionary(found.map { ($0.automation, $0) }) { first, _ in first }
                    seen.seenUntil = moment
                    progress[connection] = seen
                } else {
                    let began = ContinuousClock.now
                    outcome += try await pass.all(of: connection)
                    progress[connection] = Progress(everythingAt: began, seenUntil: moment)
                }
            } catch {
                // What ails one house must not hold up the others.
                failure = failure ?? error
            }
            try Task.checkCancellation()
        }
        if let failure { throw failure }
        return outcome
    }

    private func isDue(_ progress: Progress, at now: ContinuousClock.Instant) -> Bool {
        now >= progress.everythingAt + pacing.everything.scaled
    }
}
