import BridgeCore
import Store

/// When an automation is degraded by what its runs show, and when it is not any more. Pure.
///
/// Nothing flaps: it takes fewer points to fall than to rise, and each of the two states is kept for a while. All other moves
/// are those of Home Assistant (switched off, unavailable, gone) and none of this.
package struct LifecycleRules: Sendable {
    /// Why an automation moves.
    package enum Cause: Sendable, Hashable {
        /// It failed so many times in a row.
        case failures(Int)
        /// Its score, in hundredths, fell below the limit.
        case lowScore(Int)
        /// Its score, in hundredths, is back.
        case recovery(Int)
    }

    /// A move that is due.
    package struct Move: Sendable, Hashable {
        package let state: LifecycleState
        package let cause: Cause
    }

    /// In hundredths: ACTIVE ends below.
    package var lowScore = 6_000
    /// In hundredths: DEGRADED ends at this or more.
    package var goodScore = 7_500
    /// So many failures in a row end ACTIVE, whatever the score.
    package var failuresInRow = 3
    /// DEGRADED lasts at least as long.
    package var leastDegraded: Duration = .seconds(6 * 3_600)
    /// An automation that has recovered is left alone for as long. One that has not been degraded is not: it is told at once.
    package var leastRecovered: Duration = .seconds(3_600)

    package init() {}

    /// The move that is due at `moment`, if any.
    package func move(_ score: Score, at moment: Timestamp) -> Move? {
        let facts = score.facts
        switch facts.state {
        case .active:
            if facts.isFreshlyRecovered, moment < facts.stateSince.adding(leastRecovered) { return nil }
            if facts.failuresInRow >= failuresInRow {
                return Move(state: .degraded, cause: .failures(facts.failuresInRow))
            }
            guard let points = score.hundredths, points < lowScore else { return nil }
            return Move(state: .degraded, cause: .lowScore(points))
        case .degraded:
            // A good score alone is not enough: two hundred old successes outweigh three failures in a row.
            guard let points = score.hundredths, points >= goodScore, facts.failuresInRow == 0, facts.successes > 0,
                moment >= facts.stateSince.adding(leastDegraded)
            else { return nil }
            return Move(state: .active, cause: .recovery(points))
        case .proposed, .pendingApproval, .paused, .unavailable, .retired, .rejected:
            return nil
        }
    }

    /// The reason of a move, as a sentence for its row of the history. `error` is that of the last failure, where it is known.
    package func reason(for move: Move, _ score: Score, at moment: Timestamp, error: String?) -> String {
        switch move.cause {
        case .failures(let count):
            let last = error.map { ", at last with “\(Self.shortened($0))”" } ?? ""
            return "It failed \(count) times in a row\(last)."
        case .lowScore(let points):
            return "Its score fell to \(points / 100), under \(lowScore / 100): \(score.reasons(at: moment))."
        case .recovery(let points):
            return "Its score is \(points / 100), \(goodScore / 100) or more, and it succeeds again: "
                + "\(score.reasons(at: moment))."
        }
    }

    /// One line of at most 200 characters.
    private static func shortened(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count <= 200 ? line : line.prefix(199) + "…"
    }
}
