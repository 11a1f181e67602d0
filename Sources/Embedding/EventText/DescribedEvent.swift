/// What is to be embedded of one event, and the key under which its vector is kept.
package struct DescribedEvent: Sendable {
    /// Equal for events of equal documents of the same connection, in every process.
    package let key: EmbeddingKey
    private let stored: StoredDocument
    private let dayPart: DayPart

    init(key: EmbeddingKey, stored: StoredDocument, dayPart: DayPart) {
        self.key = key
        self.stored = stored
        self.dayPart = dayPart
    }

    /// What the vector is made of. Asked for where the key is new.
    package func document() -> EmbeddingDocument {
        var document = stored.document
        document.dayPart = dayPart
        return document
    }
}

/// A document that events at all times of day share; its own time means nothing.
final class StoredDocument: Sendable {
    let document: EmbeddingDocument

    init(_ document: EmbeddingDocument) { self.document = document }
}
