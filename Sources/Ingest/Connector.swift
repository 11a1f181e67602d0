import BridgeConcurrency
import BridgeCore
import Cryptography
import FoundationEssentials
import HomeAssistantClient
import Logging
import PostgresClient
import Store
import WebSocketTransport

/// What a connector process is made of.
package struct ConnectorConfiguration: Sendable {
    /// Where rows go.
    package var database: PostgresConfiguration
    /// Opens stored tokens.
    package var sealer: TokenSealer
    /// Bytes of frames that may wait for PostgreSQL.
    package var queueLimit: Int
    /// When a batch is full.
    package var limits: BatchLimits
    /// Between two samples of each connection's metrics.
    package var sampleInterval: Duration = .seconds(60)
    /// Deadlines of the sessions.
    package var timings = SessionTimings()
    /// Who this bridge is.
    package var bridge = BridgeIdentity(
        id: BridgeID(), name: ProcessInfo.processInfo.hostName, version: BridgeVersion.string, startedAt: .now)
    /// When leases are renewed, looked for and given up.
    package var leases = LeaseTimings()

    /// The configuration of a process.
    package init(database: PostgresConfiguration, sealer: TokenSealer, queueLimit: Int, limits: BatchLimits) {
        self.database = database
        self.sealer = sealer
        self.queueLimit = queueLimit
        self.limits = limits
    }
}

/// The connector process without its outside: sessions, queue, writer, recorders, wired together.
package final class Connector: Sendable {
    /// Older events than this that are still being written make `/readyz` fail.
    private static let lagLimit: Duration = .seconds(60)

    private let health: HealthRegistry
    private let logger: Logger
    private let pool: PostgresPool
    private let timer = DeadlineTimer()
    private let loop: WebSocketEventLoop
    private let queue: FrameQueue
    private let meters = MeterRegistry()
    private let keeper: LeaseKeeper
    private let audit: AuditRecorder
    private let status: StatusRecorder
    private let writer: EventWriter
    private let supervisor: ConnectionSupervisor
    private let sampler: MetricsSampler

    /// Wires the parts; starts the event loop's thread and nothing else.
    package init(
        configuration: ConnectorConfiguration, pool: PostgresPool, health: HealthRegistry, metrics: MetricsRegistry,
        logger: Logger
    ) throws {
        self.health = health
        self.logger = logger
        self.pool = pool
        loop = try WebSocketEventLoop(logger: logger)
        queue = FrameQueue(totalLimit: configuration.queueLimit, timer: timer)
        let numbers = IngestMetrics(metrics, queue: queue, meters: meters)
        let connections = ConnectionRepository(pool)
        keeper = LeaseKeeper(
            identity: configuration.bridge, configuration: configuration.database, timings: configuration.leases,
            timer: timer, logger: logger)
        audit = AuditRecorder(repository: AuditLogRepository(pool), timer: timer, logger: logger)
        status = StatusRecorder(repository: connections, book: keeper.book, timer: timer, logger: logger)
        let sink = EventSink(
            configuration: configuration.database, deadLetters: DeadLetterRepository(pool), health: health,
            metrics: numbers, logger: logger)
        writer = EventWriter(
            queue: queue, sink: sink, limits: configuration.limits, health: health, metrics: numbers)
        let environment = RunnerEnvironment(
            session: SessionEnvironment(
                loop: loop, resolver: HostResolver(), timer: timer, timings: configuration.timings),
            queue: queue, sealer: configuration.sealer, audit: audit, status: status, health: health,
            metrics: numbers, logger: logger)
        supervisor = ConnectionSupervisor(
            configuration: configuration.database, repository: connections, meters: meters, environment: environment,
            keeper: keeper)
        sampler = MetricsSampler(
            meters: meters, metrics: ConnectionMetricsRepository(pool), connections: connections,
            book: keeper.book, interval: configuration.sampleInterval, logger: logger)
        health.setReadiness(.writerLag, .ok)
        health.addFigures("commit_latency_seconds", of: numbers.commitLatency)
        health.addFigure("events_stored") { Double(numbers.stored.value) }
        health.addFigure("queue_bytes") { [queue] in Double(queue.waitingBytes) }
    }

    /// Runs until `shutdown` returns; then closes the sessions, writes what waits, and returns, all within nine seconds.
    package func run(until shutdown: @escaping @Sendable () async -> Void) async {
        await withTaskGroup { group in
            // Each part is a task of its own, because they end one after another. All are awaited below or by the group.
            let supervision = Task { await supervisor.run() }
            let writing = Task { await writer.run() }
            let auditing = Task { await audit.run() }
            let recording = Task { await status.run() }
            group.addTask { await self.timer.run() }
            group.addTask { await self.keeper.run() }
            group.addTask { await self.sampler.run() }
            group.addTask { await self.watch() }

            await shutdown()
            logger.notice("Stopping: closing connections, then writing what waits.")
            supervision.cancel()
            await Self.finish(supervision, within: .seconds(2))
            queue.close()
            await Self.finish(writing, within: .seconds(5))
            audit.close()
            status.close()
            await Self.finish(auditing, within: .milliseconds(1_500))
            await Self.finish(recording, within: .milliseconds(500))
            // Last: what is written for a connection must be written under its lease.
            await Self.finish(Task { await keeper.withdraw() }, within: .milliseconds(500))
            await loop.shutdown()
            group.cancelAll()
        }
        await pool.close()
        let left = queue.waitingBytes
        if left > 0 {
            logger.error(
                "Stopped before everything was written: PostgreSQL did not take it in time. These events are lost.",
                metadata: [LoggingKeys.bytes: "\(left)"])
        } else {
            logger.notice("Stopped. Everything received was written.")
        }
    }

    /// Tells the health registry, once a second, whether the event loop turns and how far the writer is behind.
    private func watch() async {
        var lastBeat = loop.heartbeat
        var isLate = false
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            let beat = loop.heartbeat
            if beat != lastBeat { health.beat(.eventLoop) }
            lastBeat = beat
            for (connection, meter) in meters.all {
                let figures = meter.snapshot
                health.updateConnection(connection) { connection in
                    connection.eventsReceived = figures.events
                    connection.lastEventAt = figures.lastSeen
                    connection.reconnects = figures.reconnects
                    connection.latencyMilliseconds = figures.lastRoundTrip.map { $0.inSeconds * 1_000 }
                }
            }
            let lag = writer.lag ?? .zero
            if lag > Self.lagLimit {
                isLate = true
                health.setReadiness(
                    .writerLag, .failing("Events wait for PostgreSQL since \(Int(lag.inSeconds)) seconds."))
            } else if isLate, lag == .zero {
                isLate = false
                health.setReadiness(.writerLag, .ok)
            }
        }
    }

    /// Waits for `task`; cancels it when the time is over, and then gives it a moment and no more.
    private static func finish(_ task: Task<Void, Never>, within limit: Duration) async {
        let done = LockedBox(false)
        let observer = Task {
            await task.value
            done.withLock { $0 = true }
        }
        let deadline = ContinuousClock.now + limit
        while !done.withLock({ $0 }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
        if !done.withLock({ $0 }) { task.cancel() }
        // A call into libpq that hangs is left to the end of the process.
        observer.cancel()
    }
}
