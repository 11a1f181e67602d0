/// The weights as their makers publish them, by name. Borrows the file's memory.
struct SourceWeights {
    /// A linear step: [outputs, inputs] row by row, and a bias for each output.
    struct Matrix {
        let outputs: Int
        let inputs: Int
        let weights: [UnsafeRawBufferPointer]
        let biases: [UnsafeRawBufferPointer]

        /// One weight. `weights` are stacked, one below the other, and all have the same number of outputs.
        func weight(output: Int, input: Int) -> Float {
            let part = outputs / weights.count
            return weights[output / part].float((output % part) * inputs + input)
        }

        func bias(_ output: Int) -> Float {
            let part = outputs / biases.count
            return biases[output / part].float(output % part)
        }
    }

    struct Norm {
        let weight: UnsafeRawBufferPointer
        let bias: UnsafeRawBufferPointer
    }

    struct Layer {
        let attention: Matrix
        let attentionOutput: Matrix
        let attentionNorm: Norm
        let widen: Matrix
        let narrow: Matrix
        let outputNorm: Norm
    }

    let words: UnsafeRawBufferPointer
    let embeddingNorm: Norm
    let layers: [Layer]
    private let places: UnsafeRawBufferPointer
    private let kinds: UnsafeRawBufferPointer
    private let file: SafetensorsFile

    /// Finds every tensor. Throws `.wrongSource` when one is missing or has another shape.
    init(_ file: SafetensorsFile) throws(ModelError) {
        self.file = file
        let hidden = MiniLMShape.hidden
        words = try file.floats("embeddings.word_embeddings.weight", shape: [MiniLMShape.vocabulary, hidden])
        places = try file.floats("embeddings.position_embeddings.weight", shape: [512, hidden])
        kinds = try file.floats("embeddings.token_type_embeddings.weight", shape: [2, hidden])
        embeddingNorm = try Self.norm(file, "embeddings.LayerNorm")
        var layers: [Layer] = []
        for index in 0..<MiniLMShape.layers { layers.append(try Self.layer(file, "encoder.layer.\(index)")) }
        self.layers = layers
    }

    /// What is added to each word at a position: the place itself, and the first kind of sentence, which all texts are.
    func position(_ position: Int, _ index: Int) -> Float {
        places.float(position * MiniLMShape.hidden + index) + kinds.float(index)
    }

    private static func layer(_ file: SafetensorsFile, _ name: String) throws(ModelError) -> Layer {
        let hidden = MiniLMShape.hidden
        let inner = MiniLMShape.inner
        let parts = ["query", "key", "value"].map { "\(name).attention.self.\($0)" }
        return Layer(
            attention: try matrix(file, parts, outputs: hidden, inputs: hidden),
            attentionOutput: try matrix(file, ["\(name).attention.output.dense"], outputs: hidden, inputs: hidden),
            attentionNorm: try norm(file, "\(name).attention.output.LayerNorm"),
            widen: try matrix(file, ["\(name).intermediate.dense"], outputs: inner, inputs: hidden),
            narrow: try matrix(file, ["\(name).output.dense"], outputs: hidden, inputs: inner),
            outputNorm: try norm(file, "\(name).output.LayerNorm"))
    }

    private static func matrix(
        _ file: SafetensorsFile, _ names: [String], outputs: Int, inputs: Int
    ) throws(ModelError) -> Matrix {
        var weights: [UnsafeRawBufferPointer] = []
        var biases: [UnsafeRawBufferPointer] = []
        for name in names {
            weights.append(try file.floats("\(name).weight", shape: [outputs, inputs]))
            biases.append(try file.floats("\(name).bias", shape: [outputs]))
        }
        return Matrix(outputs: outputs * names.count, inputs: inputs, weights: weights, biases: biases)
    }

    private static func norm(_ file: SafetensorsFile, _ name: String) throws(ModelError) -> Norm {
        Norm(
            weight: try file.floats("\(name).weight", shape: [MiniLMShape.hidden]),
            bias: try file.floats("\(name).bias", shape: [MiniLMShape.hidden]))
    }
}

extension UnsafeRawBufferPointer {
    /// The number at `index` of a tensor, which may be unaligned. Traps outside of it.
    func float(_ index: Int) -> Float { loadUnaligned(fromByteOffset: index * 4, as: Float.self) }
}
