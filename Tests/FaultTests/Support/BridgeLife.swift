import Foundation
import TestSupport

/// One life of `ha-bridge run`, from its start to its end.
final class BridgeLife: Sendable {
    /// Where the build puts the program: beside the tests.
    static var executable: String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "ha-bridge").path
    }

    let process: ChildProcess
    let httpPort: UInt16
    private let logFile: URL

    /// `shell` is a line of bash that ends with `exec "$@"`, for limits and mounts.
    init(directory: URL, environment: [String: String], httpPort: UInt16, shell: String? = nil) throws {
        self.httpPort = httpPort
        logFile = directory.appending(path: "run-\(UUID()).log")
        var environment = environment
        environment["HA_BRIDGE_HTTP_ADDRESS"] = "127.0.0.1:\(httpPort)"
        if let shell {
            process = try ChildProcess(
                "/bin/bash", ["-c", shell, "bash", Self.executable, "run"], environment: environment,
                output: logFile.path)
        } else {
            process = try ChildProcess(Self.executable, ["run"], environment: environment, output: logFile.path)
        }
    }

    deinit {
        process.kill()
        try? FileManager.default.removeItem(at: logFile)
    }

    /// What it printed so far.
    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    /// The end of that, for a failed test.
    var lastWords: String { log.split(separator: "\n").suffix(12).joined(separator: "\n") }

    func lines(with text: String) -> [Substring] { log.split(separator: "\n").filter { $0.contains(text) } }

    func kill() { process.kill() }

    /// Asks it to end, and waits; nil when it does not.
    func terminate(within limit: Duration = .seconds(20)) async throws -> ChildProcess.End? {
        process.send(SIGTERM)
        return try await process.waitForEnd(limit)
    }

    /// Asks it to end, and says whether it did as it should: with 0, or by the signal while it had not come to say a word. No program
    /// can answer a signal before it runs, and on a busy machine that takes a while.
    func endsWell() async throws -> Bool {
        let end = try await terminate()
        return end == .exit(0) || (end == .signal(SIGTERM) && log.isEmpty)
    }

    func page(_ path: String, limit: Int = 5) -> ProcessExchange {
        ProcessExchange.ask(port: httpPort, path: path, limit: limit)
    }

    /// A figure of `/metrics`: the sum of all samples of that name.
    func metric(_ name: String) -> Double? {
        let samples = page("/metrics").body.split(separator: "\n").filter {
            $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{")
        }
        guard !samples.isEmpty else { return nil }
        return samples.reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
    }
}
