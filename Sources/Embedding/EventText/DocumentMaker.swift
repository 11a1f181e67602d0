import BridgeCore

/// Makes the document of an event from its facts.
struct DocumentMaker: Sendable {
    /// Characters of a text; the encoder reads 256 tokens at most.
    private static let textLimit = 480

    let house: HouseContext

    /// The document of the facts in `bytes` of an event in a part of the day; `nil` where they have no words.
    func document(_ bytes: [UInt8], entity: EntityFacts?, at dayPart: DayPart) -> EmbeddingDocument? {
        var reader = FactReader(bytes)
        guard let facts = reader.facts() else { return nil }
        if facts.form == .other {
            let maker = OtherEventMaker(facts: facts, entity: entity, name: name(ofEntity:))
            guard let phrase = maker.phrase() else { return nil }
            return document(facts, entity, phrase, dayPart, text: phrase.text)
        }
        guard let entity else { return nil }
        let phrase = PhraseMaker(facts: facts, entity: entity).phrase()
        return document(facts, entity, phrase, dayPart, text: "\(entity.subject) \(phrase.text)")
    }

    /// The name of an entity in quotes and its area, as the registries know them.
    private func name(ofEntity entityID: String) -> String? {
        guard let context = house.entities[entityID], let name = context.name else { return nil }
        return EntityFacts.named(OneLine.text(name, limit: OneLine.wordsLimit), area: context.area)
    }

    private func document(
        _ facts: EventFacts, _ entity: EntityFacts?, _ phrase: Phrase, _ dayPart: DayPart, text: String
    ) -> EmbeddingDocument {
        EmbeddingDocument(
            text: OneLine.text(text, limit: Self.textLimit) + ".", entityID: entity?.entityID,
            kind: entity?.shape.kind ?? facts.eventType ?? "", transition: phrase.transition, area: entity?.area,
            dayPart: dayPart, polarity: phrase.polarity)
    }
}
