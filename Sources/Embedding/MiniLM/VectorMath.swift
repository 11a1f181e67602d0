/// The functions between the matrices, on plain memory.
enum VectorMath {
    /// A vector that the compiler turns into the machine's own.
    typealias Lanes = SIMD8<Float>

    @inline(__always)
    static func load(_ floats: UnsafePointer<Float>) -> Lanes {
        UnsafeRawPointer(floats).loadUnaligned(as: Lanes.self)
    }

    @inline(__always)
    static func store(_ value: Lanes, _ floats: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(floats).storeBytes(of: value, as: Lanes.self)
    }

    /// The sum of both vectors' products. `count` is a multiple of 8.
    @inline(__always)
    static func dot(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, count: Int) -> Float {
        var sum = Lanes()
        var index = 0
        while index < count {
            sum = sum + load(left + index) * load(right + index)
            index += 8
        }
        return sum.sum()
    }

    // MARK: GELU

    // The normal distribution's Φ(x) − ½ = x × P(x²) / Q(x²) up to 5.2, by a weighted least squares fit: off by 3e-9 at most.
    private static let numerator: [Float] = [
        0.39894226, 0.032545257, 0.0046086716, 0.00015686685, 6.407736e-06, 2.472926e-08,
    ]
    private static let denominator: [Float] = [
        1, 0.24824521, 0.027927049, 0.0018172316, 7.0496855e-05, 1.2588036e-06,
    ]

    /// x × Φ(x), the smooth step of the feed-forward part, for `count` numbers in place; a multiple of 8. Off by 1e-6 at most.
    static func gelu(_ values: UnsafeMutablePointer<Float>, count: Int) {
        // Beyond it Φ is 0 or 1 as far as a Float can tell.
        let bound: Float = 5.2
        numerator.withUnsafeBufferPointer { p in
            denominator.withUnsafeBufferPointer { q in
                for index in stride(from: 0, to: count, by: 8) {
                    let x = load(values + index)
                    let bounded = x.replacing(with: -bound, where: x .< -bound).replacing(
                        with: bound, where: x .> bound)
                    let square = bounded * bounded
                    var above = Lanes(repeating: p[5])
                    var below = Lanes(repeating: q[5])
                    for power in [4, 3, 2, 1, 0] {
                        above = above * square + p[power]
                        below = below * square + q[power]
                    }
                    let product = x * (bounded * above / below + 0.5)
                    store(product.replacing(with: 0, where: x .< -bound), values + index)
                }
            }
        }
    }

    // MARK: Softmax

    /// e^x for x from −87 to 0 and a little beyond, off by 2e-7 of the result; smaller x give e^−87.
    @inline(__always)
    static func exponential(_ x: Lanes) -> Lanes {
        let bounded = x.replacing(with: -87, where: x .< -87)
        // x = n × ln 2 + r. ln 2 in two parts, so that the remainder keeps its bits.
        // Adding 1.5 × 2^23 rounds to a whole number and leaves it in the low bits.
        let rounding = Lanes(repeating: 12_582_912)
        let shifted = bounded * 1.442695 + rounding
        let n = shifted - rounding
        let r = (bounded - n * 0.693359375) - n * -2.12194440e-4
        var sum = Lanes(repeating: 0.0013814622)
        sum = sum * r + 0.008368711
        sum = sum * r + 0.04166839
        sum = sum * r + 0.16666521
        sum = sum * r + 0.49999994
        sum = sum * r * r + r + 1
        let exponent = (unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &+ 127) &<< 23
        return sum * unsafeBitCast(exponent, to: Lanes.self)
    }

    /// Turns scores into shares that sum up to one. `values` has room up to the next multiple of 8 after `count`, which is written.
    static func softmax(_ values: UnsafeMutablePointer<Float>, count: Int) {
        let padded = (count + 7) & ~7
        // What is beyond the end adds nothing.
        for index in count..<padded { values[index] = -.greatestFiniteMagnitude }
        var highest = values[0]
        for index in 1..<max(1, count) where values[index] > highest { highest = values[index] }
        var sum: Float = 0
        for index in stride(from: 0, to: padded, by: 8) {
            store(exponential(load(values + index) - highest), values + index)
        }
        for index in 0..<count { sum += values[index] }
        let share = 1 / sum
        for index in 0..<count { values[index] *= share }
    }

    // MARK: Norms

    /// Brings each row to mean 0 and variance 1 and applies weight and bias, in place; `addend`, where given, is added before.
    static func normalise(
        _ rows: UnsafeMutablePointer<Float>, adding addend: UnsafePointer<Float>?, count: Int, width: Int,
        weight: UnsafePointer<Float>, bias: UnsafePointer<Float>
    ) {
        for row in 0..<count {
            let values = rows + row * width
            var sum = Lanes()
            for index in stride(from: 0, to: width, by: 8) {
                var lanes = load(values + index)
                if let addend {
                    lanes += load(addend + row * width + index)
                    store(lanes, values + index)
                }
                sum += lanes
            }
            let mean = sum.sum() / Float(width)
            var squares = Lanes()
            for index in stride(from: 0, to: width, by: 8) {
                let distance = load(values + index) - mean
                squares += distance * distance
            }
            let scale = 1 / (squares.sum() / Float(width) + MiniLMShape.normEpsilon).squareRoot()
            for index in stride(from: 0, to: width, by: 8) {
                let lanes = (load(values + index) - mean) * scale
                store(lanes * load(weight + index) + load(bias + index), values + index)
            }
        }
    }
}
