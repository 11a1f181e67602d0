import BridgeCore
import BridgeConcurrency
import Cryptography
import Foundation
import Logging
import PostgresClient
import Store
import TestSupport

/// A `ha-bridge run` of its own, and what the system and its `/metrics` say of it.
final class BridgeUnderTest: Sendable {
    private let process: LockedBox<Process>
    private let directory: URL
    private let address: String
    let processID: Int32

    /// Migrates the database, stores one connection, and starts the process.
    init(executable: String, database: String, homeAssistant: String) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "bridge-bench-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let keyFile = directory.appending(path: "keyring").path
        let sealer = TokenSealer(keyring: try Keyring.create(path: keyFile))
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let configuration = try PostgresConfiguration(database)
        let session = try await PostgresConnection.connect(configuration, logger: logger)
        _ = try await Migrator().up(on: session)
        await session.close()
        let pool = PostgresPool(configuration, size: 1, logger: logger)
        let user = try await UserRepository(pool).add(username: "bench", email: "bench@home.example", role: .admin)
        let id = ConnectionID()
        let url = try HomeAssistantURL(homeAssistant)
        let sealed = try sealer.seal(
            Secret("fake-token".utf8), for: TokenBinding(connectionID: id, userID: user.id, origin: url.origin))
        _ = try await ConnectionRepository(pool).add(
            id: id, userID: user.id, name: "bench", url: url.description, sealedToken: sealed)
        await pool.close()

        address = "127.0.0.1:\(UInt16.random(in: 20_000...40_000))"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = ["run"]
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HA_BRIDGE_") }
        environment["DATABASE_URL"] = database
        environment["HA_BRIDGE_STATE_DIR"] = directory.path
        environment["HA_BRIDGE_HTTP_ADDRESS"] = address
        environment["HA_BRIDGE_LOG_LEVEL"] = "warning"
        process.environment = environment
        try process.run()
        processID = process.processIdentifier
        self.process = LockedBox(process)
    }

    /// Ends the process and removes its files.
    func stop() {
        process.withLock { process in
            process.terminate()
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: directory)
    }

    /// User and system CPU seconds so far.
    var cpuSeconds: Double {
        guard let stat = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8) else { return 0 }
        // The name in parentheses may hold blanks; the fields are counted from behind it.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A field of `/proc/PID/status` in MiB: `VmRSS`, or its highest value `VmHWM`.
    func memory(_ field: String) -> Double {
        guard let status = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(field) }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { return 0 }
        return kilobytes / 1_024
    }

    /// All samples of `/metrics` by name and labels.
    func metrics() async throws -> [String: Double] {
        guard let url = URL(string: "http://\(address)/metrics") else { return [:] }
        let text = try String(contentsOf: url, encoding: .utf8)
        var samples: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return samples
    }
}
