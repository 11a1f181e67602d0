import Glibc
import Testing

@testable import Embedding

@Suite struct PanelKernelTests {
    static let kernels = PanelKernel.allCases.filter(\.isAvailable)

    /// Products with room for every step, where rows and sums lie apart.
    @Test(arguments: kernels, [(4, 128), (8, 384), (20, 1), (24, 77)])
    func multipliesLikeASchoolchild(kernel: PanelKernel, size: (rows: Int, depth: Int)) {
        var numbers = TestNumbers(state: 7)
        let (rows, depth) = size
        let inputStride = depth + 3
        let sumsStride = 48
        let input = numbers.floats(rows * inputStride)
        let panel = numbers.floats(depth * 16)
        let before = numbers.floats(rows * sumsStride)
        for continues in [false, true] {
            var sums = before
            kernel.multiply(
                input, stride: inputStride, rows: rows, panel: panel, depth: depth, sums: &sums, stride: sumsStride,
                continues: continues)
            for row in 0..<rows {
                for column in 0..<sumsStride {
                    let index = row * sumsStride + column
                    guard column < 16 else {
                        #expect(sums[index] == before[index])
                        continue
                    }
                    var expected = continues ? Double(before[index]) : 0
                    for k in 0..<depth {
                        expected += Double(input[row * inputStride + k]) * Double(panel[k * 16 + column])
                    }
                    #expect(abs(Double(sums[index]) - expected) < 1e-4)
                }
            }
        }
    }

    @Test(arguments: kernels) func givesARowTheSameBitsWhereverItStands(kernel: PanelKernel) {
        var numbers = TestNumbers(state: 8)
        let depth = 384
        let row = numbers.floats(depth)
        let panel = numbers.floats(depth * 16)
        func sums(rows: Int, at place: Int) -> [UInt32] {
            var input = numbers.floats(rows * depth)
            input.replaceSubrange(place * depth..<(place + 1) * depth, with: row)
            var sums = [Float](repeating: 0, count: rows * 16)
            kernel.multiply(
                input, stride: depth, rows: rows, panel: panel, depth: depth, sums: &sums, stride: 16, continues: false)
            return sums[place * 16..<(place + 1) * 16].map(\.bitPattern)
        }
        let alone = sums(rows: 4, at: 0)
        for place in 0..<12 { #expect(sums(rows: 12, at: place) == alone) }
    }

    @Test(arguments: kernels) func expandsEveryByte(kernel: PanelKernel) {
        let bytes = (0..<256).map { Int8(truncatingIfNeeded: $0) }
        let scales = (0..<16).map { Float($0) * 0.25 - 1 }
        var floats = [Float](repeating: .nan, count: 256)
        kernel.expand(bytes, scales: scales, into: &floats, depth: 16)
        #expect(floats == (0..<256).map { Float(bytes[$0]) * scales[$0 % 16] })
    }

    @Test func multipliesWholeMatricesOfBothKinds() {
        var numbers = TestNumbers(state: 9)
        let (outputs, inputs, rows) = (32, 768, 4)
        let bytes = (0..<outputs * inputs).map { _ in Int8.random(in: -127...127, using: &numbers) }
        let scales = numbers.floats(outputs * inputs / WeightMatrix.blockDepth, in: 0.01...0.02)
        let bias = numbers.floats(outputs)
        let input = numbers.floats(rows * inputs)
        var expanded = [Float](repeating: 0, count: outputs * inputs)
        for output in 0..<outputs {
            for k in 0..<inputs {
                let index = PanelOrder.index(output: output, input: k, inputs: inputs)
                // The scales lie as the weights do, one for 128.
                let block = PanelOrder.index(output: output, input: k / 128 * 128, inputs: inputs) - output % 16
                expanded[index] = Float(bytes[index]) * scales[block / 128 + output % 16]
            }
        }
        var results: [[Float]] = []
        for kernel in Self.kernels {
            for isExpanded in [false, true] {
                var output = [Float](repeating: .nan, count: rows * outputs)
                var scratch = [Float](repeating: .nan, count: WeightMatrix.scratch)
                bytes.withUnsafeBufferPointer { bytes in
                    scales.withUnsafeBufferPointer { scales in
                        expanded.withUnsafeBufferPointer { expanded in
                            bias.withUnsafeBufferPointer { bias in
                                guard let bytes = bytes.baseAddress, let scales = scales.baseAddress,
                                    let expanded = expanded.baseAddress, let bias = bias.baseAddress
                                else { return }
                                let matrix = WeightMatrix(
                                    outputs: outputs, inputs: inputs,
                                    elements: isExpanded ? .float(expanded) : .bytes(bytes, scales: scales), bias: bias)
                                matrix.multiply(input, rows: rows, into: &output, scratch: &scratch, kernel: kernel)
                            }
                        }
                    }
                }
                results.append(output)
            }
        }
        for row in 0..<rows {
            for output in 0..<outputs {
                var expected = Double(bias[output])
                for k in 0..<inputs {
                    let weight = expanded[PanelOrder.index(output: output, input: k, inputs: inputs)]
                    expected += Double(input[row * inputs + k]) * Double(weight)
                }
                for result in results { #expect(abs(Double(result[row * outputs + output]) - expected) < 2e-3) }
            }
        }
        // The same weights give the same bits, however they were stored.
        for pair in stride(from: 0, to: results.count, by: 2) { #expect(results[pair] == results[pair + 1]) }
    }
}

@Suite struct VectorMathTests {
    @Test func computesGELUWithTheErrorFunction() {
        var values =
            stride(from: Float(-12), to: 12, by: 1.0 / 64).map { $0 } + [0, -100, 100, 3e38, -3e38, 1e-30, 5.2, -5.2]
        let inputs = values
        #expect(values.count % 8 == 0)
        VectorMath.gelu(&values, count: values.count)
        for (x, y) in zip(inputs, values) {
            let expected = Double(x) * 0.5 * (1 + erf(Double(x) / 2.0.squareRoot()))
            #expect(abs(Double(y) - expected) <= 2e-6 + 1e-6 * abs(expected), "\(x)")
        }
    }

    @Test(arguments: [1, 7, 8, 9, 256]) func makesSharesOfScores(count: Int) {
        var numbers = TestNumbers(state: 10)
        let scores = numbers.floats(count, in: -30...30)
        var shares = scores + [Float](repeating: .nan, count: 8)
        VectorMath.softmax(&shares, count: count)
        let highest = scores.max() ?? 0
        let sum = scores.reduce(0) { $0 + exp(Double($1 - highest)) }
        for (score, share) in zip(scores, shares) {
            #expect(abs(Double(share) - exp(Double(score - highest)) / sum) < 1e-6)
        }
        #expect(abs(shares.prefix(count).reduce(0, +) - 1) < 1e-5)
    }

    @Test func bringsRowsToMeanZero() {
        var numbers = TestNumbers(state: 11)
        var rows = numbers.floats(2 * 384, in: 5...9)
        let addend = numbers.floats(2 * 384)
        let sums = zip(rows, addend).map { Double($0) + Double($1) }
        let weight = numbers.floats(384)
        let bias = numbers.floats(384)
        VectorMath.normalise(&rows, adding: addend, count: 2, width: 384, weight: weight, bias: bias)
        for row in 0..<2 {
            let values = sums[row * 384..<(row + 1) * 384]
            let mean = values.reduce(0, +) / 384
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 384
            for (index, value) in values.enumerated() {
                let expected = (value - mean) / variance.squareRoot() * Double(weight[index]) + Double(bias[index])
                #expect(abs(Double(rows[row * 384 + index]) - expected) < 1e-4)
            }
        }
    }
}
