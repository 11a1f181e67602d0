import BridgeCore

/// Identifies what is embedded of an event: events with the same key have the same vector.
///
/// The first 16 bytes of a SHA-256 over everything that the vector is made of, and the connection, so that no house reaches
/// another's vector. It does not depend on the embedder: with a new model the keys stay and their vectors are made anew.
package struct EmbeddingKey: Hashable, Sendable {
    /// Bytes 0 to 7 and 8 to 15, big-endian.
    package var high: UInt64
    package var low: UInt64

    /// A key of two halves.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the 16 bytes of the column `embedding_key`; `nil` for another length.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        func half(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: half(bytes[0..<8]), low: half(bytes[8..<16]))
    }

    /// Half of it tells it from others: it is a piece of a SHA-256, and it is looked up for every event.
    package func hash(into hasher: inout Hasher) { hasher.combine(low) }

    /// The 16 bytes of the column `embedding_key`.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) } }
    }
}

extension EmbeddingKey: CustomStringConvertible {
    package var description: String { Hexadecimal.text(bytes) }
}
