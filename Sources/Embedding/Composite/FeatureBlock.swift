/// A part of a vector into which features are hashed: a fixed number of dimensions for any number of features.
///
/// The lowest bit of a feature's hash is its sign and the rest its place, so that two features which meet by chance
/// cancel out on average instead of adding up.
struct FeatureBlock {
    /// The sums so far, not normalised.
    private(set) var values: [Float]

    init(dimensions: Int) {
        values = [Float](repeating: 0, count: dimensions)
    }

    /// Adds `weight` for the feature that `hash` stands for.
    mutating func add(_ hash: UInt64, weight: Float) {
        let index = Int((hash >> 1) % UInt64(values.count))
        values[index] += hash & 1 == 0 ? weight : -weight
    }

    /// Adds `weight` for the feature with this name. The parts are joined by a byte that no name contains.
    mutating func add(_ parts: String..., weight: Float) {
        var hash = StableHash()
        for (position, part) in parts.enumerated() {
            if position > 0 { hash.add(0x1F) }
            hash.add(part)
        }
        add(hash.value, weight: weight)
    }
}

extension [Float] {
    /// The same direction with length `length`; all zero stays all zero.
    func scaled(to length: Float) -> [Float] {
        var sum: Double = 0
        for value in self { sum += Double(value) * Double(value) }
        guard sum > 0, sum.isFinite else { return [Float](repeating: 0, count: count) }
        let factor = Float(Double(length) / sum.squareRoot())
        return map { $0 * factor }
    }
}
