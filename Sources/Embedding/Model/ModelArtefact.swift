import BridgeCore
import Cryptography

/// The model as `ha-bridge model install` writes it: one file of 23 MB, mapped into memory.
package struct ModelArtefact: Sendable {
    /// Where it lies.
    package let path: String
    /// The version of its format.
    package let version: Int
    /// Its size in bytes.
    package let bytes: Int
    /// The SHA-256 of all behind the header, in hexadecimal digits.
    package let payloadDigest: String
    /// The SHA-256 of the weights it was made of, in hexadecimal digits.
    package let weightsDigest: String
    /// The SHA-256 of the vocabulary it was made of, in hexadecimal digits.
    package let vocabularyDigest: String

    private let file: MappedFile
    private let layout: ArtefactLayout

    /// Opens the artefact and checks its header and its size, which takes no time; `verify()` looks at every byte.
    ///
    /// Throws `.missing`, `.unsupported` for another version or another kind of file, `.damaged`, `.forbidden`.
    package init(path: String) throws(ModelError) {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch {
            guard error.code == .missing else { throw error }
            throw ModelError(.missing, "No model is installed at \(path). Run: ha-bridge model install")
        }
        let header = try Self.header(of: file)
        let vocabularyBytes = header.loadUnaligned(
            fromByteOffset: ArtefactLayout.vocabularyBytesOffset, as: UInt64.self)
        let payloadBytes = header.loadUnaligned(fromByteOffset: ArtefactLayout.payloadBytesOffset, as: UInt64.self)
        // The header's digest fits, so these are numbers that this program has written; still, nothing may overflow.
        let layout = ArtefactLayout(vocabularyBytes: Int(min(vocabularyBytes, 1 << 30)))
        guard payloadBytes == UInt64(layout.fileBytes - ArtefactLayout.headerBytes),
            file.bytes.count == layout.fileBytes
        else {
            throw Self.damaged(path, "it has \(file.bytes.count) bytes instead of \(layout.fileBytes)")
        }
        self.path = path
        self.file = file
        self.layout = layout
        bytes = file.bytes.count
        version = Int(ArtefactLayout.version)
        payloadDigest = Self.hex(header, at: ArtefactLayout.payloadDigestOffset)
        weightsDigest = Self.hex(header, at: ArtefactLayout.weightsDigestOffset)
        vocabularyDigest = Self.hex(header, at: ArtefactLayout.vocabularyDigestOffset)
    }

    /// Reads every byte and compares their SHA-256 with the header's. Throws `.damaged`.
    package func verify() throws(ModelError) {
        guard try file.digest(from: ArtefactLayout.headerBytes).hex == payloadDigest else {
            throw Self.damaged(path, "its bytes have changed since it was written")
        }
    }

    /// Whether it was made of the model that this program knows.
    package var isKnownModel: Bool {
        weightsDigest == ModelSource.weightsDigest && vocabularyDigest == ModelSource.vocabularyDigest
    }

    /// The words of the model.
    func vocabulary() throws(ModelError) -> Vocabulary {
        try Vocabulary(lines: file.bytes[layout.vocabulary..<layout.vocabulary + layout.vocabularyBytes])
    }

    /// The weights, where they lie.
    func weights() throws(ModelError) -> MiniLMWeights {
        guard let base = file.bytes.baseAddress else { throw Self.damaged(path, "it is empty") }
        let view = View(base: base)
        return MiniLMWeights(
            words: .bytes(view.bytes(layout.words), scales: view.floats(layout.wordScales)),
            positions: view.floats(layout.positions), embeddingNorm: view.norm(layout.embeddingNorm),
            layers: layout.layers.map { layer in
                LayerWeights(
                    attention: view.matrix(layer.attention), attentionOutput: view.matrix(layer.attentionOutput),
                    attentionNorm: view.norm(layer.attentionNorm), widen: view.matrix(layer.widen),
                    narrow: view.matrix(layer.narrow), outputNorm: view.norm(layer.outputNorm))
            }, owner: file,
            wordPages: (file, layout.words..<layout.words + MiniLMShape.vocabulary * MiniLMShape.hidden))
    }

    /// Pointers to the parts of a file.
    private struct View {
        let base: UnsafeRawPointer

        func bytes(_ offset: Int) -> UnsafePointer<Int8> { (base + offset).assumingMemoryBound(to: Int8.self) }
        func floats(_ offset: Int) -> UnsafePointer<Float> { (base + offset).assumingMemoryBound(to: Float.self) }
        func norm(_ norm: ArtefactLayout.Norm) -> NormWeights {
            NormWeights(weight: floats(norm.weight), bias: floats(norm.bias))
        }
        func matrix(_ matrix: ArtefactLayout.Matrix) -> WeightMatrix {
            WeightMatrix(
                outputs: matrix.outputs, inputs: matrix.inputs,
                elements: .bytes(bytes(matrix.weights), scales: floats(matrix.scales)), bias: floats(matrix.bias))
        }
    }

    /// The header, once it is one of this version and undamaged.
    private static func header(of file: MappedFile) throws(ModelError) -> UnsafeRawBufferPointer {
        guard file.bytes.count >= ArtefactLayout.headerBytes, file.bytes.starts(with: ArtefactLayout.magic) else {
            throw ModelError(
                .unsupported, "\(file.path) is not a model of ha-bridge. Run: ha-bridge model install")
        }
        let header = UnsafeRawBufferPointer(rebasing: file.bytes[..<ArtefactLayout.headerBytes])
        let version = header.loadUnaligned(fromByteOffset: ArtefactLayout.versionOffset, as: UInt32.self)
        guard version == ArtefactLayout.version else {
            throw ModelError(
                .unsupported,
                "The model \(file.path) has format \(version), and this program reads \(ArtefactLayout.version)."
                    + " Run: ha-bridge model install")
        }
        let expected = hex(header, at: ArtefactLayout.headerDigestOffset)
        guard (try? sha256Hex(header[..<ArtefactLayout.headerDigestOffset])) == expected else {
            throw damaged(file.path, "its header has changed since it was written")
        }
        return header
    }

    private static func damaged(_ path: String, _ why: String) -> ModelError {
        ModelError(.damaged, "The model \(path) is damaged: \(why). Run: ha-bridge model install")
    }

    private static func hex(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> String {
        Hexadecimal.text(bytes[offset..<offset + 32])
    }
}
