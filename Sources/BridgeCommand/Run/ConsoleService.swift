import BridgeConcurrency
import BridgeCore
import Console
import Cryptography
import Embedding
import Logging
import PostgresClient
import Search
import Store

/// The console of the process: from the moment when the schema is the right one to the stop.
final class ConsoleService: Sendable {
    /// Where requests arrive, from the start of the process on.
    let door = ConsoleDoor()

    private let settings: BridgeSettings
    private let database: PostgresConfiguration
    private let auditKeys: AuditKeys
    private let health: HealthRegistry
    private let metrics: MetricsRegistry
    private let logger: Logger

    init(
        settings: BridgeSettings, database: PostgresConfiguration, auditKeys: AuditKeys, health: HealthRegistry,
        metrics: MetricsRegistry, logger: Logger
    ) {
        self.settings = settings
        self.database = database
        self.auditKeys = auditKeys
        self.health = health
        self.metrics = metrics
        self.logger = logger
    }

    /// Serves until cancelled. `encoder` gives the model with which vectors are made, as soon as it is loaded.
    func run(encoder: @escaping @Sendable () -> (any SentenceEncoder)?) async {
        guard settings.servesConsole else { return }
        let system = PostgresPool(database, size: 3, settings: .bounded, logger: logger)
        let readers = ReaderPools(database, logger: logger)
        let searches = settings.embedder != .off
        door.open(
            ConsoleServices(
                system: system, readers: readers, authenticator: AccountAuthenticator(system), auditKeys: auditKeys,
                checkpoints: AuditCheckpointFile(path: settings.checkpointFile), health: health, metrics: metrics,
                search: { searches ? SearchService(pool: $0, encoder: encoder()) : nil }, logger: logger,
                usesTLS: settings.usesTLS),
            logger: logger)
        var isWelcomed = false
        while !Task.isCancelled {
            if !isWelcomed { isWelcomed = await welcome(AccountRepository(system), SignInLinkRepository(system)) }
            await readers.closeIdle()
            try? await Task.sleep(for: .seconds(30))
        }
        door.shut()
        await readers.close()
        await system.close()
    }

    /// Gives the first person a way in, as long as nobody can sign in. Returns `false` where the database did not answer.
    private func welcome(_ accounts: AccountRepository, _ links: SignInLinkRepository) async -> Bool {
        do {
            guard try await !accounts.anybodyCanSignIn() else { return true }
            let secret = try RandomSecret.text()
            try await links.add(
                user: try await accounts.firstAdministrator()?.id, digest: try RandomSecret.digest(of: secret))
            logger.notice(
                "Nobody can sign in to the console yet. This link sets a password, once and within an hour.",
                metadata: [LoggingKeys.url: "\(settings.welcomeLink(secret))"])
            return true
        } catch {
            logger.debug("No link could be made.", metadata: [LoggingKeys.error: "\(error)"])
            return false
        }
    }
}
