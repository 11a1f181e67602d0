import PostgresClient
import TestSupport
import Testing

@testable import Maintenance

@Suite struct LockPatienceTests {
    private let patience = LockPatience(attempts: 4, pause: .milliseconds(1)...Duration.milliseconds(2))

    @Test func triesUntilItIsHad() async throws {
        var attempts = 0
        let result = try await patience(isBusy: { $0 < 3 }) {
            attempts += 1
            return attempts
        }
        #expect(result == 3 && attempts == 3)
    }

    @Test func givesWhatTheLastAttemptGave() async throws {
        var attempts = 0
        let result = try await patience(isBusy: { _ in true }) {
            attempts += 1
            return attempts
        }
        #expect(result == 4)
        let once = try await LockPatience(attempts: 1, pause: .zero...Duration.zero)(isBusy: { _ in true }) { "busy" }
        #expect(once == "busy")
    }

    @Test func triesAgainOnlyForWhatOthersHold() async throws {
        for (state, expected) in [("55P03", 4), ("40P01", 4), ("42P01", 1), ("23505", 1)] {
            var attempts = 0
            let error = await #expect(throws: PostgresError.self) {
                try await patience {
                    attempts += 1
                    throw PostgresError(.server, "refused", sqlState: state)
                }
            }
            #expect(error?.sqlState == state && attempts == expected, "\(state)")
        }
    }

    @Test func endsWhenItIsCancelled() async throws {
        let patience = LockPatience(attempts: 3, pause: .seconds(3_600)...Duration.seconds(3_600))
        let task = Task { try await patience(isBusy: { _ in true }) {} }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
