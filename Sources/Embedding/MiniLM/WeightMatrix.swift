/// The weights of one linear step, [outputs, inputs], in panels of 16 outputs.
///
/// Panel p holds, for each input in turn, the weights of the outputs 16p to 16p + 15 side by side. Borrows its memory: whoever owns
/// it (`MiniLMWeights`) must live longer. Outputs are a multiple of 16, inputs of
/// `depth`.
struct WeightMatrix {
    /// How a weight is stored.
    enum Elements {
        case float(UnsafePointer<Float>)
        /// Whole numbers. A scale for each output and block of `blockDepth` inputs turns them into weights: 16 scales for each block
        /// of each panel.
        case bytes(UnsafePointer<Int8>, scales: UnsafePointer<Float>)
    }

    let outputs: Int
    let inputs: Int
    let elements: Elements
    let bias: UnsafePointer<Float>

    /// Inputs that share a scale. One scale for a whole row is too coarse: a few outputs of the third layer have single weights far
    /// beyond the others, and short texts feel it.
    static let blockDepth = 128

    /// Inputs of a panel that are worked on at once: their weights as floats are 24 KiB, which the nearest cache holds.
    static let depth = 384

    /// Room that `multiply` needs for expanded weights, in floats.
    static let scratch = depth * PanelKernel.width

    /// Computes `output[row] = W × input[row] + bias` for `rows` rows, a multiple of `PanelKernel.rowGroup`, stored one after another.
    func multiply(
        _ input: UnsafePointer<Float>, rows: Int, into output: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, kernel: PanelKernel
    ) {
        let width = PanelKernel.width
        for first in stride(from: 0, to: outputs, by: width) {
            for start in stride(from: 0, to: inputs, by: Self.depth) {
                let offset = first * inputs + start * width
                let panel: UnsafePointer<Float>
                switch elements {
                case .float(let weights): panel = weights + offset
                case .bytes(let weights, let scales):
                    for block in stride(from: 0, to: Self.depth, by: Self.blockDepth) {
                        kernel.expand(
                            weights + offset + block * width,
                            scales: scales + (offset + block * width) / Self.blockDepth,
                            into: scratch + block * width, depth: Self.blockDepth)
                    }
                    panel = UnsafePointer(scratch)
                }
                kernel.multiply(
                    input + start, stride: inputs, rows: rows, panel: panel, depth: Self.depth, sums: output + first,
                    stride: outputs, continues: start > 0)
            }
        }
        for row in 0..<rows {
            let sums = output + row * outputs
            for index in 0..<outputs { sums[index] += bias[index] }
        }
    }
}
