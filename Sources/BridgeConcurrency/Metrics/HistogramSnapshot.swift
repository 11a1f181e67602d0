/// The counts of a histogram at one moment; a value that can be kept and compared.
package struct HistogramSnapshot: Sendable, Equatable {
    /// Upper bounds, ascending, without the infinite one.
    package let bounds: [Double]

    /// Observations in each bucket, one more than `bounds`: the last one has no upper bound. Not cumulative.
    package let counts: [UInt64]

    /// The sum of all observations.
    package let sum: Double

    /// The largest observation since the start; zero when there is none.
    package let maximum: Double

    /// The number of observations.
    package var count: UInt64 { counts.reduce(0, &+) }

    /// What was observed after `earlier`, which must come from the same histogram; else everything.
    package func since(_ earlier: HistogramSnapshot) -> HistogramSnapshot {
        guard earlier.bounds == bounds else { return self }
        let counts = zip(counts, earlier.counts).map { $0 > $1 ? $0 - $1 : 0 }
        return HistogramSnapshot(bounds: bounds, counts: counts, sum: max(0, sum - earlier.sum), maximum: maximum)
    }

    /// An estimate of the value below which the share `quantile` (0 to 1) of the observations lies, or `nil` without
    /// observations. It interpolates inside a bucket, so it is as exact as the bounds are close.
    package func quantile(_ quantile: Double) -> Double? {
        let total = count
        guard total > 0 else { return nil }
        let rank = min(max(quantile, 0), 1) * Double(total)
        var below: UInt64 = 0
        for (index, inBucket) in counts.enumerated() where inBucket > 0 {
            below += inBucket
            guard Double(below) >= rank else { continue }
            let lower = index == 0 ? min(0, bounds.first ?? 0) : bounds[index - 1]
            // No observation is above the maximum, so neither is an estimate.
            let upper = index < bounds.count ? min(bounds[index], max(maximum, lower)) : max(maximum, lower)
            let share = (rank - Double(below - inBucket)) / Double(inBucket)
            return lower + (upper - lower) * min(max(share, 0), 1)
        }
        return maximum
    }
}
