import BridgeCore
import Cryptography

/// Says in words what an event of one connection was, and gives it the key of its vector.
///
/// It remembers what it saw of each entity, within bounds, so that most events cost a comparison of bytes. What it gives is a
/// pure function of the event, of the house and of the zone: memory changes only the time that it takes. It belongs to one task.
package struct EventDescriber {
    /// Part of every key: another number where the same event gets another text.
    package static let version: UInt8 = 1

    /// Entities that are remembered.
    private static let entityLimit = 8_192
    /// Documents that are remembered.
    private static let documentLimit = 4_096

    private let connection: ConnectionID
    private var house: HouseContext
    private var zone: ZoneRules
    private var localHour = LocalHour(span: 0..<0, hour: 0, weekday: 0)
    private var entities = EntityMemory(capacity: entityLimit)
    private var documents = RecentTable<RecentDocument>(capacity: documentLimit)
    private var encoder: FactEncoder
    private let keys: KeyMaker?

    /// Describes events of `connection` with the names and areas of `house`.
    package init(connection: ConnectionID, house: HouseContext) {
        self.connection = connection
        self.house = house
        zone = ZoneRules(named: house.timeZone)
        keys = KeyMaker(connection: connection)
        encoder = FactEncoder()
    }

    /// Uses what the registries say now for the events that follow.
    package mutating func update(house: HouseContext) {
        if house.timeZone != self.house.timeZone {
            zone = ZoneRules(named: house.timeZone)
            localHour.span = 0..<0
        }
        self.house = house
        entities.removeAll()
        documents.removeAll()
    }

    /// The key and the document of `event`, whose places lie in `bytes`; `nil` where it says nothing that words could tell.
    ///
    /// `previousState` is the text of the state before where the event itself does not tell it, as history does not. `isLive` tells
    /// a change that was seen from an entry of a snapshot or of the history: without a state before, the one says that an entity
    /// is new, the other only how it is.
    package mutating func describe(
        _ event: HomeAssistantEvent, in bytes: UnsafeBufferPointer<UInt8>, previousState: [UInt8]? = nil, isLive: Bool
    ) -> DescribedEvent? {
        guard let keys else { return nil }
        if !localHour.span.contains(event.timestamp.microseconds) {
            localHour = zone.localHour(at: event.timestamp)
        }
        let entity: EntityFacts?
        if event.kind == .other {
            entity = encoder.encodeOther(event, in: bytes, house: house, &entities)
        } else {
            entity = encoder.encodeState(
                event, in: bytes, previousState: previousState, isLive: isLive, house: house, &entities)
            guard entity != nil else { return nil }
        }
        let facts = encoder.writer.bytes
        let document: RecentDocument
        if let known = facts.withUnsafeBufferPointer({ documents.value(for: $0) }) {
            document = known
        } else {
            document = RecentDocument(DocumentMaker(house: house).document(facts, entity: entity))
            facts.withUnsafeBufferPointer { _ = documents.insert(document, for: $0) }
        }
        return document.described(at: DayPart(hour: localHour.hour), by: keys)
    }
}
