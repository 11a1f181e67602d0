import Synchronization

/// A number that goes up and down: rows waiting, seconds of lag. Any thread may set it; nothing blocks.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    /// A gauge that starts at zero. Those that `/metrics` shows come from `MetricsRegistry`.
    package init() {}

    /// Replaces the value.
    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    /// Replaces the value.
    package func set(_ value: Int) { set(Double(value)) }

    /// Adds `amount`, which may be negative.
    package func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(
                expected: current, desired: next, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }

    /// The last value.
    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}
