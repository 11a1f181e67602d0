import ArgumentParser
import Embedding
import Foundation
import PostgresClient
import Search
import Store

/// Measures how well the search finds what people ask for, on a folder of the benchmark's format.
///
///     swift run -c release retrieval-eval DIR --database-url postgresql://localhost/evaluation --home A
@main
struct RetrievalEval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrieval-eval", abstract: "Measure the search on a folder of events, questions and judgements.",
        discussion: """
            Loads the events of a home as Home Assistant would have sent them, lets the worker make their vectors, asks every \
            question of the home through the ordinary search, and writes RUN.jsonl. Where the folder has a score.py, its scores are \
            printed. The database of the URL is used if it has no users and no connections; otherwise a new one is made beside it \
            and dropped in the end. PostgreSQL needs pgvector.
            """)

    enum Embedder: String, ExpressibleByArgument, CaseIterable {
        case minilm
        case lexical
    }

    @Argument(help: ArgumentHelp("The folder.", valueName: "dir"))
    var folder: String

    @Option(help: ArgumentHelp("A database to fill, or one beside which to make one.", valueName: "url"))
    var databaseUrl: String?

    @Option(help: ArgumentHelp("Which home of the folder.", valueName: "name"))
    var home: String

    @Option(help: ArgumentHelp("Where the answers go.", valueName: "file"))
    var out = "RUN.jsonl"

    @Flag(help: "Ask everything in memory as well, exactly, and print the difference.")
    var inMemory = false

    @Flag(help: "Make a new database beside the one of the URL, even if that is empty.")
    var fresh = false

    @Flag(help: "Keep a database that was made beside the one of the URL.")
    var keep = false

    @Option(help: "minilm: with the language model. lexical: words and structure alone.")
    var embedder = Embedder.minilm

    @Option(
        help: ArgumentHelp(
            "The model: an installed one, its wheel, or the directory of that. Otherwise that of HA_BRIDGE_STATE_DIR.",
            valueName: "path"))
    var model: String?

    func run() async throws {
        do {
            try await evaluate()
        } catch let error as EvaluationError {
            throw Failure(message: error.description)
        } catch let error as PostgresError {
            throw Failure(message: "\(error)")
        } catch let error as ModelError {
            throw Failure(message: error.message)
        }
    }

    private func evaluate() async throws {
        let url = databaseUrl ?? ProcessInfo.processInfo.environment["DATABASE_URL"] ?? ""
        guard !url.isEmpty else {
            throw ValidationError("Name a database with --database-url, such as postgresql://localhost/evaluation.")
        }
        let folder = try BenchmarkFolder(path: self.folder)
        let choice = try await ModelChoice(path: model, isUsed: embedder == .minilm)
        let memory = ResidentMemory.current.now
        let encoder = try choice.encoder()
        if let encoder {
            _ = encoder.base.encode([
                "A sentence of some twenty words such as those that tell what happened in the kitchen."
            ])
            EvaluationReport.model(before: memory)
        }
        let database = try await EvaluationDatabase.prepare(url: url, alwaysFresh: fresh)
        EvaluationReport.line("Database", database.name + (database.isBesideNamed ? " (made for this run)" : ""))
        let pool = PostgresPool(database.configuration, size: 2, logger: EvaluationDatabase.logger)
        do {
            try await evaluate(folder, encoder, pool)
            await pool.close()
        } catch {
            await pool.close()
            if !keep { try? await database.dropIfBesideNamed(url) }
            throw error
        }
        if !keep { try await database.dropIfBesideNamed(url) }
    }

    private func evaluate(
        _ folder: BenchmarkFolder, _ encoder: MeasuredEncoder?, _ pool: PostgresPool
    ) async throws {
        let step = EmbeddingStep(pool: pool, encoder: encoder)
        let loaded = try await HomeLoader(pool: pool).load(folder, home: home, embed: step.work) { done, of in
            EvaluationReport.progress("Loading events", done, of)
        }
        EvaluationReport.load(loaded)
        let embedding = try await step.finish()
        EvaluationReport.embedding(embedding, encoder: encoder, storage: try await Storage.measure(pool))
        // The search has a cache of its own: no question has been asked yet.
        let service = SearchService(pool: pool, encoder: encoder?.base)
        let outcome = try await QueryRunner(service: service, loaded: loaded).ask(folder, home: home) {
            EvaluationReport.progress($0, $1, $2)
        }
        try outcome.run.write(to: out)
        EvaluationReport.questions(outcome, file: out)
        let scores = try Scores(outcome.run, folder: folder, home: home)
        EvaluationReport.scores(scores, title: "Through PostgreSQL")
        if inMemory {
            let exact = try await ExactRunner(pool: pool, encoder: encoder?.base, loaded: loaded)
                .ask(folder, home: home)
            EvaluationReport.exact(
                exact, scores: try Scores(exact.run, folder: folder, home: home), stored: scores, outcome.run)
        }
        EvaluationReport.memory()
    }

    /// What ends the program with a sentence rather than with a dump.
    private struct Failure: LocalizedError {
        let message: String
        var errorDescription: String? { message }
    }
}
