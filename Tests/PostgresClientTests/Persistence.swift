import BridgeConcurrency
import BridgeCore
import Foundation
import PostgresClient
import TestSupport
import Testing

/// True unless only the quick tests are wanted.
let runsSlowTests = getenv("HA_BRIDGE_TEST_QUICK") == nil

/// Does work until it succeeds, with a new session after each failure, as a writer does.
actor Persistence {
    /// The errors so far, in order.
    private(set) var errors: [PostgresError] = []
    private(set) var attempts = 0
    private let configuration: PostgresConfiguration
    private let settings: PostgresSessionSettings
    private let connectDeadline: Duration
    private var connection: PostgresConnection?
    private var generator = SystemRandomNumberGenerator()

    init(
        _ configuration: PostgresConfiguration, settings: PostgresSessionSettings = .bounded,
        connectDeadline: Duration = .seconds(5)
    ) {
        self.configuration = configuration
        self.settings = settings
        self.connectDeadline = connectDeadline
    }

    /// Gives up after so many attempts, by throwing the last error.
    func persistently<R: Sendable>(
        attempts limit: Int = 60, _ body: @Sendable (PostgresConnection) async throws -> R
    ) async throws -> R {
        let policy = RetryPolicy(first: .milliseconds(50), cap: .milliseconds(500))
        var attempt = 0
        while true {
            attempt += 1
            attempts += 1
            do {
                return try await body(try await session())
            } catch let error as PostgresError {
                errors.append(error)
                if attempt == limit { throw error }
                await endFrozenPeers(after: error)
                if await connection?.isUsable != true { connection = nil }
                try await Task.sleep(for: policy.delay(attempt: attempt, using: &generator))
            }
        }
    }

    /// As the writer of events does: a session whose line went dead in the middle of COPY keeps its rows locked for ever.
    private func endFrozenPeers(after error: PostgresError) async {
        guard error.sqlState == "55P03", let connection, await connection.isUsable else { return }
        _ = try? await connection.endFrozenPeers(silentFor: .seconds(2), deadline: .seconds(1))
    }

    private func session() async throws -> PostgresConnection {
        if let connection { return connection }
        let fresh = try await PostgresConnection.connect(
            configuration, settings: settings, deadline: connectDeadline, logger: TestDatabase.quietLogger)
        connection = fresh
        return fresh
    }
}

/// Numbered rows for a table of `(n int8, s text)` as a stream of binary COPY.
func numberedRows(_ numbers: Range<Int>, text: String = "some text, so that a row has a length") -> [UInt8] {
    var encoder = BinaryCopyEncoder()
    encoder.header()
    for number in numbers {
        encoder.beginRow(columns: 2)
        encoder.int8(Int64(number))
        encoder.text(text)
    }
    encoder.trailer()
    return encoder.take()
}

/// Runs `body` with a server of its own, or cancels the test where there can be none.
func withThrowawayServer(settings: [String] = [], _ body: (ThrowawayServer) async throws -> Void) async throws {
    guard try await ThrowawayServer.with(settings: settings, body) != nil else {
        try Test.cancel("The programs of the server for tests are not ours to run.")
    }
}
