import BridgeCore
import Foundation
import PostgresClient
import TestSupport

/// A bridge with its house and a database of its own, whose rate is held against another's.
struct ComparedBridge {
    let measurement: Measurement
    let fake: FakeHomeAssistant
    let process: BridgeUnderTest
    var generator = EventGenerator()
    var rates: [Double] = []
    var cpu: [Double] = []

    /// Starts it and waits until it listens. `prepare` is given the migrated database before that, and the house.
    init(
        executable: String, database: String, embedder: String = "lexical", environment: [String: String] = [:],
        prepare: (PostgresConnection, ConnectionID) async throws -> Void = { _, _ in }
    ) async throws {
        fake = try FakeHomeAssistant(BridgeBench.quietBehaviour)
        process = try await BridgeUnderTest(
            executable: executable, database: database, houses: [fake.url], embedder: embedder,
            environment: environment, prepare: prepare)
        measurement = Measurement(process: process, fake: fake, database: database)
        guard await fake.wait(.seconds(30), until: { $0.subscriptionCount == 1 }) else {
            throw CocoaError(.featureUnsupported)
        }
    }

    mutating func flood(_ count: Int, counts: Bool, lookEvery pause: Duration? = nil) async throws {
        let result = try await measurement.flood(generator.events(count), lookEvery: pause)
        guard counts else { return }
        rates.append(result.rate)
        cpu.append(result.cpu)
    }

    /// Waits until every key has its vector, as in a house that has run for a while.
    func settle() async throws {
        let limit = ContinuousClock.now + .seconds(600)
        while ContinuousClock.now < limit, try process.metrics()["ha_bridge_embedding_pending_events"] ?? 0 > 0 {
            try await Task.sleep(for: .seconds(1))
        }
    }

    func stop() {
        process.stop()
        fake.stop()
    }
}
