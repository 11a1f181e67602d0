import BridgeCore

/// Keeps many users of a server that is away from knocking all the time: after a failure only one attempt is under way at once,
/// and there is a growing pause before it. Whoever comes in between gets the last error at once.
struct ReconnectGate {
    /// How a request to connect is answered.
    enum Answer {
        case go
        case notYet(PostgresError)
    }

    /// Below one attempt a second on average; short enough that a server that is back is seen soon.
    private static let policy = RetryPolicy(first: .milliseconds(200), cap: .seconds(2))

    private var failures = 0
    private var lastError: PostgresError?
    private var opensAt: ContinuousClock.Instant?
    private var isProbing = false

    /// Asks for an attempt; the one told to go must report its end.
    mutating func ask(now: ContinuousClock.Instant) -> Answer {
        guard let lastError, let opensAt else { return .go }
        guard !isProbing, now >= opensAt else { return .notYet(lastError) }
        isProbing = true
        return .go
    }

    mutating func succeeded() { self = ReconnectGate() }

    mutating func failed(
        _ error: PostgresError, now: ContinuousClock.Instant, using generator: inout some RandomNumberGenerator
    ) {
        isProbing = false
        // The caller gave up: that says nothing about the server.
        guard error.code != .cancelled else { return }
        failures += 1
        lastError = error
        opensAt = now + Self.policy.delay(attempt: failures, using: &generator)
    }
}
