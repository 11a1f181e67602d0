import BridgeCore

/// One look at the database for all houses, instead of one for each: which of them have something to do.
///
/// In most houses nothing waits at most times. With a look of its own each of twenty quiet houses would cost more than all that a busy
/// one does.
actor SharedLook {
    private struct Look {
        let began: ContinuousClock.Instant
        let task: Task<Set<ConnectionID>, any Error>
    }

    private let age: Duration
    private let ask: @Sendable () async throws -> Set<ConnectionID>
    private var last: Look?

    /// Looks by `ask`, at most once within `age` unless someone knows of news.
    init(age: Duration, _ ask: @escaping @Sendable () async throws -> Set<ConnectionID>) {
        self.age = age
        self.ask = ask
    }

    /// Whether `connection` has something to do, by a look that began at `news` or later, and not before `age` ago. Throws what the
    /// look throws; the next call looks again.
    func finds(_ connection: ConnectionID, since news: ContinuousClock.Instant? = nil) async throws -> Bool {
        let now = ContinuousClock.now
        let oldest = max(now - age, news ?? now - age)
        if let last, last.began >= oldest { return try await found(by: last).contains(connection) }
        let ask = ask
        // It belongs to all who wait for it: the one who began it may be cancelled.
        let look = Look(began: now, task: Task { try await ask() })
        last = look
        return try await found(by: look).contains(connection)
    }

    private func found(by look: Look) async throws -> Set<ConnectionID> {
        do {
            return try await look.task.value
        } catch {
            if last?.began == look.began { last = nil }
            throw error
        }
    }
}
