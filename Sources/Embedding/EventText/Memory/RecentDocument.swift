/// A document that many events share, and its keys in the five parts of the day.
final class RecentDocument {
    /// `nil` where the event has no words.
    let stored: StoredDocument?
    // Most documents occur at a few of them.
    private var keys: [(dayPart: DayPart, key: EmbeddingKey)] = []

    init(_ document: EmbeddingDocument?) {
        stored = document.map { StoredDocument($0) }
    }

    /// What is embedded of an event at a time; `nil` where it has no words, or where no key can be made.
    func described(at dayPart: DayPart, by maker: KeyMaker) -> DescribedEvent? {
        guard let stored else { return nil }
        for (known, key) in keys where known == dayPart {
            return DescribedEvent(key: key, stored: stored, dayPart: dayPart)
        }
        var document = stored.document
        document.dayPart = dayPart
        guard let key = maker.key(of: document) else { return nil }
        keys.append((dayPart, key))
        return DescribedEvent(key: key, stored: stored, dayPart: dayPart)
    }
}
