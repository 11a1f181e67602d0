import BridgeCore
import Store
import TestSupport
import Testing

@testable import Automation

/// Each part of the score against a calculation by hand.
@Suite struct ScoreTests {
    private static let day = 86_400.0
    private static let hour = 3_600.0

    private func score(_ facts: ScoreFacts) -> Score { Score(facts, at: ScoreFacts.moment) }

    /// The points of a history in hundredths.
    private func points(_ runs: [PastRun], _ state: LifecycleState = .active) -> Score.Parts? {
        var facts = ScoreFacts.sample(state)
        facts.count(runs)
        return score(facts).parts
    }

    @Test func threeGoodRunsOfNowAreNotYetPerfect() throws {
        let parts = try #require(points([PastRun(age: 0), PastRun(age: 60), PastRun(age: 120)]))
        // (3 + 4) / (3 + 5) of 50; the runs of the last two minutes have lost nothing yet.
        #expect(parts.reliability == 4_375)
        #expect(parts.acceptance == 2_500)
        #expect(parts.speed == 1_500)
        #expect(parts.vitality == 1_000)
        #expect(parts.total == 9_375)
    }

    @Test func aRunOfTwoWeeksAgoWeighsHalf() throws {
        // 2 successes of now, 4 failures of two weeks ago, which weigh 2: (2 + 4) / (2 + 2 + 5) of 50 = 33.33.
        let runs =
            [PastRun(age: 0), PastRun(age: 0)] + (0..<4).map { _ in PastRun(status: .failure, age: 14 * Self.day) }
        #expect(try #require(points(runs)).reliability == 3_333)
        // The other way round: (2 + 4) / (2 + 2 + 5) with the successes halved: (1 + 4) / (1 + 4 + 5) of 50.
        let other =
            (0..<2).map { _ in PastRun(age: 14 * Self.day) } + (0..<4).map { _ in PastRun(status: .failure, age: 0) }
        #expect(try #require(points(other)).reliability == 2_500)
    }

    @Test func runsThatAreNeitherSuccessNorFailureChangeNoReliability() throws {
        let good = [PastRun(age: 0), PastRun(age: 60), PastRun(age: 120)]
        let others: [ExecutionStatus] = [.aborted, .cancelled, .unknown, .blocked, .running]
        let parts = try #require(points(good + others.map { PastRun(status: $0, age: 30, duration: nil) }))
        #expect(parts.reliability == 4_375)
        #expect(parts.total == 9_375)
    }

    @Test func runsOfMoreThanThirtyDaysAgoSayNothing() throws {
        let old = (0..<50).map { _ in PastRun(status: .failure, age: 30 * Self.day + 1) }
        #expect(points(old) == nil)
        let recent = [PastRun(age: 0), PastRun(age: 60), PastRun(age: 120)]
        #expect(try #require(points(recent + old)).reliability == 4_375)
    }

    @Test func acceptanceIsTheShareOfSuccessesThatNobodyReversed() throws {
        var runs = (0..<8).map { PastRun(age: Double($0) * Self.hour) }
        runs[2].isUndone = true
        // 1 of 8: 7 / 8 of 25.
        #expect(try #require(points(runs)).acceptance == 2_188)
        // Those of which it is not known yet do not water it down: 1 of 4.
        for index in 4..<8 { runs[index].isChecked = false }
        #expect(try #require(points(runs)).acceptance == 1_875)
        for index in 0..<8 { runs[index].isChecked = false }
        runs[2].isUndone = false
        #expect(try #require(points(runs)).acceptance == 2_500)
    }

    @Test func withoutASuccessThereIsNothingToAcceptAndNoSpeed() throws {
        let parts = try #require(points((0..<3).map { PastRun(status: .failure, age: Double($0)) }))
        // 4 / 8 of 50, and it ran a moment ago.
        #expect(parts.reliability == 2_500)
        #expect(parts.acceptance == 0)
        #expect(parts.speed == 0)
        #expect(parts.total == 3_500)
    }

    @Test func speedIsTheEarlierMedianByThePresentOne() throws {
        let earlier = [400, 500, 9_000].map { PastRun(age: 10 * Self.day, duration: $0) }
        let present = [800, 1_000, 100].map { PastRun(age: Self.hour, duration: $0) }
        // 500 by 800 of 15.
        #expect(try #require(points(earlier + present)).speed == 938)
        // Faster is not better than full.
        let fast = [100, 110, 120].map { PastRun(age: Self.hour, duration: $0) }
        #expect(try #require(points(earlier + fast)).speed == 1_500)
        // Too few of one of the two.
        #expect(try #require(points(earlier + present.dropLast())).speed == 1_500)
        #expect(try #require(points(earlier.dropLast() + present)).speed == 1_500)
    }

