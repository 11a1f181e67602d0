import BridgeCore
import Embedding
import PostgresClient
import Search
import Store

/// Asks the questions of a folder in memory: every vector made anew, every one compared.
struct ExactRunner {
    let pool: PostgresPool
    let encoder: (any SentenceEncoder)?
    let loaded: HomeLoader.Report

    /// The answers, and how long it took to make vectors of documents whose sentences were known already.
    struct Outcome: Sendable {
        var run = RankedRun()
        var vectorTimes = Durations()
        /// How long the model took for each different sentence, one at a time.
        var sentenceTimes = Durations()
        /// Different vectors.
        var keys = 0
        /// Different sentences.
        var sentences = 0
    }

    /// Asks all questions of `home`. Throws `PostgresError` and `EvaluationError`.
    func ask(_ folder: BenchmarkFolder, home: String) async throws -> Outcome {
        var outcome = Outcome()
        let (index, vectors, eventVectors) = try await index(&outcome)
        let clock = HouseClock(zone: loaded.timeZone)
        let queries = QueryVectors(encoder: encoder)
        for file in try folder.files("queries_") {
            for query in try folder.textQueries(in: file, home: home) {
                let parsed = QueryParser(clock: clock, now: loaded.newest ?? .now).parse(query.text)
                let vector = await queries.vector(of: parsed) ?? []
                let found =
                    vector.isEmpty
                    ? []
                    : index.nearest(vector, limit: RankedRun.depth) { event in
                        if let period = parsed.period, !period.contains(event.timestamp) { return true }
                        return parsed.isWeekend.map { $0 != clock.isWeekend(at: event.timestamp) } ?? false
                    }
                outcome.run.add(query.id, found.map(\.id))
            }
        }
        for file in try folder.files("mlt_") {
            for query in try folder.similarQueries(in: file, home: home) {
                let subject = eventVectors[query.eventID]
                for isCross in [false, true] {
                    let found = subject.map { subject in
                        index.nearest(vectors[subject.vector], limit: RankedRun.depth) { event in
                            event.id == query.eventID
                                || isCross && subject.entityID != nil && event.entityID == subject.entityID
                        }
                    }
                    outcome.run.add(query.id + (isCross ? ".cross" : ""), (found ?? []).map(\.id))
                }
            }
        }
        return outcome
    }

    private func index(
        _ outcome: inout Outcome
    ) async throws -> (ExactIndex, [[Float]], [String: ExactIndex.Event]) {
        let documents = try await documents()
        var places: [[UInt8]: Int] = [:]
        var vectors: [[Float]] = []
        let embedder = CompositeEmbedder()
        var sentences: [String: [Float]] = [:]
        for (key, document) in documents {
            if let encoder, sentences[document.text] == nil {
                let start = ContinuousClock.now
                sentences[document.text] = encoder.encode([document.text]).first
                outcome.sentenceTimes.add(ContinuousClock.now - start)
            }
            let start = ContinuousClock.now
            let vector = embedder.vector(of: document, sentence: sentences[document.text])
            outcome.vectorTimes.add(ContinuousClock.now - start)
            places[key] = vectors.count
            vectors.append(vector)
        }
        outcome.keys = vectors.count
        outcome.sentences = Set(documents.map(\.1.text)).count
        let events = try await events(places)
        return (
            ExactIndex(vectors: vectors, events: events), vectors,
            Dictionary(events.map { ($0.id, $0) }) { first, _ in first }
        )
    }

    private func documents() async throws -> [([UInt8], EmbeddingDocument)] {
        try await pool.withConnection { session in
            try await session.query(
                "SELECT * FROM home_assistant_embedding_documents ORDER BY embedding_key", name: "list_documents",
                deadline: .seconds(120)
            ).map { row in
                let part = Int16(clamping: try row.int("day_part"))
                let polarity = Int16(clamping: try row.int("polarity"))
                return (
                    try row.bytes("embedding_key"),
                    EmbeddingDocument(
                        text: try row.string("text"), entityID: try row.optionalString("entity_id"),
                        kind: try row.string("kind"), transition: try row.string("transition"),
                        area: try row.optionalString("area"), dayPart: DayPart(rawValue: part) ?? .night,
                        polarity: Polarity(rawValue: polarity) ?? .neutral)
                )
            }
        }
    }

    private func events(_ places: [[UInt8]: Int]) async throws -> [ExactIndex.Event] {
        let names = loaded.folderIDs
        return try await pool.withConnection { session in
            try await session.query(
                """
                SELECT id, entity_id, timestamp, embedding_key FROM home_assistant_events
                WHERE embedding_key IS NOT NULL
                """, name: "list_keys", deadline: .seconds(120)
            ).compactMap { row in
                let id: EventID = try row.id("id")
                guard let name = names[id], let place = places[try row.bytes("embedding_key")] else { return nil }
                return ExactIndex.Event(
                    id: name, entityID: try row.optionalString("entity_id"), timestamp: try row.timestamp("timestamp"),
                    order: id.description, vector: place)
            }
        }
    }
}
