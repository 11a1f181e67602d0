/// The published weights as they are, copied into the order the kernels want: 90 MB, to measure what the artefact's rounding costs.
final class FullPrecisionWeights: @unchecked Sendable {
    // @unchecked: the memory is filled by `load` and only read afterwards.
    private var blocks: [UnsafeMutablePointer<Float>] = []

    private init() {}

    deinit { for block in blocks { block.deallocate() } }

    /// Copies all that `source` has.
    static func load(_ source: SourceWeights) -> MiniLMWeights {
        let owner = FullPrecisionWeights()
        let hidden = MiniLMShape.hidden
        let words = owner.block(MiniLMShape.vocabulary * hidden) { source.words.float($0) }
        let positions = owner.block(MiniLMShape.maximumTokens * hidden) { source.position($0 / hidden, $0 % hidden) }
        let layers = source.layers.map { layer in
            LayerWeights(
                attention: owner.matrix(layer.attention), attentionOutput: owner.matrix(layer.attentionOutput),
                attentionNorm: owner.norm(layer.attentionNorm), widen: owner.matrix(layer.widen),
                narrow: owner.matrix(layer.narrow), outputNorm: owner.norm(layer.outputNorm))
        }
        return MiniLMWeights(
            words: .float(words), positions: positions, embeddingNorm: owner.norm(source.embeddingNorm), layers: layers,
            owner: owner)
    }

    private func block(_ count: Int, _ value: (Int) -> Float) -> UnsafePointer<Float> {
        let block = UnsafeMutablePointer<Float>.allocate(capacity: count)
        for index in 0..<count { (block + index).initialize(to: value(index)) }
        blocks.append(block)
        return UnsafePointer(block)
    }

    private func norm(_ norm: SourceWeights.Norm) -> NormWeights {
        NormWeights(
            weight: block(MiniLMShape.hidden) { norm.weight.float($0) },
            bias: block(MiniLMShape.hidden) { norm.bias.float($0) })
    }

    private func matrix(_ matrix: SourceWeights.Matrix) -> WeightMatrix {
        let width = PanelKernel.width
        let weights = block(matrix.outputs * matrix.inputs) { index in
            let (row, lane) = index.quotientAndRemainder(dividingBy: width)
            let (panel, input) = row.quotientAndRemainder(dividingBy: matrix.inputs)
            return matrix.weight(output: panel * width + lane, input: input)
        }
        return WeightMatrix(
            outputs: matrix.outputs, inputs: matrix.inputs, elements: .float(weights),
            bias: block(matrix.outputs) { matrix.bias($0) })
    }
}

extension MiniLMEncoder {
    /// Runs the model with the weights as published, from a directory with `model.safetensors` and `vocab.txt`. Throws
    /// `.missing`, `.damaged` and `.wrongSource`.
    package init(published directory: String) throws(ModelError) { try self.init(published: directory, kernel: .best) }

    init(published directory: String, kernel: PanelKernel) throws(ModelError) {
        let words = try MappedFile(path: "\(directory)/\(ModelSource.vocabularyFile)")
        let source = try SourceWeights(SafetensorsFile(path: "\(directory)/\(ModelSource.weightsFile)"))
        self.init(
            tokenizer: WordPieceTokenizer(try Vocabulary(lines: words.bytes)),
            weights: FullPrecisionWeights.load(source),
            kernel: kernel)
    }
}
