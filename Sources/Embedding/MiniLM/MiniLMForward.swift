/// One pass of texts through the model: from tokens to vectors of `hidden` numbers.
///
/// The matrices see the tokens of all texts one below the other; attention looks at each text on its own. Nothing a text gets
/// depends on the texts beside it, and no text is padded.
struct MiniLMForward: ~Copyable {
    private let weights: MiniLMWeights
    private let kernel: PanelKernel
    /// The first token of each text, and the end of the last.
    private let bounds: [Int]
    private let tokens: Int
    /// `tokens` up to a whole group of rows; what is beyond is zero and no result looks at it.
    private let rows: Int
    private let memory: UnsafeMutablePointer<Float>
    // Where in `memory` they lie, each [rows, …].
    private let hidden: UnsafeMutablePointer<Float>
    private let attended: UnsafeMutablePointer<Float>
    /// Query, key and value, and later the wide middle of the feed-forward step.
    private let wide: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private let panel: UnsafeMutablePointer<Float>

    private static let width = MiniLMShape.hidden
    private static let attentionWidth = 3 * MiniLMShape.hidden

    /// Makes room for `texts`, each of 1 to `maximumTokens` token ids below `vocabulary`: about 10 KB a token, freed with the value.
    init(_ texts: [[Int32]], weights: MiniLMWeights, kernel: PanelKernel) {
        self.weights = weights
        self.kernel = kernel
        var bounds = [0]
        for text in texts { bounds.append((bounds.last ?? 0) + text.count) }
        self.bounds = bounds
        tokens = bounds.last ?? 0
        let group = PanelKernel.rowGroup
        rows = (tokens + group - 1) / group * group
        let longest = texts.lazy.map(\.count).max() ?? 0
        let sizes = [
            rows * Self.width, rows * Self.width, rows * MiniLMShape.inner, (longest + 7) & ~7, WeightMatrix.scratch,
        ]
        memory = .allocate(capacity: sizes.reduce(0, +))
        memory.initialize(repeating: 0, count: sizes.reduce(0, +))
        hidden = memory
        attended = hidden + sizes[0]
        wide = attended + sizes[1]
        scores = wide + sizes[2]
        panel = scores + sizes[3]
        for (text, start) in zip(texts, bounds) {
            for (position, id) in text.enumerated() { embed(Int(id), at: position, row: start + position) }
        }
    }

    deinit { memory.deallocate() }

    /// The vectors of the texts, of length one.
    consuming func run() -> [[Float]] {
        let norm = weights.embeddingNorm
        VectorMath.normalise(
            hidden, adding: nil, count: tokens, width: Self.width, weight: norm.weight, bias: norm.bias)
        for layer in weights.layers { pass(layer) }
        return zip(bounds, bounds.dropFirst()).map { pool($0..<$1) }
    }

    /// Word plus position; the kind of sentence, which is always the first, is part of the position.
    private func embed(_ id: Int, at position: Int, row: Int) {
        let target = hidden + row * Self.width
        let place = weights.positions + position * Self.width
        switch weights.words {
        case .float(let words):
            let word = words + id * Self.width
            for index in 0..<Self.width { target[index] = word[index] + place[index] }
        case .bytes(let words, let scales):
            let word = words + id * Self.width
            let scale = scales[id]
            for index in 0..<Self.width { target[index] = Float(word[index]) * scale + place[index] }
        }
    }

    private func pass(_ layer: LayerWeights) {
        layer.attention.multiply(hidden, rows: rows, into: wide, scratch: panel, kernel: kernel)
        for (start, end) in zip(bounds, bounds.dropFirst()) {
            for head in 0..<MiniLMShape.heads { attend(start..<end, head: head) }
        }
        layer.attentionOutput.multiply(attended, rows: rows, into: wide, scratch: panel, kernel: kernel)
        VectorMath.normalise(
            hidden, adding: wide, count: tokens, width: Self.width, weight: layer.attentionNorm.weight,
            bias: layer.attentionNorm.bias)
        layer.widen.multiply(hidden, rows: rows, into: wide, scratch: panel, kernel: kernel)
        VectorMath.gelu(wide, count: tokens * MiniLMShape.inner)
        layer.narrow.multiply(wide, rows: rows, into: attended, scratch: panel, kernel: kernel)
        VectorMath.normalise(
            hidden, adding: attended, count: tokens, width: Self.width, weight: layer.outputNorm.weight,
            bias: layer.outputNorm.bias)
    }

    /// One head of one text: each token takes from all tokens' values as much as its query agrees with their keys.
    private func attend(_ text: Range<Int>, head: Int) {
        let width = MiniLMShape.headWidth
        let stride = Self.attentionWidth
        let first = wide + text.lowerBound * stride + head * width
        let scale = 1 / Float(width).squareRoot()
        for row in 0..<text.count {
            let query = first + row * stride
            for other in 0..<text.count {
                scores[other] = VectorMath.dot(query, first + other * stride + Self.width, count: width) * scale
            }
            VectorMath.softmax(scores, count: text.count)
            var sums = (VectorMath.Lanes(), VectorMath.Lanes(), VectorMath.Lanes(), VectorMath.Lanes())
            for other in 0..<text.count {
                let value = UnsafePointer(first + other * stride + 2 * Self.width)
                let share = scores[other]
                sums.0 += VectorMath.load(value) * share
                sums.1 += VectorMath.load(value + 8) * share
                sums.2 += VectorMath.load(value + 16) * share
                sums.3 += VectorMath.load(value + 24) * share
            }
            let target = attended + (text.lowerBound + row) * Self.width + head * width
            VectorMath.store(sums.0, target)
            VectorMath.store(sums.1, target + 8)
            VectorMath.store(sums.2, target + 16)
            VectorMath.store(sums.3, target + 24)
        }
    }

    /// The mean over all tokens of a text, brought to length one.
    private func pool(_ text: Range<Int>) -> [Float] {
        var mean = [Float](repeating: 0, count: Self.width)
        for row in text {
            let values = hidden + row * Self.width
            for index in 0..<Self.width { mean[index] += values[index] }
        }
        var squares: Float = 0
        for value in mean { squares += value * value }
        let scale = squares > 0 ? 1 / squares.squareRoot() : 0
        for index in 0..<Self.width { mean[index] *= scale }
        return mean
    }
}
