import Synchronization

/// Counts observations in fixed buckets: how long commits take, how many rows a batch has.
///
/// Any thread may observe; an observation is a search among the bounds and three atomic operations, without a lock. The
/// counts of one snapshot may therefore be an observation apart from each other, never more.
package final class Histogram: @unchecked Sendable {
    // @unchecked: `counts` points to atomics and is written only in init and deinit.
    private let counts: UnsafeMutablePointer<Atomic<UInt64>>
    private let sumBits = Atomic<UInt64>(0)
    private let maximumBits = Atomic<UInt64>(0)

    /// Upper bounds, ascending, without the infinite one.
    package let bounds: [Double]

    /// A histogram with these upper bounds; they are sorted, and values that are not finite are left out.
    package init(bounds: [Double]) {
        self.bounds = Set(bounds.filter(\.isFinite)).sorted()
        counts = .allocate(capacity: self.bounds.count + 1)
        for index in 0...self.bounds.count { (counts + index).initialize(to: Atomic<UInt64>(0)) }
    }

    deinit {
        counts.deinitialize(count: bounds.count + 1)
        counts.deallocate()
    }

    /// Records `count` observations of `value`. A value that is not a number is ignored.
    package func observe(_ value: Double, count: Int = 1) {
        guard !value.isNaN, count > 0 else { return }
        counts[bucket(of: value)].wrappingAdd(UInt64(count), ordering: .relaxed)
        update(sumBits) { $0 + value * Double(count) }
        if value > Double(bitPattern: maximumBits.load(ordering: .relaxed)) { update(maximumBits) { max($0, value) } }
    }

    /// Records a length of time in seconds.
    package func observe(_ duration: Duration, count: Int = 1) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18, count: count)
    }

    /// What has been observed so far.
    package func snapshot() -> HistogramSnapshot {
        HistogramSnapshot(
            bounds: bounds,
            counts: (0...bounds.count).map { counts[$0].load(ordering: .relaxed) },
            sum: Double(bitPattern: sumBits.load(ordering: .relaxed)),
            maximum: Double(bitPattern: maximumBits.load(ordering: .relaxed)))
    }

    /// The first bucket whose bound is not below `value`.
    private func bucket(of value: Double) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func update(_ bits: borrowing Atomic<UInt64>, _ change: (Double) -> Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let (exchanged, original) = bits.weakCompareExchange(
                expected: current, desired: change(Double(bitPattern: current)).bitPattern, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}

extension Histogram {
    /// Bounds for times between a network round trip and a long stall, in seconds: 0.5 ms to 60 s.
    package static let latencySeconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60,
    ]

    /// Bounds for numbers of things in a batch: 1 to 10,000.
    package static let batchRows: [Double] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000]
}
