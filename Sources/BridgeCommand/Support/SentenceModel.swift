import Embedding

/// The language model, as far as the settings ask for it and the disk has it.
enum SentenceModel {
    /// It compares sentences by their meaning.
    case ready(any SentenceEncoder)
    /// The settings ask for words alone.
    case notWanted
    /// It is asked for and cannot be used; a sentence that says why and what to do. Words alone are compared meanwhile.
    case unusable(String)

    /// Opens the installed model; reads all of it once to verify it.
    static func load(_ settings: BridgeSettings) -> SentenceModel {
        guard settings.embedder == .minilm else { return .notWanted }
        do {
            return .ready(
                try MiniLMEncoder(artefact: ModelSource.artefactPath(stateDirectory: settings.stateDirectory)))
        } catch {
            return .unusable(error.message)
        }
    }

    /// The encoder, where there is one.
    var encoder: (any SentenceEncoder)? { if case .ready(let encoder) = self { encoder } else { nil } }
}
