import BridgeConcurrency
import BridgeCore
import Embedding
import Logging
import Store

/// Answers the questions of an `ExemplarDirectory` from the database, beside the path of the events.
struct ExemplarResolver: Sendable {
    let directory: ExemplarDirectory
    let exemplars: ExemplarRepository
    /// Told when there are keys without exemplar.
    let onPending: @Sendable () -> Void
    let logger: Logger

    private static let interval: Duration = .seconds(2)
    private static let questionsAtOnce = 2_000
    /// So many times at each look, while there are more questions.
    private static let answersAtOnce = 5
    /// After so many looks everything is asked for again as it is used: about five minutes.
    private static let looksInARound = 150

    /// Runs until cancelled. While the database is away rows are written without exemplars, if any are.
    func run() async {
        var looks = 0
        var isFailing = false
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            looks += 1
            if looks.isMultiple(of: Self.looksInARound) { directory.beginRound() }
            do {
                for _ in 0..<Self.answersAtOnce {
                    guard try await answerSome() else { break }
                    isFailing = false
                }
            } catch {
                if Task.isCancelled { return }
                logger.log(
                    level: isFailing ? .debug : .warning,
                    "Cannot look for the vectors of events; trying again. Events are stored without them meanwhile.",
                    metadata: [LoggingKeys.error: "\(error)"])
                isFailing = true
            }
        }
    }

    /// Answers what was asked so far, up to some thousand questions. Returns whether there was anything to answer; throws
    /// `PostgresError`, and then everything is asked for once more.
    func answerSome() async throws -> Bool {
        let questions = directory.takeQuestions(limit: Self.questionsAtOnce)
        guard !questions.isEmpty else { return false }
        do {
            try await answer(questions)
        } catch {
            directory.returnQuestions(questions)
            throw error
        }
        return true
    }

    private func answer(_ questions: [ExemplarDirectory.Question]) async throws {
        let keys = Set(questions.map { EventKey(connection: $0.connection, bytes: $0.key.bytes) })
        var found: [ExemplarDirectory.Question: EventID] = [:]
        for exemplar in try await exemplars.exemplars(of: Array(keys)) {
            guard let key = EmbeddingKey(exemplar.key.bytes) else { continue }
            let question = ExemplarDirectory.Question(
                connection: exemplar.key.connection, key: key, month: exemplar.month.start.monthsSince1970)
            found[question] = exemplar.id
        }
        var isPending = false
        for question in questions {
            let exemplar = found[question]
            directory.learn(exemplar, of: question)
            isPending = isPending || exemplar == nil
        }
        if isPending { onPending() }
    }
}
