import Cryptography
import Glibc

/// Makes an artefact of the published weights: whole numbers of one byte with a scale for each word, and for each output and
/// block of inputs.
enum ArtefactWriter {
    /// The digests of what an artefact is made of.
    struct Origin {
        var weights: SHA256Hash
        var vocabulary: SHA256Hash
    }

    /// The bytes of the artefact, the same on every machine. `vocabulary` are the lines of `vocab.txt`; `progress` goes from 0 to 1.
    static func bytes(
        of source: SourceWeights, vocabulary: UnsafeRawBufferPointer, origin: Origin, progress: (Double) -> Void
    ) throws -> [UInt8] {
        let layout = ArtefactLayout(vocabularyBytes: vocabulary.count)
        var bytes = [UInt8](repeating: 0, count: layout.fileBytes)
        try bytes.withUnsafeMutableBytes { target in
            let quantiser = Quantiser(target: target)
            for word in 0..<MiniLMShape.vocabulary {
                quantiser.put(
                    scale: layout.wordScales + 4 * word, count: MiniLMShape.hidden,
                    value: { source.words.float(word * MiniLMShape.hidden + $0) },
                    place: { layout.words + word * MiniLMShape.hidden + $0 })
                if word % 4_096 == 0 { progress(0.4 * Double(word) / Double(MiniLMShape.vocabulary)) }
            }
            quantiser.put(layout.positions, count: MiniLMShape.maximumTokens * MiniLMShape.hidden) { index in
                source.position(index / MiniLMShape.hidden, index % MiniLMShape.hidden)
            }
            quantiser.put(layout.embeddingNorm, source.embeddingNorm)
            for (index, (place, layer)) in zip(layout.layers, source.layers).enumerated() {
                quantiser.put(place.attention, layer.attention)
                quantiser.put(place.attentionOutput, layer.attentionOutput)
                quantiser.put(place.attentionNorm, layer.attentionNorm)
                quantiser.put(place.widen, layer.widen)
                quantiser.put(place.narrow, layer.narrow)
                quantiser.put(place.outputNorm, layer.outputNorm)
                progress(0.4 + 0.6 * Double(index + 1) / Double(MiniLMShape.layers))
            }
            UnsafeMutableRawBufferPointer(rebasing: target[layout.vocabulary...]).copyMemory(from: vocabulary)
            try writeHeader(target, layout, origin)
        }
        return bytes
    }

    private static func writeHeader(
        _ target: UnsafeMutableRawBufferPointer, _ layout: ArtefactLayout, _ origin: Origin
    ) throws {
        target.copyBytes(from: ArtefactLayout.magic)
        target.storeBytes(
            of: ArtefactLayout.version, toByteOffset: ArtefactLayout.versionOffset, as: UInt32.self)
        target.storeBytes(
            of: UInt64(layout.fileBytes - ArtefactLayout.headerBytes), toByteOffset: ArtefactLayout.payloadBytesOffset,
            as: UInt64.self)
        target.storeBytes(
            of: UInt64(layout.vocabularyBytes), toByteOffset: ArtefactLayout.vocabularyBytesOffset, as: UInt64.self)
        func put(_ hash: SHA256Hash, at offset: Int) {
            hash.withBytes {
                UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + 32]).copyMemory(from: $0)
            }
        }
        var digest = try SHA256Digest()
        put(
            try digest.digest(UnsafeRawBufferPointer(rebasing: target[ArtefactLayout.headerBytes...])),
            at: ArtefactLayout.payloadDigestOffset)
        put(origin.weights, at: ArtefactLayout.weightsDigestOffset)
        put(origin.vocabulary, at: ArtefactLayout.vocabularyDigestOffset)
        put(
            try digest.digest(UnsafeRawBufferPointer(rebasing: target[..<ArtefactLayout.headerDigestOffset])),
            at: ArtefactLayout.headerDigestOffset)
    }

    /// Puts numbers into their places.
    private struct Quantiser {
        let target: UnsafeMutableRawBufferPointer

        /// `count` floats, one after another.
        func put(_ offset: Int, count: Int, value: (Int) -> Float) {
            for index in 0..<count {
                target.storeBytes(of: value(index), toByteOffset: offset + 4 * index, as: Float.self)
            }
        }

        func put(_ place: ArtefactLayout.Norm, _ norm: SourceWeights.Norm) {
            put(place.weight, count: MiniLMShape.hidden) { norm.weight.float($0) }
            put(place.bias, count: MiniLMShape.hidden) { norm.bias.float($0) }
        }

        func put(_ place: ArtefactLayout.Matrix, _ matrix: SourceWeights.Matrix) {
            put(place.bias, count: matrix.outputs) { matrix.bias($0) }
            for output in 0..<matrix.outputs {
                for block in stride(from: 0, to: matrix.inputs, by: WeightMatrix.blockDepth) {
                    let first = PanelOrder.index(output: output, input: block, inputs: matrix.inputs)
                    let lane = output % PanelKernel.width
                    put(
                        scale: place.scales + 4 * ((first - lane) / WeightMatrix.blockDepth + lane),
                        count: WeightMatrix.blockDepth,
                        value: { matrix.weight(output: output, input: block + $0) },
                        place: { place.weights + first + $0 * PanelKernel.width })
                }
            }
        }

        /// Numbers as whole ones from −127 to 127, the largest of which stands for the largest of them, and their scale.
        func put(scale: Int, count: Int, value: (Int) -> Float, place: (Int) -> Int) {
            var largest: Float = 0
            for index in 0..<count { largest = max(largest, abs(value(index))) }
            let step = largest / 127
            target.storeBytes(of: step, toByteOffset: scale, as: Float.self)
            guard step > 0, step.isFinite else { return }
            for index in 0..<count {
                let whole = (value(index) / step).rounded(.toNearestOrEven)
                target[place(index)] = UInt8(bitPattern: Int8(max(-127, min(127, whole))))
            }
        }
    }
}

/// Where a weight lies among the panels of a `WeightMatrix`.
enum PanelOrder {
    static func index(output: Int, input: Int, inputs: Int) -> Int {
        (output / PanelKernel.width * inputs + input) * PanelKernel.width + output % PanelKernel.width
    }
}
