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
    private let executable: String
    private let environment: [String: String]
    private let process = LockedBox<Process?>(nil)
    private let directory: URL
    private let port: UInt16
    var processID: Int32 { process.withLock { $0?.processIdentifier ?? 0 } }

    /// Migrates the database, stores a connection to each of `houses`, lets `prepare` do what it likes with each, and starts the
    /// process.
    init(
        executable: String, database: String, houses: [String], embedder: String = "lexical",
        environment added: [String: String] = [:],
        prepare: (PostgresConnection, ConnectionID) async throws -> Void = { _, _ in }
    ) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "bridge-bench-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let keyFile = directory.appending(path: "keyring").path
        let sealer = TokenSealer(keyring: try Keyring.create(path: keyFile))
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let configuration = try PostgresConfiguration(database)
        let session = try await PostgresConnection.connect(configuration, logger: logger)
        _ = try await Migrator().up(on: session)
        let pool = PostgresPool(configuration, size: 1, logger: logger)
        let user = try await UserRepository(pool).add(username: "bench", email: "bench@home.example", role: .admin)
        for (number, house) in houses.enumerated() {
            let id = ConnectionID()
            let url = try HomeAssistantURL(house)
            let sealed = try sealer.seal(
                Secret("fake-token".utf8), for: TokenBinding(connectionID: id, userID: user.id, origin: url.origin))
            _ = try await ConnectionRepository(pool).add(
                id: id, userID: user.id, name: "house \(number)", url: url.description, sealedToken: sealed)
            try await prepare(session, id)
        }
        await pool.close()
        await session.close()

        port = UInt16.random(in: 20_000...32_000)
        self.executable = executable
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HA_BRIDGE_") }
        environment["DATABASE_URL"] = database
        environment["HA_BRIDGE_STATE_DIR"] = directory.path
        environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:\(port)"
        environment["HA_BRIDGE_LOG_LEVEL"] = "warning"
        environment["HA_BRIDGE_EMBEDDER"] = embedder
        self.environment = environment.merging(added) { $1 }
        try begin()
    }

    /// Starts the process.
    func begin() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = ["run"]
        process.environment = environment
        try process.run()
        self.process.withLock { $0 = process }
    }

    /// Ends the process and waits for it.
    func end() {
        process.withLock { process in
            process?.terminate()
            process?.waitUntilExit()
            process = nil
        }
    }

    /// Ends the process and removes its files.
    func stop() {
        end()
        try? FileManager.default.removeItem(at: directory)
    }

    /// User and system CPU seconds so far.
    var cpuSeconds: Double { ProcessFigures.cpuSeconds(processID) }

    /// A field of `/proc/PID/status` in MiB: `VmRSS`, or its highest value `VmHWM`.
    func memory(_ field: String) -> Double { ProcessFigures.memory(field, processID) }

    /// All samples of `/metrics` by name and labels.
    func metrics() throws -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in try get("/metrics").split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return samples
    }

    /// How many events it has stored since it started.
    func stored() throws -> Double { try metrics()["ha_bridge_events_stored_total"] ?? 0 }

    /// The status of a page; 0 when there is no answer.
    func status(_ path: String) -> Int {
        (try? get(path))?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// Foundation's own client would bring a library of its own for one request.
    private func get(_ path: String) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw CocoaError(.fileReadUnknown) }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".utf8)
        _ = write(descriptor, request, request.count)
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { answer += buffer[0..<count] }
        return String(decoding: answer, as: UTF8.self)
    }
}
