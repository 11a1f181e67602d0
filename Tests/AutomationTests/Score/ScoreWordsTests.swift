import BridgeCore
import Store
import Testing

@testable import Automation

@Suite struct ScoreWordsTests {
    private static let day = 86_400.0

    private func words(_ runs: [PastRun], _ state: LifecycleState = .active, lacksEntities: Bool = false) -> String {
        var facts = ScoreFacts.sample(state)
        facts.count(runs)
        facts.lacksEntities = lacksEntities
        return Score(facts, at: ScoreFacts.moment).words(at: ScoreFacts.moment)
    }

    private func good(_ count: Int, from day: Double = 0) -> [PastRun] {
        (0..<count).map { PastRun(age: day * Self.day + Double($0) * 3_600) }
    }

    private func bad(_ count: Int, from day: Double = 0) -> [PastRun] {
        (0..<count).map { PastRun(status: .failure, age: day * Self.day + Double($0) * 3_600 + 1) }
    }

    @Test func namesFailuresAndWhatWasUndone() {
        var runs = good(38) + bad(3, from: 1)
        runs[4].isUndone = true
        runs[7].isUndone = true
        #expect(words(runs) == "94: 3 of 41 runs failed in the last two weeks; 2 were undone by hand")
    }

    @Test func saysNothingOfWhatIsInOrder() {
        #expect(words(good(12)) == "97: none of 12 runs failed in the last two weeks")
    }

    @Test func tellsTheLastTwoWeeksFromTheTimeBefore() {
        #expect(
            words(good(5) + bad(2, from: 20)).hasSuffix(": none of 5 runs failed in the last two weeks, 2 before that"))
        #expect(words(good(3, from: 20)).contains(": no run in the last two weeks; none of 3 before failed; "))
        #expect(words(bad(2, from: 20) + good(3, from: 20)).contains("; 2 of 5 before failed; "))
        #expect(words(good(1) + bad(2, from: 20)).contains("its only run in the last two weeks did not fail, 2 before"))
        #expect(words(bad(1) + good(2, from: 20)).contains("its only run in the last two weeks failed"))
        var undone = good(5) + good(1, from: 20)
        undone[5].isUndone = true
        #expect(words(undone).hasSuffix("; 1 was undone by hand more than two weeks ago"))
    }

    @Test func namesWhatIsWrongWithItsVitality() {
        #expect(words(good(9, from: 4)).hasSuffix("; it has not run for 4 days, where 1 day is usual"))
        #expect(words(good(9), .unavailable).hasSuffix("; Home Assistant reports it unavailable"))
        #expect(words(good(9), lacksEntities: true).hasSuffix("; it names entities that do not exist"))
        #expect(!words(good(9, from: 4), .paused).contains("has not run"))
    }

    @Test func namesTimesThatGrew() {
        var runs = good(5, from: 10) + good(5)
        for index in 0..<5 { runs[index].duration = 900 }
        for index in 5..<10 { runs[index].duration = 2_450 }
        #expect(words(runs).hasSuffix("; a run takes 2.4 s now, 900 ms before"))
    }

    @Test func saysHowManyEndsWereNotSeen() {
        let runs = good(4) + [PastRun(status: .unknown, age: 5)]
        #expect(words(runs).hasSuffix(": none of 5 runs failed in the last two weeks; how 1 ended is not known"))
    }

    @Test func saysWhyThereIsNoScore() {
        #expect(words([]) == "Not scored: it takes 3 runs, and there was no run in the last 30 days")
        #expect(words(good(1)) == "Not scored: it takes 3 runs, and there was 1 run in the last 30 days")
        #expect(words(good(2)) == "Not scored: it takes 3 runs, and there were 2 runs in the last 30 days")
        let unseen = good(1) + (0..<4).map { PastRun(status: .unknown, age: Double($0) + 2) }
        #expect(
            words(unseen)
                == "Not scored: it takes 3 runs of which the end was seen; of 5 runs in the last 30 days only one was")
    }

    @Test func roundsDownSoThatNoLimitSeemsReached() {
        // 3 good and one bad run of now: (3 + 4) / (4 + 5) of 50 = 38.89, and 50 more.
        #expect(
            words(good(3).map { PastRun(age: $0.age / 3_600) } + [PastRun(status: .failure, age: 9)]).hasPrefix("88: "))
    }
}
