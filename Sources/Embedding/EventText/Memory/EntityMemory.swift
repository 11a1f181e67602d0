import BridgeCore

/// What was seen of each entity last, so that it need not be read again.
struct EntityMemory {
    /// One entity.
    final class Entry {
        /// What its states tell of it.
        var description = Description()
        /// What other events tell of it, which carry no attributes.
        var otherDescription = Description()
        /// The attributes that were seen last, and their bytes.
        fileprivate(set) var attributes = ByteDigest()
        fileprivate(set) var attributesCount = -1
        /// Where those lie in them that count; `nil` until they are seen again, as attributes that change each time never are.
        fileprivate(set) var list: AttributeList?
    }

    /// What an entity is, and by which attributes.
    struct Description {
        var facts: EntityFacts?
        var origin = ByteDigest()
    }

    private var table: RecentTable<Entry>
    private var lastNumber: UInt64 = 0

    init(capacity: Int) { table = RecentTable(capacity: capacity) }

    /// Entities that are remembered.
    var capacity: Int {
        get { table.capacity }
        set { table.capacity = newValue }
    }

    /// The entry of an entity, made where there is none.
    mutating func entry(_ entityID: UnsafeBufferPointer<UInt8>) -> Entry {
        let key = ByteDigest(entityID)
        if let known = table.value(for: key) { return known }
        let entry = Entry()
        table.insert(entry, for: key)
        return entry
    }

    /// A number for a new description.
    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// Forgets all entities; numbers go on.
    mutating func removeAll() { table.removeAll() }
}

extension EntityMemory.Entry {
    /// Whether `object` are the attributes that were seen last.
    func knows(_ object: UnsafeBufferPointer<UInt8>) -> Bool {
        attributesCount == object.count && attributes == ByteDigest(object)
    }

    /// Remembers the digest of `count` bytes of attributes that were not known.
    func remember(_ digest: ByteDigest, count: Int) {
        attributes = digest
        attributesCount = count
        list = nil
    }

    /// Remembers where what counts lies in the attributes that were seen last.
    func remember(_ list: AttributeList) { self.list = list.copy }
}
