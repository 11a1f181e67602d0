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
        var failure: (any Error)?
        for connection in ours {
            do {
                outcome += try await look(at: connection, &progress[connection])
            } catch {
                // What ails one house must not hold up the others.
                failure = failure ?? error
            }
            try Task.checkCancellation()
        }
        if let failure { throw failure }
        return outcome
    }

    private func look(at connection: ConnectionID, _ progress: inout Progress?) async throws -> ScorePass.Outcome {
        let began = ContinuousClock.now
        guard var known = progress, began < known.everythingAt + pacing.everything.scaled else {
            let moment = try await scores.now()
            let outcome = try await pass.all(of: connection)
            progress = Progress(everythingAt: began, seenUntil: moment)
            return outcome
        }
        let moment = try await scores.now()
        let since = known.seenUntil.adding(.zero - pacing.margin)
        let changes = try await scores.changes(of: connection, since: since)
        let news = changes.filter { known.seen[$0.automation] != $0 }
        let outcome = try await pass.run(news.map(\.automation), of: connection)
        known.seen = Dictionary(changes.map { ($0.automation, $0) }) { first, _ in first }
        known.seenUntil = moment
        progress = known
        return outcome
    }
}
