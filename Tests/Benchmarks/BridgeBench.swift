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

    @Flag(help: "Print the results as JSON.")
    var json = false

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
        let results = try await TestDatabase.with { database in
            if let outage {
                return try await Outage(executable: executable, database: database.url, seconds: outage).run()
            }
            let fake = try FakeHomeAssistant(Self.quietBehaviour)
            defer { fake.stop() }
            let process = try await BridgeUnderTest(
                executable: executable, database: database.url, homeAssistant: fake.url)
            defer { process.stop() }
            guard await fake.wait(.seconds(30), until: { $0.subscriptionCount == 1 }) else {
                throw ValidationError("The bridge did not subscribe within 30 s.")
            }
            let measurement = Measurement(process: process, fake: fake, database: database.url)
            // The steady rate first: memory that a flood has needed once is not given back at once.
            let steady = try await measurement.steadyRate(seconds: seconds)
            return try await measurement.throughput(events: events, rounds: rounds) + steady
        }
        try show(results)
    }

    private func show(_ results: [BenchResult]) throws {
        if json {
            let object = Dictionary(results.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
            let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .prettyPrinted])
            print(String(decoding: data, as: UTF8.self))
        } else {
            print("\n| measured | value |\n|---|---|")
            for result in results { print("| \(result.title) | \(result.text) |") }
        }
    }

    static var quietBehaviour: FakeBehaviour {
        var behaviour = FakeBehaviour()
        behaviour.recordsReceived = false
        return behaviour
    }
}

/// One figure.
struct BenchResult: Sendable {
    let name: String
    let title: String
    let value: Double
    var digits = 2

    var text: String { String(format: "%.\(digits)f", value) }
}