    @Test func nobodyFeelsAFewMilliseconds() throws {
        let earlier = (0..<3).map { _ in PastRun(age: 10 * Self.day, duration: 3) }
        let present = (0..<3).map { _ in PastRun(age: Self.hour, duration: 90) }
        #expect(try #require(points(earlier + present)).speed == 1_500)
        // A median counts as 100 ms at least: 100 by 300 of 15.
        let slow = (0..<3).map { _ in PastRun(age: Self.hour, duration: 300) }
        #expect(try #require(points(earlier + slow)).speed == 500)
    }

    @Test func onlyTheTimesOfSuccessesAreCompared() throws {
        let earlier = (0..<3).map { _ in PastRun(age: 10 * Self.day, duration: 1_000) }
        let present = (0..<3).map { _ in PastRun(age: Self.hour, duration: 1_000) }
        let failed = (0..<9).map { _ in PastRun(status: .failure, age: Self.hour, duration: 60_000) }
        #expect(try #require(points(earlier + present + failed)).speed == 1_500)
    }

    @Test(arguments: [(8.9, 1_000), (9.1, 0)])
    func vitalityEndsAfterThreeUsualIntervals(days: Double, expected: Int) throws {
        // Once in three days.
        let runs = (0..<5).map { PastRun(age: (days + Double($0) * 3) * Self.day) }
        #expect(try #require(points(runs)).vitality == expected)
    }

    @Test(arguments: [(2.9, 1_000), (3.1, 0)])
    func anIntervalBelowADayCountsAsADay(days: Double, expected: Int) throws {
        let runs = (0..<20).map { PastRun(age: days * Self.day + Double($0) * 60) }
        #expect(try #require(points(runs)).vitality == expected)
    }

    @Test func aWeekendIsUsualForWhatRunsOnWeekdays() throws {
        // Four weeks of Monday to Friday, the last run 3.2 days ago.
        let runs = (0..<4).flatMap { week in (0..<5).map { PastRun(age: (3.2 + Double(week * 7 + $0)) * Self.day) } }
        #expect(try #require(points(runs)).vitality == 1_000)
    }

    @Test func stateAndProblemsDecideVitality() throws {
        let runs = (0..<5).map { PastRun(age: Double($0) * Self.hour) }
        var facts = ScoreFacts.sample(.unavailable)
        facts.count(runs)
        #expect(score(facts).vitality == .unavailable)
        #expect(score(facts).parts?.vitality == 0)
        facts.state = .active
        facts.lacksEntities = true
        #expect(score(facts).vitality == .entitiesMissing)
        #expect(score(facts).parts?.vitality == 0)
        // What is switched off is not expected to run.
        facts = .sample(.paused)
        facts.count((0..<5).map { PastRun(age: Double($0 + 20) * Self.day) })
        #expect(score(facts).vitality == .paused)
        #expect(score(facts).parts?.vitality == 1_000)
    }

    @Test(arguments: [ExecutionStatus.unknown, .blocked, .running])
    func lessThanThreeRunsWithAnEndAreNoScore(status: ExecutionStatus) {
        let runs =
            [PastRun(age: 0), PastRun(age: 60)] + (0..<5).map { _ in PastRun(status: status, age: 10, duration: nil) }
        #expect(points(runs) == nil)
    }

    @Test func anyHistoryIsWithinItsBounds() throws {
        let seed = TestSeed.value
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let runs = PastRun.random(&generator)
            var facts = ScoreFacts.sample([.active, .paused, .unavailable].randomElement(using: &generator) ?? .active)
            facts.count(runs)
            guard let parts = score(facts).parts else { continue }
            #expect((0...5_000).contains(parts.reliability), "HA_BRIDGE_TEST_SEED=\(seed)")
            #expect((0...2_500).contains(parts.acceptance), "HA_BRIDGE_TEST_SEED=\(seed)")
            #expect((0...1_500).contains(parts.speed), "HA_BRIDGE_TEST_SEED=\(seed)")
            #expect([0, 1_000].contains(parts.vitality), "HA_BRIDGE_TEST_SEED=\(seed)")
        }
    }

    @Test func theBreakdownComesBackFromItsText() throws {
        var facts = ScoreFacts.sample()
        facts.count([
            PastRun(age: 0), PastRun(age: 60), PastRun(status: .failure, age: 120), PastRun(status: .unknown, age: 3),
        ])
        let breakdown = ScoreBreakdown(score(facts), at: ScoreFacts.moment)
        #expect(try ScoreBreakdown(json: breakdown.json) == breakdown)
        let reliability = try #require(breakdown.reliability)
        // (2 + 4) / (3 + 5) of 50.
        #expect(reliability == .init(points: 37.5, successes: 2, failures: 1))
        #expect(breakdown.weights == .init(successes: 2, failures: 1))
        #expect(breakdown.unknown == 1)
        #expect(try breakdown.json.contains("\"points\":37.5"))
    }
}
