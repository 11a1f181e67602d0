import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Runs a session for each stored connection whose lease this bridge holds, and follows what a person changes: added, paused,
/// changed and removed connections take effect within seconds, by NOTIFY, with a look at the table every ten seconds behind it.
package struct ConnectionSupervisor: Sendable {
    private let configuration: PostgresConfiguration
    private let repository: ConnectionRepository
    private let meters: MeterRegistry
    private let environment: RunnerEnvironment
    private let keeper: LeaseKeeper
    private let drain: @Sendable (ConnectionID) async -> Void

    /// Between two looks at the table when nobody notifies.
    private static let poll: Duration = .seconds(10)
    /// A lease is handed over after this time, even if not everything that its session has read is written: it will be, later.
    private static let drainLimit: Duration = .seconds(5)

    /// Supervises on behalf of `keeper`, which runs beside it. `drain` returns when everything read of a connection whose
    /// session has ended is written, or when its task is cancelled.
    package init(
        configuration: PostgresConfiguration, repository: ConnectionRepository, meters: MeterRegistry,
        environment: RunnerEnvironment, keeper: LeaseKeeper,
        drain: @escaping @Sendable (ConnectionID) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.repository = repository
        self.meters = meters
        self.environment = environment
        self.keeper = keeper
        self.drain = drain
    }

    /// Runs until cancelled; every session has closed its socket by then. The leases stay held until the keeper withdraws.
    package func run() async {
        let news = SupervisorNews()
        await withDiscardingTaskGroup { group in
            group.addTask { await follow(news) }
            group.addTask {
                for await _ in keeper.book.changes() { news.leasesChanged() }
            }
            var roster = SessionRoster()
            var tokens = TokenIdentities(sealer: environment.sealer)
            var tasks: [ConnectionID: Task<Void, Never>] = [:]
            for await _ in news.stream {
                for action in decide(news.take(), &roster, &tokens, &tasks) { carryOut(action, news, &tasks, &group) }
            }
            keeper.acquireNoMore()
            for task in tasks.values { task.cancel() }
            group.cancelAll()
        }
    }

    private func decide(
        _ news: SupervisorNews.Items, _ roster: inout SessionRoster, _ tokens: inout TokenIdentities,
        _ tasks: inout [ConnectionID: Task<Void, Never>]
    ) -> [SessionRoster.Action] {
        var actions: [SessionRoster.Action] = []
        for id in news.ended { tasks[id] = nil }
        // The leases first: a session that has ended may start again under a new one.
        if news.areLeasesChanged { actions += roster.on(leases: keeper.book.leases) }
        if let listing = news.listing {
            actions += roster.on(
                stored: listing.connections, tokens: tokens.of(listing.connections), readAt: listing.readAt)
        }
        for id in news.ended { actions += roster.on(ended: id) }
        return actions
    }

    private func carryOut(
        _ action: SessionRoster.Action, _ news: SupervisorNews, _ tasks: inout [ConnectionID: Task<Void, Never>],
        _ group: inout DiscardingTaskGroup
    ) {
        switch action {
        case .start(let connection, let epoch):
            let id = connection.id
            let runner = ConnectionRunner(
                connection: connection, meter: meters.meter(id), environment: environment, epoch: epoch)
            // Awaited by a child of the group, so that it cannot outlive it; kept because a group cannot cancel one child.
            let task = Task { await runner.run() }
            tasks[id] = task
            group.addTask {
                await withTaskCancellationHandler {
                    await task.value
                } onCancel: {
                    task.cancel()
                }
                if news.takeDrain(id) { await drained(id) }
                news.ended(id)
            }
        case .end(let id, let drains):
            if drains { news.putDrain(id) }
            tasks[id]?.cancel()
        case .release(let id, let epoch):
            keeper.release(id, epoch: epoch)
        case .forget(let id, let paused):
            meters.remove(id)
            environment.health.removeConnection(id)
            if let paused {
                environment.logger.notice("Paused.", metadata: [LoggingKeys.connectionName: "\(paused)"])
            }
        }
    }

    private func drained(_ id: ConnectionID) async {
        await withTaskGroup { group in
            group.addTask { await drain(id) }
            group.addTask { try? await Task.sleep(for: Self.drainLimit) }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: What the table says

    /// Reads the stored connections, and again after each notification.
    private func follow(_ news: SupervisorNews) async {
        var attempt = 0
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do {
                let listener = try await PostgresConnection.connect(configuration, logger: environment.logger)
                do {
                    try await listener.listen(to: ConnectionRepository.notificationChannel)
                    try await follow(listener, news, &attempt)
                } catch {
                    await listener.close()
                    throw error
                }
                await listener.close()
            } catch {
                if Task.isCancelled { break }
                attempt += 1
                report(error, attempt: attempt)
                try? await Task.sleep(for: RetryPolicy.database.delay(attempt: attempt, using: &generator))
            }
        }
    }

    private func follow(
        _ listener: PostgresConnection, _ news: SupervisorNews, _ attempt: inout Int
    ) async throws {
        while !Task.isCancelled {
            let readAt = ContinuousClock.now
            news.listed(try await repository.list(), readAt: readAt)
            if attempt > 0 { environment.logger.notice("The database is back.") }
            attempt = 0
            environment.health.setReadiness(.database, .ok)
            environment.health.beat(.scheduler)
            // A lease may be free, or a connection wanted.
            if try await !listener.notifications(waitingAtMost: Self.poll).isEmpty { keeper.look() }
        }
    }

    private func report(_ error: any Error, attempt: Int) {
        let headline = (error as? PostgresError)?.headline ?? "The database cannot be reached"
        environment.health.setReadiness(.database, .failing("\(headline): \(error)"))
        environment.health.beat(.scheduler)
        environment.logger.log(
            level: attempt == 1 ? .warning : .debug,
            "Cannot read the stored connections. Sessions go on; trying again until it works.",
            metadata: [LoggingKeys.error: "\(error)"])
    }
}

/// What the supervisor has to look at, gathered from several tasks until it does.
private final class SupervisorNews: Sendable {
    struct Items {
        var areLeasesChanged = false
        var listing: (connections: [StoredConnection], readAt: ContinuousClock.Instant)?
        var ended: [ConnectionID] = []
    }

    private struct State {
        var items = Items()
        /// Sessions whose end is reported only when everything they have read is written.
        var drains: Set<ConnectionID> = []
    }

    /// Yields when there is something to take.
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let state = LockedBox(State())

    init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func leasesChanged() { add { $0.areLeasesChanged = true } }

    func listed(_ connections: [StoredConnection], readAt: ContinuousClock.Instant) {
        add { $0.listing = (connections, readAt) }
    }

    func ended(_ id: ConnectionID) { add { $0.ended.append(id) } }

    func take() -> Items {
        state.withLock { state in
            defer { state.items = Items() }
            return state.items
        }
    }

    func putDrain(_ id: ConnectionID) { state.withLock { _ = $0.drains.insert(id) } }

    func takeDrain(_ id: ConnectionID) -> Bool { state.withLock { $0.drains.remove(id) != nil } }

    private func add(_ change: (inout Items) -> Void) {
        state.withLock { change(&$0.items) }
        continuation.yield()
    }
}
