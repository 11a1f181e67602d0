import BridgeConcurrency
import BridgeCore
import Cryptography
import EventSpool
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
    /// Where events wait for PostgreSQL, and how many bytes of them.
    package var spool: SpoolConfiguration
    /// Bytes of frames that may be in memory on their way to the spool.
    package var queueLimit: Int
    /// When a batch is full.
    package var limits: BatchLimits
    /// Between two samples of each connection's metrics.
    package var sampleInterval: Duration = .seconds(60)
    /// Deadlines of the sessions.
    package var timings = SessionTimings()
    /// When leases are renewed, looked for and given up.
    package var leases = LeaseTimings()
    /// Where connections may go.
    package var addresses = AddressPolicy()
    /// Whether events get the keys by which they are found by their meaning.
    package var embedsEvents = true
    /// What signs audit rows; `nil` where they stay unsigned.
    package var auditKeys: AuditKeys?

    /// The configuration of a process.
    package init(
        database: PostgresConfiguration, sealer: TokenSealer, spool: SpoolConfiguration, queueLimit: Int,
        limits: BatchLimits
    ) {
        self.spool = spool
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
    private let queue: SpoolQueue
    private let pump: SpoolPump
    private let meters = MeterRegistry()
    private let keeper: LeaseKeeper
    private let status: StatusRecorder
    private let writer: EventWriter
    private let supervisor: ConnectionSupervisor
    private let sampler: MetricsSampler
    private let registries: RegistryKeeper
    /// `nil` where no embeddings are made.
    private let resolver: ExemplarResolver?

    /// Opens the spool and wires the parts; starts threads and no work. Throws `SpoolError` when the spool cannot be used.
    ///
    /// `onPendingEmbeddings` is called when events wait for vectors; it must return at once. `companions` makes what works beside
    /// the events of each session.
    package init(
        configuration: ConnectorConfiguration, pool: PostgresPool, health: HealthRegistry, metrics: MetricsRegistry,
        logger: Logger, onPendingEmbeddings: @escaping @Sendable () -> Void = {},
        companions: (CompanionSurroundings) -> [SessionCompanion] = { _ in [] }
    ) throws {
        self.health = health
        self.logger = logger
        self.pool = pool
        loop = try WebSocketEventLoop(logger: logger)
        let spool = try EventSpool.open(configuration.spool, logger: logger)
        let queue = SpoolQueue(spool: spool, memoryLimit: configuration.queueLimit, timer: timer)
        self.queue = queue
        let numbers = IngestMetrics(metrics, queue: queue, meters: meters)
        let connections = ConnectionRepository(pool)
        let identity = BridgeIdentity(
            id: spool.bridgeID, name: ProcessInfo.processInfo.hostName, version: BridgeVersion.string, startedAt: .now)
        let keeper = LeaseKeeper(
            identity: identity, configuration: configuration.database, timings: configuration.leases, timer: timer,
            logger: logger)
        self.keeper = keeper
        status = StatusRecorder(repository: connections, book: keeper.book, timer: timer, logger: logger)
        let leases = WriterLeases(bridge: spool.bridgeID, book: keeper.book)
        let registries = RegistryKeeper(
            directory: HouseDirectory(), pool: pool, book: keeper.book, timer: timer, logger: logger)
        self.registries = registries
        let directory = ExemplarDirectory()
        let embedding =
            configuration.embedsEvents
            ? EmbeddingSources(houses: registries.directory, directory: directory) : nil
        let documents = embedding.map { _ in DocumentKeeper(directory: directory, logger: logger) }
        let companions = companions(
            CompanionSurroundings(timer: timer, claims: { [book = keeper.book] in book.claims(for: $0) }))
        resolver = embedding.map { _ in
            ExemplarResolver(
                directory: directory, exemplars: ExemplarRepository(pool), onPending: onPendingEmbeddings,
                logger: logger)
        }
        func sink(_ health: HealthRegistry?) -> EventSink {
            EventSink(
                configuration: configuration.database, deadLetters: DeadLetterRepository(pool),
                audits: AuditLogRepository(pool, keys: configuration.auditKeys), leases: leases, documents: documents,
                health: health, metrics: numbers, logger: logger)
        }
        let source = SpoolSource(
            queue: queue, metrics: numbers, logger: logger, held: { Set(keeper.book.leases.keys) })
        let writer = EventWriter(
            queue: queue, source: source, sinks: (sink(health), sink(health)), cursors: SpoolCursorRepository(pool),
            limits: configuration.limits, embedding: embedding, registries: registries, companions: companions,
            health: health, metrics: numbers, logger: logger)
        self.writer = writer
        pump = SpoolPump(queue: queue, health: health, metrics: numbers, logger: logger, mustSync: { writer.isBehind })
        let environment = RunnerEnvironment(
            session: SessionEnvironment(
                loop: loop, resolver: HostResolver(policy: configuration.addresses), timer: timer,
                timings: configuration.timings),
            queue: queue, sealer: configuration.sealer, audit: AuditRecorder(queue: queue), status: status,
            health: health, metrics: numbers, gaps: GapRepository(pool), backfill: sink(nil), registries: registries,
            companions: companions, embedding: embedding, logger: logger)
        supervisor = ConnectionSupervisor(
            configuration: configuration.database, repository: connections, meters: meters, environment: environment,
            keeper: keeper, drain: { _ in await queue.committed() })
        sampler = MetricsSampler(
            meters: meters, metrics: ConnectionMetricsRepository(pool), connections: connections,
            book: keeper.book, interval: configuration.sampleInterval, logger: logger)
        health.setReadiness(.writerLag, .ok)
        health.addFigures("commit_latency_seconds", of: numbers.commitLatency)
        health.addFigure("events_stored") { Double(numbers.stored.value) }
        health.addFigure("queue_bytes") { [queue] in Double(queue.waitingBytes) }
        health.addFigure("spool_bytes") { [queue] in Double(queue.spoolBytes) }
    }

    /// Runs until `shutdown` returns; then closes the sessions, writes what waits, and returns, all within nine seconds.
    package func run(until shutdown: @escaping @Sendable () async -> Void) async {
        await withTaskGroup { group in
            // Each part is a task of its own, because they end one after another. All are awaited below or by the group.
            let supervision = Task { await supervisor.run() }
            let writing = Task { await writer.run() }
            let pumping = Task { await pump.run() }
            let recording = Task { await status.run() }
            group.addTask { await self.timer.run() }
            group.addTask { await self.keeper.run() }
            group.addTask { await self.sampler.run() }
            group.addTask { await self.watch() }
            group.addTask { await self.resolver?.run() }

            await shutdown()
            logger.notice("Stopping: closing connections, then writing what waits.")
            supervision.cancel()
            await Self.finish(supervision, within: .seconds(2))
            queue.close()
            let isSpooled = await Self.finish(pumping, within: .milliseconds(1_500))
            let isWritten = await Self.finish(writing, within: .seconds(4))
            status.close()
            await Self.finish(recording, within: .milliseconds(500))
            // Last: what is written for a connection must be written under its lease.
            await Self.finish(Task { await keeper.withdraw() }, within: .milliseconds(500))
            await loop.shutdown()
            group.cancelAll()
            report(isSpooled: isSpooled, isWritten: isWritten)
        }
        await pool.close()
    }

    private func report(isSpooled: Bool, isWritten: Bool) {
        if isWritten {
            logger.notice("Stopped. Everything received was written.")
        } else if isSpooled {
            logger.notice(
                "Stopped. What PostgreSQL did not take in time waits in the spool; the next start writes it.",
                metadata: [LoggingKeys.bytes: "\(queue.spoolBytes)"])
        } else {
            logger.error(
                "Stopped before everything was in the spool: the disk did not take it in time. These events are lost.",
                metadata: [LoggingKeys.bytes: "\(queue.waitingBytes)"])
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

    /// Waits for `task` and cancels it when the time is over; returns whether it ended by itself.
    @discardableResult
    private static func finish(_ task: Task<Void, Never>, within limit: Duration) async -> Bool {
        let done = LockedBox(false)
        let observer = Task {
            await task.value
            done.withLock { $0 = true }
        }
        let deadline = ContinuousClock.now + limit
        while !done.withLock({ $0 }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
        let isDone = done.withLock { $0 }
        if !isDone { task.cancel() }
        // A call into libpq that hangs is left to the end of the process.
        observer.cancel()
        return isDone
    }
}
