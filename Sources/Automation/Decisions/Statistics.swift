#if canImport(Glibc)
    import Glibc
#endif

/// The few statistics that the analysis rests on. Everything is exact, or errs towards finding nothing.
package enum Statistics {
    /// The probability of at least `hits` successes when each trial has its own probability. Exact, in time trials times hits.
    package static func tail(hits: Int, of probabilities: [Double]) -> Double {
        guard hits > 0 else { return 1 }
        guard hits <= probabilities.count else { return 0 }
        // chances[j]: j hits so far; the last one absorbs `hits` and more.
        var chances = [Double](repeating: 0, count: hits + 1)
        chances[0] = 1
        for probability in probabilities {
            let chance = min(max(probability, 0), 1)
            chances[hits] += chances[hits - 1] * chance
            var index = hits - 1
            while index > 0 {
                chances[index] = chances[index] * (1 - chance) + chances[index - 1] * chance
                index -= 1
            }
            chances[0] *= 1 - chance
        }
        return min(1, chances[hits])
    }

    /// The probability of at least `hits` successes in `trials` of the same probability.
    package static func tail(hits: Int, trials: Int, probability: Double) -> Double {
        tail(hits: hits, of: [Double](repeating: probability, count: max(0, trials)))
    }

    /// The lower end of Wilson's 95 % interval of a share, 0 to 1; 0 without trials.
    package static func lowerBound(hits: Int, of trials: Int) -> Double {
        guard trials > 0 else { return 0 }
        let z = 1.96
        let count = Double(trials)
        let share = Double(hits) / count
        let centre = share + z * z / (2 * count)
        let margin = z * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot()
        return max(0, (centre - margin) / (1 + z * z / count))
    }

    /// Benjamini and Hochberg: the greatest p-value that passes when `tests` hypotheses were tried and no more than the share
    /// `rate` of those that pass may be false; 0 where none passes. Tests that are not among `values` count as p = 1.
    package static func threshold(_ values: [Double], tests: Int, rate: Double) -> Double {
        let count = Double(max(tests, values.count, 1))
        var threshold = 0.0
        for (index, value) in values.sorted().enumerated() where value <= rate * Double(index + 1) / count {
            threshold = value
        }
        return threshold
    }

    /// The one-sided p-value of Mann and Whitney that `later` tends to be greater than `earlier`; by the normal approximation with
    /// correction for ties, which is good from about eight values on each side.
    package static func greater(_ later: [Double], than earlier: [Double]) -> Double {
        guard !later.isEmpty, !earlier.isEmpty else { return 1 }
        let all = (later.map { (value: $0, isLater: true) } + earlier.map { (value: $0, isLater: false) })
            .sorted { $0.value < $1.value }
        var rankSum = 0.0
        var ties = 0.0
        var start = 0
        while start < all.count {
            var end = start
            while end < all.count, all[end].value == all[start].value { end += 1 }
            let size = Double(end - start)
            ties += size * size * size - size
            let rank = Double(start + end + 1) / 2
            rankSum += rank * Double(all[start..<end].count(where: \.isLater))
            start = end
        }
        let first = Double(later.count)
        let second = Double(earlier.count)
        let total = first + second
        let statistic = rankSum - first * (first + 1) / 2
        let variance = first * second / 12 * (total + 1 - ties / (total * (total - 1)))
        guard variance > 0 else { return 1 }
        let z = (statistic - first * second / 2 - 0.5) / variance.squareRoot()
        return erfc(z / 2.0.squareRoot()) / 2
    }

    /// The value in the middle, the lower of two; `nil` of nothing.
    package static func median<Value: Comparable>(_ values: [Value]) -> Value? { quantile(values, 0.5) }

    /// The value below which the share `part` of the values lies; `nil` of nothing.
    package static func quantile<Value: Comparable>(_ values: [Value], _ part: Double) -> Value? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, max(0, Int((Double(sorted.count - 1) * part).rounded(.down))))]
    }
}
