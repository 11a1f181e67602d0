import BridgeCore
import FoundationEssentials
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Automation

/// Scores over a real database.
@Suite(.needsScoreDatabase) struct ScorePassTests {
    private let moment = ScoreFacts.moment

    @Test func theDatabaseCountsAsAPersonWould() async throws {
        let seed = TestSeed.value
        var generator = SeededGenerator(seed: seed)
        let histories = (0..<25).map { _ in PastRun.random(&generator) }
        try await ScoredHouse.with { house in
            var expected: [AutomationID: ScoreFacts] = [:]
            for (number, runs) in histories.enumerated() {
                let id = try await house.addAutomation("a\(number)")
                try await house.add(runs, to: id, at: moment)
                var facts = ScoreFacts.sample()
                facts.count(runs)
                expected[id] = facts
            }
            let found = try await house.scores.facts(of: Array(expected.keys), at: moment)
            #expect(found.count == histories.count)
            for facts in found {
                let paper = try #require(expected[facts.automation])
                let label: Comment = "HA_BRIDGE_TEST_SEED=\(seed), \(facts.name)"
                #expect(abs(facts.weightedSuccesses - paper.weightedSuccesses) < 1e-9, label)
                #expect(abs(facts.weightedFailures - paper.weightedFailures) < 1e-9, label)
                #expect(abs((facts.usualInterval ?? -1) - (paper.usualInterval ?? -1)) < 1e-5, label)
                var rounded = facts
                rounded.automation = paper.automation
                rounded.connection = paper.connection
                rounded.name = paper.name
                rounded.stateSince = paper.stateSince
                rounded.weightedSuccesses = paper.weightedSuccesses
                rounded.weightedFailures = paper.weightedFailures
                rounded.usualInterval = paper.usualInterval
                #expect(rounded == paper, label)
            }
        }
    }

