import ArgumentParser
import Foundation
import PostgresClient
import TestSupport

/// Measures the bridge against raw COPY on the same rows, side by side in one run.
///
///     swift run -c release bridge-bench
///
/// It needs a PostgreSQL with pgvector in which it may create databases (HA_BRIDGE_TEST_DATABASE_URL), and the release build of
/// `ha-bridge` beside it. `deploy/bench` starts one and builds the other.
@main
struct BridgeBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bridge-bench")

    @Option(help: "Events in each round of the throughput measurement.")
    var events = 100_000

    @Option(help: "Rounds of the throughput measurement; medians are reported.")
    var rounds = 5

    @Option(help: "Seconds at 1,000 events/s for latency and memory.")
    var seconds = 20

    @Option(help: "Measure an outage of PostgreSQL of so many seconds instead.")
    var outage: Int?

    @Flag(help: "Measure the rate with embeddings and without instead.")
    var embedding = false

    @Option(help: "Measure the rate beside so many million stored events instead; each takes 0.35 GB of disk.")
    var stored: Int?

    @Option(
        help: ArgumentHelp(
            "Measure these alone: \(Part.allCases.map(\.rawValue).joined(separator: ", ")). May be given several times.",
            valueName: "part"))
    var only: [Part] = []

    @Flag(help: "Print the results as JSON.")
    var json = false

    /// What is measured.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        /// As fast as it goes, and 1,000 events a second.
        case rate
        /// Allocations, copies and system calls for each event; wants libCallCounter.so beside this program.
        case counts
        /// CPU of a Python client that does the least; wants HA_BRIDGE_BENCH_PYTHON.
        case python
        /// 20 quiet homes.
        case idle
        /// 500 homes at 20 events a second.
        case many
        /// A get_states of 20,000 entities beside another home.
        case picture
        /// Start to first stored event.
        case start
        /// The spool against write(2).
        case spool
        /// The size of the program.
        case size
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard environment["HA_BRIDGE_TEST_DATABASE_URL"] != nil else {
            throw ValidationError(
                "Set HA_BRIDGE_TEST_DATABASE_URL to a PostgreSQL with pgvector, or run deploy/bench, which starts one.")
        }
        let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "ha-bridge").path
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw ValidationError("\(executable) is missing. Build it: swift build -c release --product ha-bridge")
        }
        if embedding {
            return try show(
                await EmbeddingComparison(executable: executable, events: events, rounds: rounds).run())
        }
        if let stored {
            return try show(
                await StoredComparison(executable: executable, events: events, rounds: rounds, millions: stored).run())
        }
        if let outage {
            return try show(
                await TestDatabase.with { database in
                    try await Outage(executable: executable, database: database.url, seconds: outage).run()
                })
        }
        var results: [BenchResult] = []
        var hasFailed = false
        for part in only.isEmpty ? Part.allCases : only {
            note("Measuring: \(part.rawValue)")
            do {
                results += try await measure(part, executable, results, python: environment["HA_BRIDGE_BENCH_PYTHON"])
            } catch {
                // What was measured is worth telling all the same.
                note("Could not measure \(part.rawValue): \(error)")
                hasFailed = true
            }
        }
        try show(results)
        if hasFailed { throw ExitCode.failure }
    }

    private func measure(
        _ part: Part, _ executable: String, _ known: [BenchResult], python: String?
    ) async throws -> [BenchResult] {
        let houses = ManyHouses(executable: executable)
        switch part {
        case .rate: return try await rate(executable)
        case .counts:
            let library = URL(fileURLWithPath: executable).deletingLastPathComponent()
                .appending(path: "libCallCounter.so").path
            guard FileManager.default.isReadableFile(atPath: library) else {
                note("Left out: no \(library). Build it: swift build -c release --product CallCounter")
                return []
            }
            return try await CallCounts(executable: executable, library: library, events: events).run()
        case .python:
            guard let python else {
                note("Left out: no HA_BRIDGE_BENCH_PYTHON with orjson, aiohttp and asyncpg. deploy/bench installs one.")
                return []
            }
            return compare(try await PythonClient(python: python).run(events: events, rounds: rounds), with: known)
        case .idle: return try await houses.quiet(20, seconds: 60)
        case .many: return try await houses.busy(500, rate: 20, seconds: seconds)
        case .picture: return try await houses.hugePicture(entities: 20_000)
        case .start: return try await houses.start(rounds: rounds)
        case .spool: return try SpoolMeasurement().run(rounds: rounds)
        case .size:
            let size = try FileManager.default.attributesOfItem(atPath: executable)[.size] as? Int ?? 0
            return [
                BenchResult(
                    name: "binary_mib", title: "size of the program, MiB", value: Double(size) / 1_048_576, digits: 1)
            ]
        }
    }

    private func rate(_ executable: String) async throws -> [BenchResult] {
        try await TestDatabase.with { database in
            let fake = try FakeHomeAssistant(Self.quietBehaviour)
            defer { fake.stop() }
            let process = try await BridgeUnderTest(
                executable: executable, database: database.url, houses: [fake.url])
            defer { process.stop() }
            guard await fake.wait(.seconds(30), until: { $0.subscriptionCount == 1 }) else {
                throw ValidationError("The bridge did not subscribe within 30 s.")
            }
            let measurement = Measurement(process: process, fake: fake, database: database.url)
            // The steady rate first: memory that a flood has needed once is not given back at once.
            let steady = try await measurement.steadyRate(seconds: seconds)
            return try await measurement.throughput(events: events, rounds: rounds) + steady
        }
    }

    private func compare(_ python: (cpu: [Double], rate: [Double]), with known: [BenchResult]) -> [BenchResult] {
        var results = [
            BenchResult(
                name: "python_cpu_seconds_per_million", title: "CPU seconds of the Python client per million events",
                value: python.cpu.median),
            BenchResult(
                name: "python_events_per_second", title: "socket to committed row of the Python client, events/s",
                value: python.rate.median, digits: 0),
        ]
        if let own = known.first(where: { $0.name == "cpu_seconds_per_million" }) {
            results.append(
                BenchResult(
                    name: "cpu_ratio_to_python", title: "CPU of the bridge, as a ratio to that of the Python client",
                    value: own.value / python.cpu.median, bar: .atMost(0.5)))
        }
        return results
    }

    private func show(_ results: [BenchResult]) throws {
        print(json ? try BenchResult.json(results) : "\n" + BenchResult.table(results))
    }

    static var quietBehaviour: FakeBehaviour {
        var behaviour = FakeBehaviour()
        behaviour.recordsReceived = false
        return behaviour
    }
}
