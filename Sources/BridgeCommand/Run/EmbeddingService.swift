import BridgeConcurrency
import Embedding
import Logging
import Maintenance
import PostgresClient
import Search
import Store

/// Makes the vectors of events beside everything else, with the model where it is installed and with words alone where it is not.
final class EmbeddingService: Sendable {
    private let settings: BridgeSettings
    private let pool: PostgresPool
    private let health: HealthRegistry
    private let metrics: MetricsRegistry
    private let logger: Logger
    private let worker = LockedBox<EmbeddingWorker?>(nil)
    private let keeper = LockedBox<EmbeddingKeeper?>(nil)
    private let loaded = LockedBox<(any SentenceEncoder)?>(nil)

    /// The model, for questions, once it is loaded; `nil` where words alone are compared.
    var encoder: (any SentenceEncoder)? { loaded.withLock { $0 } }

    /// The job that keeps in order what embedding leaves behind.
    var upkeep: EmbeddingUpkeepJob { EmbeddingUpkeepJob { [keeper] in keeper.withLock { $0 } } }

    /// How often it looks for a model that was missing at the start.
    private static let modelInterval: Duration = .seconds(60)

    init(
        settings: BridgeSettings, pool: PostgresPool, health: HealthRegistry, metrics: MetricsRegistry, logger: Logger
    ) {
        self.settings = settings
        self.pool = pool
        self.health = health
        self.metrics = metrics
        self.logger = logger
    }

    /// Says that events wait for vectors. Never waits.
    func wake() { worker.withLock { $0 }?.wake() }

    /// Works until cancelled. A model that is installed meanwhile is taken into use, and every vector made anew with it.
    func run() async {
        guard settings.embedder != .off else {
            logger.notice("No vectors are made: HA_BRIDGE_EMBEDDER is off. Search by meaning finds nothing new.")
            return
        }
        var model = SentenceModel.load(settings)
        announce(model)
        while !Task.isCancelled {
            let encoder = model.encoder
            loaded.withLock { $0 = encoder }
            let vectors = DocumentVectors(encoder: encoder.map { CachingSentenceEncoder($0) })
            let exemplars = ExemplarRepository(pool)
            let worker = EmbeddingWorker(
                exemplars: exemplars, version: vectors.version, metrics: metrics, logger: logger,
                embed: { vectors.vectors(of: $0) })
            worker.show(on: health)
            self.worker.withLock { $0 = worker }
            let keeper = EmbeddingKeeper(
                documents: EmbeddingDocumentRepository(pool), exemplars: exemplars,
                indexes: VectorIndexKeeper(
                    indexes: VectorIndexRepository(pool), version: vectors.version, logger: logger),
                logger: logger)
            self.keeper.withLock { $0 = keeper }
            let isWaiting = if case .unusable = model { true } else { false }
            model = await withTaskGroup(of: SentenceModel?.self) { group in
                group.addTask {
                    await worker.run()
                    return nil
                }
                if isWaiting { group.addTask { await self.awaitModel() } }
                for await found in group {
                    guard let found else { continue }
                    group.cancelAll()
                    return found
                }
                return model
            }
        }
    }

    /// Waits until the model can be used; `nil` when cancelled before.
    private func awaitModel() async -> SentenceModel? {
        while (try? await Task.sleep(for: Self.modelInterval)) != nil {
            let model = SentenceModel.load(settings)
            guard model.encoder != nil else { continue }
            announce(model)
            return model
        }
        return nil
    }

    private func announce(_ model: SentenceModel) {
        switch model {
        case .ready: logger.notice("Vectors are made with the language model.")
        case .notWanted: logger.notice("Vectors are made of words alone, as HA_BRIDGE_EMBEDDER asks.")
        case .unusable(let reason):
            logger.warning(
                "The language model cannot be used: vectors are made of words alone until it can.",
                metadata: [LoggingKeys.reason: "\(reason)"])
        }
    }
}
