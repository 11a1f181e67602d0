/// What is to be embedded of one event, and the key under which its vector is kept.
package struct DescribedEvent: Sendable {
    /// Equal for events of equal documents of the same connection, in every process.
    package let key: EmbeddingKey
    private let dayPart: DayPart
    private let facts: [UInt8]
    private let entity: EntityFacts?
    private let maker: DocumentMaker

    init(key: EmbeddingKey, dayPart: DayPart, facts: [UInt8], entity: EntityFacts?, maker: DocumentMaker) {
        self.key = key
        self.dayPart = dayPart
        self.facts = facts
        self.entity = entity
        self.maker = maker
    }

    /// What the vector is made of. Made anew each time: it is asked for where the key is new. Never `nil` where there is a key.
    package func document() -> EmbeddingDocument? { maker.document(facts, entity: entity, at: dayPart) }
}
