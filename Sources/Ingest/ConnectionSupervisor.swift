import BridgeConcurrency
import BridgeCore
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Runs a session for each stored connection, and follows what a person changes: added, paused, changed and removed connections
/// take effect within seconds, by NOTIFY, with a look at the table every ten seconds behind it.
package struct ConnectionSupervisor: Sendable {
    private let configuration: PostgresConfiguration
    private let repository: ConnectionRepository
    private let meters: MeterRegistry
    private let environment: RunnerEnvironment

    package init(
        configuration: PostgresConfiguration, repository: ConnectionRepository, meters: MeterRegistry,
        environment: RunnerEnvironment
    ) {
        self.configuration = configuration
        self.repository = repository
        self.meters = meters
        self.environment = environment
    }

    /// What makes a session start anew when it changes.
    fileprivate struct Revision: Equatable {
        var name: String
        var url: String
        var sealedToken: String
        var userID: UserID
    }

    private struct Running {
        var revision: Revision
        /// Awaited by a child of the group, so that it cannot outlive it; kept here because a group cannot cancel one child.
        var task: Task<Void, Never>
    }

    /// Runs until cancelled; every session has closed its socket by then.
    package func run() async {
        await withDiscardingTaskGroup { group in
            var running: [ConnectionID: Running] = [:]
            var attempt = 0
            var generator = SystemRandomNumberGenerator()
            while !Task.isCancelled {
                do {
                    let listener = try await PostgresConnection.connect(configuration, logger: environment.logger)
                    do {
                        try await listener.execute("LISTEN \(ConnectionRepository.notificationChannel)")
                        try await follow(listener, &running, &group, &attempt)
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
            for entry in running.values { entry.task.cancel() }
            group.cancelAll()
        }
    }

    private func follow(
        _ listener: PostgresConnection, _ running: inout [ConnectionID: Running],
        _ group: inout DiscardingTaskGroup, _ attempt: inout Int
    ) async throws {
        while !Task.isCancelled {
            try await reconcile(&running, &group)
            if attempt > 0 { environment.logger.notice("The database is back.") }
            attempt = 0
            environment.health.setReadiness(.database, .ok)
            environment.health.beat(.scheduler)
            _ = try await listener.notifications(waitingAtMost: .seconds(10))
        }
    }

    private func report(_ error: any Error, attempt: Int) {
        environment.health.setReadiness(.database, .failing("The database cannot be reached: \(error)"))
        environment.health.beat(.scheduler)
        environment.logger.log(
            level: attempt == 1 ? .warning : .debug,
            "Cannot read the stored connections. Sessions go on; trying again until it works.",
            metadata: [LoggingKeys.error: "\(error)"])
    }

    private func reconcile(
        _ running: inout [ConnectionID: Running], _ group: inout DiscardingTaskGroup
    ) async throws {
        let stored = try await repository.list()
        var wanted: [ConnectionID: StoredConnection] = [:]
        for connection in stored where connection.pausedAt == nil && connection.removedAt == nil {
            wanted[connection.id] = connection
        }
        for (id, entry) in running where wanted[id]?.revision != entry.revision {
            // Two sessions of one connection must not overlap: the old one has closed its socket before the new one opens its own.
            entry.task.cancel()
            await entry.task.value
            running[id] = nil
            if wanted[id] == nil { forget(id, stored) }
        }
        for (id, connection) in wanted where running[id] == nil {
            let runner = ConnectionRunner(connection: connection, meter: meters.meter(id), environment: environment)
            let task = Task { await runner.run() }
            group.addTask {
                await withTaskCancellationHandler {
                    await task.value
                } onCancel: {
                    task.cancel()
                }
            }
            running[id] = Running(revision: connection.revision, task: task)
        }
    }

    private func forget(_ id: ConnectionID, _ stored: [StoredConnection]) {
        meters.remove(id)
        environment.health.removeConnection(id)
        if let connection = stored.first(where: { $0.id == id }), connection.pausedAt != nil {
            environment.logger.notice(
                "Paused.", metadata: [LoggingKeys.connectionName: "\(connection.name)"])
        }
    }
}

extension StoredConnection {
    fileprivate var revision: ConnectionSupervisor.Revision {
        ConnectionSupervisor.Revision(name: name, url: url, sealedToken: sealedToken, userID: userID)
    }
}
