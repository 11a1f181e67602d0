import BridgeCore
import Embedding
import HomeAssistantClient
import Logging
import PostgresClient
import Store

/// Writes frames that did not come from a session, the way those of a session are written: same rows, same ids, same keys.
///
/// It belongs to one task, claims no lease and has no spool: an error ends the import, and what was written stays.
package struct FrameImporter {
    private let pool: PostgresPool
    private let sink: BackfillSink
    private let documents: DocumentKeeper?
    private let resolver: ExemplarResolver
    private var transformer: FrameTransformer
    /// Whether rows are likely to be there already, and what is made of them has to be made anew.
    private let isLate: Bool

    /// Imports frames of `connection`. With `house` the events get the keys by which they are found by their meaning.
    package init(pool: PostgresPool, connection: ConnectionID, house: HouseContext?, logger: Logger) {
        self.init(pool: pool, connection: connection, house: house, as: .live, logger: logger)
    }

    /// The same for events whose rows are of `source`.
    init(
        pool: PostgresPool, connection: ConnectionID, house: HouseContext?, as source: EventSource, logger: Logger
    ) {
        self.pool = pool
        let directory = ExemplarDirectory()
        documents = house.map { _ in DocumentKeeper(directory: directory, logger: logger) }
        sink = BackfillSink(pool: pool, documents: documents)
        resolver = ExemplarResolver(
            directory: directory, exemplars: ExemplarRepository(pool), onPending: {}, logger: logger)
        transformer = FrameTransformer(
            house.map { house in
                let houses = HouseDirectory()
                houses.publish(house, for: connection)
                return EmbeddingSources(houses: houses, directory: directory)
            }, as: source)
        isLate = source != .live
    }

    /// Looks for the vectors that were made meanwhile, so that later events of the same keys are complete when they are written.
    /// Throws `PostgresError`.
    package func learnExemplars() async throws {
        while try await resolver.answerSome() {}
    }

    /// Commits the events of `frames` in one transaction, and returns how many of them are new. What cannot become a row becomes
    /// a dead letter. Secrets in them are overwritten first, as in those of a session. Throws `PostgresError`.
    package mutating func write(_ frames: [ReceivedFrame]) async throws -> Int {
        var frames = frames
        for index in frames.indices { FrameRedactor.redact(&frames[index].bytes) }
        var batch = transformer.transform(frames)
        batch.sortRows()
        if isLate || batch.mayRepeat || !batch.deadLetters.isEmpty { return try await sink.write(batch).stored }
        try await documents?.keep(batch.documents, in: pool)
        do {
            let chunks = batch.chunks(of: 0..<batch.index.count)
            let month = batch.month
            return try await pool.withConnection { session in
                try await EventTable.copyDirect(session, chunks: chunks, month: month)
            }
        } catch let error as PostgresError where error.isDuplicate || error.rejectsData {
            // Row by row, where need be; what is there already is skipped.
            return try await sink.write(batch).stored
        }
    }
}
