import BridgeConcurrency
import BridgeCore
import Cryptography
import EventSpool
import Glibc
import Ingest
import Logging
import Maintenance
import Observability
import PostgresClient
import ServiceLifecycle
import Store

/// The process of `ha-bridge run`: logging, health over HTTP, and the connector, in the order in which they depend on each other.
struct BridgeProcess {
    private let settings: BridgeSettings

    init(settings: BridgeSettings) { self.settings = settings }

    /// Runs until SIGTERM or SIGINT. Throws what makes a start senseless: a bad keyring, a schema of another version, a taken
    /// port. A database that is away is waited for.
    func run() async throws {
        BridgeLogging.bootstrap(level: settings.logLevel, format: settings.logFormat)
        let logger = Logger(label: "ha-bridge")
        try hardenProcess()
        let identity = try settings.httpIdentity()
        let database = try PostgresConfiguration(try settings.requireDatabaseURL()).taking(.writer)
        let keyring = try KeyringSource(path: settings.keyFile) { error in
            logger.warning(
                "The keyring has changed and cannot be used. The one of before stays in use.",
                metadata: [LoggingKeys.error: "\(error)"])
        }
        let health = HealthRegistry(version: BridgeVersion.string)
        let metrics = MetricsRegistry()
        ProcessMetrics.register(in: metrics)
        BridgeLogging.register(in: metrics)
        let auditKeys = AuditKeys(keyring)
        let console = ConsoleService(
            settings: settings, database: database, auditKeys: auditKeys, health: health, metrics: metrics,
            logger: logger)
        let (listening, listens) = AsyncStream<Void>.makeStream()
        let responder: HTTPServer.Responder? = settings.servesConsole ? console.door.responder : nil
        let server = HTTPServer(
            address: settings.httpAddress, health: health, metrics: metrics, logger: logger, identity: identity,
            console: responder,
            onListening: { _ in
                listens.yield()
                listens.finish()
            })
        let connector = ConnectorService(
            settings: settings, database: database, sealer: TokenSealer(keyring), auditKeys: auditKeys,
            console: console,
            spool: SpoolConfiguration(
                directory: settings.stateDirectory + "/spool", maxBytes: settings.spoolMaxBytes),
            queueLimit: settings.queueMaxBytes,
            limits: BatchLimits(rows: settings.batchMaxRows, age: settings.batchMaxAge), health: health,
            metrics: metrics, logger: logger, listening: listening)
        var configuration = ServiceGroupConfiguration(
            services: [server, connector], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// The connector as a service: waits for the database and its schema, then runs until the shutdown.
private struct ConnectorService: Service {
    let settings: BridgeSettings
    let database: PostgresConfiguration
    let sealer: TokenSealer
    let auditKeys: AuditKeys
    let console: ConsoleService
    let spool: SpoolConfiguration
    let queueLimit: Int
    let limits: BatchLimits
    let health: HealthRegistry
    let metrics: MetricsRegistry
    let logger: Logger
    /// Yields once the process listens.
    let listening: AsyncStream<Void>

    /// A stop takes no longer than this, whatever hangs.
    private static let stopLimit: Duration = .seconds(9)

    func run() async throws {
        // The first word comes when a signal is listened to: whoever reads it may stop the process, and it ends as it should.
        logger.notice(
            "Starting.",
            metadata: [
                LoggingKeys.version: "\(BridgeVersion.string)",
                LoggingKeys.databaseServer: "\(database.redactedDescription)",
                LoggingKeys.httpAddress: "\(settings.httpAddress)",
            ])
        let isReady = try await cancelWhenGracefulShutdown {
            // Where the address is not to be had, nothing else begins.
            guard await listening.contains(where: { true }) else { return false }
            return try await waitForSchema()
        }
        guard isReady else { return }
        let pool = PostgresPool(
            database, size: 2, maximumWaiters: 10_000, waitLimit: .seconds(60), settings: .bounded, logger: logger)
        var configuration = ConnectorConfiguration(
            database: database, sealer: sealer, spool: spool, queueLimit: queueLimit, limits: limits)
        configuration.sampleInterval = .seconds(60)
        configuration.addresses = try settings.addressPolicy()
        configuration.auditKeys = auditKeys
        configuration.embedsEvents = settings.embedder != .off
        // Sessions of its own: a long look for vectors must not keep the connector waiting.
        let searchPool = PostgresPool(database, size: 2, settings: .bounded, logger: logger)
        let embedding = EmbeddingService(
            settings: settings, pool: searchPool, health: health, metrics: metrics, logger: logger)
        // One of them may be held by a notification that Home Assistant has not taken yet. Every house stands in line with a few
        // looks when the process starts.
        let automationPool = PostgresPool(
            database, size: 3, maximumWaiters: 10_000, waitLimit: .seconds(60), settings: .bounded, logger: logger)
        let automations = AutomationService(
            pool: automationPool, database: database, sealer: sealer, auditKeys: auditKeys, health: health,
            metrics: metrics, logger: logger)
        let connector = try Connector(
            configuration: configuration, pool: pool, health: health, metrics: metrics, logger: logger,
            onPendingEmbeddings: { embedding.wake() }, companions: { automations.companions($0) })
        // A job may hold a session for hours, and its hold on the job must be prolonged meanwhile.
        let jobPool = PostgresPool(database, size: 6, settings: .bounded, logger: logger)
        var jobs = MaintenanceJobs(settings: settings, pool: jobPool, auditKeys: auditKeys).all()
        if settings.embedder != .off { jobs.append(embedding.upkeep) }
        let runner = JobRunner(
            jobs, repository: MaintenanceJobRepository(jobPool), holderName: MaintenanceJobs.bridgeName,
            metrics: metrics, logger: logger)
        let checkpoints = AuditCheckpointKeeper(
            AuditCheckpointer(pool, keys: auditKeys), file: AuditCheckpointFile(path: settings.checkpointFile),
            logger: logger)
        let limit = Self.stopLimit
        let logger = logger
        await withTaskGroup { group in
            group.addTask { await cancelWhenGracefulShutdown { await runner.run() } }
            group.addTask { await cancelWhenGracefulShutdown { await checkpoints.run() } }
            group.addTask { await cancelWhenGracefulShutdown { await embedding.run() } }
            group.addTask { await cancelWhenGracefulShutdown { await automations.run() } }
            group.addTask { await cancelWhenGracefulShutdown { await console.run { embedding.encoder } } }
            await connector.run {
                try? await gracefulShutdown()
                // Not a child of anything: it must fire when everything else hangs. The end of the process ends it.
                Task.detached {
                    try? await Task.sleep(for: limit)
                    logger.critical("The stop took too long. Ending now; what was not written is lost.")
                    _exit(ExitStatus.tryAgain.rawValue)
                }
            }
            group.cancelAll()
        }
        await searchPool.close()
        await automationPool.close()
        await jobPool.close()
    }

    /// Waits until the database answers and its schema is the one of this program. Returns `false` when the process is to stop.
    private func waitForSchema() async throws -> Bool {
        var attempt = 0
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            for component in [HealthComponent.eventLoop, .writer, .scheduler] { health.beat(component) }
            do {
                let connection = try await PostgresConnection.connect(database, logger: logger)
                do {
                    try await Migrator().verify(on: connection)
                    await connection.close()
                } catch {
                    await connection.close()
                    throw error
                }
                health.setReadiness(.database, .ok)
                health.setReadiness(.schema, .ok)
                if attempt > 0 { logger.notice("The database answers.") }
                return true
            } catch let error as PostgresError {
                // The end of the process interrupts an attempt; that says nothing about the database.
                if Task.isCancelled { return false }
                attempt += 1
                health.setReadiness(.database, .failing("\(error.headline): \(error)"))
                logger.log(
                    level: attempt == 1 ? .error : .debug,
                    "\(error.headline). Trying again until it works.",
                    metadata: [LoggingKeys.error: "\(error)"])
            } catch let error as MigrationError where error.isRetriable {
                attempt += 1
                logger.notice("Waiting for the schema.", metadata: [LoggingKeys.reason: "\(error.message)"])
            }
            try? await Task.sleep(for: RetryPolicy.database.delay(attempt: attempt, using: &generator))
        }
        return false
    }
}
