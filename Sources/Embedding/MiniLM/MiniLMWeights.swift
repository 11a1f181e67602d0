/// Scale and shift of one layer norm, `hidden` numbers each.
struct NormWeights {
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>
}

/// The weights of one of the six layers.
struct LayerWeights {
    /// Query, key and value, one below the other: three times `hidden` outputs.
    let attention: WeightMatrix
    let attentionOutput: WeightMatrix
    let attentionNorm: NormWeights
    let widen: WeightMatrix
    let narrow: WeightMatrix
    let outputNorm: NormWeights
}

/// The vectors of the vocabulary, `hidden` numbers each.
enum WordVectors {
    case float(UnsafePointer<Float>)
    /// Whole numbers; a scale for each word turns them into its vector.
    case bytes(UnsafePointer<Int8>, scales: UnsafePointer<Float>)
}

/// All that the model has learnt, and the memory that holds it.
final class MiniLMWeights: @unchecked Sendable {
    // @unchecked: the pointers lead into `owner`, which nobody writes to once it is made.
    let words: WordVectors
    /// What is added to a word at each of `maximumTokens` positions.
    let positions: UnsafePointer<Float>
    let embeddingNorm: NormWeights
    let layers: [LayerWeights]
    private let owner: AnyObject
    private let wordPages: (file: MappedFile, range: Range<Int>)?

    /// Takes pointers into memory that lives as long as `owner` and never changes. `wordPages` is where a mapped file has the words.
    init(
        words: WordVectors, positions: UnsafePointer<Float>, embeddingNorm: NormWeights, layers: [LayerWeights],
        owner: AnyObject, wordPages: (file: MappedFile, range: Range<Int>)? = nil
    ) {
        self.words = words
        self.positions = positions
        self.embeddingNorm = embeddingNorm
        self.layers = layers
        self.owner = owner
        self.wordPages = wordPages
    }

    /// Lets go of the words' pages. A text needs a few words of 12 MB, but the kernel maps whole neighbourhoods with each.
    func releaseWordPages() {
        if let wordPages { wordPages.file.release(wordPages.range) }
    }
}
