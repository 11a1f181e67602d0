import Foundation
import TestSupport

/// The rate of events with embeddings and without, on databases of their own, in turns.
struct EmbeddingComparison {
    let executable: String
    let events: Int
    let rounds: Int

    func run() async throws -> [BenchResult] {
        try await TestDatabase.with { first in
            try await TestDatabase.with { second in
                var with = try await ComparedBridge(executable: executable, database: first.url, embedder: "lexical")
                defer { with.stop() }
                var without = try await ComparedBridge(executable: executable, database: second.url, embedder: "off")
                defer { without.stop() }
                // Twice to begin with, so that what is measured is a house whose keys are known.
                for _ in 0..<2 {
                    try await with.flood(events, counts: false)
                    try await without.flood(events, counts: false)
                    try await with.settle()
                }
                for round in 1...rounds {
                    // In turns, so that neither has the warmer machine.
                    if round.isMultiple(of: 2) { try await with.flood(events, counts: true) }
                    try await without.flood(events, counts: true)
                    if !round.isMultiple(of: 2) { try await with.flood(events, counts: true) }
                    note(
                        "Round \(round) of \(rounds): with \(Int(with.rates[round - 1])), without \(Int(without.rates[round - 1])) events/s"
                    )
                    try await with.settle()
                }
                let ratios = zip(with.rates, without.rates).map { $0 / $1 }
                return [
                    BenchResult(
                        name: "embedding_ratio", title: "events/s with embeddings, as a ratio to without",
                        value: ratios.median),
                    BenchResult(
                        name: "with_events_per_second", title: "events/s with embeddings", value: with.rates.median,
                        digits: 0),
                    BenchResult(
                        name: "without_events_per_second", title: "events/s without", value: without.rates.median,
                        digits: 0),
                    BenchResult(
                        name: "with_cpu", title: "CPU seconds per million events with embeddings",
                        value: with.cpu.median),
                    BenchResult(
                        name: "without_cpu", title: "CPU seconds per million events without", value: without.cpu.median),
                    BenchResult(
                        name: "with_memory_mib", title: "resident memory with embeddings, MiB",
                        value: with.process.memory("VmRSS"), digits: 1),
                ]
            }
        }
    }
}
