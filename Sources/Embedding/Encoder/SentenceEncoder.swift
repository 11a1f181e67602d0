/// Turns sentences into unit vectors of `sentenceDimensions` numbers by their meaning.
///
/// The same sentence gives the same bits in every process, alone or among others.
package protocol SentenceEncoder: Sendable {
    /// One vector for each text, in their order. Blocks the thread for some milliseconds a text; never fails, whatever the text.
    func encode(_ texts: [String]) -> [[Float]]
}

/// The number of dimensions of a `SentenceEncoder`'s vectors.
package let sentenceDimensions = 384

/// The number of dimensions of an event's vector: the width of the column `embedding_vector`.
package let embeddingDimensions = 1536
