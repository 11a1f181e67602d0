import BridgeConcurrency

/// Remembers the vectors of the texts used last, in front of another encoder.
///
/// Texts that Unicode calls equal, however their accents are written, are one. A hit gives the bits that the encoder gave. Any
/// thread may call; the encoder runs outside the lock, so two threads that miss the same text at once both compute it.
package final class CachingSentenceEncoder: SentenceEncoder {
    /// How often a text was and was not known.
    package struct Counts: Equatable, Sendable {
        package var hits = 0
        package var misses = 0
    }

    /// What a list node and a table entry cost is small beside a vector: 4,096 texts are about 7 MB.
    package static let defaultCapacity = 4_096
    /// Longer texts are not kept, so that texts from outside cannot fill the memory.
    static let longestText = 1_024

    private let encoder: any SentenceEncoder
    private let state: LockedBox<RecentVectors>

    /// Keeps at most `capacity` texts.
    package init(_ encoder: any SentenceEncoder, capacity: Int = CachingSentenceEncoder.defaultCapacity) {
        self.encoder = encoder
        state = LockedBox(RecentVectors(capacity: max(1, capacity)))
    }

    package var counts: Counts { state.withLock { $0.counts } }

    /// The number of texts remembered now.
    package var count: Int { state.withLock { $0.count } }

    /// Forgets every text; names and titles are in them.
    package func removeAll() { state.withLock { $0.removeAll() } }

    package func encode(_ texts: [String]) -> [[Float]] {
        var vectors = state.withLock { state in texts.map { state.vector(of: $0) } }
        // A text that comes twice is computed once.
        var places: [String: [Int]] = [:]
        var missing: [String] = []
        for (index, vector) in vectors.enumerated() where vector == nil {
            if places[texts[index], default: []].isEmpty { missing.append(texts[index]) }
            places[texts[index], default: []].append(index)
        }
        guard !missing.isEmpty else { return vectors.map { $0 ?? [] } }
        let computed = encoder.encode(missing)
        for (text, vector) in zip(missing, computed) {
            for index in places[text] ?? [] { vectors[index] = vector }
        }
        state.withLock { state in
            for (text, vector) in zip(missing, computed) where text.utf8.count <= Self.longestText {
                state.insert(text, vector)
            }
        }
        return vectors.map { $0 ?? [] }
    }
}

/// The vectors of recent texts in the order of their last use: a table and a doubly linked list in arrays.
private struct RecentVectors {
    private struct Entry {
        var text: String
        var vector: [Float]
        /// Towards the more recent; `none` for the most recent.
        var newer: Int
        var older: Int
    }

    private static let none = -1

    private let capacity: Int
    // Strings are equal and hash equally when they are canonically equivalent, which is what NFC is for.
    private var places: [String: Int] = [:]
    private var entries: [Entry] = []
    private var newest = RecentVectors.none
    private var oldest = RecentVectors.none
    private(set) var counts = CachingSentenceEncoder.Counts()

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    mutating func removeAll() {
        places.removeAll()
        entries.removeAll()
        newest = Self.none
        oldest = Self.none
    }

    mutating func vector(of text: String) -> [Float]? {
        guard let place = places[text] else {
            counts.misses += 1
            return nil
        }
        counts.hits += 1
        moveToFront(place)
        return entries[place].vector
    }

    mutating func insert(_ text: String, _ vector: [Float]) {
        if let place = places[text] { return moveToFront(place) }
        var place = entries.count
        if place == capacity {
            place = oldest
            unlink(place)
            places[entries[place].text] = nil
            entries[place].text = text
            entries[place].vector = vector
        } else {
            entries.append(Entry(text: text, vector: vector, newer: Self.none, older: Self.none))
        }
        places[text] = place
        link(place)
    }

    private mutating func moveToFront(_ place: Int) {
        guard newest != place else { return }
        unlink(place)
        link(place)
    }

    private mutating func unlink(_ place: Int) {
        let entry = entries[place]
        if entry.newer == Self.none { newest = entry.older } else { entries[entry.newer].older = entry.older }
        if entry.older == Self.none { oldest = entry.newer } else { entries[entry.older].newer = entry.newer }
    }

    private mutating func link(_ place: Int) {
        entries[place].newer = Self.none
        entries[place].older = newest
        if newest == Self.none { oldest = place } else { entries[newest].newer = place }
        newest = place
    }
}
