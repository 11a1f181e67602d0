import BridgeCore
import Cryptography

/// Says in words what an event of one connection was, and gives it the key of its vector.
///
/// It remembers what it saw of each entity, within bounds, so that most events cost a comparison of bytes. What it gives is a
/// pure function of the event, of the house and of the zone: memory changes only the time that it takes. It belongs to one task.
package struct EventDescriber {
    /// Part of every key: another number where the same event gets another text.
    package static let version: UInt8 = 1

    /// Entities, and keys of documents, that are remembered.
    private static let entityLimit = 8_192
    private static let keyLimit = 8_192
    /// The same of all houses of the process together.
    private static let totalLimit = 524_288

    private let connection: ConnectionID
    private var house: HouseContext
    private var zone: ZoneRules
    private var localHour = LocalHour(span: 0..<0, hour: 0, weekday: 0)
    private var entities = EntityMemory(capacity: entityLimit)
    /// By the facts and the part of the day; `nil` where they have no words.
    private var known = RecentTable<EmbeddingKey?>(capacity: keyLimit)
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
        known.removeAll()
    }

    /// Leaves room in memory for the describers of `count` houses.
    package mutating func share(with count: Int) {
        entities.capacity = min(Self.entityLimit, Self.totalLimit / max(count, 1))
        known.capacity = min(Self.keyLimit, Self.totalLimit / max(count, 1))
    }

    /// The key and the document of `event`, whose places lie in `bytes`; `nil` where it says nothing that words could tell.
    ///
    /// `previousState` is the text of the state before where the event itself does not tell it, as history does not. `isLive` tells
    /// a change that was seen from an entry of a snapshot or of the history: without a state before, the one says that an entity
    /// is new, the other only how it is. `members` are what the decoder of the event noted; without them its attributes are scanned.
    package mutating func describe(
        _ event: HomeAssistantEvent, in bytes: UnsafeBufferPointer<UInt8>, _ members: AttributeMembers? = nil,
        previousState: [UInt8]? = nil, isLive: Bool
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
                event, in: bytes, members, previousState: previousState, isLive: isLive, house: house, &entities)
            guard entity != nil else { return nil }
        }
        let facts = encoder.writer.bytes
        let dayPart = DayPart(hour: localHour.hour)
        let maker = DocumentMaker(house: house)
        var digest = facts.withUnsafeBufferPointer { ByteDigest($0) }
        digest.add(UInt64(bitPattern: Int64(dayPart.rawValue)))
        let key: EmbeddingKey?
        if let found = known.value(for: digest) {
            key = found
        } else {
            key = maker.document(facts, entity: entity, at: dayPart).flatMap { keys.key(of: $0) }
            known.insert(key, for: digest)
        }
        return key.map { DescribedEvent(key: $0, dayPart: dayPart, facts: facts, entity: entity, maker: maker) }
    }
}
