/// The 32 bytes of a SHA-256 digest, held inline.
package struct SHA256Hash: Hashable, Sendable, CustomStringConvertible {
    // Big-endian words, so that the hash costs no allocation and compares fast.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// `bytes` holds at least 32 bytes.
    init(_ bytes: UnsafeRawBufferPointer) {
        first = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        second = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        third = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        fourth = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }

    /// The first 16 bytes as two big-endian words: what an id derived from a hash is made of.
    package var leadingWords: (UInt64, UInt64) { (first, second) }

    /// Lends the 32 bytes for the length of `body`.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let words = (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian)
        return try withUnsafeBytes(of: words, body)
    }

    /// The 32 bytes in an array of their own.
    package var bytes: [UInt8] { withBytes { Array($0) } }

    /// 64 lowercase hexadecimal digits, as `encode(sha256(…), 'hex')` of PostgreSQL gives them.
    package var hex: String {
        withBytes { bytes in
            String(unsafeUninitializedCapacity: 64) { target in
                for (index, byte) in bytes.enumerated() {
                    target[index * 2] = Self.hexDigit(byte >> 4)
                    target[index * 2 + 1] = Self.hexDigit(byte & 15)
                }
                return 64
            }
        }
    }

    package var description: String { hex }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
}