    /// A history with something in each part, worked out with paper and pencil.
    @Test func aConstructedHistoryHasTheScoreOfAHandCalculation() async throws {
        let day = 86_400.0
        let runs =
            // Two weeks ago, weighing half each: 6 successes of 400 ms, 2 failures.
            (0..<6).map { _ in PastRun(age: 14 * day, duration: 400) }
            + (0..<2).map { _ in PastRun(status: .failure, age: 14 * day) }
            // Now: 4 successes of 640 ms, of which one was undone, and one failure.
            + (0..<4).map { PastRun(age: 0, duration: 640, isUndone: $0 == 0) } + [PastRun(status: .failure, age: 0)]
            // What counts nowhere.
            + [.blocked, .running, .unknown, .aborted, .cancelled].map { PastRun(status: $0, age: 0, duration: nil) }
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            try await house.add(runs, to: id, at: moment)
            let outcome = try await ScorePass(house.workplace).all(of: house.connection, at: moment)
            #expect(outcome == ScorePass.Outcome(scored: 1, changed: 1, moved: 0))
            let json = try #require(
                try await house.scalar("SELECT score_breakdown FROM automation_management WHERE id = $1", [.id(id)]))
            let breakdown = try ScoreBreakdown(json: json)
            // Successes weigh 6 / 2 + 4 = 7, failures 2 / 2 + 1 = 2: (7 + 4) / (9 + 5) of 50.
            #expect(breakdown.weights == .init(successes: 7, failures: 2))
            #expect(breakdown.reliability == .init(points: 39.29, successes: 10, failures: 3))
            // One of ten: 0.9 of 25.
            #expect(breakdown.acceptance == .init(points: 22.5, checked: 10, undone: 1))
            // 400 by 640 of 15.
            #expect(breakdown.speed?.points == 9.38)
            #expect(breakdown.vitality?.points == 10)
            #expect(try await house.score(of: id) == "81.17")
            #expect(
                breakdown.explanation
                    == """
                    81: 1 of 8 runs failed in the last two weeks, 2 before that; 1 was undone by hand; \
                    how 1 ended is not known; a run takes 640 ms now, 400 ms before
                    """)
        }
    }

    @Test func aRowThatSaysTheSameIsNotWrittenAgain() async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            try await house.add((0..<5).map { PastRun(age: Double($0)) }, to: id, at: moment)
            let pass = ScorePass(house.workplace)
            #expect(try await pass.all(of: house.connection, at: moment).changed == 1)
            let version = try await house.version(of: id)
            #expect(try await pass.all(of: house.connection, at: moment).changed == 0)
            // Two seconds of age change a weight and no hundredth.
            #expect(try await pass.all(of: house.connection, at: moment.adding(seconds: 2)).changed == 0)
            #expect(try await house.version(of: id) == version)
            // Nor does one that looked earlier overwrite one that looked later.
            try await house.add([PastRun(age: -60)], to: id, at: moment)
            #expect(try await pass.all(of: house.connection, at: moment.adding(seconds: 120)).changed == 1)
            #expect(try await pass.all(of: house.connection, at: moment).changed == 0)
        }
    }

    @Test func tooFewRunsAreNoScoreAndAreExplained() async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            try await house.add([PastRun(age: 0), PastRun(age: 9)], to: id, at: moment)
            #expect(try await ScorePass(house.workplace).all(of: house.connection, at: moment).changed == 1)
            #expect(try await house.score(of: id) == nil)
            let words = "SELECT score_explanation FROM automation_overview"
            #expect(
                try await house.scalar(words)
                    == "Not scored: it takes 3 runs, and there were 2 runs in the last 30 days")
        }
    }

    @Test func whatHomeAssistantDoesNotHaveIsNotScored() async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            try await house.add((0..<5).map { PastRun(age: Double($0)) }, to: id, at: moment)
            try await house.session.execute("SELECT automation_change_lifecycle('\(id)', 'RETIRED', 'gone')")
            #expect(try await ScorePass(house.workplace).all(of: house.connection, at: moment).scored == 0)
            #expect(try await house.scalar("SELECT count(scored_at) FROM automation_management") == "0")
        }
    }

    @Test func problemsThatSpeakOfEntitiesCostVitality() async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a", problems: ["It names entities that do not exist: light.x."])
            let other = try await house.addAutomation("b", problems: ["It has no id."])
            for id in [id, other] { try await house.add((0..<3).map { PastRun(age: Double($0)) }, to: id, at: moment) }
            _ = try await ScorePass(house.workplace).all(of: house.connection, at: moment)
            #expect(try await house.score(of: id) == "83.75")
            #expect(try await house.score(of: other) == "93.75")
        }
    }

    @Test func failuresMoveItAndSuccessesBringItBack() async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            let pass = ScorePass(house.workplace)
            let now = try await house.scores.now()
            try await house.add((0..<40).map { PastRun(age: 1_000 + Double($0)) }, to: id, at: now)
            #expect(try await pass.all(of: house.connection).moved == 0)
            try await house.add(
                (0..<3).map { PastRun(status: .failure, age: Double($0)) }, to: id, at: now,
                error: "Action light.nope not found")
            #expect(try await pass.all(of: house.connection).moved == 1)
            #expect(try await pass.all(of: house.connection).moved == 0)
            #expect(try await house.state(of: id) == "DEGRADED")
            let move = try #require(try await house.lifecycle.history(of: id).first)
            #expect(move.previous == .active)
            #expect(move.state == .degraded)
            #expect(move.changedBy == nil)
            #expect(move.reason == "It failed 3 times in a row, at last with “Action light.nope not found”.")

            // It runs again, and has been degraded for long enough.
            let later = now.adding(seconds: 6 * 3_600 + 60)
            try await house.add((0..<3).map { PastRun(age: Double($0) + 60) }, to: id, at: later)
            #expect(try await pass.all(of: house.connection, at: now.adding(seconds: 5 * 3_600)).moved == 0)
            #expect(try await pass.all(of: house.connection, at: later).moved == 1)
            #expect(try await house.state(of: id) == "ACTIVE")
            // Fresh from DEGRADED it is left alone.
            let facts = try #require(try await house.scores.facts(of: [id], at: later).first)
            #expect(facts.isFreshlyRecovered)
            #expect(try await house.lifecycle.history(of: id).map(\.state) == [.active, .degraded, .active])
        }
    }

    @Test(arguments: ["PAUSED", "UNAVAILABLE", "RETIRED"])
    func aMoveOfSomebodyElseMeanwhileStands(state: String) async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            let facts = try #require(try await house.scores.facts(of: [id], at: moment).first)
            try await house.session.execute("SELECT automation_change_lifecycle('\(id)', '\(state)', 'seen')")
            let moved = try await house.lifecycle.move(
                id, of: house.connection, from: .active, since: facts.stateSince, to: .degraded, because: "It failed.")
            #expect(!moved)
            #expect(try await house.state(of: id) == state)
            // Also where it came back meanwhile: what was found out is about another time.
            try await house.session.execute("SELECT automation_change_lifecycle('\(id)', 'ACTIVE', 'back')")
            #expect(
                try await !house.lifecycle.move(
                    id, of: house.connection, from: .active, since: facts.stateSince, to: .degraded, because: "x"))
        }
    }

    @Test func aBridgeWithoutTheLeaseWritesNothing() async throws {
        try await ScoredHouse.with { house in
            let id = try await house.addAutomation("a")
            try await house.add((0..<5).map { PastRun(status: .failure, age: Double($0)) }, to: id, at: moment)
            let claims = LeaseClaims(bridge: BridgeID(), epochs: [house.connection: 7])
            var workplace = house.workplace
            workplace.claims = { _ in claims }
            #expect(
                try await ScorePass(workplace).all(of: house.connection, at: moment)
                    == ScorePass.Outcome(scored: 1, changed: 0, moved: 0))
            workplace.claims = { _ in nil }
            #expect(try await ScorePass(workplace).all(of: house.connection, at: moment) == ScorePass.Outcome())
            #expect(try await house.state(of: id) == "ACTIVE")
            #expect(try await house.scalar("SELECT scored_at FROM automation_management") == nil)
        }
    }
}
