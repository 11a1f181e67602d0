import BridgeConcurrency
import BridgeCore
import Logging
import PostgresClient
import Store

/// Computes scores anew, keeps them, and moves the automations whose scores say so.
package struct ScorePass: Sendable {
    /// What came of a pass.
    package struct Outcome: Sendable, Equatable {
        /// Automations looked at.
        package var scored = 0
        /// Rows that say something else now.
        package var changed = 0
        /// Automations that moved.
        package var moved = 0

        package init(scored: Int = 0, changed: Int = 0, moved: Int = 0) {
            self.scored = scored
            self.changed = changed
            self.moved = moved
        }

        package static func += (left: inout Outcome, right: Outcome) {
            left.scored += right.scored
            left.changed += right.changed
            left.moved += right.moved
        }
    }

    /// Automations of one statement.
    package static let batch = 500

    private let scores: ScoreRepository
    private let lifecycle: LifecycleRepository
    private let rules: LifecycleRules
    private let claims: (@Sendable (ConnectionID) -> LeaseClaims?)?
    private let logger: Logger

    /// A pass that writes under the claims of `workplace`.
    package init(_ workplace: AutomationWorkplace, rules: LifecycleRules = LifecycleRules()) {
        scores = ScoreRepository(workplace.pool)
        lifecycle = LifecycleRepository(workplace.pool)
        self.rules = rules
        claims = workplace.claims
        logger = workplace.logger
    }

    /// Scores all automations of a connection that Home Assistant has. Throws `PostgresError`.
    package func all(of connection: ConnectionID, at moment: Timestamp? = nil) async throws -> Outcome {
        try await run(try await scores.automations(of: connection), of: connection, at: moment)
    }

    /// Scores automations of one connection as of `moment`, or now. Those that are gone are left out; all of them where the
    /// connection's lease is not held. Harmless when repeated. Throws `PostgresError`, `CancellationError`.
    package func run(
        _ automations: [AutomationID], of connection: ConnectionID, at moment: Timestamp? = nil
    ) async throws -> Outcome {
        var outcome = Outcome()
        for start in stride(from: 0, to: automations.count, by: Self.batch) {
            try Task.checkCancellation()
            let batch = Array(automations[start..<min(start + Self.batch, automations.count)])
            var held: LeaseClaims?
            if let claims {
                held = claims(connection)
                if held == nil { return outcome }
            }
            var now = moment
            if now == nil { now = try await scores.now() }
            outcome += try await run(batch, of: connection, at: now ?? .now, under: held)
        }
        return outcome
    }

    private func run(
        _ batch: [AutomationID], of connection: ConnectionID, at moment: Timestamp, under claims: LeaseClaims?
    ) async throws -> Outcome {
        let facts = try await scores.facts(of: batch, at: moment)
        let found = facts.filter { $0.connection == connection }.map { Score($0, at: moment) }
        var outcome = Outcome(scored: found.count)
        let rows = try found.map { score in
            ScoreRepository.Row(
                automation: score.facts.automation, hundredths: score.hundredths,
                breakdown: try ScoreBreakdown(score, at: moment).json)
        }
        outcome.changed = try await scores.store(rows, of: connection, at: moment, under: claims)
        for score in found {
            guard let move = rules.move(score, at: moment) else { continue }
            do {
                if try await make(move, score, at: moment, under: claims) { outcome.moved += 1 }
            } catch let error as PostgresError where error.sqlState == "HB002" {
                // Somebody has taken the move out of automation_lifecycle_transition; the others must not wait for it.
                logger.debug(
                    "A move of an automation is not legal in this database.",
                    metadata: [LoggingKeys.error: "\(error)", "automation.id": "\(score.facts.automation)"])
            }
        }
        return outcome
    }

    private func make(
        _ move: LifecycleRules.Move, _ score: Score, at moment: Timestamp, under claims: LeaseClaims?
    ) async throws -> Bool {
        let facts = score.facts
        var error: String?
        if case .failures = move.cause { error = try await lifecycle.lastError(of: facts.automation) }
        let hasMoved = try await lifecycle.move(
            facts.automation, of: facts.connection, from: facts.state, since: facts.stateSince, to: move.state,
            because: rules.reason(for: move, score, at: moment, error: error), under: claims)
        if hasMoved {
            logger.notice(
                "An automation moved.",
                metadata: [
                    "automation": "\(facts.name)", "automation.id": "\(facts.automation)",
                    LoggingKeys.connectionID: "\(facts.connection)", LoggingKeys.state: "\(move.state.rawValue)",
                    "score": "\(score.hundredths.map { "\($0 / 100)" } ?? "-")",
                ])
        }
        return hasMoved
    }
}
