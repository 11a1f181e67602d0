import BridgeConcurrency
import Embedding

/// Makes the vectors of questions, on a thread of its own: the model takes some milliseconds, for which no other task may wait.
package actor QueryVectors {
    private nonisolated let executor = ThreadExecutor(name: "query")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let encoder: (any SentenceEncoder)?
    private let embedder = CompositeEmbedder()

    /// Without an encoder words alone are compared.
    package init(encoder: (any SentenceEncoder)?) {
        self.encoder = encoder
    }

    /// The vector of a question: `embeddingDimensions` numbers; `nil` for a question that says nothing.
    package func vector(of query: SearchQuery) -> [Float]? {
        let sentence = query.sentence.isEmpty ? nil : encoder?.encode([query.sentence]).first
        let vector = embedder.vector(of: query, sentence: sentence)
        return vector.contains { $0 != 0 } ? vector : nil
    }
}
