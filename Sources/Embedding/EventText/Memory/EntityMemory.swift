import BridgeCore

/// What was seen of each entity last, so that it need not be read again.
struct EntityMemory {
    /// Bytes of attributes that are remembered of one entity; bytes for them and their places of all.
    private static let attributesLimit = 2_048
    private static let budget = 4 << 20

    /// One entity.
    final class Entry {
        /// What its states tell of it.
        var description = Description()
        /// What other events tell of it, which carry no attributes.
        var otherDescription = Description()
        /// The attributes that were seen last, and where those lie in them that count.
        fileprivate(set) var attributes: [UInt8] = []
        fileprivate(set) var list = AttributeList()
        /// Bytes of both.
        fileprivate var size: Int {
            attributes.count + list.values.count * MemoryLayout<AttributeValue>.stride
        }
    }

    /// What an entity is, and the attributes that say so.
    struct Description {
        var facts: EntityFacts?
        var friendlyName: [UInt8]?
        var deviceClass: [UInt8]?
        var unit: [UInt8]?
    }

    private var table: RecentTable<Entry>
    private var bytes = 0
    private var lastNumber: UInt64 = 0

    init(capacity: Int) { table = RecentTable(capacity: capacity) }

    /// The entry of an entity, made where there is none.
    mutating func entry(_ entityID: UnsafeBufferPointer<UInt8>) -> Entry {
        if let known = table.value(for: entityID) { return known }
        let entry = Entry()
        if let dropped = table.insert(entry, for: entityID) { bytes -= dropped.size }
        return entry
    }

    /// Remembers the attributes of an entry, where they are small and there is room.
    mutating func remember(_ attributes: UnsafeBufferPointer<UInt8>, _ list: AttributeList, in entry: Entry) {
        bytes -= entry.size
        if attributes.count <= Self.attributesLimit, bytes + attributes.count * 2 <= Self.budget {
            entry.attributes.replaceSubrange(entry.attributes.indices, with: attributes)
            entry.list = list
        } else {
            entry.attributes.removeAll()
            entry.list = AttributeList()
        }
        bytes += entry.size
    }

    /// A number for a new description.
    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// Forgets all entities; numbers go on.
    mutating func removeAll() {
        table.removeAll()
        bytes = 0
    }
}
