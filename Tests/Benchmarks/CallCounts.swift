import Foundation
import TestSupport

/// What an event costs in calls: the same on a busy machine and on a quiet one. The process is a bridge of its own, into which
/// `libCallCounter.so` has been loaded; that takes time, which does not matter here.
struct CallCounts {
    let executable: String
    let library: String
    let events: Int

    /// The numbers of the library's file, in their order there.
    private struct Numbers {
        var allocations = 0.0
        var allocatedBytes = 0.0
        var copies = 0.0
        var copiedBytes = 0.0
        var systemCalls = 0.0
        /// Not the library's: how often a thread went to sleep.
        var sleeps = 0.0

        init(file: String, process: BridgeUnderTest) throws {
            let data = try Data(contentsOf: URL(fileURLWithPath: file))
            guard data.count >= 40 else { throw CocoaError(.fileReadCorruptFile) }
            let values = data.withUnsafeBytes { bytes in
                (0..<5).map { Double(bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
            }
            guard values[0] > 0 else { throw CocoaError(.fileReadCorruptFile) }
            allocations = values[0]
            allocatedBytes = values[1]
            copies = values[2]
            copiedBytes = values[3]
            systemCalls = values[4]
            sleeps = ProcessFigures.sleeps(process.processID)
        }
    }

    func run() async throws -> [BenchResult] {
        let file = FileManager.default.temporaryDirectory.appending(path: "bridge-bench-counts-\(UUID())").path
        try Data(count: 4_096).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        return try await TestDatabase.with { database in
            var bridge = try await ComparedBridge(
                executable: executable, database: database.url,
                environment: ["LD_PRELOAD": library, "CALL_COUNTER_FILE": file])
            defer { bridge.stop() }
            // Twice to begin with: a house whose texts are known.
            for _ in 0..<2 {
                try await bridge.flood(events, counts: false)
                try await bridge.settle()
            }
            let before = try Numbers(file: file, process: bridge.process)
            // Each look at the figures of the bridge costs calls, too.
            try await bridge.flood(events, counts: false, lookEvery: .seconds(1))
            let after = try Numbers(file: file, process: bridge.process)
            func each(_ number: KeyPath<Numbers, Double>) -> Double {
                (after[keyPath: number] - before[keyPath: number]) / Double(events)
            }
            return [
                BenchResult(
                    name: "allocations_per_event", title: "allocations per event", value: each(\.allocations)),
                BenchResult(
                    name: "allocated_bytes_per_event", title: "… bytes of them", value: each(\.allocatedBytes),
                    digits: 0),
                BenchResult(
                    name: "copied_bytes_per_event", title: "bytes copied by memcpy and memmove per event",
                    value: each(\.copiedBytes), digits: 0),
                BenchResult(
                    name: "copies_per_event", title: "… in so many calls", value: each(\.copies)),
                BenchResult(
                    name: "system_calls_per_thousand_events",
                    title: "system calls on files and sockets per thousand events", value: each(\.systemCalls) * 1_000,
                    digits: 0),
                BenchResult(
                    name: "sleeps_per_thousand_events", title: "times a thread went to sleep per thousand events",
                    value: each(\.sleeps) * 1_000, digits: 0),
            ]
        }
    }
}
