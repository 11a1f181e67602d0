import PostgresClient

/// How often something is tried that needs a lock of others, and the pause before the next attempt. Who waits for a lock for long
/// makes everybody wait behind it: so each attempt is short, and there are several.
struct LockPatience: Sendable {
    /// At least 1.
    var attempts: Int
    /// Chosen at random, so that two who met do not meet again.
    var pause: ClosedRange<Duration>

    /// What the first attempt gives that `isBusy` does not speak of, or the last one in any case. An attempt that gets no lock in time,
    /// or that PostgreSQL ends because it and another waited for each other, counts as busy; the last one throws what it says.
    ///
    /// Throws what `body` throws, and `CancellationError`.
    func callAsFunction<Result>(
        isBusy: (Result) -> Bool = { _ in false }, _ body: () async throws -> Result
    ) async throws -> Result {
        var left = attempts
        while left > 1 {
            left -= 1
            do {
                let result = try await body()
                guard isBusy(result) else { return result }
            } catch let error as PostgresError where Self.isHeldUp(error) {}
            let span = pause.upperBound - pause.lowerBound
            try await Task.sleep(for: pause.lowerBound + span * Double.random(in: 0...1))
        }
        return try await body()
    }

    /// Whether somebody else had what was needed.
    static func isHeldUp(_ error: PostgresError) -> Bool { error.isLockTimeout || error.sqlState == "40P01" }
}
