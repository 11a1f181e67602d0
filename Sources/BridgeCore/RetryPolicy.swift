/// How long to wait before the next try: exponential growth to a cap, and jitter so that many waiters spread out.
package struct RetryPolicy: Sendable {
    /// The wait after the first failure.
    package var first: Duration
    /// No wait is longer, jitter included.
    package var cap: Duration
    /// The share of the wait, 0 to 1, that is random.
    package var jitter: Double

    /// A policy; each wait doubles the one before.
    package init(first: Duration, cap: Duration, jitter: Double = 0.3) {
        self.first = first
        self.cap = cap
        self.jitter = jitter
    }

    /// For Home Assistant: 1 s, 2 s, 4 s … 60 s.
    package static let homeAssistant = RetryPolicy(first: .seconds(1), cap: .seconds(60))
    /// For PostgreSQL: 200 ms … 15 s, below one try a second on average after the third.
    package static let database = RetryPolicy(first: .milliseconds(200), cap: .seconds(15))

    /// The wait after failure number `attempt`, counted from 1.
    package func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        var delay = first
        var doublings = max(attempt, 1) - 1
        while doublings > 0, delay < cap {
            delay *= 2
            doublings -= 1
        }
        delay = min(delay, cap)
        return delay * (1 - jitter * Double.random(in: 0...1, using: &generator))
    }
}
