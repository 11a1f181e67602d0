import ArgumentParser
import BridgeConcurrency
import Foundation
import Logging
import PostgresClient
import TestSupport

/// The client that the bridge is compared with: `python_client.py`, with orjson, aiohttp and asyncpg.
struct PythonClient {
    /// A Python that has the three.
    let python: String

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "python_client.py").path

    /// CPU seconds of the client for a million events, in each of `rounds`, and events a second.
    func run(events: Int, rounds: Int) async throws -> (cpu: [Double], rate: [Double]) {
        try await TestDatabase.with { database in
            let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
            let session = try await PostgresConnection.connect(try PostgresConfiguration(database.url), logger: logger)
            try await session.execute(
                """
                CREATE TABLE python_events (
                    id uuid PRIMARY KEY, event_type text, timestamp timestamptz, entity_id text, domain text, old_state text,
                    new_state text, attributes jsonb, context_id text)
                """)
            let fake = try FakeHomeAssistant(BridgeBench.quietBehaviour)
            defer { fake.stop() }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: python)
            process.arguments = [Self.script, fake.url, Self.plain(database.url), "python_events"]
            try process.run()
            defer {
                // It is born with the signals blocked that are blocked here.
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            guard await fake.wait(.seconds(30), until: { $0.subscriptionCount == 1 }) else {
                throw ValidationError("The Python client did not subscribe within 30 s.")
            }
            var generator = EventGenerator()
            var (cpu, rate): ([Double], [Double]) = ([], [])
            for _ in 0..<rounds {
                try await session.execute("TRUNCATE python_events", deadline: .seconds(60))
                let frames = Measurement.recording(generator.events(events))
                guard let connection = fake.connections.first else { throw CocoaError(.featureUnsupported) }
                let (bytes, _) = connection.encode(frames)
                let before = ProcessFigures.cpuSeconds(process.processIdentifier)
                let start = ContinuousClock.now
                let sender = Thread { connection.write(bytes) }
                sender.start()
                while try await Self.count(session) < events {
                    guard ContinuousClock.now - start < .seconds(300), process.isRunning else {
                        throw ValidationError("The Python client did not store its events.")
                    }
                    try await Task.sleep(for: .milliseconds(100))
                }
                rate.append(Double(events) / (ContinuousClock.now - start).seconds)
                let used = ProcessFigures.cpuSeconds(process.processIdentifier) - before
                cpu.append(used / Double(events) * 1_000_000)
            }
            await session.close()
            return (cpu, rate)
        }
    }

    /// Without what only libpq understands.
    private static func plain(_ url: String) -> String {
        guard var parts = URLComponents(string: url) else { return url }
        let known: Set = ["host", "port", "user", "password", "dbname"]
        let items = parts.queryItems?.filter { known.contains($0.name) } ?? []
        parts.queryItems = items.isEmpty ? nil : items
        return parts.string ?? url
    }

    private static func count(_ session: PostgresConnection) async throws -> Int {
        let result = try await session.query("SELECT count(*) AS count FROM python_events", name: "count")
        return try result.map { row throws(PostgresError) in try row.int("count") }.first ?? 0
    }
}
