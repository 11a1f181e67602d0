import BridgeCore
import Embedding
import Store

/// Makes the vectors of stored documents: what the worker of the embeddings calls.
package struct DocumentVectors: Sendable {
    /// Names how the vectors are made; those with and without model cannot be compared.
    package let version: String
    private let encoder: (any SentenceEncoder)?
    private let embedder = CompositeEmbedder()

    /// Without an encoder the sentence's block stays zero.
    package init(encoder: (any SentenceEncoder)?) {
        self.encoder = encoder
        version = CompositeEmbedder.version + (encoder == nil ? "+lexical" : "+minilm")
    }

    /// One vector for each document, in their order. Blocks the thread for some milliseconds for each sentence that the encoder does
    /// not remember.
    package func vectors(of documents: [StoredDocument]) -> [[Float]] {
        let sentences = encoder?.encode(documents.map(\.text))
        return documents.enumerated().map { index, document in
            embedder.vector(of: EmbeddingDocument(document), sentence: sentences?[index])
        }
    }
}

extension EmbeddingDocument {
    /// The document as it was before it was stored.
    package init(_ stored: StoredDocument) {
        self.init(
            text: stored.text, entityID: stored.entityID, kind: stored.kind, transition: stored.transition,
            area: stored.area, dayPart: DayPart(rawValue: stored.dayPart) ?? .night,
            polarity: Polarity(rawValue: stored.polarity) ?? .neutral)
    }
}
