import Testing

@testable import Automation

@Suite struct StatisticsTests {
    private func isClose(_ left: Double, _ right: Double) -> Bool { abs(left - right) <= 1e-9 * max(1, abs(right)) }

    @Test func tailsAgreeWithCounting() {
        // Three coins: 1/8 for three heads, 4/8 for two or more.
        #expect(isClose(Statistics.tail(hits: 3, trials: 3, probability: 0.5), 0.125))
        #expect(isClose(Statistics.tail(hits: 2, trials: 3, probability: 0.5), 0.5))
        #expect(Statistics.tail(hits: 0, trials: 3, probability: 0.1) == 1)
        #expect(Statistics.tail(hits: 4, trials: 3, probability: 0.9) == 0)
        // Unequal chances: 0.1 * 0.2, and 1 - 0.9 * 0.8.
        #expect(isClose(Statistics.tail(hits: 2, of: [0.1, 0.2]), 0.02))
        #expect(isClose(Statistics.tail(hits: 1, of: [0.1, 0.2]), 0.28))
    }

    @Test func lowerBoundIsWilsons() {
        // 8 of 10: Wilson's 95 % interval is 0.4902 to 0.9433.
        #expect(abs(Statistics.lowerBound(hits: 8, of: 10) - 0.4902) < 0.0005)
        #expect(Statistics.lowerBound(hits: 0, of: 10) == 0)
        #expect(Statistics.lowerBound(hits: 0, of: 0) == 0)
    }

    @Test func thresholdIsBenjaminiAndHochbergs() {
        // Ranks 1 to 4 of 10 tests at 5 %: 0.005, 0.010, 0.015, 0.020.
        #expect(Statistics.threshold([0.03, 0.001, 0.014, 0.012], tests: 10, rate: 0.05) == 0.014)
        #expect(Statistics.threshold([0.03, 0.2], tests: 10, rate: 0.05) == 0)
        #expect(Statistics.threshold([], tests: 10, rate: 0.05) == 0)
        // The more questions, the more it takes.
        #expect(Statistics.threshold([0.001], tests: 1_000, rate: 0.05) == 0)
    }

    @Test func ranksTellWhichIsGreater() {
        let low = (1...20).map(Double.init)
        let high = (11...30).map(Double.init)
        #expect(Statistics.greater(high, than: low) < 0.001)
        #expect(Statistics.greater(low, than: high) > 0.99)
        #expect(abs(Statistics.greater(low, than: low) - 0.5) < 0.02)
        #expect(Statistics.greater([1, 1, 1], than: [1, 1]) == 1)
        #expect(Statistics.greater([], than: low) == 1)
    }

    @Test func quantilesOfFewValues() {
        #expect(Statistics.median([3, 1, 2]) == 2)
        #expect(Statistics.median([4, 1, 2, 3]) == 2)
        #expect(Statistics.median([Int]()) == nil)
    }
}
