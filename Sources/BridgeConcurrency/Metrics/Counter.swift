import Synchronization

/// A number that only grows: events received, bytes written.
///
/// Any thread may add; an addition is one relaxed atomic operation, so the handle may sit on the path of every event.
package final class Counter: Sendable {
    private let total = Atomic<UInt64>(0)

    /// A counter that starts at zero. Those that `/metrics` shows come from `MetricsRegistry`.
    package init() {}

    /// Adds `amount`; a negative amount is ignored, because a counter never goes back.
    package func add(_ amount: Int) {
        guard amount > 0 else { return }
        total.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds one.
    package func increment() { total.wrappingAdd(1, ordering: .relaxed) }

    /// What has been counted so far.
    package var value: UInt64 { total.load(ordering: .relaxed) }
}
