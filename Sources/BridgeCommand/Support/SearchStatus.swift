import BridgeCore
import Embedding
import PostgresClient
import Search
import Store

/// What `status` says of the search by meaning: what makes the vectors, and how far that is.
struct SearchStatus {
    let model: SentenceModel
    let isOff: Bool
    let progress: EmbeddingProgress
    let version: String

    /// Reads the model and the database; the schema must be current.
    init(pool: PostgresPool, settings: BridgeSettings) async throws {
        isOff = settings.embedder == .off
        model = SentenceModel.load(settings)
        version = DocumentVectors(encoder: model.encoder).version
        progress = try await ExemplarRepository(pool).progress(version: version)
    }

    /// One line.
    var text: String {
        guard !isOff else { return "off (HA_BRIDGE_EMBEDDER)" }
        var parts = ["\(progress.exemplars) vectors"]
        if progress.pendingRows > 0 { parts.append("\(progress.pendingRows) events wait for theirs") }
        if progress.outdated > 0 { parts.append("\(progress.outdated) to be made anew") }
        let numbers = parts.joined(separator: ", ")
        switch model {
        case .ready: return "by meaning, \(numbers)"
        case .notWanted: return "by words alone (HA_BRIDGE_EMBEDDER), \(numbers)"
        case .unusable(let reason): return "by words alone, \(numbers). \(reason)"
        }
    }

    var jsonValue: JSONValue {
        var mode = "minilm"
        var problem: String?
        switch model {
        case .ready: break
        case .notWanted: mode = isOff ? "off" : "lexical"
        case .unusable(let reason):
            mode = "lexical"
            problem = reason
        }
        return .object([
            "embedder": .string(mode),
            "version": .string(version),
            "problem": .optional(problem),
            "vectors": .integer(Int64(progress.exemplars)),
            "outdated_vectors": .integer(Int64(progress.outdated)),
            "pending_events": .integer(Int64(progress.pendingRows)),
            "pending_keys": .integer(Int64(progress.pendingKeys)),
        ])
    }
}
