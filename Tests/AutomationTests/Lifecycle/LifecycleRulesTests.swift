import BridgeCore
import Store
import TestSupport
import Testing

@testable import Automation

@Suite struct LifecycleRulesTests {
    private let rules = LifecycleRules()
    private let moment = ScoreFacts.moment

    private func score(_ facts: ScoreFacts) -> Score { Score(facts, at: moment) }

    private func facts(
        _ runs: [PastRun], _ state: LifecycleState = .active, hours: Double = 1_000, isFreshlyRecovered: Bool = false
    ) -> ScoreFacts {
        var facts = ScoreFacts.sample(state, since: moment.adding(.seconds(-hours * 3_600)))
        facts.isFreshlyRecovered = isFreshlyRecovered
        facts.count(runs, at: moment)
        return facts
    }

    private func runs(_ good: Int, thenBad bad: Int) -> [PastRun] {
        (0..<bad).map { PastRun(status: .failure, age: Double($0) + 1) }
            + (0..<good).map { PastRun(age: Double($0) + 1_000) }
    }

    @Test func threeFailuresInARowDegradeWhateverTheScore() {
        let facts = facts(runs(500, thenBad: 3))
        #expect((score(facts).hundredths ?? 0) >= 9_500)
        #expect(rules.move(score(facts), at: moment) == .init(state: .degraded, cause: .failures(3)))
        #expect(rules.move(score(self.facts(runs(500, thenBad: 2))), at: moment) == nil)
    }

    @Test func aRunThatIsNeitherGoodNorBadEndsNoRowOfFailures() {
        let between =
            runs(50, thenBad: 3) + [.aborted, .cancelled, .unknown, .blocked].map { PastRun(status: $0, age: 2.5) }
        #expect(rules.move(score(facts(between)), at: moment)?.cause == .failures(3))
        let success = runs(50, thenBad: 3) + [PastRun(age: 2.5)]
        #expect(rules.move(score(facts(success)), at: moment) == nil)
    }

    @Test func aScoreBelowSixtyDegrades() throws {
        // The last one is good, so that there is no row of failures.
        let bad = (0..<20).map { PastRun(status: .failure, age: Double($0) + 10) } + [PastRun(age: 1)]
        let facts = facts(bad)
        let points = try #require(score(facts).hundredths)
        #expect(points < 6_000)
        #expect(rules.move(score(facts), at: moment) == .init(state: .degraded, cause: .lowScore(points)))
    }

    @Test func degradedEndsAtSeventyFiveAndNotBefore() {
        func move(_ bad: Int, _ good: Int) -> (Int, LifecycleRules.Move?) {
            let runs =
                (0..<bad).map { PastRun(status: .failure, age: Double($0) + 1_000) }
                + (0..<good).map { PastRun(age: Double($0)) }
            let score = score(facts(runs, .degraded))
            return (score.hundredths ?? 0, rules.move(score, at: moment))
        }
        var sawBetween = false
        for good in 1...20 {
            let (points, move) = move(20, good)
            #expect((move != nil) == (points >= 7_500), "\(points)")
            if (6_000..<7_500).contains(points) { sawBetween = true }
        }
        #expect(sawBetween)
    }

    @Test func degradedStaysForSixHoursAndWhileItFails() {
        let good = runs(50, thenBad: 0)
        #expect(rules.move(score(facts(good, .degraded, hours: 5.9)), at: moment) == nil)
        #expect(rules.move(score(facts(good, .degraded, hours: 6)), at: moment)?.state == .active)
        #expect(rules.move(score(facts(runs(50, thenBad: 1), .degraded)), at: moment) == nil)
        #expect(rules.move(score(facts([], .degraded)), at: moment) == nil)
    }

    @Test func whatHasRecoveredIsLeftAloneForAnHour() {
        let bad = runs(50, thenBad: 5)
        #expect(rules.move(score(facts(bad, hours: 0.9, isFreshlyRecovered: true)), at: moment) == nil)
        #expect(rules.move(score(facts(bad, hours: 1, isFreshlyRecovered: true)), at: moment)?.state == .degraded)
        #expect(rules.move(score(facts(bad, hours: 0)), at: moment)?.state == .degraded)
    }

    @Test(arguments: LifecycleState.allCases.filter { $0 != .active && $0 != .degraded })
    func otherStatesAreHomeAssistants(state: LifecycleState) {
        for runs in [runs(0, thenBad: 50), runs(50, thenBad: 0)] {
            #expect(rules.move(score(facts(runs, state)), at: moment) == nil)
        }
    }

