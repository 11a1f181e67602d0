import Synchronization

/// A component's sign of life. `beat` is one reading of the clock and one atomic store: any thread, never blocks.
package final class Heartbeat: Sendable {
    private let last: Atomic<Int64>
    private let clock: HealthClock

    /// The first beat is now: a component gets the whole limit to start.
    init(clock: HealthClock) {
        self.clock = clock
        last = Atomic(clock.monotonicNanoseconds())
    }

    /// Says that the component is alive now.
    package func beat() { last.store(clock.monotonicNanoseconds(), ordering: .relaxed) }

    /// The time since the last beat.
    package var age: Duration {
        .nanoseconds(max(0, clock.monotonicNanoseconds() - last.load(ordering: .relaxed)))
    }
}
