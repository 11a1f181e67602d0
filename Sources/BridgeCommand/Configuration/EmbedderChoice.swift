/// What turns events into vectors for the search.
enum EmbedderChoice: String, Sendable, CaseIterable {
    /// The language model with everything around it.
    case minilm
    /// Words and structure only; needs no model and little memory.
    case lexical
    /// No vectors, no search by meaning.
    case off
}
