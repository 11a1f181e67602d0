import Testing

@testable import BridgeCore

@Suite struct RetryPolicyTests {
    @Test func growsToItsCapAndNeverBeyond() {
        var generator = SystemRandomNumberGenerator()
        let policy = RetryPolicy(first: .seconds(1), cap: .seconds(60), jitter: 0.3)
        for attempt in 1...2_000 {
            let full = min(60, 1 << min(attempt - 1, 20))
            let delay = policy.delay(attempt: attempt, using: &generator)
            #expect(delay <= .seconds(full))
            #expect(delay >= .seconds(full) * 0.69)
        }
    }
}
