/// all-MiniLM-L6-v2 in this process: one text takes some milliseconds of one thread.
///
/// It keeps the vocabulary, half a megabyte, and the mapped weights, of which the pages in use count about 11 MB and can be dropped
/// by the kernel. What a call needs besides, 10 KB a token, is freed when it returns. Any number of threads may call.
package struct MiniLMEncoder: SentenceEncoder {
    private let tokenizer: WordPieceTokenizer
    private let weights: MiniLMWeights
    private let kernel: PanelKernel

    /// Tokens that go through the model together. More make a call larger and no quicker.
    private static let batchTokens = 256

    /// Opens the artefact that `ha-bridge model install` writes, and reads all of it once to verify it: some 20 ms.
    ///
    /// Throws `.missing`, `.damaged`, `.unsupported` or `.forbidden`; each says what to do.
    package init(artefact path: String) throws(ModelError) { try self.init(artefact: path, kernel: .best) }

    init(artefact path: String, kernel: PanelKernel) throws(ModelError) {
        let artefact = try ModelArtefact(path: path)
        try artefact.verify()
        self.init(
            tokenizer: WordPieceTokenizer(try artefact.vocabulary()), weights: try artefact.weights(), kernel: kernel)
    }

    init(tokenizer: WordPieceTokenizer, weights: MiniLMWeights, kernel: PanelKernel) {
        self.tokenizer = tokenizer
        self.weights = weights
        self.kernel = kernel
    }

    /// One unit vector of `sentenceDimensions` for each text, in their order; any text has one, the empty one too.
    package func encode(_ texts: [String]) -> [[Float]] {
        var vectors: [[Float]] = []
        vectors.reserveCapacity(texts.count)
        var batch: [[Int32]] = []
        var tokens = 0
        for text in texts {
            let ids = tokenizer.encode(text)
            if tokens + ids.count > Self.batchTokens, !batch.isEmpty {
                vectors += MiniLMForward(batch, weights: weights, kernel: kernel).run()
                batch.removeAll()
                tokens = 0
            }
            batch.append(ids)
            tokens += ids.count
        }
        if !batch.isEmpty { vectors += MiniLMForward(batch, weights: weights, kernel: kernel).run() }
        weights.releaseWordPages()
        return vectors
    }

    /// Whether the model sees as much likeness in three sentences as its makers published. Takes a fraction of a second, and fails when
    /// this processor's arithmetic is not what it says.
    package func passesSelfTest() -> Bool {
        let vectors = encode(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
        func likeness(_ left: Int, _ right: Int) -> Float {
            zip(vectors[left], vectors[right]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return abs(likeness(0, 1) - 0.6660) < 0.01 && abs(likeness(0, 2) - 0.1046) < 0.01
            && abs(likeness(1, 2) - 0.1411) < 0.01
    }
}
