import Foundation

/// SplitMix64: a small generator whose whole sequence follows from its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

    /// True once in `count` calls.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// The seed and the size of a run: `HA_BRIDGE_FUZZ_SEED` runs one again, `HA_BRIDGE_FUZZ_CASES` makes it longer.
enum FuzzRun {
    static let seed: UInt64 =
        ProcessInfo.processInfo.environment["HA_BRIDGE_FUZZ_SEED"].flatMap(UInt64.init)
        ?? UInt64.random(in: 0..<1_000_000_000)

    /// Whether the run may take its time.
    static var isLong: Bool { ProcessInfo.processInfo.environment["HA_BRIDGE_FUZZ_CASES"] != nil }

    static func cases(default count: Int) -> Int {
        ProcessInfo.processInfo.environment["HA_BRIDGE_FUZZ_CASES"].flatMap(Int.init) ?? count
    }

    /// A generator of its own for each test, so that one test alone repeats what it did in the whole run.
    static func generator(_ name: StaticString) -> SeededGenerator {
        print("fuzz \(name): HA_BRIDGE_FUZZ_SEED=\(seed)")
        return SeededGenerator(seed: seed)
    }
}
