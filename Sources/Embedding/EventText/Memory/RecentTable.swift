/// Values by the bytes of their key, of which the least recently used go when it is full.
///
/// Of a key it keeps a digest: a house may have thousands of them, and a process hundreds of houses. It takes no more memory than
/// what it holds asks for.
struct RecentTable<Value> {
    private struct Entry {
        var key: ByteDigest
        var value: Value
        /// The next entry with the same place in `heads`; -1 for none.
        var next: Int32
        var newer: Int32
        var older: Int32
    }

    /// So many values it may hold, at least one. What it holds already stays when this becomes less.
    var capacity: Int
    private var heads = [Int32](repeating: -1, count: 16)
    private var entries: [Entry] = []
    private var newest: Int32 = -1
    private var oldest: Int32 = -1

    /// Holds up to `capacity` values, at least one.
    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    /// The value under `key`, which counts as used by this.
    mutating func value(for key: ByteDigest) -> Value? {
        let index = find(key)
        guard index >= 0 else { return nil }
        touch(index)
        return entries[Int(index)].value
    }

    /// Puts `value` under `key`, in the place of what was there, or of the least recently used one where it is full.
    mutating func insert(_ value: Value, for key: ByteDigest) {
        let index = find(key)
        if index >= 0 {
            touch(index)
            entries[Int(index)].value = value
            return
        }
        if entries.count < max(capacity, 1) {
            if entries.count * 2 >= heads.count { spread() }
            let added = Int32(entries.count)
            entries.append(Entry(key: key, value: value, next: heads[place(of: key)], newer: -1, older: -1))
            heads[place(of: key)] = added
            link(added)
            return
        }
        let reused = oldest
        unchain(reused)
        unlink(reused)
        entries[Int(reused)] = Entry(key: key, value: value, next: heads[place(of: key)], newer: -1, older: -1)
        heads[place(of: key)] = reused
        link(reused)
    }

    mutating func removeAll() {
        heads = [Int32](repeating: -1, count: 16)
        entries = []
        newest = -1
        oldest = -1
    }

    // MARK: Chains

    @inline(__always)
    private func place(of key: ByteDigest) -> Int { Int(truncatingIfNeeded: key.high) & (heads.count - 1) }

    /// Gives the chains twice as many places.
    private mutating func spread() {
        heads = [Int32](repeating: -1, count: heads.count * 2)
        for index in entries.indices {
            let place = place(of: entries[index].key)
            entries[index].next = heads[place]
            heads[place] = Int32(index)
        }
    }

    private func find(_ key: ByteDigest) -> Int32 {
        var index = heads[place(of: key)]
        while index >= 0 {
            if entries[Int(index)].key == key { return index }
            index = entries[Int(index)].next
        }
        return -1
    }

    private mutating func unchain(_ index: Int32) {
        let place = place(of: entries[Int(index)].key)
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
