/// Makes the 1536 numbers of an event or of a query out of five blocks.
///
/// | dimensions | block | content |
/// |---|---|---|
/// | 0 to 383 | sentence | the sentence encoder's vector of the text |
/// | 384 to 1151 | lexical | hashed word stems, concepts and letter groups of the text |
/// | 1152 to 1471 | structure | hashed entity, kind, transition and area; events only |
/// | 1472 to 1503 | time | hour of the day, kind of day |
/// | 1504 to 1506 | polarity | begins, ends, neither |
/// | 1507 to 1535 | | zero |
///
/// Each block of an event has a fixed length, the root of its share, so that the cosine of two events is the mean of
/// their blocks' cosines by share. A query weighs the blocks differently: its weights can change without new vectors
/// of events.
package struct CompositeEmbedder: Sendable {
    /// Names how vectors of events are made. A change of the layout, of the features or of the lexicon is a new version,
    /// because only vectors of one version can be compared.
    package static let version = "composite-1"

    /// Costs nothing; the lexicon is read at the first use, once for the process.
    package init() {}

    /// The vector of an event: `embeddingDimensions` finite numbers of length 1.
    ///
    /// - Parameter sentence: the encoder's vector of `document.text`. Without it, or when it is not
    ///   `sentenceDimensions` finite numbers, its block is zero and the others make up the length.
    package func vector(of document: EmbeddingDocument, sentence: [Float]?) -> [Float] {
        let shares = Shares.document
        var polarity = [Float](repeating: 0, count: Layout.polarity.count)
        polarity[Self.polarityIndex(document.polarity)] = 1
        return Self.join(
            [
                (Layout.sentence, Self.checked(sentence), shares.sentence.squareRoot()),
                (Layout.lexical, LexicalFeatures.block(of: document.text), shares.lexical.squareRoot()),
                (Layout.structure, StructureFeatures.block(of: document), shares.structure.squareRoot()),
                (Layout.time, TimeBlock.values(dayPart: document.dayPart), shares.time.squareRoot()),
                (Layout.polarity, polarity, shares.polarity.squareRoot()),
            ])
    }

    /// The vector of a query: `embeddingDimensions` finite numbers of length 1, whatever was asked.
    ///
    /// - Parameter sentence: the encoder's vector of `query.sentence`, or `nil` without a model.
    package func vector(of query: SearchQuery, sentence: [Float]?) -> [Float] {
        let shares = Shares.document
        let weights = QueryWeights.standard
        var polarity = [Float](repeating: 0, count: Layout.polarity.count)
        polarity[Self.polarityIndex(query.polarity)] = 1
        // Divided by the document's scale, so that the weights are those of the blocks' cosines.
        return Self.join(
            [
                (
                    // A question of a date alone has no words, and the encoder's vector of nothing means nothing.
                    Layout.sentence, query.sentence.isEmpty ? [] : Self.checked(sentence),
                    weights.sentence / shares.sentence.squareRoot()
                ),
                (
                    Layout.lexical, LexicalFeatures.block(of: query.sentence),
                    weights.lexical / shares.lexical.squareRoot()
                ),
                (Layout.time, TimeBlock.values(hours: query.hours), weights.time / shares.time.squareRoot()),
                (Layout.polarity, polarity, weights.polarity / shares.polarity.squareRoot()),
            ])
    }

    /// Puts the blocks at their places, each at its length, and scales the whole to length 1.
    private static func join(_ blocks: [(place: Range<Int>, values: [Float], length: Float)]) -> [Float] {
        var vector = [Float](repeating: 0, count: embeddingDimensions)
        for block in blocks {
            for (offset, value) in block.values.scaled(to: block.length).enumerated() {
                vector[block.place.lowerBound + offset] = value
            }
        }
        return vector.scaled(to: 1)
    }

    /// A vector of another length, or with a number that is none, must not spoil the rest.
    private static func checked(_ sentence: [Float]?) -> [Float] {
        guard let sentence, sentence.count == sentenceDimensions, sentence.allSatisfy(\.isFinite) else { return [] }
        return sentence
    }

    private static func polarityIndex(_ polarity: Polarity) -> Int {
        switch polarity {
        case .active: 0
        case .rest: 1
        case .neutral: 2
        }
    }
}

/// Where each block begins and ends.
private enum Layout {
    static let sentence = 0..<sentenceDimensions
    static let lexical = 384..<1152
    static let structure = 1152..<1472
    static let time = 1472..<1504
    static let polarity = 1504..<1507
}

/// How much of an event's vector each block is; they add up to 1.
private struct Shares {
    var sentence: Float
    var lexical: Float
    var structure: Float
    var time: Float
    var polarity: Float

    static let document = Shares(sentence: 0.20, lexical: 0.15, structure: 0.50, time: 0.13, polarity: 0.02)
}

/// How much the cosine of each block counts for a query. The structure counts nothing: a query names no entity.
private struct QueryWeights {
    var sentence: Float
    var lexical: Float
    var time: Float
    var polarity: Float

    static let standard = QueryWeights(sentence: 1, lexical: 0.6, time: 0.15, polarity: 0.05)
}
