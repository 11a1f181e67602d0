/// The numbers that make all-MiniLM-L6-v2 what it is.
enum MiniLMShape {
    static let layers = 6
    /// Width of a token's vector.
    static let hidden = sentenceDimensions
    static let heads = 12
    static let headWidth = hidden / heads
    /// Width between the two matrices of a feed-forward step.
    static let inner = 1536
    static let vocabulary = 30_522
    /// The longest text in tokens, the two special ones included; what is longer is cut.
    static let maximumTokens = 256
    static let normEpsilon: Float = 1e-12
}
