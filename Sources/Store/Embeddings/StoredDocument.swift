import BridgeCore
import PostgresClient

/// A row of `home_assistant_embedding_documents`: what is embedded of the events of a key.
package struct StoredDocument: Hashable, Sendable {
    package var key: EventKey
    /// The event as an English sentence.
    package var text: String
    package var entityID: String?
    /// Domain and device class, or the event type.
    package var kind: String
    package var transition: String
    package var area: String?
    /// 0 to 4, the raw value of a part of the day.
    package var dayPart: Int16
    /// 0 to 2, the raw value of a polarity.
    package var polarity: Int16

    /// A document as it is to be stored.
    package init(
        key: EventKey, text: String, entityID: String?, kind: String, transition: String, area: String?, dayPart: Int16,
        polarity: Int16
    ) {
        self.key = key
        self.text = text
        self.entityID = entityID
        self.kind = kind
        self.transition = transition
        self.area = area
        self.dayPart = dayPart
        self.polarity = polarity
    }
}

extension StoredDocument {
    /// Columns of `home_assistant_embedding_documents AS document`.
    static let columns = """
        document.connection_id, document.embedding_key, document.text, document.entity_id, document.kind,
        document.transition, document.area, document.day_part, document.polarity
        """

    init(row: PostgresRow) throws(PostgresError) {
        key = try EventKey(row: row)
        text = try row.string("text")
        entityID = try row.optionalString("entity_id")
        kind = try row.string("kind")
        transition = try row.string("transition")
        area = try row.optionalString("area")
        dayPart = Int16(clamping: try row.int("day_part"))
        polarity = Int16(clamping: try row.int("polarity"))
    }
}
