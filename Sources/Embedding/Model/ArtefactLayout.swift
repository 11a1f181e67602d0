import Cryptography

/// Where everything lies in an artefact of `version`, in bytes from its start.
///
/// A header of 256 bytes, then the payload: the parts in a fixed order, each at a multiple of 64. The shape of the model is fixed,
/// so the places are too, and only the vocabulary, which comes last, has a length of its own. Numbers are little-endian, as all
/// processors are that Swift runs on here.
struct ArtefactLayout {
    static let magic = Array("HBMINILM".utf8)
    static let version: UInt32 = 1
    static let headerBytes = 256
    /// The header's own digest stands at its end.
    static let headerDigestOffset = headerBytes - 32

    // Within the header.
    static let versionOffset = 8
    static let payloadBytesOffset = 16
    static let vocabularyBytesOffset = 24
    static let payloadDigestOffset = 32
    static let weightsDigestOffset = 64
    static let vocabularyDigestOffset = 96

    /// A linear step: weights as bytes in panels, a scale for each output and block of inputs, a bias for each output.
    struct Matrix {
        let outputs: Int
        let inputs: Int
        let weights: Int
        let scales: Int
        let bias: Int
    }

    struct Norm {
        let weight: Int
        let bias: Int
    }

    struct Layer {
        let attention: Matrix
        let attentionOutput: Matrix
        let attentionNorm: Norm
        let widen: Matrix
        let narrow: Matrix
        let outputNorm: Norm
    }

    let words: Int
    let wordScales: Int
    let positions: Int
    let embeddingNorm: Norm
    let layers: [Layer]
    let vocabulary: Int
    let vocabularyBytes: Int
    /// The size of the file.
    let fileBytes: Int

    init(vocabularyBytes: Int) {
        var cursor = Cursor(end: Self.headerBytes)
        let hidden = MiniLMShape.hidden
        let inner = MiniLMShape.inner
        words = cursor.place(MiniLMShape.vocabulary * hidden)
        wordScales = cursor.place(MiniLMShape.vocabulary * 4)
        positions = cursor.place(MiniLMShape.maximumTokens * hidden * 4)
        embeddingNorm = cursor.norm()
        layers = (0..<MiniLMShape.layers).map { _ in
            // Arguments are evaluated in this order, which is the order in the file.
            Layer(
                attention: cursor.matrix(outputs: 3 * hidden, inputs: hidden),
                attentionOutput: cursor.matrix(outputs: hidden, inputs: hidden), attentionNorm: cursor.norm(),
                widen: cursor.matrix(outputs: inner, inputs: hidden),
                narrow: cursor.matrix(outputs: hidden, inputs: inner), outputNorm: cursor.norm())
        }
        vocabulary = cursor.place(vocabularyBytes)
        self.vocabularyBytes = vocabularyBytes
        fileBytes = cursor.end
    }

    /// Gives each part its place behind the one before.
    private struct Cursor {
        var end: Int

        mutating func place(_ bytes: Int) -> Int {
            let start = (end + 63) & ~63
            end = start + bytes
            return start
        }

        mutating func matrix(outputs: Int, inputs: Int) -> Matrix {
            Matrix(
                outputs: outputs, inputs: inputs, weights: place(outputs * inputs),
                scales: place(outputs * inputs / WeightMatrix.blockDepth * 4), bias: place(outputs * 4))
        }

        mutating func norm() -> Norm {
            Norm(weight: place(MiniLMShape.hidden * 4), bias: place(MiniLMShape.hidden * 4))
        }
    }
}
