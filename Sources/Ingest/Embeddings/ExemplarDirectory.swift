import BridgeConcurrency
import BridgeCore
import Embedding

/// Remembers, for the keys that were seen lately, whether their document is stored and which row is their exemplar, so that most
/// rows are complete when they are first written and none of them waits for PostgreSQL.
///
/// What it does not know is asked for later by the `ExemplarResolver`; until then rows are written without an exemplar, which the
/// worker of the embeddings adds. Bounded: what was not asked for in a long time is forgotten.
final class ExemplarDirectory: Sendable {
    /// A key whose exemplar in a month is to be asked for.
    struct Question: Hashable, Sendable {
        var connection: ConnectionID
        var key: EmbeddingKey
        var month: Int32
    }

    private struct Entry {
        /// The month of `exemplar`; the last one that was asked for.
        var month: Int32
        var exemplar: EventID?
        var hasDocument: Bool
        /// The round in which `exemplar` was last confirmed.
        var round: UInt16
    }

    private struct State {
        /// Counts up now and then: what was learned in an earlier round is asked for again, although it is used meanwhile.
        var round: UInt16 = 0
        /// Two generations: when the newer one is full, the older one is dropped.
        var recent: [EmbeddingKey: Entry] = [:]
        var older: [EmbeddingKey: Entry] = [:]
        var questions: Set<Question> = []

        mutating func entry(_ key: EmbeddingKey) -> Entry? {
            if let entry = recent[key] { return entry }
            guard let entry = older.removeValue(forKey: key) else { return nil }
            recent[key] = entry
            return entry
        }
    }

    /// Keys of one generation: the keys of a month of hundreds of houses. A key takes some forty bytes, so that a large house needs a
    /// megabyte or two.
    private static let generation = 262_144
    /// Questions that wait; what comes beyond is asked for the next time that the key is seen.
    private static let questionLimit = 8_192

    private let state = LockedBox(State())

    /// Whether the document of `key` is stored, and the key's exemplar in a month. Notes what is not known.
    func look(up key: EmbeddingKey, of connection: ConnectionID, month: Int32) -> (
        hasDocument: Bool, exemplar: EventID?
    ) {
        state.withLock { state in
            let found = state.entry(key)
            if let found, found.month == month, let exemplar = found.exemplar {
                if found.round != state.round, state.questions.count < Self.questionLimit {
                    state.questions.insert(Question(connection: connection, key: key, month: month))
                }
                return (found.hasDocument, exemplar)
            }
            if state.recent.count >= Self.generation {
                state.older = state.recent
                state.recent = [:]
            }
            let hasDocument = found?.hasDocument ?? false
            state.recent[key] = Entry(
                month: month, exemplar: nil, hasDocument: hasDocument, round: state.round)
            if state.questions.count < Self.questionLimit {
                state.questions.insert(Question(connection: connection, key: key, month: month))
            }
            return (hasDocument, nil)
        }
    }

    /// Notes that the documents of `keys` are committed.
    func stored(_ keys: some Sequence<EmbeddingKey>) {
        state.withLock { state in for key in keys { state.recent[key]?.hasDocument = true } }
    }

    /// Questions that nobody has answered, which are then taken for asked.
    func takeQuestions(limit: Int) -> [Question] {
        state.withLock { state in
            let taken = Array(state.questions.prefix(limit))
            state.questions.subtract(taken)
            return taken
        }
    }

    /// Puts back what could not be asked.
    func returnQuestions(_ questions: [Question]) {
        state.withLock { state in
            for question in questions where state.questions.count < Self.questionLimit {
                state.questions.insert(question)
            }
        }
    }

    /// Learns the answer to a question: the exemplar, or that there is none.
    func learn(_ exemplar: EventID?, of question: Question) {
        state.withLock { state in
            guard var entry = state.entry(question.key), entry.month == question.month else { return }
            entry.exemplar = exemplar
            entry.round = state.round
            // Whatever has a vector has a document.
            if exemplar != nil { entry.hasDocument = true }
            state.recent[question.key] = entry
        }
    }

    /// Lets everything be asked for again, bit by bit, as it is used: an exemplar may be deleted or replaced at any time.
    func beginRound() { state.withLock { $0.round &+= 1 } }

    /// Keys known, for `/metrics`.
    var count: Int { state.withLock { $0.recent.count + $0.older.count } }
}
