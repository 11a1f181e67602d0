#if canImport(Glibc)
    import Glibc
#endif

/// A generator whose sequence a seed decides, so that a failed run can be had again.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The sequence of `seed`.
    package init(seed: UInt64) { state = seed }

    /// SplitMix64.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// The seed of this run: what `HA_BRIDGE_TEST_SEED` says, or a new one. A failed test prints it.
package enum TestSeed {
    package static let value: UInt64 =
        getenv("HA_BRIDGE_TEST_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0..<1_000_000)
}
