/// A hash that is the same in every process and for ever: FNV-1a with 64 bits, and a last mixing.
///
/// Vectors are stored, so that Swift's own seeded `Hasher` must never place a feature.
package struct StableHash: Sendable {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of nothing yet.
    package init() {}

    /// Adds the bytes of `text` in UTF-8.
    package mutating func add(_ text: some StringProtocol) {
        for byte in text.utf8 { add(byte) }
    }

    /// Adds one scalar's bytes in UTF-8.
    package mutating func add(_ scalar: Unicode.Scalar) {
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { add(byte) }
    }

    /// Adds one byte.
    package mutating func add(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    /// The hash of what was added. FNV's low bits are weak, which the mixing mends.
    package var value: UInt64 {
        var mixed = state
        mixed ^= mixed >> 32
        mixed = mixed &* 0xD6E8_FEB8_6659_FD93
        mixed ^= mixed >> 32
        return mixed
    }
}
