import BridgeCore
import Glibc

/// The two clocks that health needs, injected so that tests do not wait.
package struct HealthClock: Sendable {
    /// Nanoseconds that only grow; they stand still while the machine sleeps, so a wake-up is not mistaken for a hang.
    package let monotonicNanoseconds: @Sendable () -> Int64

    /// The time of day, for people.
    package let wall: @Sendable () -> Timestamp

    /// Wraps two readings; neither may block.
    package init(monotonicNanoseconds: @escaping @Sendable () -> Int64, wall: @escaping @Sendable () -> Timestamp) {
        self.monotonicNanoseconds = monotonicNanoseconds
        self.wall = wall
    }

    /// The clocks of the machine.
    package static let system = HealthClock(
        monotonicNanoseconds: {
            let time = reading(of: CLOCK_MONOTONIC)
            return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        },
        wall: {
            let time = reading(of: CLOCK_REALTIME)
            return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
        })

    private static func reading(of clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
