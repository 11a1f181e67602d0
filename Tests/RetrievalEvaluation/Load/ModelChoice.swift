import BridgeConcurrency
import Embedding
import Foundation

/// The model that is to be used.
struct ModelChoice {
    /// The artefact; `nil` where none is to be used.
    private let artefact: String?
    /// A directory that holds the artefact and is to be removed.
    private let temporary: URL?

    /// Finds the model that `path` names, which may be an artefact, a wheel or a directory of what is in it; without a path, the one
    /// that is installed. Throws `ModelError`, and `EvaluationError` where there is none.
    init(path: String?, isUsed: Bool) async throws {
        let environment = ProcessInfo.processInfo.environment
        guard isUsed else {
            artefact = nil
            temporary = nil
            return
        }
        if let path {
            let state = FileManager.default.temporaryDirectory.appending(path: "retrieval-\(UUID().uuidString)")
            let installer = ModelInstaller(stateDirectory: state.path, environment: environment)
            do {
                _ = try await installer.install(from: .path(path))
            } catch {
                try? FileManager.default.removeItem(at: state)
                throw error
            }
            artefact = installer.target
            temporary = state
            return
        }
        let state = environment["HA_BRIDGE_STATE_DIR"] ?? "/var/lib/ha-bridge"
        let places = [environment["HA_BRIDGE_TEST_MODEL"], ModelSource.artefactPath(stateDirectory: state)]
        guard let found = places.compactMap({ $0 }).first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw EvaluationError(
                "No model is installed in \(state). Run ha-bridge model install, name one with --model, or leave it out with "
                    + "--embedder lexical.")
        }
        artefact = found
        temporary = nil
    }

    /// Opens the model; `nil` where none is to be used. To be called once. Throws `ModelError`.
    func encoder() throws -> MeasuredEncoder? {
        // The mapped file stays readable when its name is gone.
        defer { if let temporary { try? FileManager.default.removeItem(at: temporary) } }
        return try artefact.map { MeasuredEncoder(try MiniLMEncoder(artefact: $0)) }
    }
}

/// Counts what an encoder does and how long it takes.
final class MeasuredEncoder: SentenceEncoder {
    let base: any SentenceEncoder
    private let state = LockedBox((texts: 0, took: Duration.zero))

    init(_ base: any SentenceEncoder) { self.base = base }

    /// Texts so far, and the time for all of them.
    var total: (texts: Int, took: Duration) { state.withLock { $0 } }

    func encode(_ texts: [String]) -> [[Float]] {
        let start = ContinuousClock.now
        let vectors = base.encode(texts)
        let took = ContinuousClock.now - start
        state.withLock { state in
            state.texts += texts.count
            state.took += took
        }
        return vectors
    }
}
