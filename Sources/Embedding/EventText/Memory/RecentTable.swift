/// Values by the bytes of their key, of which the least recently used go when it is full.
///
/// Looking up takes the bytes where they lie and allocates nothing.
struct RecentTable<Value> {
    private struct Entry {
        var hash: UInt64
        var key: [UInt8]
        var value: Value
        /// The next entry with the same place in `heads`; -1 for none.
        var next: Int32
        var newer: Int32
        var older: Int32
    }

    private let capacity: Int
    private var heads: [Int32]
    private var entries: [Entry] = []
    private var newest: Int32 = -1
    private var oldest: Int32 = -1

    /// Holds up to `capacity` values, at least one.
    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        var places = 16
        while places < self.capacity * 2 { places *= 2 }
        heads = Array(repeating: -1, count: places)
    }

    var count: Int { entries.count }

    /// The value under `key`, which counts as used by this.
    mutating func value(for key: UnsafeBufferPointer<UInt8>) -> Value? {
        let index = find(key, hash: ByteHash.hash(key))
        guard index >= 0 else { return nil }
        touch(index)
        return entries[Int(index)].value
    }

    /// Puts `value` under `key` and returns what was there, or the least recently used one that had to go.
    @discardableResult
    mutating func insert(_ value: Value, for key: UnsafeBufferPointer<UInt8>) -> Value? {
        let hash = ByteHash.hash(key)
        let index = find(key, hash: hash)
        if index >= 0 {
            touch(index)
            let replaced = entries[Int(index)].value
            entries[Int(index)].value = value
            return replaced
        }
        let place = Int(truncatingIfNeeded: hash) & (heads.count - 1)
        if entries.count < capacity {
            let added = Int32(entries.count)
            entries.append(
                Entry(hash: hash, key: Array(key), value: value, next: heads[place], newer: -1, older: -1))
            heads[place] = added
            link(added)
            return nil
        }
        let reused = oldest
        let dropped = entries[Int(reused)].value
        unchain(reused)
        unlink(reused)
        entries[Int(reused)] = Entry(
            hash: hash, key: Array(key), value: value, next: heads[place], newer: -1, older: -1)
        heads[place] = reused
        link(reused)
        return dropped
    }

    mutating func removeAll() {
        for place in heads.indices { heads[place] = -1 }
        entries.removeAll()
        newest = -1
        oldest = -1
    }

    // MARK: Chains

    private func find(_ key: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int32 {
        var index = heads[Int(truncatingIfNeeded: hash) & (heads.count - 1)]
        while index >= 0 {
            if entries[Int(index)].hash == hash, ByteHash.equals(entries[Int(index)].key, key) { return index }
            index = entries[Int(index)].next
        }
        return -1
    }

    private mutating func unchain(_ index: Int32) {
        let place = Int(truncatingIfNeeded: entries[Int(index)].hash) & (heads.count - 1)
        let next = entries[Int(index)].next
        if heads[place] == index {
            heads[place] = next
            return
        }
        var before = heads[place]
        while before >= 0 {
            if entries[Int(before)].next == index {
                entries[Int(before)].next = next
                return
            }
            before = entries[Int(before)].next
        }
    }

    private mutating func touch(_ index: Int32) {
        guard newest != index else { return }
        unlink(index)
        link(index)
    }

    private mutating func link(_ index: Int32) {
        entries[Int(index)].older = newest
        entries[Int(index)].newer = -1
        if newest >= 0 { entries[Int(newest)].newer = index } else { oldest = index }
        newest = index
    }

    private mutating func unlink(_ index: Int32) {
        let newer = entries[Int(index)].newer
        let older = entries[Int(index)].older
        if newer >= 0 { entries[Int(newer)].older = older } else { newest = older }
        if older >= 0 { entries[Int(older)].newer = newer } else { oldest = newer }
    }
}
