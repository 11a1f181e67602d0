/// Bytes by two hashes of them: 128 bits, which no two texts of a process share in practice, whatever someone sends.
///
/// The seeds differ in each process, so a digest goes into nothing that is kept.
struct ByteDigest: Hashable {
    var high: UInt64
    var low: UInt64

    private static let highSeed = UInt64.random(in: .min ... .max)
    private static let lowSeed = UInt64.random(in: .min ... .max)

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.init()
        add(bytes)
    }

    /// The digest of no bytes.
    init() {
        high = Self.highSeed
        low = Self.lowSeed
    }

    /// Takes in one more text. Where a text ends is part of the digest.
    mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
        add(UInt64(truncatingIfNeeded: bytes.count))
        let raw = UnsafeRawBufferPointer(bytes)
        var index = 0
        while index + 8 <= raw.count {
            add(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest: UInt64 = 0
        while index < raw.count {
            rest = rest << 8 | UInt64(raw[index])
            index += 1
        }
        add(rest)
    }

    /// Takes in one more number.
    @inline(__always)
    mutating func add(_ value: UInt64) {
        high = Self.mix(high ^ value, 0x9E37_79B9_7F4A_7C15)
        low = Self.mix(low &+ value, 0xD6E8_FEB8_6659_FD93)
    }

    @inline(__always)
    private static func mix(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }
}
