import Foundation
import Logging
import PostgresClient
import Store
import TestSupport

/// The measurements themselves; each prints a line when it is done.
struct Measurement {
    let process: BridgeUnderTest
    let fake: FakeHomeAssistant
    let database: String

    private static let latencyName = "ha_bridge_commit_latency_seconds_bucket"

    /// Events in one frame, as a busy Home Assistant coalesces them.
    private static let eventsPerFrame = 50

    /// From the socket to the commit as fast as it goes, and raw COPY of the same rows into the same, emptied table.
    func throughput(events count: Int, rounds: Int) async throws -> [BenchResult] {
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let session = try await PostgresConnection.connect(try PostgresConfiguration(database), logger: logger)
        var generator = EventGenerator()
        var bridge: [Double] = []
        var raw: [Double] = []
        var cpu: [Double] = []
        for round in 1...rounds {
            try await session.execute("TRUNCATE home_assistant_events", deadline: .seconds(60))
            try await session.execute("CHECKPOINT", deadline: .seconds(120))
            let flood = try await flood(generator.events(count))
            cpu.append(flood.cpu)
            bridge.append(flood.rate)

            let columns = EventTable.columns.joined(separator: ", ")
            let rows = try await session.copyOut(
                "COPY (SELECT \(columns) FROM home_assistant_events) TO STDOUT (FORMAT binary)", deadline: .seconds(120)
            )
            try await session.execute("TRUNCATE home_assistant_events", deadline: .seconds(60))
            try await session.execute("CHECKPOINT", deadline: .seconds(120))
            let chunks = stride(from: 0, to: rows.count, by: 1 << 20).map {
                Array(rows[$0..<min($0 + 1 << 20, rows.count)])
            }
            let copyStart = ContinuousClock.now
            let copied = try await session.copyIn(
                "COPY home_assistant_events (\(columns)) FROM STDIN (FORMAT binary)", chunks: chunks,
                deadline: .seconds(300))
            raw.append(Double(copied) / (ContinuousClock.now - copyStart).seconds)
            note(
                "Round \(round) of \(rounds): bridge \(Int(bridge[round - 1])) events/s, raw COPY \(Int(raw[round - 1])) rows/s"
            )
        }
        await session.close()
        let ratios = zip(bridge, raw).map { $0 / $1 }
        return [
            BenchResult(
                name: "bridge_events_per_second", title: "socket to committed row, events/s", value: bridge.median,
                digits: 0),
            BenchResult(name: "copy_rows_per_second", title: "raw COPY, rows/s", value: raw.median, digits: 0),
            BenchResult(
                name: "ratio_to_copy", title: "… as a ratio to raw COPY", value: ratios.median, bar: .atLeast(0.9)),
            BenchResult(
                name: "cpu_seconds_per_million", title: "CPU seconds of the bridge per million events",
                value: cpu.median),
            BenchResult(
                name: "peak_memory_mib", title: "peak resident memory, MiB", value: process.memory("VmHWM"), digits: 1),
        ]
    }

    /// Sends `events` as fast as it goes and waits until they are committed. Returns events/s, and CPU seconds of the bridge per
    /// million events. Each look at its figures is work for the bridge, too: with no `pause` it is half of what seems to be left.
    func flood(_ events: [String], lookEvery pause: Duration? = nil) async throws -> (rate: Double, cpu: Double) {
        guard let connection = fake.connections.first else { throw CocoaError(.featureUnsupported) }
        let (bytes, _) = connection.encode(Self.recording(events))
        let before = try process.stored()
        let cpuBefore = process.cpuSeconds
        let start = ContinuousClock.now
        let sender = Thread { connection.write(bytes) }
        sender.start()
        while true {
            let left = before + Double(events.count) - (try process.stored())
            if left <= 0 { break }
            let elapsed = ContinuousClock.now - start
            guard elapsed < .seconds(300) else { throw CocoaError(.userCancelled) }
            let share = left / max(Double(events.count) - left, 1)
            try await Task.sleep(for: pause ?? min(max(elapsed * share / 2, .milliseconds(10)), .milliseconds(200)))
        }
        let elapsed = (ContinuousClock.now - start).seconds
        return (
            Double(events.count) / elapsed, (process.cpuSeconds - cpuBefore) / Double(events.count) * 1_000_000
        )
    }

    /// Frames of Home Assistant with `events` in them.
    static func recording(_ events: [String]) -> RecordedFrames {
        RecordedFrames(
            lines: stride(from: 0, to: events.count, by: eventsPerFrame).map { start in
                let messages = events[start..<min(start + eventsPerFrame, events.count)].map {
                    #"{"type":"event","event":\#($0),"id":1}"#
                }
                return Array("[\(messages.joined(separator: ","))]".utf8)
            })
    }

    /// 1,000 events/s: how long from the frame to the committed row, and how much memory.
    func steadyRate(seconds: Int) async throws -> [BenchResult] {
        var generator = EventGenerator(start: .now.adding(seconds: 3_600))
        let before = try process.metrics()
        let storedBefore = try process.stored()
        let cpuBefore = process.cpuSeconds
        let start = ContinuousClock.now
        for tick in 0..<(seconds * 100) {
            fake.push(generator.events(10).map { (type: "state_changed", json: $0) })
            try await Task.sleep(until: start + .milliseconds(10 * (tick + 1)))
            if tick % 500 == 499 { note("Steady rate: \(tick / 100 + 1) of \(seconds) s") }
        }
        while try process.stored() < storedBefore + Double(seconds * 1_000) {
            try await Task.sleep(for: .milliseconds(20))
        }
        let cpu = process.cpuSeconds - cpuBefore
        let after = try process.metrics()
        return [
            BenchResult(
                name: "latency_p50_ms", title: "frame to committed row at 1,000 events/s, p50, ms",
                value: Self.quantile(0.5, before, after) * 1_000, digits: 0, bar: .below(60)),
            BenchResult(
                name: "latency_p99_ms", title: "… p99, ms", value: Self.quantile(0.99, before, after) * 1_000,
                digits: 0,
                bar: .below(300)),
            BenchResult(
                name: "steady_cpu_percent", title: "CPU at 1,000 events/s, percent of a core",
                value: cpu / Double(seconds) * 100),
            BenchResult(
                name: "steady_memory_mib", title: "resident memory after it, MiB", value: process.memory("VmRSS"),
                digits: 1, bar: .below(64)),
        ]
    }

    /// The quantile of what was observed between two looks at the histogram, inside its bucket by interpolation.
    static func quantile(_ quantile: Double, _ before: [String: Double], _ after: [String: Double]) -> Double {
        let buckets = after.compactMap { name, value -> (bound: Double, count: Double)? in
            guard name.hasPrefix("\(latencyName){le=\""),
                let bound = Double(name.dropFirst(latencyName.count + 5).dropLast(2))
            else { return nil }
            return (bound, value - (before[name] ?? 0))
        }.sorted { $0.bound < $1.bound }
        guard
            let total = after["\(latencyName){le=\"+Inf\"}"].map({ $0 - (before["\(latencyName){le=\"+Inf\"}"] ?? 0) })
        else { return .nan }
        var previous = (bound: 0.0, count: 0.0)
        for bucket in buckets where bucket.bound.isFinite {
            if bucket.count >= quantile * total {
                let share = (quantile * total - previous.count) / max(bucket.count - previous.count, 1)
                return previous.bound + share * (bucket.bound - previous.bound)
            }
            previous = bucket
        }
        return .infinity
    }
}

extension Array where Element == Double {
    /// The middle one.
    var median: Double { isEmpty ? .nan : sorted()[count / 2] }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
