import BridgeConcurrency
import Glibc
import Store

/// Makes vectors on a thread of its own that gives way to every other: a model computes for milliseconds at a time, and events
/// do not wait for it.
actor EmbeddingThread {
    /// How many documents the model gets at once: enough to use its arithmetic well, and bounded memory.
    private static let batch = 16

    private nonisolated let executor = ThreadExecutor(name: "embedding")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let embed: @Sendable ([StoredDocument]) -> [[Float]]
    private var isNice = false

    init(_ embed: @escaping @Sendable ([StoredDocument]) -> [[Float]]) { self.embed = embed }

    /// One vector for each document, in their order. Throws `CancellationError` between two batches.
    func vectors(of documents: [StoredDocument]) throws -> [[Float]] {
        if !isNice {
            // On Linux this is the calling thread alone. Refusal costs nothing but the priority.
            _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, 10)
            isNice = true
        }
        var vectors: [[Float]] = []
        var rest = documents[...]
        while !rest.isEmpty {
            try Task.checkCancellation()
            vectors += embed(Array(rest.prefix(Self.batch)))
            rest = rest.dropFirst(Self.batch)
        }
        return vectors
    }
}
