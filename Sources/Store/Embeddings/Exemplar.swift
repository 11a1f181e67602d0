import BridgeCore

/// The row that carries the vector of a key in a month.
package struct Exemplar: Hashable, Sendable {
    package let key: EventKey
    /// The month whose rows may point to it.
    package let month: EventMonth
    package let id: EventID

    /// An exemplar as a directory keeps it.
    package init(key: EventKey, month: EventMonth, id: EventID) {
        self.key = key
        self.month = month
        self.id = id
    }
}

/// How far the embedding is.
package struct EmbeddingProgress: Sendable, Equatable {
    /// Events that have a key and wait for its vector; counted up to a million.
    package var pendingRows: Int
    /// Their different keys.
    package var pendingKeys: Int
    /// Vectors stored.
    package var exemplars: Int
    /// Those of them that another version made.
    package var outdated: Int
}

/// What one round of embedding did.
package struct EmbeddingRound: Sendable, Equatable {
    /// Keys for which a vector was made.
    package var embedded = 0
    /// Keys whose vector was there already, in another month.
    package var copied = 0
    /// Events that have their exemplar now.
    package var rows = 0
    /// Exemplars that have a vector of this version now.
    package var renewed = 0
    /// Events that lost their key because nothing says what it stands for.
    package var undocumented = 0

    /// A round that did nothing.
    package init() {}

    /// Whether there was nothing to do.
    package var isIdle: Bool { self == EmbeddingRound() }
}