    @Test func reasonsAreSentences() throws {
        let failing = score(facts(runs(5, thenBad: 3)))
        let move = try #require(rules.move(failing, at: moment))
        #expect(
            rules.reason(for: move, failing, at: moment, error: "Action nope.missing\nnot found")
                == "It failed 3 times in a row, at last with “Action nope.missing not found”.")
        #expect(rules.reason(for: move, failing, at: moment, error: nil) == "It failed 3 times in a row.")
        let low = LifecycleRules.Move(state: .degraded, cause: .lowScore(5_999))
        #expect(
            rules.reason(for: low, failing, at: moment, error: nil)
                == "Its score fell to 59, under 60: 3 of 8 runs failed in the last two weeks.")
        let back = LifecycleRules.Move(state: .active, cause: .recovery(7_500))
        #expect(
            rules.reason(for: back, score(facts(runs(9, thenBad: 0))), at: moment, error: nil)
                == "Its score is 75, 75 or more, and it succeeds again: none of 9 runs failed in the last two weeks.")
    }

    /// Random lives of forty days, looked at after each run and each hour: no state is left early, none without its reason, and
    /// what is plainly good or plainly bad ends where it belongs.
    @Test func nothingFlaps() {
        let seed = TestSeed.value
        var generator = SeededGenerator(seed: seed)
        for life in 0..<15 {
            var simulation = Simulation(using: &generator)
            simulation.run(&generator)
            let moves = simulation.moves
            var last: (state: LifecycleState, hour: Double) = (.active, -.infinity)
            for move in moves {
                #expect(move.state != last.state, "HA_BRIDGE_TEST_SEED=\(seed), life \(life)")
                // Six hours at least of DEGRADED; an hour of ACTIVE, unless it is its first.
                let least = last.state == .degraded ? 6.0 : last.hour.isFinite ? 1.0 : 0
                #expect(move.hour - last.hour >= least, "HA_BRIDGE_TEST_SEED=\(seed), life \(life)")
                last = (move.state, move.hour)
            }
            #expect(Double(moves.count) <= 2 + 2 * Simulation.hours / 7, "HA_BRIDGE_TEST_SEED=\(seed), life \(life)")
            #expect(
                simulation.state == (simulation.endsWell ? .active : .degraded),
                "HA_BRIDGE_TEST_SEED=\(seed), life \(life)")
        }
    }
}

/// An automation that lives for forty days through phases of its own, the last of which is plainly good or plainly bad.
private struct Simulation {
    static let hours = 960.0
    private(set) var state = LifecycleState.active
    private(set) var moves: [(state: LifecycleState, hour: Double)] = []
    let endsWell: Bool
    private var since = -1_000.0
    private var isFreshlyRecovered = false
    /// Hours at which it ran, and whether it failed.
    private var history: [(hour: Double, failed: Bool)] = []
    private let perDay: Double

    init(using generator: inout some RandomNumberGenerator) {
        endsWell = Bool.random(using: &generator)
        perDay = [3.0, 12].randomElement(using: &generator) ?? 3
    }

    mutating func run(_ generator: inout some RandomNumberGenerator) {
        var hour = 0.0
        var badness = 0.5
        var phaseEnds = 0.0
        // Looks that follow a run at once, and those of the hourly pass.
        while hour < Self.hours {
            if hour >= phaseEnds {
                badness = [0, 0.1, 0.3, 0.5, 0.7, 1].randomElement(using: &generator) ?? 0
                phaseEnds = hour + Double.random(in: 1...72, using: &generator)
            }
            if hour > Self.hours - 480 { badness = endsWell ? 0 : 1 }
            let next = hour + Double.random(in: 0.2...1.8, using: &generator) * 24 / perDay
            while hour.rounded(.down) + 1 < next, hour < Self.hours {
                hour = hour.rounded(.down) + 1
                look(hour)
            }
            hour = next
            history.append((hour, Double.random(in: 0..<1, using: &generator) < badness))
            look(hour)
        }
    }

    private mutating func look(_ hour: Double) {
        let start = ScoreFacts.moment
        let now = start.adding(.seconds(hour * 3_600))
        var facts = ScoreFacts.sample(state, since: start.adding(.seconds(since * 3_600)))
        facts.isFreshlyRecovered = isFreshlyRecovered
        facts.count(
            history.suffix(1_400).map {
                PastRun(status: $0.failed ? .failure : .success, age: (hour - $0.hour) * 3_600)
            },
            at: now)
        guard let move = LifecycleRules().move(Score(facts, at: now), at: now) else { return }
        isFreshlyRecovered = state == .degraded
        state = move.state
        since = hour
        moves.append((move.state, hour))
    }
}
